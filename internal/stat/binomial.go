package stat

import (
	"math"
	"sort"

	"gonum.org/v1/gonum/mathext"
)

// The binomial distribution, exact to about twelve digits for counts up to a
// billion. The usual incomplete beta functions stop their continued fraction
// after a fixed number of terms, and a probability from logs of gammas loses
// the digits of logs as large as the counts.

// binomialPMF is P(Bin(n, p) = k), by Loader's saddle point (2000), as R does.
func binomialPMF(k, n int, p float64) float64 { return binomialPoint(k, n, p, 1-p) }

func binomialPoint(k, n int, p, q float64) float64 {
	switch {
	case k < 0 || k > n:
		return 0
	case p <= 0:
		return indicator(k == 0)
	case q <= 0:
		return indicator(k == n)
	case k == 0:
		return math.Exp(float64(n) * logOf(q, p))
	case k == n:
		return math.Exp(float64(n) * logOf(p, q))
	}
	x, nn := float64(k), float64(n)
	lc := stirlingError(nn) - stirlingError(x) - stirlingError(nn-x) - deviance(x, nn*p) - deviance(nn-x, nn*q)
	return math.Exp(lc) * math.Sqrt(nn/(2*math.Pi*x*(nn-x)))
}

func indicator(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// logOf is ln p when q = 1−p is known too, exact for p near 1.
func logOf(p, q float64) float64 {
	if q < 0.5 {
		return math.Log1p(-q)
	}
	return math.Log(p)
}

// stirlingError is ln n! − ln(√(2πn)(n/e)ⁿ).
func stirlingError(n float64) float64 {
	if n <= 15 {
		g, _ := math.Lgamma(n + 1)
		return g - (n+0.5)*math.Log(n) + n - math.Log(2*math.Pi)/2
	}
	nn := n * n
	return (1./12 - (1./360-(1./1260-(1./1680-1./1188/nn)/nn)/nn)/nn) / n
}

// deviance is x ln(x/m) + m − x without cancellation when x is near m.
func deviance(x, m float64) float64 {
	if math.Abs(x-m) >= 0.1*(x+m) {
		return x*math.Log(x/m) + m - x
	}
	v := (x - m) / (x + m)
	s, e := (x-m)*v, 2*x*v
	v *= v
	for j := 1; ; j++ {
		e *= v
		next := s + e/float64(2*j+1)
		if next == s || math.IsNaN(next) {
			return next
		}
		s = next
	}
}

// binomialCDF is P(Bin(n, p) ≤ k).
func binomialCDF(k, n int, p float64) float64 { return binomialSum(k, n, p, 1-p) }

// binomialTail is P(Bin(n, p) ≥ k), without taking a small number from one.
func binomialTail(k, n int, p float64) float64 { return binomialSum(n-k, n, 1-p, p) }

// binomialSum is P(Bin(n, p) ≤ k), q being 1−p. The tail beyond k is summed
// outwards, where the terms fall from the start: some six standard deviations
// of them count.
func binomialSum(k, n int, p, q float64) float64 {
	switch {
	case math.IsNaN(p):
		return math.NaN()
	case k < 0:
		return 0
	case k >= n || p <= 0:
		return 1
	case q <= 0:
		return 0
	case float64(k)+1 > float64(n)*p:
		return 1 - lowerTail(n-k-1, n, q, p)
	}
	return lowerTail(k, n, p, q)
}

func lowerTail(k, n int, p, q float64) float64 {
	sum, term, odds := 1.0, 1.0, q/p
	for i := k; i > 0 && term > sum*1e-17; i-- {
		term *= float64(i) / float64(n-i+1) * odds
		sum += term
	}
	return math.Min(1, sum*binomialPoint(k, n, p, q))
}

// successShare is the p with P(Bin(n, p) ≥ x) = tail, 0 < x ≤ n: the lower
// Clopper–Pearson bound, from the quantile of a beta distribution refined by
// Newton's method.
func successShare(x, n int, tail float64) float64 {
	p := mathext.InvRegIncBeta(float64(x), float64(n-x+1), tail)
	for range 4 {
		slope := float64(x) / p * binomialPMF(x, n, p)
		step := (binomialTail(x, n, p) - tail) / slope
		if !(math.Abs(step) < p/2) || p-step >= 1 {
			break // the start is as good as it gets
		}
		p -= step
		if math.Abs(step) < 1e-15*p {
			break
		}
	}
	return p
}

// binomialBelow is the largest k with P(Bin(n, p) ≤ k) ≤ tail, −1 if none.
func binomialBelow(n int, p, tail float64) int {
	inside := func(k int) bool { return binomialCDF(k, n, p) > tail }
	// A normal quantile, corrected for skewness (Cornish & Fisher), is seldom
	// more than one off; the search begins around it.
	zz, mean := z(tail), float64(n)*p
	guess := mean + zz*math.Sqrt(mean*(1-p)) + (zz*zz-1)*(1-2*p)/6
	const slack = 4
	if low, high := int(guess)-slack, int(guess)+slack; low > 0 && high < n && !inside(low) && inside(high) {
		return low + sort.Search(high-low, func(i int) bool { return inside(low + i) }) - 1
	}
	return sort.Search(n, inside) - 1
}

// binomialAbove is the smallest k with P(Bin(n, p) ≥ k) ≤ tail, n+1 if none.
func binomialAbove(n int, p, tail float64) int {
	return sort.Search(n+1, func(k int) bool { return binomialTail(k, n, p) <= tail })
}
