package stat

import (
	"math"
	"slices"
)

// Curve is a Kaplan–Meier estimate: one step at each time at which something
// ended.
type Curve struct {
	Times    []float64
	Survival []float64 // share not ended just after Times[i]
	SE       []float64 // Greenwood; NaN once nobody is left
	Low      []float64 // interval of the survival, see Scale
	High     []float64
	Level    float64
	Scale    string    // on which the interval is made: "log–log", or "log"
	Events   int       // how many ended
	Last     float64   // the last time anybody was watched
	hazard   []float64 // Greenwood's sum Σ d/(r(r−d))
}

// KaplanMeier estimates how long things last when some have not ended: for
// those ended[i] is false and t[i] is how long they lasted so far. NaN times
// are left out.
func KaplanMeier(t []float64, ended []bool, level float64) Curve {
	return KaplanMeierFrom(nil, t, ended, level)
}

// KaplanMeierFrom is KaplanMeier of things that were watched only from an age
// on, such as items imported with an old date of creation: they count as at
// risk after entry[i] only (left truncation), else ending looks slower than it
// is. Those not watched at all (entry ≥ t) are left out. A nil entry watches
// all from the start.
func KaplanMeierFrom(entry, t []float64, ended []bool, level float64) Curve {
	var ends, open, entries []float64
	for i, v := range t {
		switch {
		case math.IsNaN(v):
			continue
		case entry != nil:
			if !(entry[i] < v) {
				continue
			}
			entries = append(entries, entry[i])
		}
		if ended[i] {
			ends = append(ends, v)
		} else {
			open = append(open, v)
		}
	}
	sortFloats(ends)
	sortFloats(open)
	sortFloats(entries)
	c := Curve{Level: level, Scale: "log–log", Events: len(ends), Last: math.NaN()}
	for _, xs := range [][]float64{ends, open} {
		if n := len(xs); n > 0 && !(c.Last > xs[n-1]) {
			c.Last = xs[n-1]
		}
	}
	s, g, gone, entered := 1.0, 0.0, 0, 0 // survival, Greenwood's sum
	for i := 0; i < len(ends); {
		at, first := ends[i], i
		for gone < len(open) && open[gone] < at {
			gone++
		}
		for entered < len(entries) && entries[entered] < at {
			entered++
		}
		for i < len(ends) && ends[i] == at {
			i++
		}
		d := float64(i - first)
		risk := float64(len(ends) - first + len(open) - gone - (len(entries) - entered))
		s *= 1 - d/risk
		g += d / (risk * (risk - d)) // infinite once nobody is left
		c.Times, c.Survival, c.hazard = append(c.Times, at), append(c.Survival, s), append(c.hazard, g)
	}
	return c.bounded()
}

// bounded works out SE and bounds.
func (c Curve) bounded() Curve {
	zz := z(1 - (1-c.Level)/2)
	n := len(c.Times)
	c.SE, c.Low, c.High = make([]float64, n), make([]float64, n), make([]float64, n)
	for i, s := range c.Survival {
		c.SE[i] = s * math.Sqrt(c.hazard[i]) // 0·∞ once nobody is left
		if c.Scale == "log" {
			c.Low[i], c.High[i] = logBounds(s, c.hazard[i], zz)
		} else {
			c.Low[i], c.High[i] = logLog(s, c.hazard[i], zz)
		}
	}
	return c
}

// OnLog is the curve with bounds on the log scale, R's default. They are
// poorer for few: KaplanMeier's own are on the log(−log) scale.
func (c Curve) OnLog() Curve {
	c.Scale = "log"
	return c.bounded()
}

func logBounds(s, g, zz float64) (low, high float64) {
	if s <= 0 {
		return math.NaN(), math.NaN()
	}
	w := math.Exp(zz * math.Sqrt(g))
	return s / w, math.Min(1, s*w)
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
	ci := Interval{c.cross(c.Low, 1-q), c.cross(c.High, 1-q), c.Level, "Brookmeyer–Crowley, " + c.Scale}
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

// slack is how near to a level a curve counts as on it.
const slack = 1e-9

// At is the share not ended by a time, with its log–log interval.
func (c Curve) At(t float64) (float64, Interval) {
	i, exact := slices.BinarySearch(c.Times, t)
	if !exact {
		i--
	}
	if i < 0 {
		return 1, Interval{1, 1, c.Level, c.Scale}
	}
	return c.Survival[i], Interval{c.Low[i], c.High[i], c.Level, c.Scale}
}

// RMST is the restricted mean: the average time until the end, or until tau
// for those that last longer; with its standard error (Greenwood's, as R's
// survival package). NaN when the curve does not reach tau, because nobody was
// watched that long and not all had ended.
func (c Curve) RMST(tau float64) (mean, se float64) {
	n := len(c.Times)
	if math.IsNaN(c.Last) || c.Last < tau && (n == 0 || c.Survival[n-1] > 0) {
		return math.NaN(), math.NaN()
	}
	// From the end: the area right of each step is what an ending there costs.
	end, area, variance := tau, 0.0, 0.0
	for i := n - 1; i >= 0; i-- {
		if c.Times[i] >= tau {
			continue
		}
		area += c.Survival[i] * (end - c.Times[i])
		end = c.Times[i]
		step := c.hazard[i]
		if i > 0 {
			step -= c.hazard[i-1]
		}
		if area > 0 {
			variance += area * area * step
		}
	}
	return area + end, math.Sqrt(variance)
}

// RMSTDiff is how much longer c lasts than d on average within tau, with its
// normal interval and two-sided p (Royston & Parmar 2013).
func (c Curve) RMSTDiff(d Curve, tau float64) (diff float64, ci Interval, p float64) {
	m1, s1 := c.RMST(tau)
	m2, s2 := d.RMST(tau)
	diff, se := m1-m2, math.Hypot(s1, s2)
	half := z(1-(1-c.Level)/2) * se
	return diff, Interval{diff - half, diff + half, c.Level, "difference of restricted means"}, normalTail(diff / se)
}
