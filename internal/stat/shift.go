package stat

import (
	"math"
	"slices"
	"sort"
)

// RankTest is the result of MannWhitney.
type RankTest struct {
	U        float64 // of x: how often an x is above a y, ties counting half
	P2       float64 // two-sided
	PGreater float64 // one-sided, x larger
	A12      float64 // U / (n·m): the chance that an x is above a y
	Exact    bool
}

// exactPairs is up to how many pairs the exact distribution of U is used.
const exactPairs = 2500

// MannWhitney is the Mann–Whitney U test of two samples (R's wilcox.test):
// exact without ties up to 2,500 pairs, else normal with correction for ties
// and continuity.
func MannWhitney(x, y []float64) RankTest {
	n, m := len(x), len(y)
	if n == 0 || m == 0 || slices.ContainsFunc(x, math.IsNaN) || slices.ContainsFunc(y, math.IsNaN) {
		return RankTest{U: math.NaN(), P2: math.NaN(), PGreater: math.NaN(), A12: math.NaN()}
	}
	u, tieSum := uStatistic(x, y)
	r := RankTest{U: u, A12: u / float64(n) / float64(m)}
	if tieSum == 0 && n*m <= exactPairs {
		r.Exact = true
		d := uDistribution(n, m)
		above, below := tailSums(d, int(u))
		r.PGreater = above
		r.P2 = math.Min(1, 2*math.Min(above, below))
		return r
	}
	nn, mm := float64(n), float64(m)
	total := nn + mm
	sd := math.Sqrt(nn * mm / 12 * (total + 1 - tieSum/(total*(total-1))))
	d := u - nn*mm/2
	if sd == 0 {
		r.P2, r.PGreater = 1, 0.5
		return r
	}
	r.PGreater = math.Erfc((d-0.5)/sd/math.Sqrt2) / 2
	r.P2 = math.Min(1, normalTail((d-math.Copysign(0.5, d))/sd))
	if d == 0 {
		r.P2 = 1
	}
	return r
}

// uStatistic is U of x, and Σ(t³−t) over groups of ties.
func uStatistic(x, y []float64) (u, tieSum float64) {
	a, b := slices.Sorted(slices.Values(x)), slices.Sorted(slices.Values(y))
	i, j := 0, 0
	for i < len(a) || j < len(b) {
		var v float64
		if j >= len(b) || (i < len(a) && a[i] <= b[j]) {
			v = a[i]
		} else {
			v = b[j]
		}
		i0, j0 := i, j
		for i < len(a) && a[i] == v {
			i++
		}
		for j < len(b) && b[j] == v {
			j++
		}
		u += float64(i-i0) * (float64(j0) + float64(j-j0)/2)
		t := float64(i - i0 + j - j0)
		tieSum += t*t*t - t
	}
	return u, tieSum
}

// uDistribution is the probability of each U from 0 to n·m without ties: the
// coefficients of a Gaussian binomial.
func uDistribution(n, m int) []float64 {
	d := make([]float64, n*m+1)
	d[0] = 1
	for i := 1; i <= n; i++ {
		// times (1 − q^(m+i)), over (1 − q^i)
		for k := n * m; k >= m+i; k-- {
			d[k] -= d[k-m-i]
		}
		for k := i; k <= n*m; k++ {
			d[k] += d[k-i]
		}
		// Kept as probabilities so that large counts do not overflow.
		scale := float64(i) / float64(m+i)
		for k := range d {
			d[k] *= scale
		}
	}
	return d
}

func tailSums(d []float64, u int) (above, below float64) {
	for k, p := range d {
		if k >= u {
			above += p
		}
		if k <= u {
			below += p
		}
	}
	return above, below
}

// Shift is the result of HodgesLehmann.
type Shift struct {
	Shift    float64 // or ratio
	Interval Interval
	Dropped  int // values left out, because they have no logarithm
}

