package stat

import (
	"math"

	"gonum.org/v1/gonum/mathext"
)

// PoissonCI is the exact interval of a rate: x events in an exposure
// (Garwood 1936).
func PoissonCI(x int, exposure, level float64) Interval {
	ci := Interval{0, math.NaN(), level, "Garwood exact Poisson"}
	if x < 0 || !(exposure > 0) || !confident(level) {
		return unknown(level, ci.Method)
	}
	a := (1 - level) / 2
	if x > 0 {
		ci.Low = mathext.GammaIncRegInv(float64(x), a) / exposure
	}
	ci.High = mathext.GammaIncRegCompInv(float64(x+1), a) / exposure
	return ci
}

// RateRatio is (x1/t1)/(x2/t2) with the exact conditional interval and
// two-sided p: given their sum, x1 is binomial (R's poisson.test). Without any
// event the ratio and its bounds are NaN; without exposure p is too.
func RateRatio(x1 int, t1 float64, x2 int, t2 float64, level float64) (ratio float64, ci Interval, p float64) {
	ci = unknown(level, "exact conditional binomial")
	if x1 < 0 || x2 < 0 || !(t1 > 0) || !(t2 > 0) || !confident(level) {
		return math.NaN(), ci, math.NaN()
	}
	if x1+x2 > 0 {
		// The odds of each bound from the smaller of p and 1−p, which has all
		// its digits.
		a, n, scale := (1-level)/2, x1+x2, t2/t1
		ci.Low, ci.High = 0, math.Inf(1)
		if x1 > 0 {
			ci.Low = odds(x1, n, a) * scale
		}
		if x2 > 0 {
			ci.High = scale / odds(x2, n, a)
		}
	}
	return float64(x1) / t1 / (float64(x2) / t2), ci, BinomTest(x1, x1+x2, t1/(t1+t2))
}

// odds are those of the lower Clopper–Pearson bound of x out of n.
func odds(x, n int, tail float64) float64 {
	p := successShare(x, n, tail)
	return p / (1 - p)
}

// TwoPointFiveBeta is the threshold of a major event day (IEEE 1366-2012):
// exp(α + 2.5 β) of the mean and SD of the logs of daily SAIDI; days without
// any are dropped. NaN of fewer than two days.
func TwoPointFiveBeta(daily []float64) (alpha, beta, threshold float64) {
	var logs []float64
	for _, d := range daily {
		if d > 0 && !math.IsInf(d, 1) {
			logs = append(logs, math.Log(d))
		}
	}
	if len(logs) < 2 {
		return math.NaN(), math.NaN(), math.NaN()
	}
	a, v := meanVar(logs)
	return a, math.Sqrt(v), math.Exp(a + 2.5*math.Sqrt(v))
}
