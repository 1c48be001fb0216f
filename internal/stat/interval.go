// Package stat holds the statistics: it knows only numbers.
//
// Each function names the source of its formula, and each is held by a
// published known answer in testdata. Exact or closed forms are preferred to
// resampling; what is random is seeded by the caller. What a number is about,
// and when there are too few of them to say anything, is package metric's
// business.
package stat

import (
	"crypto/sha256"
	"encoding/binary"
	"math"
	"math/rand/v2"
	"strings"

	"gonum.org/v1/gonum/mathext"
	"gonum.org/v1/gonum/stat/distuv"
)

// Interval is a confidence interval. A bound that is not known is NaN, one
// that does not exist is infinite.
type Interval struct {
	Low, High float64
	Level     float64 // e.g. 0.95
	Method    string
}

func unknown(level float64, method string) Interval {
	return Interval{math.NaN(), math.NaN(), level, method}
}

// Seed makes a generator that gives the same numbers for the same words.
func Seed(words ...string) *rand.Rand {
	sum := sha256.Sum256([]byte(strings.Join(words, "\x00")))
	return rand.New(rand.NewPCG(binary.LittleEndian.Uint64(sum[:8]), binary.LittleEndian.Uint64(sum[8:])))
}

// z is the quantile of the standard normal distribution.
func z(p float64) float64 {
	if math.IsNaN(p) || p < 0 || p > 1 {
		return math.NaN()
	}
	return distuv.UnitNormal.Quantile(p)
}

// confident says that a level can be one of an interval.
func confident(level float64) bool { return level > 0 && level < 1 }

// normalTail is the two-sided tail probability beyond |x|.
func normalTail(x float64) float64 { return math.Erfc(math.Abs(x) / math.Sqrt2) }

func tQuantile(p, df float64) float64 {
	if !(df > 0) || !(p > 0 && p < 1) {
		return math.NaN()
	}
	return distuv.StudentsT{Mu: 0, Sigma: 1, Nu: df}.Quantile(p)
}

func chi2Tail(x, df float64) float64 {
	switch {
	case math.IsNaN(x) || !(df > 0):
		return math.NaN()
	case x <= 0:
		return 1
	case math.IsInf(x, 1):
		return 0
	}
	return mathext.GammaIncRegComp(df/2, x/2)
}

// lchoose is ln C(n, k).
func lchoose(n, k float64) float64 {
	a, _ := math.Lgamma(n + 1)
	b, _ := math.Lgamma(k + 1)
	c, _ := math.Lgamma(n - k + 1)
	return a - b - c
}

// solve finds x in [low, high] with f(x) = 0 for a monotone f, by bisection
// down to neighbouring numbers.
func solve(low, high float64, f func(float64) float64) float64 { return solveTo(low, high, 0, f) }

// solveTo is solve that stops when the range is no wider than precision.
func solveTo(low, high, precision float64, f func(float64) float64) float64 {
	rising := f(high) > f(low)
	for range 200 {
		mid := low + (high-low)/2
		if high-low <= precision || mid == low || mid == high {
			break
		}
		if (f(mid) > 0) == rising {
			high = mid
		} else {
			low = mid
		}
	}
	return low + (high-low)/2
}

func sumOf(xs []float64) float64 {
	// Neumaier: the compensation keeps long sums of unlike sizes exact.
	sum, c := 0.0, 0.0
	for _, x := range xs {
		t := sum + x
		if math.Abs(sum) >= math.Abs(x) {
			c += (sum - t) + x
		} else {
			c += (x - t) + sum
		}
		sum = t
	}
	return sum + c
}

func meanVar(xs []float64) (mean, variance float64) {
	n := float64(len(xs))
	mean = sumOf(xs) / n
	q := 0.0
	for _, x := range xs {
		q += (x - mean) * (x - mean)
	}
	return mean, q / (n - 1)
}
