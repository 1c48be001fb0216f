package stat

import (
	"math"
	"sort"

	"gonum.org/v1/gonum/stat/distuv"
)

// LogTDetectable is the ratio below 1 that a two-sided t test on logs of SD
// sigma would find with the given power between groups of n1 and n2: exp(−δσ)
// with the δ of the noncentral t distribution (Cohen 1988).
func LogTDetectable(n1, n2 int, sigma, power, level float64) float64 {
	if n1 < 2 || n2 < 2 || !(sigma > 0) || !confident(level) || !confident(power) {
		return math.NaN()
	}
	df := float64(n1 + n2 - 2)
	critical := tQuantile(1-(1-level)/2, df)
	// t plus t is within a few per cent of the noncentrality.
	start := critical + math.Abs(tQuantile(power, df))
	ncp := solveTo(0, 2*start, 1e-6*start, func(ncp float64) float64 { return 1 - noncentralT(critical, df, ncp) - power })
	return math.Exp(-ncp * sigma * math.Sqrt(1/float64(n1)+1/float64(n2)))
}

// LogTNeeded is how many records each group needs for a t test on logs of SD
// sigma to find a ratio with the given power; 0 when there is no such number.
func LogTNeeded(ratio, sigma, power, level float64) int {
	delta := math.Abs(math.Log(ratio)) / sigma
	if !(delta > 0) || math.IsInf(delta, 1) || !confident(level) || !confident(power) {
		return 0
	}
	guess := 2 * math.Pow((z(1-(1-level)/2)+z(power))/delta, 2)
	if guess > 1e12 {
		return 0
	}
	low, high := 2, int(1.5*guess)+10
	for PowerT(float64(high), delta, 1, 1-level) < power {
		low, high = high, 2*high
	}
	return low + sort.Search(high-low, func(i int) bool { return PowerT(float64(low+i), delta, 1, 1-level) >= power })
}

// PowerT is the power of a two-sided two-sample t test with n in each group,
// the strict tail only, as R's power.t.test.
func PowerT(n, delta, sd, alpha float64) float64 {
	df := 2 * (n - 1)
	ncp := math.Sqrt(n/2) * delta / sd
	return 1 - noncentralT(tQuantile(1-alpha/2, df), df, ncp)
}

// noncentralT is the distribution function of the noncentral t for t ≥ 0, by
// integrating over the χ² in its denominator.
func noncentralT(t, df, ncp float64) float64 {
	if df > 2000 {
		// Johnson & Welch's normal approximation is good to 1e-5 there.
		return distuv.UnitNormal.CDF((t*(1-1/(4*df)) - ncp) / math.Sqrt(1+t*t/(2*df)))
	}
	if !(df >= 2) {
		return math.NaN() // the density of χ² is not bounded
	}
	chi := distuv.ChiSquared{K: df}
	low, high := chi.Quantile(1e-12), chi.Quantile(1-1e-12)
	const steps = 400
	h := (high - low) / steps
	sum := 0.0
	for i := 0; i <= steps; i++ {
		v := low + float64(i)*h
		f := distuv.UnitNormal.CDF(t*math.Sqrt(v/df)-ncp) * chi.Prob(v)
		switch { // Simpson
		case i == 0 || i == steps:
			sum += f
		case i%2 == 1:
			sum += 4 * f
		default:
			sum += 2 * f
		}
	}
	return sum * h / 3
}

// Null is what luck alone does to a mean time to resolve (Davidovič 2021).
type Null struct {
	HalfWidth float64 // of the 90 % interval of the difference of two means of n/2 each
	Worse     float64 // chance that the mean got worse although all were 10 % shorter
	False     float64 // chance of an improvement of at least 30 although nothing changed
}

// MTTRNull reproduces Davidovič's tables from a mean, an SD and a number of
// incidents n in two samples; year is the number in a year. Mean and SD are in
// one unit, in which the improvement of 30 is meant.
func MTTRNull(mean, sd float64, n, year int) Null {
	half := float64(n) / 2
	perSide := float64(year) / 2
	return Null{
		HalfWidth: z(0.95) * sd * math.Sqrt(2/half),
		Worse:     distuv.UnitNormal.CDF(-0.1 * mean / (sd * math.Sqrt(1.81/perSide))),
		False:     1 - distuv.UnitNormal.CDF(30/(sd*math.Sqrt(2/float64(year)))),
	}
}