// HodgesLehmann estimates by how much x lies above y: the median of all
// differences x−y, with the interval that belongs to the Mann–Whitney test
// (Hollander & Wolfe 1973): order statistics of the differences at the
// quantiles of U. Time grows with (n+m)·log, not with the number of pairs.
func HodgesLehmann(x, y []float64, level float64) Shift {
	a, b := slices.Sorted(slices.Values(x)), slices.Sorted(slices.Values(y))
	ci := unknown(level, "Hodges–Lehmann, exact ranks of U")
	pairs := len(a) * len(b)
	if pairs == 0 || !finite(a) || !finite(b) {
		return Shift{Shift: math.NaN(), Interval: ci}
	}
	d := differences{a, b}
	s := Shift{Shift: (d.nth((pairs+1)/2) + d.nth(pairs/2+1)) / 2}
	k := cutRank(len(a), len(b), level)
	if pairs > exactPairs {
		ci.Method = "Hodges–Lehmann, normal ranks of U"
	}
	if k >= 1 {
		ci.Low, ci.High = d.nth(k), d.nth(pairs+1-k)
	}
	s.Interval = ci
	return s
}

// finite says that sorted values hold no NaN and no infinity.
func finite(sorted []float64) bool {
	first, last := sorted[0], sorted[len(sorted)-1] // NaN sorts first
	return !math.IsNaN(first) && !math.IsInf(first, -1) && !math.IsInf(last, 1)
}

// cutRank is the rank of the difference that bounds the interval, 0 when the
// samples are too small for the level.
func cutRank(n, m int, level float64) int {
	tail := (1 - level) / 2
	if n*m > exactPairs {
		nn, mm := float64(n), float64(m)
		return int(math.Floor(nn*mm/2 + 0.5 - z(1-tail)*math.Sqrt(nn*mm*(nn+mm+1)/12)))
	}
	// The smallest u with P(U ≤ u) > tail is R's qwilcox; one less is still
	// outside.
	sum := 0.0
	for u, p := range uDistribution(n, m) {
		sum += p
		if sum > tail {
			return u
		}
	}
	return 0
}

// HodgesLehmannRatio is HodgesLehmann on logarithms: by which factor x is
// larger than y. A zero counts as smaller than every positive value, just as
// it does in the ranks of MannWhitney; a bound that then rests on a zero is 0
// or infinite. Negative values are left out and counted.
func HodgesLehmannRatio(x, y []float64, level float64) Shift {
	floor := math.Inf(1)
	for _, v := range x {
		if v > 0 {
			floor = min(floor, v)
		}
	}
	for _, v := range y {
		if v > 0 {
			floor = min(floor, v)
		}
	}
	floor = math.Log(floor) - zeroGap
	lx, dropX := logsWithZeros(x, floor)
	ly, dropY := logsWithZeros(y, floor)
	s := HodgesLehmann(lx, ly, level)
	s.Shift, s.Interval.Low, s.Interval.High = factor(s.Shift), factor(s.Interval.Low), factor(s.Interval.High)
	s.Interval.Method += ", on logs"
	s.Dropped = dropX + dropY
	return s
}

// zeroGap is how far below the smallest logarithm a zero is put: farther than
// two positive durations ever lie apart.
const zeroGap = 100

func factor(shift float64) float64 {
	switch {
	case shift < -zeroGap/2:
		return 0
	case shift > zeroGap/2:
		return math.Inf(1)
	}
	return math.Exp(shift)
}

func logsWithZeros(xs []float64, floor float64) (out []float64, dropped int) {
	out = make([]float64, 0, len(xs))
	for _, x := range xs {
		switch {
		case x > 0:
			out = append(out, math.Log(x))
		case x == 0:
			out = append(out, floor)
		}
	}
	return out, len(xs) - len(out)
}

func logs(xs []float64) (out []float64, dropped int) {
	out = make([]float64, 0, len(xs))
	for _, x := range xs {
		if x > 0 {
			out = append(out, math.Log(x))
		}
	}
	return out, len(xs) - len(out)
}

