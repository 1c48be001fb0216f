package stat

import (
	"cmp"
	"math"
	"slices"
)

// CumulativeIncidence is the Aalen–Johansen estimate with competing ends:
// state 0 is not ended, 1, 2, … are the ways to end. It returns, at each time
// something ended, the share that ended in each way by then. NaN times are left out.
func CumulativeIncidence(t []float64, state []int, ways int) (times []float64, share [][]float64) {
	c := CumulativeIncidenceFrom(nil, t, state, ways, 0.95)
	return c.Times, c.Share
}

// Incidence is an Aalen–Johansen estimate: one step at each time at which
// something ended in any way.
type Incidence struct {
	Times []float64
	Share [][]float64 // by step, then by way (the first is way 1)
	Level float64
	// Ended is how many ended in any way, Last the last time anybody was watched
	// (NaN for nobody), Alone the first time at which all who were watched had
	// ended though others came to be watched only later: from then on nothing
	// can be told. NaN when there is none.
	Ended       int
	Last, Alone float64

	surviving []float64   // share not ended just before each step
	risk      []float64   // watched at each step
	ends      [][]float64 // that ended at each step, by way
}

// CumulativeIncidenceFrom is CumulativeIncidence of things that were watched
// only from an age on (see KaplanMeierFrom); a nil entry watches all from the
// start. Those not watched at all (entry ≥ t) are left out.
func CumulativeIncidenceFrom(entry, t []float64, state []int, ways int, level float64) Incidence {
	c := Incidence{Level: level, Last: math.NaN(), Alone: math.NaN()}
	var order []int
	var entries []float64
	for i, v := range t {
		if math.IsNaN(v) || entry != nil && !(entry[i] < v) {
			continue
		}
		order = append(order, i)
		if entry != nil {
			entries = append(entries, entry[i])
		}
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(t[a], t[b]) })
	slices.Sort(entries)
	if n := len(order); n > 0 {
		c.Last = t[order[n-1]]
	}
	s, entered, now := 1.0, 0, make([]float64, ways)
	for i := 0; i < len(order); {
		at, first := t[order[i]], i
		for entered < len(entries) && entries[entered] < at {
			entered++
		}
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
		risk := float64(len(order) - first - (len(entries) - entered))
		c.surviving, c.risk, c.ends = append(c.surviving, s), append(c.risk, risk), append(c.ends, d)
		for w := range now {
			now[w] += s * d[w] / risk
		}
		s *= 1 - all/risk
		c.Ended += int(all)
		c.Times, c.Share = append(c.Times, at), append(c.Share, slices.Clone(now))
		if all == risk && i < len(order) && math.IsNaN(c.Alone) {
			c.Alone = at
		}
	}
	return c
}

// At is the share that ended in a way (1, 2, …) by a time, with its standard
// error and its interval on the log(−log) scale of the share that did not. The variance is Aalen's, of
// Greenwood's type (Marubini & Valsecchi 1995, 10.2.5); with a single way to
// end it is Greenwood's, and the interval that of KaplanMeier's At. All are NaN
// where nothing can be told: after the last time anybody was watched, unless
// all had ended, and after Alone.
func (c Incidence) At(way int, t float64) (share, se float64, ci Interval) {
	ci = unknown(c.Level, "Aalen–Johansen, log–log")
	if math.IsNaN(c.Last) || t >= c.Alone {
		return math.NaN(), math.NaN(), ci
	}
	n, exact := slices.BinarySearch(c.Times, t)
	if exact {
		n++
	}
	if t > c.Last && (n == 0 || sumOf(c.Share[n-1]) < 1-slack) {
		return math.NaN(), math.NaN(), ci
	}
	if n == 0 {
		return 0, 0, ci
	}
	share = c.Share[n-1][way-1]
	variance := 0.0
	for i := range n {
		d, dk, r, s := sumOf(c.ends[i]), c.ends[i][way-1], c.risk[i], c.surviving[i]
		ahead := share - c.Share[i][way-1]
		if r > d {
			variance += ahead * ahead * d / (r * (r - d))
		}
		variance += s * s * dk * (r - dk) / (r * r * r)
		variance -= 2 * ahead * s * dk / (r * r)
	}
	se = math.Sqrt(max(0, variance))
	if share > 0 && share < 1-slack {
		rest := 1 - share
		low, high := logLog(rest, se*se/(rest*rest), z(1-(1-c.Level)/2))
		ci.Low, ci.High = 1-high, 1-low
	}
	return share, se, ci
}
