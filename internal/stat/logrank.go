package stat

import (
	"cmp"
	"math"
	"slices"
)

// LogRank tests whether two groups end at the same pace: χ² with 1 df, p, and
// the observed and expected ends of each. NaN times are left out; χ² and p are
// NaN when nothing ended while both were watched.
func LogRank(t1 []float64, e1 []bool, t2 []float64, e2 []bool) (chi2, p float64, observed, expected [2]float64) {
	type ending struct {
		t     float64
		ended bool
		group int
	}
	var all []ending
	var risk [2]float64
	for group, t := range [2][]float64{t1, t2} {
		for i, v := range t {
			if !math.IsNaN(v) {
				all = append(all, ending{v, [2][]bool{e1, e2}[group][i], group})
				risk[group]++
			}
		}
	}
	slices.SortFunc(all, func(a, b ending) int { return cmp.Compare(a.t, b.t) })
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
