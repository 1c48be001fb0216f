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
	var order []int
	for i, v := range t {
		if !math.IsNaN(v) {
			order = append(order, i)
		}
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
