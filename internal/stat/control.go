package stat

import "math"

// Limits are the centre and limits of a control chart, one of each per point.
type Limits struct {
	Center, Low, High []float64
}

// Signal is a point where a chart says that something changed.
type Signal struct {
	Index int
	Rule  int // Nelson 1: beyond the limits; 2: eight in a row on one side
}

// MovingRangeLimit times the mean moving range of two is the upper limit of
// moving ranges (the constant D₄; NIST 6.3.2.2).
const MovingRangeLimit = 3.267

// d2 turns a mean moving range of two into a standard deviation.
const d2 = 1.128

// XmR is the individuals chart: x̄ ± 3·mR̄/1.128 (Wheeler; NIST 6.3.2.2).
//
// NaN of fewer than two values. The moving ranges have their own chart: centre
// mR̄ and upper limit MovingRangeLimit times it.
func XmR(xs []float64) (mean, mrBar float64, l Limits) {
	if len(xs) < 2 {
		return math.NaN(), math.NaN(), constant(len(xs), math.NaN(), math.NaN(), math.NaN())
	}
	mean = sumOf(xs) / float64(len(xs))
	for i := 1; i < len(xs); i++ {
		mrBar += math.Abs(xs[i] - xs[i-1])
	}
	mrBar /= float64(len(xs) - 1)
	return mean, mrBar, constant(len(xs), mean, mean-3*mrBar/d2, mean+3*mrBar/d2)
}

func constant(n int, center, low, high float64) Limits {
	l := Limits{make([]float64, n), make([]float64, n), make([]float64, n)}
	for i := range n {
		l.Center[i], l.Low[i], l.High[i] = center, low, high
	}
	return l
}

// UChart is the chart of rates x/n with varying exposure: ū ± 3√(ū/n)
// (Montgomery). With laney the limits are multiplied by σ_z, the spread of the
// points beside Poisson's from moving ranges (Laney's u′ chart, 2002), else
// large exposures raise false alarms. Points without exposure have no limits.
func UChart(x, n []float64, laney bool) (u, sigmaZ float64, l Limits) {
	var events, exposure float64
	for i := range x {
		if n[i] > 0 {
			events += x[i]
			exposure += n[i]
		}
	}
	u, sigmaZ = events/exposure, 1
	if laney && u > 0 {
		var scores []float64
		for i := range x {
			if n[i] > 0 {
				scores = append(scores, (x[i]/n[i]-u)/math.Sqrt(u/n[i]))
			}
		}
		if len(scores) > 1 {
			_, ranges, _ := XmR(scores)
			sigmaZ = ranges / d2
		}
	}
	l = constant(len(x), u, math.NaN(), math.NaN())
	for i := range x {
		if n[i] > 0 {
			half := 3 * sigmaZ * math.Sqrt(u/n[i])
			l.Low[i], l.High[i] = math.Max(0, u-half), u+half
		}
	}
	return u, sigmaZ, l
}

// Rare is the result of TChart.
type Rare struct {
	Mean, Low, High   float64    // of t^(1/3.6), where times are nearly normal
	LowTime, HighTime float64    // the same limits as times
	Exponential       [2]float64 // the exact limits if events come at random
}

// TChart is the chart of times between rare events: XmR on t^(1/3.6) (Nelson
// 1994), and beside it the quantiles .00135 and .99865 of the exponential
// distribution. Below the lower limit events come too often, above the upper
// one they have become rarer. NaN of fewer than two times or a negative one.
func TChart(t []float64) Rare {
	y := make([]float64, len(t))
	for i, v := range t {
		y[i] = math.Pow(v, 1/3.6)
	}
	mean, ranges, _ := XmR(y)
	half := 3 * ranges / d2
	r := Rare{Mean: mean, Low: math.Max(0, mean-half), High: mean + half}
	r.LowTime, r.HighTime = math.Pow(r.Low, 3.6), math.Pow(r.High, 3.6)
	tb := sumOf(t) / float64(len(t))
	r.Exponential = [2]float64{-tb * math.Log1p(-normalBeyond), -tb * math.Log(normalBeyond)}
	return r
}

// normalBeyond is what a normal distribution has above 3σ.
const normalBeyond = 0.00135

// GChart is the chart of how many went well between two that did not: ḡ, its
// upper 3σ limit ḡ + 3√(ḡ(ḡ+1)), and the quantiles .00135 and .99865 of the
// geometric distribution (Benneyan 2001), the only sensible lower limit.
func GChart(g []float64) (mean, ucl float64, lowest, highest int) {
	mean = sumOf(g) / float64(len(g))
	p := 1 / (mean + 1)
	quantile := func(beyond float64) int { // the smallest k with (1−p)^(k+1) ≤ beyond
		if !(mean > 0) {
			return 0
		}
		return max(0, int(math.Ceil(math.Log(beyond)/math.Log1p(-p)-1)))
	}
	return mean, mean + 3*math.Sqrt(mean*(mean+1)), quantile(1 - normalBeyond), quantile(normalBeyond)
}

// EWMA is the exponentially weighted moving average with its 3σ limits
// (NIST 6.3.2.4), given a target and σ.
func EWMA(xs []float64, target, sigma, lambda float64) (ewma []float64, l Limits) {
	l = constant(len(xs), target, 0, 0)
	e := target
	half := 3 * sigma * math.Sqrt(lambda/(2-lambda))
	for i, x := range xs {
		e = lambda*x + (1-lambda)*e
		ewma = append(ewma, e)
		l.Low[i], l.High[i] = target-half, target+half
	}
	return ewma, l
}

// CUSUM is the tabular cumulative sum above and below a target with slack k;
// first is the 1-based point where either first exceeds h, 0 if none does
// (NIST 6.3.2.3).
func CUSUM(xs []float64, target, k, h float64) (high, low []float64, first int) {
	var a, b float64
	for i, x := range xs {
		a, b = math.Max(0, a+x-target-k), math.Max(0, b+target-k-x)
		high, low = append(high, a), append(low, b)
		if first == 0 && (a > h || b > h) {
			first = i + 1
		}
	}
	return high, low, first
}

// Signals applies Nelson's rules 1 and 2. All eight would give a false alarm
// about every ninety points.
func Signals(xs []float64, l Limits) []Signal {
	var out []Signal
	run, side := 0, 0
	for i, x := range xs {
		if x > l.High[i] || x < l.Low[i] {
			out = append(out, Signal{i, 1})
		}
		now := 0
		if x > l.Center[i] {
			now = 1
		} else if x < l.Center[i] {
			now = -1
		}
		if now != 0 && now == side {
			run++
		} else {
			run = 1
		}
		side = now
		if run == 8 {
			out = append(out, Signal{i, 2})
		}
	}
	return out
}
