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

// DispersionTest compares counts with a Poisson distribution: D = (n−1)s²/x̄
// is χ² with n−1 degrees of freedom (Fisher's index of dispersion).
func DispersionTest(counts []float64) (d float64, df int, p float64) {
	m, v := meanVar(counts)
	df = len(counts) - 1
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
func FitNegativeBinomial(counts []float64) NegativeBinomial {
	n := float64(len(counts))
	m := sumOf(counts) / n
	ll := func(lk float64) float64 {
		k, s := math.Exp(lk), 0.0
		for _, x := range counts {
			a, _ := math.Lgamma(x + k)
			b, _ := math.Lgamma(k)
			c, _ := math.Lgamma(x + 1)
			s += a - b - c + k*math.Log(k/(k+m)) + x*math.Log(m/(k+m))
		}
		return s
	}
	score := func(lk float64) float64 {
		k, s := math.Exp(lk), 0.0
		for _, x := range counts {
			s += mathext.Digamma(x+k) - mathext.Digamma(k) + math.Log(k/(k+m)) + 1 - (x+k)/(k+m)
		}
		return s
	}
	lk := solve(-10, 15, score)
	k := math.Exp(lk)
	h := k * 1e-4
	info := -(ll(math.Log(k+h)) - 2*ll(lk) + ll(math.Log(k-h))) / (h * h)
	fit := NegativeBinomial{Mean: m, K: k, SE: 1 / math.Sqrt(info), LogLik: ll(lk)}
	for _, x := range counts {
		c, _ := math.Lgamma(x + 1)
		fit.Poisson += x*math.Log(m) - m - c
	}
	fit.LikelihoodRatio = 2 * (fit.LogLik - fit.Poisson)
	return fit
}

// Trend holds the tests whether events come more or less often along time.
type Trend struct {
	Laplace, LaplaceP   float64 // z, and the one-sided p towards improvement
	MilHdbk             float64 // χ² with 2r degrees of freedom
	MilHdbkP            float64 // one-sided towards improvement
	Beta, BetaUnbiased  float64 // Crow–AMSAA growth; below 1 improves
	MTBF                float64 // at the end of the observation
	Reversals, MaxPairs int
}

// TrendTests tests event times in (0, end] (NIST e-Handbook 8.2.3.4).
func TrendTests(times []float64, end float64) Trend {
	r := float64(len(times))
	var centred, logs float64
	for _, t := range times {
		centred += t - end/2
		logs += math.Log(end / t)
	}
	tr := Trend{Laplace: math.Sqrt(12*r) * centred / (r * end), MilHdbk: 2 * logs, Beta: r / logs, BetaUnbiased: (r - 1) / logs}
	tr.LaplaceP = math.Erfc(-tr.Laplace/math.Sqrt2) / 2
	tr.MilHdbkP = chi2Tail(tr.MilHdbk, 2*r)
	tr.MTBF = end / (r * tr.BetaUnbiased)
	gaps := make([]float64, len(times))
	last := 0.0
	for i, t := range times {
		gaps[i], last = t-last, t
	}
	for i := range gaps {
		for j := i + 1; j < len(gaps); j++ {
			tr.MaxPairs++
			if gaps[i] < gaps[j] {
				tr.Reversals++
			}
		}
	}
	return tr
}

// MannKendall tests a series for a monotone trend: S, its variance without
// ties, z with continuity correction, and the two-sided p (exact up to 10
// points, from the distribution of inversions).
func MannKendall(xs []float64) (s int, variance, zScore, pNormal, pExact float64) {
	n := len(xs)
	for i := range xs {
		for j := i + 1; j < n; j++ {
			switch {
			case xs[j] > xs[i]:
				s++
			case xs[j] < xs[i]:
				s--
			}
		}
	}
	nn := float64(n)
	variance = nn * (nn - 1) * (2*nn + 5) / 18
	switch {
	case s > 0:
		zScore = float64(s-1) / math.Sqrt(variance)
	case s < 0:
		zScore = float64(s+1) / math.Sqrt(variance)
	}
	pNormal, pExact = normalTail(zScore), math.NaN()
	if n <= 10 {
		pExact = kendallExact(n, s)
	}
	return s, variance, zScore, pNormal, pExact
}

// kendallExact is P(|S| ≥ |s|) under no trend: inversions of permutations.
func kendallExact(n, s int) float64 {
	counts := []float64{1}
	for k := 2; k <= n; k++ {
		next := make([]float64, len(counts)+k-1)
		for i, c := range counts {
			for j := range k {
				next[i+j] += c / float64(k)
			}
		}
		counts = next
	}
	top := n * (n - 1) / 2
	p := 0.0
	for inv, c := range counts {
		if v := top - 2*inv; v >= max(s, -s) || -v >= max(s, -s) {
			p += c
		}
	}
	return math.Min(1, p)
}

// TwoPointFiveBeta is the threshold of a major event day (IEEE 1366-2012):
// exp(α + 2.5 β) of the mean and SD of the logs of daily SAIDI; days without
// any are dropped.
func TwoPointFiveBeta(daily []float64) (alpha, beta, threshold float64) {
	var logs []float64
	for _, d := range daily {
		if d > 0 {
			logs = append(logs, math.Log(d))
		}
	}
	a, v := meanVar(logs)
	return a, math.Sqrt(v), math.Exp(a + 2.5*math.Sqrt(v))
}
