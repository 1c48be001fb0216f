package stat

import (
	"math"
	"slices"
)

// SurvivalQuantile is KaplanMeier(…).Quantile(q) of many values in little
// time: the curve is walked, not kept, and its bounds are worked out only near
// where they can cross. It sorts both slices: how long those that ended
// lasted, and how long the others lasted so far. NaN among them are left out (and
// overwritten).
func SurvivalQuantile(ended, waiting []float64, q, level float64) (value float64, ci Interval, steps int) {
	ended, waiting = slices.DeleteFunc(ended, math.IsNaN), slices.DeleteFunc(waiting, math.IsNaN)
	sortFloats(ended)
	sortFloats(waiting)
	ci = Interval{math.NaN(), math.NaN(), level, "Brookmeyer–Crowley, log–log"}
	value = math.NaN()
	p, zz := 1-q, z(1-(1-level)/2)
	at := [3]*float64{&value, &ci.Low, &ci.High}
	halfway := [3]bool{} // the curve lies exactly on p: the middle of its step counts
	s, g, risk := 1.0, 0.0, float64(len(ended)+len(waiting))
	j := 0
	for i := 0; i < len(ended); {
		t, d := ended[i], 0.0
		for j < len(waiting) && waiting[j] < t {
			j++
			risk--
		}
		for ; i < len(ended) && ended[i] == t; i++ {
			d++
		}
		s *= 1 - d/risk
		g += d / (risk * (risk - d))
		risk -= d
		steps++
		curves := [3]float64{s, math.NaN(), math.NaN()}
		if math.Abs(s-p) < 8*zz*s*math.Sqrt(g)+1e-6 || s < p {
			curves[1], curves[2] = logLog(s, g, zz)
		}
		for k, v := range curves {
			if halfway[k] {
				*at[k], halfway[k] = (*at[k]+t)/2, false
			}
			if math.IsNaN(*at[k]) && !math.IsNaN(v) && v <= p+slack {
				*at[k] = t
				halfway[k] = math.Abs(v-p) < slack
			}
		}
		if !math.IsNaN(ci.High) && !math.IsNaN(value) && !math.IsNaN(ci.Low) && halfway == [3]bool{} {
			break
		}
	}
	return value, ci, steps
}
