package stat

import "math"

// Fisher is the result of FisherExact.
type Fisher struct {
	P2, PGreater, PLess float64
	OddsRatio           float64  // conditional maximum likelihood
	Interval            Interval // exact, of the odds ratio, 95 %
}

// FisherExact tests a 2×2 table; two-sided as R does it: the sum over all
// tables no more probable than this one. Odds ratio and bounds solve their
// equations to full precision (R's fisher.test stops earlier, which shows in
// the third digit of a wide bound). With an empty margin the table says
// nothing: p is 1 and the odds ratio NaN.
func FisherExact(t [2][2]int) Fisher {
	h := newHypergeometric(t)
	if h.high < h.low || h.x < h.low || h.x > h.high {
		nan := math.NaN()
		return Fisher{nan, nan, nan, nan, unknown(0.95, "conditional exact")}
	}
	less, greater := h.tails(1)
	return Fisher{P2: h.twoSided(), PGreater: greater, PLess: less, OddsRatio: h.mle(), Interval: h.interval(0.95)}
}

// hypergeometric is the distribution of the first cell of a table given its
// margins, noncentral when the odds ratio is not 1.
type hypergeometric struct {
	x, low, high    int
	row, other, col float64 // first row, second row, first column
}

func newHypergeometric(t [2][2]int) hypergeometric {
	m, n, k := t[0][0]+t[0][1], t[1][0]+t[1][1], t[0][0]+t[1][0]
	h := hypergeometric{x: t[0][0], low: max(0, k-n), high: min(k, m), row: float64(m), other: float64(n), col: float64(k)}
	if min(t[0][0], t[0][1], t[1][0], t[1][1]) < 0 {
		h.low, h.high = 0, -1
	}
	return h
}

// mode is the most probable cell at an odds ratio: where the ratio of
// neighbouring probabilities passes 1, the root of a quadratic (Liao & Rosen
// 2001).
func (h hypergeometric) mode(or float64) int {
	a, b, c := or-1, -((h.row+h.col+2)*or + h.other - h.col), or*(h.col+1)*(h.row+1)
	root := -2 * c / (b - math.Sqrt(math.Max(0, b*b-4*a*c)))
	if !(root > float64(h.low)) {
		return h.low
	}
	return min(int(root), h.high)
}

// at gives the probabilities at an odds ratio of the cells from, from+1, …:
// those not negligible beside the most probable one, which of a million
// records are some thousand.
func (h hypergeometric) at(or float64) (from int, p []float64) {
	const negligible = 1e-300
	mode := h.mode(or)
	var down []float64
	for k, v := mode, 1.0; k > h.low; k-- {
		x := float64(k)
		v *= x * (h.other - h.col + x) / ((h.row - x + 1) * (h.col - x + 1) * or)
		if v < negligible {
			break
		}
		down = append(down, v)
	}
	from = mode - len(down)
	for i := len(down) - 1; i >= 0; i-- {
		p = append(p, down[i])
	}
	p = append(p, 1)
	for k, v := mode, 1.0; k < h.high; k++ {
		x := float64(k)
		v *= (h.row - x) * (h.col - x) * or / ((x + 1) * (h.other - h.col + x + 1))
		if v < negligible {
			break
		}
		p = append(p, v)
	}
	sum := sumOf(p)
	for i := range p {
		p[i] /= sum
	}
	return from, p
}

func (h hypergeometric) twoSided() float64 {
	if h.high < h.low {
		return math.NaN()
	}
	from, d := h.at(1)
	if h.x < from || h.x >= from+len(d) {
		return 0
	}
	limit, p := d[h.x-from]*(1+1e-7), 0.0
	for _, v := range d {
		if v <= limit {
			p += v
		}
	}
	return math.Min(1, p)
}

// tails are the probabilities of at most and of at least the cell.
func (h hypergeometric) tails(or float64) (less, greater float64) {
	from, d := h.at(or)
	for i, p := range d {
		if from+i <= h.x {
			less += p
		}
		if from+i >= h.x {
			greater += p
		}
	}
	return math.Min(1, less), math.Min(1, greater)
}

func (h hypergeometric) mean(or float64) float64 {
	m := 0.0
	from, d := h.at(or)
	for i, p := range d {
		m += float64(from+i) * p
	}
	return m
}

func (h hypergeometric) mle() float64 {
	switch {
	case h.low == h.high:
		return math.NaN()
	case h.x == h.low:
		return 0
	case h.x == h.high:
		return math.Inf(1)
	}
	return math.Exp(solve(-60, 60, func(l float64) float64 { return h.mean(math.Exp(l)) - float64(h.x) }))
}

func (h hypergeometric) interval(level float64) Interval {
	ci := Interval{0, math.Inf(1), level, "conditional exact"}
	a := (1 - level) / 2
	if h.x > h.low {
		ci.Low = math.Exp(solve(-60, 60, func(l float64) float64 {
			_, greater := h.tails(math.Exp(l))
			return greater - a
		}))
	}
	if h.x < h.high {
		ci.High = math.Exp(solve(-60, 60, func(l float64) float64 {
			less, _ := h.tails(math.Exp(l))
			return less - a
		}))
	}
	return ci
}
