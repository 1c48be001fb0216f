package stat

import (
	"math"
	"slices"
)

// Trend holds the tests whether events come more or less often along time.
// They need not agree: each looks for another kind of trend.
type Trend struct {
	Laplace, LaplaceP   float64 // z, and the one-sided p towards improvement
	MilHdbk             float64 // χ² with 2r degrees of freedom
	MilHdbkP            float64 // one-sided towards improvement
	Beta, BetaUnbiased  float64 // Crow–AMSAA growth; below 1 improves
	MTBF                float64 // at the end of the observation
	Reversals, MaxPairs int     // pairs of gaps where the later is longer; of so many
	ReversalsZ          float64 // normal score of the reversals, with continuity correction
	ReversalsP          float64 // one-sided towards improvement; exact up to 60 gaps
}

// exactOrders is up to how many values the distribution of inversions is
// worked out.
const exactOrders = 60

// TrendTests tests event times in (0, end], watched until end whatever
// happened (NIST e-Handbook 8.2.3.4). NaN where a time lies outside, and of no
// events.
func TrendTests(times []float64, end float64) Trend {
	nan := math.NaN()
	tr := Trend{nan, nan, nan, nan, nan, nan, nan, 0, 0, nan, nan}
	ts := slices.Sorted(slices.Values(times))
	r := len(ts)
	if r == 0 || !(ts[0] > 0) || !(ts[r-1] <= end) || math.IsInf(end, 1) {
		return tr
	}
	n := float64(r)
	var centred, logs float64
	gaps := make([]float64, r)
	last := 0.0
	for i, t := range ts {
		centred += t - end/2
		logs += math.Log(end / t)
		gaps[i], last = t-last, t
	}
	tr.Laplace = math.Sqrt(12*n) * centred / (n * end)
	tr.LaplaceP = math.Erfc(-tr.Laplace/math.Sqrt2) / 2
	tr.MilHdbk = 2 * logs
	tr.MilHdbkP = chi2Tail(tr.MilHdbk, 2*n)
	tr.Beta, tr.BetaUnbiased = n/logs, (n-1)/logs
	tr.MTBF = end / (n * tr.BetaUnbiased)
	tr.MaxPairs = r * (r - 1) / 2
	rising, _ := orderedPairs(gaps)
	tr.Reversals = rising
	tr.ReversalsZ = (float64(rising) - n*(n-1)/4 + 0.5) / math.Sqrt((2*n+5)*(n-1)*n/72)
	tr.ReversalsP = math.Erfc(tr.ReversalsZ/math.Sqrt2) / 2
	if r <= exactOrders { // a tie counts against a reversal, so ties only make it careful
		tr.ReversalsP, _ = tailSums(inversions(r), rising)
	}
	return tr
}

// MannKendall tests a series for a monotone trend (Mann 1945; Kendall 1975):
// S, its variance with correction for ties, z with continuity correction, and
// the two-sided p, normal and (up to 60 values without ties, else NaN) exact.
func MannKendall(xs []float64) (s int, variance, zScore, pNormal, pExact float64) {
	n := len(xs)
	if n < 2 || slices.ContainsFunc(xs, math.IsNaN) {
		nan := math.NaN()
		return 0, nan, nan, nan, nan
	}
	rising, falling := orderedPairs(xs)
	s = rising - falling
	nn := float64(n)
	variance = (nn*(nn-1)*(2*nn+5) - kendallTies(xs)) / 18
	d := math.Max(0, math.Abs(float64(s))-1)
	zScore = math.Copysign(d, float64(s)) / math.Sqrt(variance)
	if variance == 0 || s == 0 {
		zScore = 0
	}
	pNormal, pExact = normalTail(zScore), math.NaN()
	if n <= exactOrders && rising+falling == n*(n-1)/2 {
		above, below := tailSums(inversions(n), rising)
		pExact = math.Min(1, 2*math.Min(above, below))
	}
	return s, variance, zScore, pNormal, pExact
}

// inversions is the chance of each number of pairs in order, from 0, among n
// values in random order.
func inversions(n int) []float64 {
	p := []float64{1}
	for k := 2; k <= n; k++ {
		next := make([]float64, len(p)+k-1)
		for i, c := range p {
			for j := range k {
				next[i+j] += c / float64(k)
			}
		}
		p = next
	}
	return p
}

// kendallTies is Σ t(t−1)(2t+5) over groups of ties.
func kendallTies(xs []float64) (sum float64) {
	s := slices.Sorted(slices.Values(xs))
	for i := 0; i < len(s); {
		j := i
		for j < len(s) && s[j] == s[i] {
			j++
		}
		t := float64(j - i)
		sum += t * (t - 1) * (2*t + 5)
		i = j
	}
	return sum
}

// orderedPairs counts the pairs i < j with x[i] < x[j], and those with
// x[i] > x[j], by merging: time n log n.
func orderedPairs(xs []float64) (rising, falling int) {
	work := slices.Clone(xs)
	return mergePairs(work, make([]float64, len(xs)))
}

func mergePairs(xs, spare []float64) (rising, falling int) {
	n := len(xs)
	if n < 2 {
		return 0, 0
	}
	a, b := xs[:n/2], xs[n/2:]
	rising, falling = mergePairs(a, spare)
	r, f := mergePairs(b, spare)
	rising, falling = rising+r, falling+f
	less, notMore := 0, 0 // of a, beside each of b
	for _, v := range b {
		for less < len(a) && a[less] < v {
			less++
		}
		for notMore < len(a) && a[notMore] <= v {
			notMore++
		}
		rising += less
		falling += len(a) - notMore
	}
	merged := spare[:0]
	i, j := 0, 0
	for i < len(a) || j < len(b) {
		if j == len(b) || i < len(a) && a[i] <= b[j] {
			merged = append(merged, a[i])
			i++
		} else {
			merged = append(merged, b[j])
			j++
		}
	}
	copy(xs, merged)
	return rising, falling
}
