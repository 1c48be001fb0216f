package stat

import (
	"math"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/stat/distuv"
)

// BCa is the bias-corrected and accelerated bootstrap interval (Efron 1987)
// of a statistic, from resamples drawn by rng; accel is its acceleration. For
// odd statistics only: it does not rescue the mean of few skewed values.
func BCa(xs []float64, stat func([]float64) float64, resamples int, level float64, rng *rand.Rand) (value float64, ci Interval, accel float64) {
	value = stat(xs)
	n := len(xs)
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
	tail := (1 - level) / 2
	return value, Interval{end(tail), end(1 - tail), level, "BCa bootstrap"}, accel
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

// MedianSE is the bootstrap standard error of the median without resampling:
// the exact distribution of the median of n draws from n values, n odd (Efron
// & Tibshirani 1993). pmf is the chance of each value, in order.
func MedianSE(xs []float64) (se float64, pmf []float64) {
	s := slices.Sorted(slices.Values(xs))
	n := len(s)
	half := n/2 + 1
	last, mean := 0.0, 0.0
	for i := range s {
		// P(median ≤ s[i]): at least half of the draws are among the first i+1.
		p := 1 - binomialCDF(half-1, n, float64(i+1)/float64(n))
		pmf = append(pmf, p-last)
		mean += (p - last) * s[i]
		last = p
	}
	v := 0.0
	for i, p := range pmf {
		v += p * (s[i] - mean) * (s[i] - mean)
	}
	return math.Sqrt(v), pmf
}