// differences are all a[i]−b[j] of two sorted samples, never written out.
type differences struct{ a, b []float64 }

// upTo counts the differences ≤ t, and finds the largest of those and the
// smallest above.
func (d differences) upTo(t float64) (count int, below, above float64) {
	below, above = math.Inf(-1), math.Inf(1)
	j := len(d.b) // b[j:] are those with a−b ≤ t, that is b ≥ a−t
	for i := range d.a {
		// As a grows, fewer b are large enough.
		if i == 0 {
			j = 0
		}
		for j < len(d.b) && d.a[i]-d.b[j] > t {
			j++
		}
		count += len(d.b) - j
		if j < len(d.b) {
			below = max(below, d.a[i]-d.b[j])
		}
		if j > 0 {
			above = min(above, d.a[i]-d.b[j-1])
		}
	}
	return count, below, above
}

// nth is the k-th smallest difference, by halving the range of values and
// ending on a difference that really occurs.
func (d differences) nth(k int) float64 {
	low := d.a[0] - d.b[len(d.b)-1]
	high := d.a[len(d.a)-1] - d.b[0]
	for low < high {
		mid := low + (high-low)/2
		if mid >= high { // neighbouring numbers: rounded up
			mid = low
		}
		if count, below, above := d.upTo(mid); count >= k {
			high = below
		} else {
			low = above
		}
	}
	return low
}

// SignedRank is the Wilcoxon signed-rank test of paired samples: V, the sum
// of the ranks of positive differences, and the exact p values (no ties, no
// zeros) by the distribution of V.
func SignedRank(x, y []float64) (v float64, p2, pGreater float64) {
	var d []float64
	for i := range x {
		if x[i] != y[i] {
			d = append(d, x[i]-y[i])
		}
	}
	sort.Slice(d, func(i, j int) bool { return math.Abs(d[i]) < math.Abs(d[j]) })
	n := len(d)
	for i, x := range d {
		if x > 0 {
			v += float64(i + 1)
		}
	}
	dist := []float64{1}
	for k := 1; k <= n; k++ {
		next := make([]float64, len(dist)+k)
		for i, p := range dist {
			next[i] += p / 2
			next[i+k] += p / 2
		}
		dist = next
	}
	above, below := tailSums(dist, int(v))
	return v, math.Min(1, 2*math.Min(above, below)), above
}

// PermutationMeanDiff tests mean(x) − mean(y) over all splits of the pooled
// values when there are at most 20,000 of them, else over 20,000 seeded ones
// with p = (1+#)/(1+B).
func PermutationMeanDiff(x, y []float64, seed string) (p2, pGreater float64, splits int, exact bool) {
	pool := append(slices.Clone(x), y...)
	n, k := len(pool), len(x)
	total, observed := sumOf(pool), sumOf(x)
	centre := total * float64(k) / float64(n)
	var above, beyond int
	visit := func(sum float64) {
		const slack = 1e-9
		if sum >= observed-slack*math.Abs(observed) {
			above++
		}
		if math.Abs(sum-centre) >= math.Abs(observed-centre)*(1-slack) {
			beyond++
		}
		splits++
	}
	if lchoose(float64(n), float64(k)) <= math.Log(20_000.5) {
		var walk func(from, left int, sum float64)
		walk = func(from, left int, sum float64) {
			if left == 0 {
				visit(sum)
				return
			}
			for i := from; i <= n-left; i++ {
				walk(i+1, left-1, sum+pool[i])
			}
		}
		walk(0, k, 0)
		return float64(beyond) / float64(splits), float64(above) / float64(splits), splits, true
	}
	rng := Seed("permutation", seed)
	for range 20_000 {
		rng.Shuffle(n, func(i, j int) { pool[i], pool[j] = pool[j], pool[i] })
		visit(sumOf(pool[:k]))
	}
	return float64(1+beyond) / float64(1+splits), float64(1+above) / float64(1+splits), splits, false
}
