package stat

import (
	"fmt"
	"math"
	"slices"
)

// Quantile is the quantile of sorted values by linear interpolation (type 7
// of Hyndman & Fan 1996, R's default); NaN of none and outside 0 ≤ q ≤ 1.
func Quantile(sorted []float64, q float64) float64 {
	n := len(sorted)
	if n == 0 || !(q >= 0 && q <= 1) {
		return math.NaN()
	}
	h := float64(n-1) * q
	i := int(h)
	return between(sorted[i], sorted[min(i+1, n-1)], h-float64(i))
}

// between is the point a share of the way from a to b; infinite neighbours
// stay what they are.
func between(a, b, share float64) float64 {
	if a == b || share == 0 {
		return a
	}
	return a + share*(b-a)
}

// QuantileRanks finds the ranks l < u (1 is the smallest) of the order
// statistics that hold the quantile with at least the level, whatever the
// distribution (Conover, Practical Nonparametric Statistics, 3.2). For the
// median they are symmetric: the largest l with P(l ≤ Bin(n,½) ≤ n−l) ≥ level.
// For others each tail is at most half of what the level leaves. ok is false
// when n is too small for such an interval to exist.
func QuantileRanks(n int, q, level float64) (l, u int, coverage float64, ok bool) {
	if n < 1 || !(q > 0 && q < 1) || !confident(level) {
		return 0, 0, 0, false
	}
	tail := (1 - level) / 2
	l = binomialBelow(n, q, tail) + 1
	u = binomialAbove(n, q, tail)
	if q == 0.5 {
		u = n + 1 - l
	}
	if l < 1 || u > n || l >= u {
		return 0, 0, 0, false
	}
	return l, u, 1 - binomialCDF(l-1, n, q) - binomialTail(u, n, q), true
}

// QuantileCI is the quantile of values (type 7) with its order-statistic
// interval and the ranks used. It reorders xs and takes time in proportion to
// their number. ok is false when there are too few for an interval, or a NaN
// among them.
func QuantileCI(xs []float64, q, level float64) (value float64, ci Interval, ranks [2]int, ok bool) {
	ci = unknown(level, "order statistics")
	n := len(xs)
	if n == 0 || !(q >= 0 && q <= 1) || slices.ContainsFunc(xs, math.IsNaN) {
		return math.NaN(), ci, ranks, false
	}
	h := float64(n-1) * q
	i := int(h)
	want := []int{i + 1, min(i+2, n)}
	l, u, _, ok := QuantileRanks(n, q, level)
	if ok {
		want = append(want, l, u)
	}
	at := Select(xs, want)
	value = between(at[0], at[1], h-float64(i))
	if ok {
		ci.Low, ci.High, ranks = at[2], at[3], [2]int{l, u}
		ci.Method = fmt.Sprintf("order statistics %d and %d of %d", l, u, n)
	}
	return value, ci, ranks, ok
}

// Select returns the order statistics of the given ranks (1 is the smallest)
// without sorting all of xs, which it reorders; NaN for a rank that does not
// exist. Where a NaN stands in the order is not defined.
func Select(xs []float64, ranks []int) []float64 {
	order := slices.Clone(ranks)
	slices.Sort(order)
	order = slices.Compact(order)
	selectRange(xs, 0, order)
	out := make([]float64, len(ranks))
	for i, r := range ranks {
		out[i] = math.NaN()
		if r >= 1 && r <= len(xs) {
			out[i] = xs[r-1]
		}
	}
	return out
}

// selectRange puts the order statistics of ranks (sorted, counted from base+1)
// into place within xs.
func selectRange(xs []float64, base int, ranks []int) {
	for len(ranks) > 0 && len(xs) > 1 {
		if len(xs) <= 32 {
			slices.Sort(xs)
			return
		}
		lt, gt := partition(xs)
		// xs[:lt] < pivot = xs[lt:gt] < xs[gt:]
		i, _ := slices.BinarySearch(ranks, base+lt+1)
		j, _ := slices.BinarySearch(ranks, base+gt+1)
		left, right := ranks[:i], ranks[j:]
		if len(left) > 0 {
			selectRange(xs[:lt], base, left)
		}
		xs, base, ranks = xs[gt:], base+gt, right
	}
}

// partition splits xs into less than, equal to and greater than a pivot: the
// median of three medians of three.
func partition(xs []float64) (lt, gt int) {
	n := len(xs)
	s := n / 8
	mid := n / 2
	p := median3(median3(xs[0], xs[s], xs[2*s]), median3(xs[mid-s], xs[mid], xs[mid+s]), median3(xs[n-1-2*s], xs[n-1-s], xs[n-1]))
	lt, gt = 0, n
	for i := 0; i < gt; {
		switch x := xs[i]; {
		case x < p:
			xs[i], xs[lt] = xs[lt], x
			lt++
			i++
		case x > p:
			gt--
			xs[i], xs[gt] = xs[gt], x
		default:
			i++
		}
	}
	return lt, gt
}

func median3(a, b, c float64) float64 {
	return max(min(a, b), min(max(a, b), c))
}
