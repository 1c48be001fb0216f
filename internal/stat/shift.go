package stat

import (
	"math"
	"slices"
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
	r.PGreater, r.P2 = normalPs(u-nn*mm/2, sd)
	return r
}

// normalPs are the upper and the two-sided p of a deviation that moves in
// steps of one, with continuity correction.
func normalPs(d, sd float64) (greater, both float64) {
	if sd == 0 {
		return 0.5, 1
	}
	greater = math.Erfc((d-0.5)/sd/math.Sqrt2) / 2
	if d == 0 {
		return greater, 1
	}
	return greater, math.Min(1, normalTail(math.Max(0, math.Abs(d)-0.5)/sd))
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
	n, m = min(n, m), max(n, m)
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
	// It is symmetric, and the upper half has lost the digits of its tail.
	for k := range d {
		d[k] = max(0, d[min(k, n*m-k)])
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
	if pairs == 0 || !confident(level) || !finite(a) || !finite(b) || math.IsInf(a[len(a)-1]-b[0], 1) || math.IsInf(a[0]-b[len(b)-1], -1) {
		return Shift{Shift: math.NaN(), Interval: ci}
	}
	d := differences{a: a, b: b}
	s := Shift{Shift: d.median()}
	k := cutRank(len(a), len(b), level)
	if pairs > exactPairs {
		ci.Method = "Hodges–Lehmann, normal ranks of U"
	}
	if k >= 1 {
		ci.Low, _ = d.nth(k)
		ci.High, _ = d.nth(pairs + 1 - k)
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
	return lowerRank(uDistribution(n, m), tail)
}

// lowerRank is the smallest value with P(≤ value) > tail (R's qwilcox and
// qsignrank): as a rank it is the outermost that still leaves no more than the
// tail outside.
func lowerRank(dist []float64, tail float64) int {
	sum := 0.0
	for v, p := range dist {
		sum += p
		if sum > tail {
			return v
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
// Mirrored, b is −a from its end, so that they are sums of two values of a:
// each pair then counts once, and each value with itself.
type differences struct {
	a, b     []float64
	mirrored bool
}

func (d differences) total() int {
	if d.mirrored {
		return len(d.a) * (len(d.a) + 1) / 2
	}
	return len(d.a) * len(d.b)
}

func (d differences) median() float64 {
	n := d.total()
	middle, next := d.nth((n + 1) / 2)
	if n%2 == 1 {
		return middle
	}
	return middle + (next-middle)/2
}

// upTo counts the differences ≤ t, and finds the largest of those and the
// smallest above.
func (d differences) upTo(t float64) (count int, below, above float64) {
	below, above = math.Inf(-1), math.Inf(1)
	j, alone := 0, 0 // b[j:] are those with a−b ≤ t: as a grows, fewer
	for i, a := range d.a {
		for j < len(d.b) && a-d.b[j] > t {
			j++
		}
		if d.mirrored && a+a <= t {
			alone++
		}
		count += len(d.b) - j
		if j < len(d.b) {
			below = max(below, d.a[i]-d.b[j])
		}
		if j > 0 {
			above = min(above, d.a[i]-d.b[j-1])
		}
	}
	if d.mirrored {
		count = (count + alone) / 2
	}
	return count, below, above
}

// nth is the k-th smallest difference and the one after it (itself if it is
// the last). The range of values is narrowed by where the rank should lie
// between the ranks at its ends, and every third time by half; it ends on a
// difference that really occurs.
func (d differences) nth(k int) (at, next float64) {
	low, high := d.a[0]-d.b[len(d.b)-1], d.a[len(d.a)-1]-d.b[0]
	under, upTo := 0, d.total() // how many are < low, and ≤ high
	for turn := 1; low < high; turn++ {
		share := 0.5
		if turn%3 != 0 {
			share = (float64(k-under) - 0.5) / float64(upTo-under)
		}
		mid := low + share*(high-low)
		if !(mid < high) { // neighbouring numbers: rounded up
			mid = low
		}
		if count, below, above := d.upTo(mid); count >= k {
			high, upTo = below, count
		} else {
			low, under = above, count
		}
	}
	count, _, above := d.upTo(low)
	if count > k || math.IsInf(above, 1) {
		above = low
	}
	return low, above
}
