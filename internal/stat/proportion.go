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
// exact test up to 10,000 records, else the chi-square test without
// correction, which agrees with it there.
func TwoProportionP(x1, n1, x2, n2 int) float64 {
	if n1+n2 <= 10_000 {
		return FisherExact([2][2]int{{x1, n1 - x1}, {x2, n2 - x2}}).P2
	}
	p := float64(x1+x2) / float64(n1+n2)
	v := p * (1 - p) * (1/float64(n1) + 1/float64(n2))
	if v == 0 {
		return 1
	}
	return normalTail((float64(x1)/float64(n1) - float64(x2)/float64(n2)) / math.Sqrt(v))
}

// Fisher is the result of FisherExact.
type Fisher struct {
	P2, PGreater, PLess float64
	OddsRatio           float64  // conditional maximum likelihood
	Interval            Interval // exact, of the odds ratio
}

// FisherExact tests a 2×2 table; two-sided as R does it: the sum over all
// tables no more probable than this one.
func FisherExact(t [2][2]int) Fisher {
	h := newHypergeometric(t)
	f := Fisher{P2: h.twoSided(), OddsRatio: h.mle()}
	for i, p := range h.at(1) {
		k := h.low + i
		if k >= h.x {
			f.PGreater += p
		}
		if k <= h.x {
			f.PLess += p
		}
	}
	f.Interval = h.interval(0.95)
	return f
}

// hypergeometric is the distribution of the first cell given the margins,
// noncentral when the odds ratio is not 1.
type hypergeometric struct {
	x, low, high int
	logs         []float64 // ln C(m,k) C(n,K−k), central
}

func newHypergeometric(t [2][2]int) hypergeometric {
	m, n, k := t[0][0]+t[0][1], t[1][0]+t[1][1], t[0][0]+t[1][0]
	h := hypergeometric{x: t[0][0], low: max(0, k-n), high: min(k, m)}
	for i := h.low; i <= h.high; i++ {
		h.logs = append(h.logs, lchoose(float64(m), float64(i))+lchoose(float64(n), float64(k-i)))
	}
	return h
}

// at is the distribution at an odds ratio.
func (h hypergeometric) at(or float64) []float64 {
	out := make([]float64, len(h.logs))
	top, lor := math.Inf(-1), math.Log(or)
	for i, l := range h.logs {
		out[i] = l + float64(h.low+i)*lor
		top = math.Max(top, out[i])
	}
	sum := 0.0
	for i := range out {
		out[i] = math.Exp(out[i] - top)
		sum += out[i]
	}
	for i := range out {
		out[i] /= sum
	}
	return out
}

func (h hypergeometric) twoSided() float64 {
	d := h.at(1)
	limit, p := d[h.x-h.low]*(1+1e-7), 0.0
	for _, v := range d {
		if v <= limit {
			p += v
		}
	}
	return math.Min(1, p)
}

func (h hypergeometric) mean(or float64) float64 {
	m := 0.0
	for i, p := range h.at(or) {
		m += float64(h.low+i) * p
	}
	return m
}

func (h hypergeometric) mle() float64 {
	switch h.x {
	case h.low:
		return 0
	case h.high:
		return math.Inf(1)
	}
	return math.Exp(solve(-60, 60, func(l float64) float64 { return h.mean(math.Exp(l)) - float64(h.x) }))
}

func (h hypergeometric) interval(level float64) Interval {
	ci := Interval{0, math.Inf(1), level, "conditional exact"}
	a := (1 - level) / 2
	tail := func(or float64, upper bool) float64 {
		s := 0.0
		for i, p := range h.at(or) {
			if k := h.low + i; upper && k >= h.x || !upper && k <= h.x {
				s += p
			}
		}
		return s
	}
	if h.x > h.low {
		ci.Low = math.Exp(solve(-60, 60, func(l float64) float64 { return tail(math.Exp(l), true) - a }))
	}
	if h.x < h.high {
		ci.High = math.Exp(solve(-60, 60, func(l float64) float64 { return tail(math.Exp(l), false) - a }))
	}
	return ci
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
