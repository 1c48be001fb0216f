package stat

import (
	"math"

	"gonum.org/v1/gonum/mathext"
)

// DispersionTest compares counts with a Poisson distribution: D = (n−1)s²/x̄
// is χ² with n−1 degrees of freedom (Fisher's index of dispersion). p is
// one-sided, towards more spread. NaN of fewer than two counts or only zeros.
func DispersionTest(counts []float64) (d float64, df int, p float64) {
	df = max(0, len(counts)-1)
	if df == 0 {
		return math.NaN(), df, math.NaN()
	}
	m, v := meanVar(counts)
	d = float64(df) * v / m
	return d, df, chi2Tail(d, float64(df))
}

// NegativeBinomial is the NB2 fit of counts: variance μ + μ²/k.
type NegativeBinomial struct {
	Mean, K, SE     float64 // SE of K, from the observed information
	LogLik, Poisson float64 // log-likelihoods
	LikelihoodRatio float64 // 2 (LogLik − Poisson)
}

// FitNegativeBinomial fits NB2 by maximum likelihood (Bliss & Fisher 1953).
// Counts no more spread than Poisson's have no k: it is infinite, and the fit
// is Poisson's. NaN of none or only zeros.
func FitNegativeBinomial(counts []float64) NegativeBinomial {
	h := map[float64]float64{} // the likelihood needs only how often each count is
	for _, x := range counts {
		h[x]++
	}
	n, m := float64(len(counts)), sumOf(counts)/float64(len(counts))
	nan := math.NaN()
	fit := NegativeBinomial{Mean: m, K: nan, SE: nan, LogLik: nan, Poisson: nan, LikelihoodRatio: nan}
	if !(m > 0) || math.IsInf(m, 1) {
		return fit
	}
	over := func(f func(x float64) float64) float64 {
		var terms []float64
		for x, times := range h {
			terms = append(terms, times*f(x))
		}
		sortFloats(terms) // a map has no order, a sum must
		return sumOf(terms)
	}
	fit.Poisson = over(func(x float64) float64 { return x*math.Log(m) - m - lfactorial(x) })
	// k = exp(l): the score falls through zero where the likelihood is highest.
	score := func(l float64) float64 {
		k := math.Exp(l)
		return over(func(x float64) float64 { return mathext.Digamma(x+k) - mathext.Digamma(k) - (x+k)/(k+m) }) + n*(1-math.Log1p(m/k))
	}
	const low, high = -12, 14
	if _, v := meanVar(counts); !(v*(n-1)/n > m) || !(score(high) < 0) {
		fit.K, fit.LogLik, fit.LikelihoodRatio = math.Inf(1), fit.Poisson, 0
		return fit
	}
	l := solve(low, high, score)
	k := math.Exp(l)
	const step = 1e-4 // in ln k; the slope of the score in k is that over k
	info := -(score(l+step) - score(l-step)) / (2 * step * k)
	fit.K, fit.SE = k, 1/math.Sqrt(info)
	fit.LogLik = over(func(x float64) float64 {
		a, _ := math.Lgamma(x + k)
		b, _ := math.Lgamma(k)
		return a - b - lfactorial(x) - k*math.Log1p(m/k) + x*math.Log(m/(k+m))
	})
	fit.LikelihoodRatio = 2 * (fit.LogLik - fit.Poisson)
	return fit
}

func lfactorial(x float64) float64 {
	v, _ := math.Lgamma(x + 1)
	return v
}
