package stat

import (
	"fmt"
	"math"
	"slices"
	"sort"
)

// Quantile is the quantile of sorted values by linear interpolation (type 7
// of Hyndman & Fan 1996, R's default); NaN of none.
func Quantile(sorted []float64, q float64) float64 {
	n := len(sorted)
	if n == 0 {
		return math.NaN()
	}
	h := float64(n-1) * q
	i := int(math.Floor(h))
	if i >= n-1 {
		return sorted[n-1]
	}
	return sorted[i] + (h-float64(i))*(sorted[i+1]-sorted[i])
}

// QuantileRanks finds the ranks l < u (1 is the smallest) of the order
// statistics that hold the quantile with at least the level, whatever the
// distribution (Conover, Practical Nonparametric Statistics, 3.2). For the
// median they are symmetric: the largest l with P(l ≤ Bin(n,½) ≤ n−l) ≥ level.
// For others each tail is at most half of what the level leaves. ok is false
// when n is too small for such an interval to exist.
func QuantileRanks(n int, q, level float64) (l, u int, coverage float64, ok bool) {
	if n < 1 || !(q > 0 && q < 1) {
		return 0, 0, 0, false
	}
	tail := (1 - level) / 2
	cdf := func(k int) float64 { return binomialCDF(k, n, q) }
	// The largest l with P(Bin ≤ l−1) ≤ tail.
	l = sort.Search(n, func(k int) bool { return cdf(k) > tail })
	// The smallest u with P(Bin ≥ u) ≤ tail.
	u = sort.Search(n+1, func(k int) bool { return 1-cdf(k-1) <= tail })
	if q == 0.5 {
		u = n + 1 - l
	}
	if l < 1 || u > n || l >= u {
		return 0, 0, 0, false
	}
	return l, u, cdf(u-1) - cdf(l-1), true
}

// QuantileCI is the quantile of values (type 7) with its order-statistic
// interval and the ranks used. It reorders xs and takes time in proportion to
// their number. ok is false when there are too few for an interval.
func QuantileCI(xs []float64, q, level float64) (value float64, ci Interval, ranks [2]int, ok bool) {
	ci = unknown(level, "order statistics")
	n := len(xs)
	if n == 0 {
		return math.NaN(), ci, ranks, false
	}
	h := float64(n-1) * q
	i := int(math.Floor(h))
	want := []int{i + 1, min(i+2, n)}
	l, u, _, ok := QuantileRanks(n, q, level)
	if ok {
		want = append(want, l, u)
	}
	at := Select(xs, want)
	value = at[0] + (h-float64(i))*(at[1]-at[0])
	if ok {
		ci.Low, ci.High, ranks = at[2], at[3], [2]int{l, u}
		ci.Method = fmt.Sprintf("order statistics %d and %d of %d", l, u, n)
	}
	return value, ci, ranks, ok
}

// Select returns the order statistics of the given ranks (1 is the smallest)
// without sorting all of xs, which it reorders.
func Select(xs []float64, ranks []int) []float64 {
	order := slices.Clone(ranks)
	slices.Sort(order)
	order = slices.Compact(order)
	selectRange(xs, 0, order)
	out := make([]float64, len(ranks))
	for i, r := range ranks {
		out[i] = xs[r-1]
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
