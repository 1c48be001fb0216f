package stat

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/stat/distuv"
)

// LogMean is the result of LognormalMean.
type LogMean struct {
	Mean     float64  // exp(ȳ + s²/2), the mean of the fitted distribution
	Interval Interval // Olsson's
	P        float64  // of the Shapiro–Francia test that the logs are normal
	OK       bool     // enough values, all positive, and log-normality not rejected
}

// LognormalMean gives an interval for the mean of log-normal values (Olsson
// 2005). It is OK with at least 8 positive values whose logs do not reject
// normality at 1 %.
func LognormalMean(xs []float64, level float64) LogMean {
	ys, dropped := logs(xs)
	r := LogMean{Mean: math.NaN(), Interval: unknown(level, "Olsson"), P: math.NaN()}
	if dropped > 0 || len(ys) < 8 {
		return r
	}
	m, v := meanVar(ys)
	r.Mean, r.Interval = Olsson(len(ys), m, v, level)
	r.P = ShapiroFrancia(ys)
	r.OK = r.P > 0.01
	return r
}

// Olsson is the mean of a log-normal distribution from the mean and variance
// of n logs, with his t interval: exp(ȳ + s²/2 ± t √(s²/n + s⁴/(2(n−1)))).
func Olsson(n int, mean, variance, level float64) (float64, Interval) {
	nn := float64(n)
	half := tQuantile(1-(1-level)/2, nn-1) * logMeanSE(nn, variance)
	at := mean + variance/2
	return math.Exp(at), Interval{math.Exp(at - half), math.Exp(at + half), level, "Olsson log-normal"}
}

// Cox is the same interval with the normal quantile (Land 1971 names it after Cox).
func Cox(n int, mean, variance, level float64) Interval {
	half := z(1-(1-level)/2) * logMeanSE(float64(n), variance)
	at := mean + variance/2
	return Interval{math.Exp(at - half), math.Exp(at + half), level, "Cox log-normal"}
}

// Zou is the MOVER interval (Zou, Huo & Taleban 2009).
func Zou(n int, mean, variance, level float64) Interval {
	a, nn := (1-level)/2, float64(n)
	zz := z(1 - a)
	chi := distuv.ChiSquared{K: nn - 1}
	l := math.Sqrt(zz*zz*variance/nn + math.Pow(variance/2*(1-(nn-1)/chi.Quantile(1-a)), 2))
	u := math.Sqrt(zz*zz*variance/nn + math.Pow(variance/2*((nn-1)/chi.Quantile(a)-1), 2))
	at := mean + variance/2
	return Interval{math.Exp(at - l), math.Exp(at + u), level, "Zou MOVER log-normal"}
}

func logMeanSE(n, variance float64) float64 {
	return math.Sqrt(variance/n + variance*variance/(2*(n-1)))
}

// ShapiroFrancia is the p value that values come from a normal distribution
// (Royston 1993, valid for 5 to 5,000; beyond, every 5,000th part is enough
// to see a gross misfit and a systematic sample is used).
func ShapiroFrancia(xs []float64) float64 {
	s := slices.Clone(xs)
	sortFloats(s)
	if n := len(s); n > 5000 {
		part := make([]float64, 5000)
		for i := range part {
			part[i] = s[(2*i+1)*n/10000]
		}
		s = part
	}
	n := len(s)
	if n < 5 || !(s[0] < s[n-1]) || math.IsInf(s[0], 0) || math.IsInf(s[n-1], 0) {
		return math.NaN()
	}
	m := make([]float64, n)
	for i := range m {
		m[i] = z((float64(i+1) - 0.375) / (float64(n) + 0.25))
	}
	w := correlation(s, m)
	w = math.Min(1, w*w)
	u := math.Log(float64(n))
	v := math.Log(u)
	mu := -1.2725 + 1.0521*(v-u)
	sd := 1.0308 - 0.26758*(v+2/u)
	return math.Erfc((math.Log(1-w)-mu)/sd/math.Sqrt2) / 2
}

func correlation(x, y []float64) float64 {
	mx, _ := meanVar(x)
	my, _ := meanVar(y)
	var xy, xx, yy float64
	for i := range x {
		xy += (x[i] - mx) * (y[i] - my)
		xx += (x[i] - mx) * (x[i] - mx)
		yy += (y[i] - my) * (y[i] - my)
	}
	return xy / math.Sqrt(xx*yy)
}

// LogSD is the standard deviation of the logs of the positive values.
func LogSD(xs []float64) float64 {
	ys, _ := logs(xs)
	if len(ys) < 2 {
		return math.NaN()
	}
	_, v := meanVar(ys)
	return math.Sqrt(v)
}

// GeometricMean is exp of the mean of the logs, with the t interval on logs:
// for log-normal values it is near the median. Values that are not positive
// have no logarithm; they are left out and counted.
func GeometricMean(xs []float64, level float64) Shift {
	ys, dropped := logs(xs)
	s := Shift{math.NaN(), unknown(level, "t on logs"), dropped}
	if len(ys) == 0 {
		return s
	}
	m, v := meanVar(ys)
	n := float64(len(ys))
	half := tQuantile(1-(1-level)/2, n-1) * math.Sqrt(v/n)
	s.Shift, s.Interval.Low, s.Interval.High = math.Exp(m), math.Exp(m-half), math.Exp(m+half)
	return s
}

// GeometricMeanRatio is the ratio of geometric means of two samples with
// Welch's t interval on logs. Values that are not positive are left out and
// counted; bounds are NaN with fewer than two on a side.
func GeometricMeanRatio(x, y []float64, level float64) Shift {
	lx, dx := logs(x)
	ly, dy := logs(y)
	s := Shift{math.NaN(), unknown(level, "Welch t on logs"), dx + dy}
	if len(lx) == 0 || len(ly) == 0 {
		return s
	}
	n, m := float64(len(lx)), float64(len(ly))
	mx, vx := meanVar(lx)
	my, vy := meanVar(ly)
	a, b := vx/n, vy/m
	df := (a + b) * (a + b) / (a*a/(n-1) + b*b/(m-1))
	half := tQuantile(1-(1-level)/2, df) * math.Sqrt(a+b)
	s.Shift, s.Interval.Low, s.Interval.High = math.Exp(mx-my), math.Exp(mx-my-half), math.Exp(mx-my+half)
	return s
}
