package stat

import (
	"math"

	"gonum.org/v1/gonum/stat/distuv"
)

// LogTDetectable is the ratio below 1 that a t test on logs of SD sigma would
// find with the given power between groups of n1 and n2 (normal
// approximation of the two-sample t test): exp(−(z_{1−α/2}+z_power)·σ·√(1/n1+1/n2)).
func LogTDetectable(n1, n2 int, sigma, power, level float64) float64 {
	if n1 < 2 || n2 < 2 || !(sigma > 0) {
		return math.NaN()
	}
	return math.Exp(-(z(1-(1-level)/2) + z(power)) * sigma * math.Sqrt(1/float64(n1)+1/float64(n2)))
}

// LogTNeeded is how many records each group needs for a t test on logs of SD
// sigma to find a ratio with the given power.
func LogTNeeded(ratio, sigma, power, level float64) int {
	delta := math.Abs(math.Log(ratio)) / sigma
	n := solve(2, 1e9, func(n float64) float64 { return PowerT(n, delta, 1, 1-level) - power })
	return int(math.Ceil(n))
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
	chi := distuv.ChiSquared{K: df}
	low, high := chi.Quantile(1e-12), chi.Quantile(1-1e-12)
	const steps = 2000
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

// PowerProp is the power of a two-sided test of two shares with n in each
// group, as R's power.prop.test.
func PowerProp(n, p1, p2, alpha float64) float64 {
	pooled := (p1 + p2) / 2
	return distuv.UnitNormal.CDF((math.Sqrt(n)*math.Abs(p1-p2) - z(1-alpha/2)*math.Sqrt(2*pooled*(1-pooled))) / math.Sqrt(p1*(1-p1)+p2*(1-p2)))
}

// PropDetectable is the smallest difference from a share p that would be
// found with the given power between groups of n1 and n2; NaN if none would.
func PropDetectable(p float64, n1, n2 int, power, level float64) float64 {
	harmonic := 2 / (1/float64(n1) + 1/float64(n2))
	room := math.Max(p, 1-p)
	find := func(d float64) float64 {
		q := p + d
		if q > 1 {
			q = p - d
		}
		return PowerProp(harmonic, p, q, 1-level) - power
	}
	if find(room) < 0 {
		return math.NaN()
	}
	return solve(1e-9, room, find)
}

// RateDetectable is the smallest relative fall of a rate that would be found
// with the given power: x2 events were seen in exposure t2, and the new
// exposure is t1. The test is the exact conditional one; its power is taken at
// the expected total.
func RateDetectable(x2 int, t2, t1, power, level float64) float64 {
	if x2 < 1 {
		return math.NaN()
	}
	base := float64(x2) / t2
	enough := func(fall float64) float64 { return rateTestPower(base*(1-fall)*t1, base*t2, t1, t2, 1-level) - power }
	if enough(1) < 0 {
		return math.NaN()
	}
	return solve(0, 1, enough)
}

// rateTestPower is the chance that the exact conditional test rejects equal
// rates towards fewer, when mean1 and mean2 events are expected.
func rateTestPower(mean1, mean2, t1, t2, alpha float64) float64 {
	n := int(math.Round(mean1 + mean2))
	if n < 1 {
		return 0
	}
	null := t1 / (t1 + t2)
	low, high := -1, n // the largest k with P(Bin(n, null) ≤ k) ≤ alpha/2
	for high-low > 1 {
		mid := (low + high) / 2
		if binomialCDF(mid, n, null) <= alpha/2 {
			low = mid
		} else {
			high = mid
		}
	}
	return binomialCDF(low, n, mean1/(mean1+mean2))
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
