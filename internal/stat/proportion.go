package stat

import (
	"math"
	"sort"
)

// Wilson is the score interval of x out of n (Wilson 1927).
func Wilson(x, n int, level float64) Interval {
	ci := unknown(level, "Wilson score")
	if x < 0 || n < max(x, 1) || !confident(level) {
		return ci
	}
	zz := z(1 - (1-level)/2)
	nn, p := float64(n), float64(x)/float64(n)
	mid := p + zz*zz/(2*nn)
	half := zz * math.Sqrt(p*(1-p)/nn+zz*zz/(4*nn*nn))
	scale := 1 + zz*zz/nn
	ci.Low, ci.High = (mid-half)/scale, (mid+half)/scale
	// At the ends the algebra is exactly 0 or 1; the arithmetic only nearly.
	if x == 0 {
		ci.Low = 0
	}
	if x == n {
		ci.High = 1
	}
	return ci
}

// ClopperPearson is the exact interval of x out of n (1934).
func ClopperPearson(x, n int, level float64) Interval {
	ci := Interval{0, 1, level, "Clopper–Pearson exact"}
	if x < 0 || n < max(x, 1) || !confident(level) {
		return unknown(level, ci.Method)
	}
	a := (1 - level) / 2
	if x > 0 {
		ci.Low = successShare(x, n, a)
	}
	if x < n {
		ci.High = 1 - successShare(n-x, n, a)
	}
	return ci
}

// BinomTest is the two-sided exact p value of x out of n against p: the total
// probability of all outcomes no more probable than x, with R's tolerance of
// a relative 1e-7.
func BinomTest(x, n int, p float64) float64 {
	if x < 0 || x > n || !(p >= 0 && p <= 1) {
		return math.NaN()
	}
	if n == 0 {
		return 1
	}
	d := binomialPMF(x, n, p) * (1 + 1e-7)
	mode := min(int(math.Floor(float64(n+1)*p)), n)
	pmf := func(k int) float64 { return binomialPMF(k, n, p) }
	switch {
	case x == mode:
		return 1
	case x < mode:
		// Above the mode the probabilities fall: the first that is small enough.
		k := mode + sort.Search(n-mode+1, func(i int) bool { return pmf(mode+i) <= d })
		return math.Min(1, binomialCDF(x, n, p)+binomialTail(k, n, p))
	default:
		// Below it they rise: the last that is still small enough.
		k := sort.Search(mode+1, func(i int) bool { return pmf(i) > d }) - 1
		return math.Min(1, binomialTail(x, n, p)+binomialCDF(k, n, p))
	}
}

// NewcombeDiff is x1/n1 − x2/n2 with the hybrid score interval (method 10 of
// Newcombe 1998).
func NewcombeDiff(x1, n1, x2, n2 int, level float64) (diff float64, ci Interval) {
	if n1 <= 0 || n2 <= 0 {
		return math.NaN(), unknown(level, "Newcombe hybrid score")
	}
	p1, p2 := float64(x1)/float64(n1), float64(x2)/float64(n2)
	a, b := Wilson(x1, n1, level), Wilson(x2, n2, level)
	diff = p1 - p2
	return diff, Interval{
		diff - math.Hypot(p1-a.Low, b.High-p2),
		diff + math.Hypot(a.High-p1, p2-b.Low),
		level, "Newcombe hybrid score",
	}
}

// TwoProportionP is the two-sided p value that two shares are equal: Fisher's
// exact test up to a million records, else the chi-square test without
// correction, which agrees with it there.
func TwoProportionP(x1, n1, x2, n2 int) float64 {
	if x1 < 0 || x2 < 0 || x1 > n1 || x2 > n2 {
		return math.NaN()
	}
	if n1+n2 <= 1_000_000 {
		return newHypergeometric([2][2]int{{x1, n1 - x1}, {x2, n2 - x2}}).twoSided()
	}
	p := float64(x1+x2) / float64(n1+n2)
	v := p * (1 - p) * (1/float64(n1) + 1/float64(n2))
	if v == 0 {
		return 1
	}
	return normalTail((float64(x1)/float64(n1) - float64(x2)/float64(n2)) / math.Sqrt(v))
}

// Homogeneity is the result of Chi2Homogeneity.
type Homogeneity struct {
	Chi2, P       float64
	DF            int
	LeastExpected float64 // the test is rough when this is below 5
}

// Chi2Homogeneity tests whether groups (rows) have the same mix of classes
// (columns), such as severities: Pearson's χ² without correction. Empty rows
// and columns are left out.
func Chi2Homogeneity(table [][]int) Homogeneity {
	var rows, columns []float64
	total := 0.0
	for _, row := range table {
		sum := 0.0
		for j, v := range row {
			for len(columns) <= j {
				columns = append(columns, 0)
			}
			columns[j] += float64(v)
			sum += float64(v)
		}
		rows = append(rows, sum)
		total += sum
	}
	h := Homogeneity{LeastExpected: math.Inf(1)}
	for i, row := range table {
		for j, column := range columns {
			if rows[i] == 0 || column == 0 {
				continue
			}
			seen, expected := 0.0, rows[i]*column/total
			if j < len(row) {
				seen = float64(row[j])
			}
			h.Chi2 += (seen - expected) * (seen - expected) / expected
			h.LeastExpected = math.Min(h.LeastExpected, expected)
		}
	}
	h.DF = (filled(rows) - 1) * (filled(columns) - 1)
	h.P = chi2Tail(h.Chi2, float64(h.DF))
	return h
}

func filled(sums []float64) (n int) {
	for _, v := range sums {
		if v > 0 {
			n++
		}
	}
	return n
}

// PropTrend is the Cochran–Armitage test for a trend in shares x/n over
// equally spaced scores: its chi-square (1 df) and p, and the p of the test of
// homogeneity.
func PropTrend(x, n []int) (chi2, p, pHomogeneity float64) {
	var sx, sn float64
	for i := range x {
		sx += float64(x[i])
		sn += float64(n[i])
	}
	share := sx / sn
	var t, s1, s2, hom float64
	for i := range x {
		score, ni := float64(i+1), float64(n[i])
		t += score * (float64(x[i]) - ni*share)
		s1 += ni * score
		s2 += ni * score * score
		d := float64(x[i]) - ni*share
		hom += d * d / (ni * share * (1 - share))
	}
	v := share * (1 - share) * (s2 - s1*s1/sn)
	chi2 = t * t / v
	return chi2, chi2Tail(chi2, 1), chi2Tail(hom, float64(len(x)-1))
}
