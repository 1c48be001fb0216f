package stat

import (
	"math"
	"slices"
)

// PairTest is the result of SignedRank.
type PairTest struct {
	V            float64 // sum of the ranks of the positive differences
	N            int     // pairs that differ
	P2, PGreater float64 // two-sided; one-sided, x larger
	Exact        bool
	Shift        float64  // Hodges–Lehmann: the median of all means of two differences
	Interval     Interval // of the shift, from the same ranks
}

// exactSigned is up to how many pairs the exact distribution of V is used.
const exactSigned = 50

// SignedRank is the Wilcoxon signed-rank test of paired samples (R's
// wilcox.test, paired): exact up to 50 pairs without ties and zeros, else
// normal with correction for ties and continuity. Pairs without a difference,
// or with one that is not finite, are left out.
func SignedRank(x, y []float64, level float64) PairTest {
	var d []float64
	zeros := false
	for i := range min(len(x), len(y)) {
		v := x[i] - y[i]
		zeros = zeros || v == 0
		if v != 0 && !math.IsNaN(v) && math.Abs(v) < math.MaxFloat64/4 {
			d = append(d, v)
		}
	}
	n := len(d)
	t := PairTest{N: n, V: math.NaN(), P2: math.NaN(), PGreater: math.NaN(), Shift: math.NaN(), Interval: unknown(level, "Wilcoxon signed ranks")}
	if n == 0 {
		return t
	}
	v, tieSum := signedRanks(d)
	t.V, t.Exact = v, n <= exactSigned && tieSum == 0 && !zeros
	nn := float64(n)
	mean, sd := nn*(nn+1)/4, math.Sqrt(nn*(nn+1)*(2*nn+1)/24-tieSum/48)
	cut := int(math.Floor(mean + 0.5 - z(1-(1-level)/2)*sd))
	if n <= exactSigned {
		dist := signedRankDistribution(n)
		cut = lowerRank(dist, (1-level)/2)
		if t.Exact {
			above, below := tailSums(dist, int(v))
			t.PGreater, t.P2 = above, math.Min(1, 2*math.Min(above, below))
		}
	}
	if !t.Exact {
		t.PGreater, t.P2 = normalPs(v-mean, sd)
	}
	t.Shift, t.Interval.Low, t.Interval.High = walshAverages(d, cut)
	return t
}

// signedRanks sorts d by size and gives V and Σ(t³−t) over groups of ties.
func signedRanks(d []float64) (v, tieSum float64) {
	slices.SortFunc(d, func(a, b float64) int {
		switch p, q := math.Abs(a), math.Abs(b); {
		case p < q:
			return -1
		case p > q:
			return 1
		}
		return 0
	})
	for i := 0; i < len(d); {
		j, positive := i, 0.0
		for ; j < len(d) && math.Abs(d[j]) == math.Abs(d[i]); j++ {
			positive += indicator(d[j] > 0)
		}
		ties := float64(j - i)
		v += positive * (float64(i+j) + 1) / 2
		tieSum += ties*ties*ties - ties
		i = j
	}
	return v, tieSum
}

// signedRankDistribution is the probability of each V from 0 to n(n+1)/2.
func signedRankDistribution(n int) []float64 {
	dist := []float64{1}
	for k := 1; k <= n; k++ {
		next := make([]float64, len(dist)+k)
		for i, p := range dist {
			next[i] += p / 2
			next[i+k] += p / 2
		}
		dist = next
	}
	return dist
}

// walshAverages gives the median of all means (dᵢ+dⱼ)/2, i ≤ j, and those of
// rank k from either end (NaN if k is 0).
func walshAverages(d []float64, k int) (middle, low, high float64) {
	a := slices.Sorted(slices.Values(d))
	b := make([]float64, len(a))
	for i, v := range a {
		b[len(b)-1-i] = -v
	}
	sums := differences{a: a, b: b, mirrored: true}
	low, high = math.NaN(), math.NaN()
	if k >= 1 {
		low, _ = sums.nth(k)
		high, _ = sums.nth(sums.total() + 1 - k)
	}
	return sums.median() / 2, low / 2, high / 2
}
