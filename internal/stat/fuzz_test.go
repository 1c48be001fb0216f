package stat

import (
	"encoding/binary"
	"math"
	"slices"
	"testing"
)

// FuzzIntervals: whatever the arguments, an answer or NaN, and bounds in order.
func FuzzIntervals(f *testing.F) {
	f.Add(3, 10, 1.5, 2.5, .5)
	f.Add(0, 0, 0.0, math.NaN(), 1.0)
	f.Add(-1, 5, math.Inf(1), -1.0, 0.0)
	f.Add(7, 7, 1e-300, 1e300, math.NaN())
	f.Add(1, 0, math.Copysign(0, -1), 5e-324, math.Inf(-1))
	f.Fuzz(func(t *testing.T, x, n int, a, b, q float64) {
		x, n = x%1000, n%1000
		ordered := func(ci Interval) {
			t.Helper()
			if ci.Low > ci.High {
				t.Errorf("%+v: bounds are not in order", ci)
			}
		}
		ordered(PoissonCI(x, a, q))
		ordered(Wilson(x, n, q))
		ordered(ClopperPearson(x, n, q))
		_, ci, p := RateRatio(x, a, n, b, q)
		ordered(ci)
		if p < 0 || p > 1 {
			t.Errorf("p is %v", p)
		}
		_, ci = NewcombeDiff(x, n, n, n, q)
		ordered(ci)
		if p := BinomTest(x, n, a); p < 0 || p > 1 {
			t.Errorf("p is %v", p)
		}
		QuantileRanks(n, q, a)
		FisherExact([2][2]int{{x, n}, {n, x}})
		TwoProportionP(x, n, n, n)
		OddsRatio([2][2]int{{x, n}, {n, x}}, q)
		MantelHaenszel([][2][2]int{{{x, n}, {n, x}}}, q)
		Chi2Homogeneity([][]int{{x, n}, {n}})
		LogTDetectable(x, n, a, b, q)
		PropDetectable(a, x, n, b, q)
		RateDetectable(x, a, b, q, .95)
		if a > .01 && a < .97 && b < .99 && q < .999 {
			LogTNeeded(a, 1, b, q)
			RateNeeded(a, 1, 1, b, q)
		}
		MTTRNull(a, b, x, n)
		GChart([]float64{a, b})
		XmR([]float64{a, b, q})
		TChart([]float64{a, b, q})
		UChart([]float64{a, b}, []float64{q, 1}, true)
		TwoPointFiveBeta([]float64{a, b, q})
		_, ci = medianOf(a, b, q)
		ordered(ci)
	})
}

// medianOf keeps a call short.
func medianOf(xs ...float64) (float64, Interval) {
	v, ci, _, _ := QuantileCI(xs, .5, .5)
	return v, ci
}

// FuzzSamples reads two samples, of any numbers there are, from bytes.
func FuzzSamples(f *testing.F) {
	sample := func(xs ...float64) (out []byte) {
		for _, x := range xs {
			out = binary.LittleEndian.AppendUint64(out, math.Float64bits(x))
		}
		return out
	}
	f.Add([]byte{}, []byte{})
	f.Add(sample(1, 2, 3, 4, 5, 6, 7, 8), sample(2, 2, 2))
	f.Add(sample(math.NaN(), math.Inf(1), 0), sample(math.Inf(-1), 1e308, -1e308))
	f.Add(sample(5e-324, 1e308, 1), sample(0, 0, 0, 0))
	f.Fuzz(func(t *testing.T, one, two []byte) {
		x, y := floats(one), floats(two)
		ended := make([]bool, len(x))
		state := make([]int, len(x))
		for i := range ended {
			ended[i], state[i] = i%3 != 0, i%3
		}
		for _, s := range []Shift{HodgesLehmann(x, y, .9), HodgesLehmannRatio(x, y, .9), GeometricMeanRatio(x, y, .9), GeometricMean(x, .9)} {
			if s.Interval.Low > s.Interval.High || s.Dropped < 0 {
				t.Errorf("%+v", s)
			}
		}
		for _, p := range []float64{MannWhitney(x, y).P2, SignedRank(x, y, .9).P2, LognormalMean(x, .9).P} {
			if p < 0 || p > 1+1e-12 {
				t.Errorf("p is %v", p)
			}
		}
		if len(x)+len(y) < 14 {
			PermutationMeanDiff(x, y, "fuzz")
		}
		c := KaplanMeier(x, ended, .9)
		KaplanMeierFrom(slices.Repeat([]float64{1}, len(x)), x, ended, .9).RMST(3)
		c.Quantile(.5)
		c.OnLog().Quantile(.9)
		c.At(2)
		LogRank(x, ended, x, ended)
		CumulativeIncidence(x, state, 2)
		SurvivalQuantile(slices.Clone(x), slices.Clone(y), .5, .9)
		MannKendall(x)
		TrendTests(x, 10)
		DispersionTest(x)
		BCa(x, func(xs []float64) float64 { return sumOf(xs) }, 20, .9, Seed("fuzz"))
		MedianSE(x)
		Gini(x)
		BenjaminiHochberg(x)
		CUSUM(x, 1, 1, 1)
		Select(slices.Clone(x), []int{0, 1, len(x), len(x) + 1})
		Quantile(x, .3)
	})
}

// floats reads at most 64 numbers.
func floats(b []byte) (out []float64) {
	for ; len(b) >= 8 && len(out) < 64; b = b[8:] {
		out = append(out, math.Float64frombits(binary.LittleEndian.Uint64(b)))
	}
	return out
}
