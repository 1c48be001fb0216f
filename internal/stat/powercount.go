package stat

import (
	"math"
	"sort"

	"gonum.org/v1/gonum/stat/distuv"
)

// PowerProp is the power of a two-sided test of two shares with n in each
// group, as R's power.prop.test.
func PowerProp(n, p1, p2, alpha float64) float64 {
	pooled := (p1 + p2) / 2
	return distuv.UnitNormal.CDF((math.Sqrt(n)*math.Abs(p1-p2) - z(1-alpha/2)*math.Sqrt(2*pooled*(1-pooled))) / math.Sqrt(p1*(1-p1)+p2*(1-p2)))
}

// PropDetectable is the smallest difference from a share p, up or down, that
// would be found with the given power between groups of n1 and n2 (their
// harmonic mean in each); NaN if none would.
func PropDetectable(p float64, n1, n2 int, power, level float64) float64 {
	if !(p >= 0 && p <= 1) || n1 < 1 || n2 < 1 || !confident(level) || !confident(power) {
		return math.NaN()
	}
	n := 2 / (1/float64(n1) + 1/float64(n2))
	least := math.Inf(1)
	for _, to := range []float64{0, 1} {
		find := func(d float64) float64 { return PowerProp(n, p, p+math.Copysign(d, to-p), 1-level) - power }
		if room := math.Abs(to - p); room > 0 && find(room) >= 0 {
			least = math.Min(least, solveTo(1e-9, room, 1e-9, find)) // at 0 the power is undefined
		}
	}
	if math.IsInf(least, 1) {
		return math.NaN()
	}
	return least
}

// RateDetectable is the smallest relative fall of a rate that would be found
// with the given power: x2 events were seen in exposure t2, and the new
// exposure is t1. The test is the exact conditional one; its power is taken at
// the expected total. NaN if not even a fall to nothing would be found.
func RateDetectable(x2 int, t2, t1, power, level float64) float64 {
	if x2 < 1 || !(t1 > 0) || !(t2 > 0) || !confident(level) || !confident(power) {
		return math.NaN()
	}
	old, null := float64(x2), t1/(t1+t2)
	enough := func(fall float64) float64 {
		now := old / t2 * (1 - fall) * t1
		n := int(math.Round(now + old))
		return binomialCDF(binomialBelow(n, null, (1-level)/2), n, now/(now+old)) - power
	}
	if !(enough(1) >= 0) {
		return math.NaN()
	}
	return solveTo(0, 1, 1e-5, enough)
}

// RateNeeded is how many events there must be in all, in exposures t1 and t2,
// for the exact conditional test to find with the given power that the rate in
// t1 is ratio times that in t2: the first total that is enough. The power does
// not rise steadily with the total, so a few later ones may just miss it. 0
// when there is no such number.
func RateNeeded(ratio, t1, t2, power, level float64) int {
	if ratio > 1 {
		ratio, t1, t2 = 1/ratio, t2, t1
	}
	null, other := t1/(t1+t2), ratio*t1/(ratio*t1+t2)
	if !(ratio >= 0 && null > other && null < 1) || !confident(level) || !confident(power) {
		return 0
	}
	tail := (1 - level) / 2
	root := (z(1-tail)*math.Sqrt(null*(1-null)) + z(power)*math.Sqrt(other*(1-other))) / (null - other)
	guess := root * root
	if guess > 1e9 {
		return 0
	}
	// The power is highest where a count c just begins to be significant.
	first := func(c int) int {
		return c + sort.Search(int(4*(float64(c)+20)/null), func(i int) bool { return binomialCDF(c, c+i, null) <= tail })
	}
	c := sort.Search(int(2*guess*null)+50, func(c int) bool { return binomialCDF(c, first(c), other) >= power })
	return first(c)
}
