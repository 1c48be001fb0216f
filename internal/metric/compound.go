package metric

import (
	"math"
	"slices"

	"hansei/internal/stat"
)

const (
	resamples    = 2000
	resampleUpTo = 50 // values; above, the log of the sum is near enough to normal
)

// compoundPoisson is the 95 % interval of the sum that the same process would
// give in another such window: the number of records is Poisson, each as
// large as one of these. Resampled (seeded) for few, else normal on the log
// scale with variance Σx²/(Σx)² (delta method).
func compoundPoisson(values []float64, seed string) (low, high float64) {
	sum, squares := 0.0, 0.0
	for _, v := range values {
		sum += v
		squares += v * v
	}
	if sum <= 0 {
		return 0, 0
	}
	if len(values) > resampleUpTo {
		factor := math.Exp(z975 * math.Sqrt(squares) / sum)
		return sum / factor, sum * factor
	}
	rng := stat.Seed("compound Poisson", seed)
	sums := make([]float64, resamples)
	for i := range sums {
		for _, v := range values {
			sums[i] += float64(poisson1(rng.Float64())) * v
		}
	}
	slices.Sort(sums)
	return stat.Quantile(sums, 0.025), stat.Quantile(sums, 0.975)
}

// poisson1 is how often a record turns up in a resample, Poisson with mean 1,
// by inversion of a uniform number.
func poisson1(u float64) int {
	k, p := 0, math.Exp(-1)
	for u > p && k < 20 {
		u -= p
		k++
		p /= float64(k)
	}
	return k
}

// z975 is the 97.5 % quantile of the standard normal distribution.
const z975 = 1.959963984540054

// compoundRatio compares two compound Poisson sums on the log scale: the
// variance of the log of each is Σx²/(Σx)² (delta method).
func compoundRatio(x, y []float64) (ratio float64, ci stat.Interval, p float64) {
	sx, sy := total(x), total(y)
	ci = stat.Interval{Low: math.NaN(), High: math.NaN(), Level: Level, Method: "ratio of compound Poisson sums, delta method on logs"}
	if sx <= 0 || sy <= 0 {
		return math.NaN(), ci, math.NaN()
	}
	relative := func(v []float64, sum float64) float64 {
		q := 0.0
		for _, a := range v {
			q += a * a
		}
		return q / (sum * sum)
	}
	se := math.Sqrt(relative(x, sx) + relative(y, sy))
	l := math.Log(sx / sy)
	ci.Low, ci.High = math.Exp(l-z975*se), math.Exp(l+z975*se)
	return sx / sy, ci, math.Erfc(math.Abs(l/se) / math.Sqrt2)
}
