package stat

import (
	"math"
	"slices"
)

// BenjaminiHochberg adjusts the p values of everything that was looked at
// (1995): rejecting those at most q keeps the share of false findings among
// the findings below q. NaN stays NaN and does not count as a look.
func BenjaminiHochberg(p []float64) []float64 {
	var order []int
	for i, v := range p {
		if !math.IsNaN(v) {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int {
		switch {
		case p[a] < p[b]:
			return -1
		case p[a] > p[b]:
			return 1
		}
		return 0
	})
	out := slices.Clone(p)
	least := 1.0
	for i := len(order) - 1; i >= 0; i-- {
		least = math.Min(least, p[order[i]]*float64(len(order))/float64(i+1))
		out[order[i]] = least
	}
	return out
}

// OddsRatio is the sample odds ratio of a 2×2 table with Woolf's interval
// (1955), NaN where a cell is empty. FisherExact has the exact one.
func OddsRatio(t [2][2]int, level float64) (ratio float64, ci Interval) {
	a, b, c, d := float64(t[0][0]), float64(t[0][1]), float64(t[1][0]), float64(t[1][1])
	ratio, ci = a*d/(b*c), unknown(level, "Woolf")
	if min(a, b, c, d) <= 0 {
		return ratio, ci
	}
	half := z(1-(1-level)/2) * math.Sqrt(1/a+1/b+1/c+1/d)
	ci.Low, ci.High = ratio*math.Exp(-half), ratio*math.Exp(half)
	return ratio, ci
}

// Stratified is the result of MantelHaenszel.
type Stratified struct {
	OddsRatio                 float64
	Interval                  Interval
	Chi2, P                   float64 // without continuity correction
	Chi2Corrected, PCorrected float64
}

// MantelHaenszel is the common odds ratio of 2×2 tables, one for each stratum
// (1959), with the interval of Robins, Breslow & Greenland (1986) and the test
// that it is 1 (R's mantelhaen.test). Strata of fewer than two are left out.
func MantelHaenszel(tables [][2][2]int, level float64) Stratified {
	var r, s, pr, mixed, qs, delta, variance float64
	for _, t := range tables {
		a, b, c, d := float64(t[0][0]), float64(t[0][1]), float64(t[1][0]), float64(t[1][1])
		n := a + b + c + d
		if n < 2 {
			continue
		}
		p, q, ri, si := (a+d)/n, (b+c)/n, a*d/n, b*c/n
		r, s = r+ri, s+si
		pr, mixed, qs = pr+p*ri, mixed+p*si+q*ri, qs+q*si
		delta += a - (a+b)*(a+c)/n
		variance += (a + b) * (c + d) * (a + c) * (b + d) / (n * n * (n - 1))
	}
	out := Stratified{OddsRatio: r / s, Interval: unknown(level, "Mantel–Haenszel, Robins–Breslow–Greenland")}
	if r > 0 && s > 0 {
		half := z(1-(1-level)/2) * math.Sqrt(pr/(2*r*r)+mixed/(2*r*s)+qs/(2*s*s))
		out.Interval.Low, out.Interval.High = out.OddsRatio*math.Exp(-half), out.OddsRatio*math.Exp(half)
	}
	corrected := math.Abs(delta) - math.Min(0.5, math.Abs(delta))
	out.Chi2, out.Chi2Corrected = delta*delta/variance, corrected*corrected/variance
	out.P, out.PCorrected = chi2Tail(out.Chi2, 1), chi2Tail(out.Chi2Corrected, 1)
	return out
}

// McNemar tests paired yes/no answers from the pairs that changed, b one way
// and c the other: the exact p, and the corrected χ² (1947). The ratio b/c and
// its exact interval are RateRatio(b, 1, c, 1).
func McNemar(b, c int) (p, chi2 float64) {
	if b+c == 0 {
		return 1, 0
	}
	d := math.Max(0, math.Abs(float64(b-c))-1)
	return BinomTest(b, b+c, 0.5), d * d / float64(b+c)
}

// CohenKappa is the agreement of two raters beyond chance (1960) from a square
// table of how often one said i and the other j, with the large-sample interval
// of Fleiss, Cohen & Everitt (1969, formula 13). Where that formula has no
// width, as where both agree in all, the interval is not known.
func CohenKappa(table [][]int, level float64) (kappa float64, ci Interval) {
	k := len(table)
	rows, columns := make([]float64, k), make([]float64, k)
	var n, agree, chance float64
	for i, row := range table {
		for j, v := range row {
			rows[i] += float64(v)
			if j < k {
				columns[j] += float64(v)
			}
			n += float64(v)
			if i == j {
				agree += float64(v)
			}
		}
	}
	for i := range rows {
		chance += rows[i] / n * columns[i] / n
	}
	agree /= n
	kappa = (agree - chance) / (1 - chance)
	ci = unknown(level, "Fleiss–Cohen–Everitt")
	if agree == 1 || math.IsNaN(kappa) {
		return kappa, ci
	}
	variance := -math.Pow(kappa-chance*(1-kappa), 2)
	for i, row := range table {
		for j, v := range row {
			w := (columns[i] + rows[j]) / n * (1 - kappa)
			if i == j {
				w = 1 - w
			}
			variance += float64(v) / n * w * w
		}
	}
	if !(variance > 1e-12) {
		return kappa, ci
	}
	half := z(1-(1-level)/2) * math.Sqrt(variance/n) / (1 - chance)
	ci.Low, ci.High = math.Max(-1, kappa-half), math.Min(1, kappa+half)
	return kappa, ci
}

// Gini is how unequally values ≥ 0 are spread: 0 all the same, near 1 one has
// all. corrected is n/(n−1) of it, which reaches 1 for few values too. NaN if
// there are none, a negative one, or only zeros.
func Gini(xs []float64) (gini, corrected float64) {
	s := slices.Clone(xs)
	sortFloats(s)
	if len(s) == 0 || !(s[0] >= 0) {
		return math.NaN(), math.NaN()
	}
	n, weighted := float64(len(s)), 0.0
	for i, v := range s {
		weighted += (2*float64(i+1) - n - 1) * v
	}
	gini = weighted / (n * sumOf(s))
	return gini, gini * n / (n - 1)
}
