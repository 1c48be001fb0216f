package stat

import (
	"cmp"
	"math"
	"slices"
)

// Curve is a Kaplan–Meier estimate: one step at each time at which something
// ended.
type Curve struct {
	Times    []float64
	Survival []float64 // share not ended just after Times[i]
	SE       []float64 // Greenwood
	Low      []float64 // log–log interval
	High     []float64
	Level    float64
}

type lifetime struct {
	t     float64
	ended bool
}

// KaplanMeier estimates how long things last when some have not ended: for
// those ended[i] is false and t[i] is how long they lasted so far.
func KaplanMeier(t []float64, ended []bool, level float64) Curve {
	all := make([]lifetime, 0, len(t))
	for i := range t {
		if !math.IsNaN(t[i]) {
			all = append(all, lifetime{t[i], ended[i]})
		}
	}
	slices.SortFunc(all, func(a, b lifetime) int { return cmp.Compare(a.t, b.t) })
	c := Curve{Level: level}
	zz := z(1 - (1-level)/2)
	s, g := 1.0, 0.0 // survival, Greenwood's sum
	for i := 0; i < len(all); {
		at, risk, d := all[i].t, float64(len(all)-i), 0.0
		for ; i < len(all) && all[i].t == at; i++ {
			if all[i].ended {
				d++
			}
		}
		if d == 0 {
			continue
		}
		s *= 1 - d/risk
		g += d / (risk * (risk - d)) // infinite once nobody is left
		low, high := logLog(s, g, zz)
		se := s * math.Sqrt(g)
		if s == 0 {
			se = math.NaN()
		}
		c.Times, c.Survival, c.SE = append(c.Times, at), append(c.Survival, s), append(c.SE, se)
		c.Low, c.High = append(c.Low, low), append(c.High, high)
	}
	return c
}

// logLog is the interval of a survival on the log(−log) scale, which behaves
// at small n (Kalbfleisch & Prentice).
func logLog(s, g, zz float64) (low, high float64) {
	if s <= 0 || s >= 1 {
		return math.NaN(), math.NaN()
	}
	ls := math.Log(s)
	w := zz * math.Sqrt(g) / math.Abs(ls)
	return math.Exp(ls * math.Exp(w)), math.Exp(ls * math.Exp(-w))
}

// Quantile is the time by which a share q has ended, with the interval of
// Brookmeyer & Crowley 1982: the times at which the curve's own bounds cross.
// A value or bound that is not reached is NaN.
func (c Curve) Quantile(q float64) (float64, Interval) {
	ci := Interval{c.cross(c.Low, 1-q), c.cross(c.High, 1-q), c.Level, "Brookmeyer–Crowley, log–log"}
	return c.cross(c.Survival, 1-q), ci
}

// cross is the first time at which a falling step function is at or below p;
// where it lies exactly on p along a flat step, the middle of that step, as R does.
func (c Curve) cross(y []float64, p float64) float64 {
	for i, v := range y {
		if math.IsNaN(v) {
			continue // no bound where nothing or everything has ended
		}
		if math.Abs(v-p) < slack && i+1 < len(y) {
			return (c.Times[i] + c.Times[i+1]) / 2
		}
		if v <= p+slack {
			return c.Times[i]
		}
	}
	return math.NaN()
}

// SurvivalQuantile is KaplanMeier(…).Quantile(q) of many values in little
// time: the curve is walked, not kept, and its bounds are worked out only near
// where they can cross. It sorts both slices: how long those that ended
// lasted, and how long the others lasted so far.
func SurvivalQuantile(ended, waiting []float64, q, level float64) (value float64, ci Interval, steps int) {
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

// slack is how near to a level a curve counts as on it.
const slack = 1e-9

// At is the share not ended by a time, with its log–log interval.
func (c Curve) At(t float64) (float64, Interval) {
	i, exact := slices.BinarySearch(c.Times, t)
	if !exact {
		i--
	}
	if i < 0 {
		return 1, Interval{1, 1, c.Level, "log–log"}
	}
	return c.Survival[i], Interval{c.Low[i], c.High[i], c.Level, "log–log"}
}

// RMST is the restricted mean: the average time until the end, or until tau
// for those that last longer.
func (c Curve) RMST(tau float64) float64 {
	area, last, s := 0.0, 0.0, 1.0
	for i, t := range c.Times {
		if t >= tau {
			break
		}
		area += s * (t - last)
		last, s = t, c.Survival[i]
	}
	return area + s*(tau-last)
}

// LogRank tests whether two groups end at the same pace: χ² with 1 df, p, and
// the observed and expected ends of each.
func LogRank(t1 []float64, e1 []bool, t2 []float64, e2 []bool) (chi2, p float64, observed, expected [2]float64) {
	type ending struct {
		t     float64
		ended bool
		group int
	}
	var all []ending
	for i := range t1 {
		all = append(all, ending{t1[i], e1[i], 0})
	}
	for i := range t2 {
		all = append(all, ending{t2[i], e2[i], 1})
	}
	slices.SortFunc(all, func(a, b ending) int { return cmp.Compare(a.t, b.t) })
	risk := [2]float64{float64(len(t1)), float64(len(t2))}
	variance := 0.0
	for i := 0; i < len(all); {
		at := all[i].t
		var d, left [2]float64
		for ; i < len(all) && all[i].t == at; i++ {
			left[all[i].group]++
			if all[i].ended {
				d[all[i].group]++
			}
		}
		n, sum := risk[0]+risk[1], d[0]+d[1]
		for g := range 2 {
			observed[g] += d[g]
			expected[g] += sum * risk[g] / n
		}
		if n > 1 {
			variance += sum * risk[0] / n * risk[1] / n * (n - sum) / (n - 1)
		}
		risk[0] -= left[0]
		risk[1] -= left[1]
	}
	diff := observed[0] - expected[0]
	chi2 = diff * diff / variance
	return chi2, chi2Tail(chi2, 1), observed, expected
}

// CumulativeIncidence is the Aalen–Johansen estimate with competing ends:
// state 0 is not ended, 1, 2, … are the ways to end. It returns, at each time
// something ended, the share that ended in each way by then.
func CumulativeIncidence(t []float64, state []int, ways int) (times []float64, share [][]float64) {
	order := make([]int, len(t))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(t[a], t[b]) })
	s, now := 1.0, make([]float64, ways)
	for i := 0; i < len(order); {
		at, risk := t[order[i]], float64(len(order)-i)
		d, all := make([]float64, ways), 0.0
		for ; i < len(order) && t[order[i]] == at; i++ {
			if w := state[order[i]]; w > 0 {
				d[w-1]++
				all++
			}
		}
		if all == 0 {
			continue
		}
		for w := range now {
			now[w] += s * d[w] / risk
		}
		s *= 1 - all/risk
		times, share = append(times, at), append(share, slices.Clone(now))
	}
	return times, share
}
