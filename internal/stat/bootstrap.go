package stat

import (
	"math"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/stat/distuv"
)

// BCa is the bias-corrected and accelerated bootstrap interval (Efron 1987)
// of a statistic, from resamples drawn by rng; accel is its acceleration. For
// odd statistics only: it does not rescue the mean of few skewed values. The
// bounds are NaN when the resamples say nothing about them: all on one side of
// the value, or without spread.
func BCa(xs []float64, stat func([]float64) float64, resamples int, level float64, rng *rand.Rand) (value float64, ci Interval, accel float64) {
	n := len(xs)
	ci = unknown(level, "BCa bootstrap")
	if n < 2 || resamples < 1 || !confident(level) {
		return math.NaN(), ci, math.NaN()
	}
	value = stat(xs)
	reps, draw, below := make([]float64, resamples), make([]float64, n), 0
	for i := range reps {
		for k := range draw {
			draw[k] = xs[rng.IntN(n)]
		}
		if reps[i] = stat(draw); reps[i] < value {
			below++
		}
	}
	slices.Sort(reps)
	accel = acceleration(xs, stat)
	bias := z(float64(below) / float64(resamples))
	end := func(p float64) float64 {
		a := bias + z(p)
		return Quantile(reps, distuv.UnitNormal.CDF(bias+a/(1-accel*a)))
	}
	if tail := (1 - level) / 2; !math.IsInf(bias, 0) {
		ci.Low, ci.High = end(tail), end(1-tail)
	}
	return value, ci, accel
}

// acceleration is the jackknife estimate Σ(θ̄−θᵢ)³ / (6 (Σ(θ̄−θᵢ)²)^1.5).
func acceleration(xs []float64, stat func([]float64) float64) float64 {
	jack := make([]float64, len(xs))
	rest := make([]float64, 0, len(xs))
	for i := range xs {
		rest = append(append(rest[:0], xs[:i]...), xs[i+1:]...)
		jack[i] = stat(rest)
	}
	m := sumOf(jack) / float64(len(jack))
	var q2, q3 float64
	for _, v := range jack {
		d := m - v
		q2 += d * d
		q3 += d * d * d
	}
	return q3 / (6 * math.Pow(q2, 1.5))
}

// MedianSE is the bootstrap standard error of the median without resampling,
// from the exact distribution of the median of n draws from n values (Efron &
// Tibshirani 1993). pmf is the chance of each value, in order, for odd n; for
// even n the median lies between two values, and pmf is that of the lower.
func MedianSE(xs []float64) (se float64, pmf []float64) {
	s := slices.Sorted(slices.Values(xs))
	n := len(s)
	if n == 0 {
		return math.NaN(), nil
	}
	share := func(i int) float64 { return float64(i) / float64(n) }
	half := (n + 1) / 2
	last := 0.0
	for i := range s {
		// P(draw number half ≤ s[i]): at least that many are among the first i+1.
		p := binomialTail(half, n, share(i+1))
		pmf = append(pmf, p-last)
		last = p
	}
	var mean, square float64
	add := func(p, median float64) {
		mean += p * (median - s[half-1]) // from the middle, to keep the digits
		square += p * (median - s[half-1]) * (median - s[half-1])
	}
	if n%2 == 1 {
		for i, p := range pmf {
			add(p, s[i])
		}
		return math.Sqrt(square - mean*mean), pmf
	}
	ways := math.Exp(lchoose(float64(n), float64(half)))
	for i := range s {
		// Half of the draws up to s[i], one of them on it; the others from s[j].
		low := math.Pow(share(i+1), float64(half)) - math.Pow(share(i), float64(half))
		same := pmf[i]
		for j := i + 1; j < n; j++ {
			p := ways * low * (math.Pow(share(n-j), float64(half)) - math.Pow(share(n-j-1), float64(half)))
			same -= p
			add(p, s[i]/2+s[j]/2)
		}
		add(math.Max(0, same), s[i])
	}
	return math.Sqrt(math.Max(0, square-mean*mean)), pmf
}
