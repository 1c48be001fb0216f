package stat

import (
	"math"
	"testing"
)

func within(t *testing.T, what string, got, want, relative float64) {
	t.Helper()
	if same(got, want) {
		return
	}
	if !(math.Abs(got-want) <= relative*math.Max(math.Abs(want), 1e-300)) {
		t.Errorf("%s: got %.15g, want %.15g (± %g of it)", what, got, want, relative)
	}
}

// TestBinomialOfMany holds the binomial to values from fifty-digit decimal
// arithmetic (Stirling's series and summed terms), up to a billion.
func TestBinomialOfMany(t *testing.T) {
	for _, w := range []struct {
		k, n         int
		p, pmf, upTo float64
	}{
		{468, 1000, 0.5, 0.0032559585727783384, 0.023145598680249076},
		{881, 1000, 0.9, 0.0058093389265700618, 0.027805483892364414},
		{499000, 1000000, 0.5, 0.00010798197801891516, 0.022804149932691042},
		{899400, 1000000, 0.9, 0.00018012947547999762, 0.022912211671379724},
		{936, 1000000, 0.001, 0.0016051116744636926, 0.021405238316037124},
		{4996837, 10000000, 0.5, 3.411569770013569e-05, 0.022742538103474798},
		{8998102, 10000000, 0.9, 5.6851529791524875e-05, 0.022765290969887397},
		{9800, 10000000, 0.001, 0.00053727746320464214, 0.022695426586163907},
		{998001, 1000000000, 0.001, 5.3999956797169572e-05, 0.022750163473414547},
	} {
		within(t, "pmf", binomialPMF(w.k, w.n, w.p), w.pmf, 1e-11)
		within(t, "cdf", binomialCDF(w.k, w.n, w.p), w.upTo, 1e-11)
		within(t, "rest", binomialTail(w.k+1, w.n, w.p), 1-w.upTo, 1e-12)
		within(t, "tail of the mirror", binomialTail(w.n-w.k, w.n, 1-w.p), w.upTo, 1e-9)
	}
}

// TestBinomialOfFew: against Pascal's triangle.
func TestBinomialOfFew(t *testing.T) {
	for _, p := range []float64{0, 1e-12, .1, .5, .97, 1} {
		row := []float64{1}
		for n := range 40 {
			sum := 0.0
			for k, want := range row {
				sum += want
				within(t, "pmf", binomialPMF(k, n, p), want, 1e-12)
				if math.Abs(binomialCDF(k, n, p)-sum) > 1e-13 || math.Abs(binomialTail(k, n, p)-(1-sum+want)) > 1e-13 {
					t.Errorf("Bin(%d,%v) at %d: got %v and %v", n, p, k, binomialCDF(k, n, p), binomialTail(k, n, p))
				}
			}
			next := make([]float64, n+2)
			for k, v := range row {
				next[k] += v * (1 - p)
				next[k+1] += v * p
			}
			row = next
		}
	}
}

// TestBoundsSolveTheirEquation: the exact intervals leave exactly half of the
// rest in each tail, for few and for very many.
func TestBoundsSolveTheirEquation(t *testing.T) {
	for _, w := range [][2]int{{1, 2}, {3, 10}, {50, 100}, {1, 1_000_000}, {999_999, 1_000_000}, {500_000, 1_000_000}, {1_000_000, 1_990_000}, {9_000_000, 10_000_000}, {123, 1_000_000_000}} {
		x, n := w[0], w[1]
		ci := ClopperPearson(x, n, .95)
		within(t, "lower tail", binomialTail(x, n, ci.Low), .025, 1e-9)
		if x < n {
			within(t, "upper tail", binomialCDF(x, n, ci.High), .025, 1e-7)
		}
	}
	for _, x := range []int{1, 7, 100, 10_000, 1_000_000, 50_000_000} {
		ci := PoissonCI(x, 1, .95)
		within(t, "Poisson lower", 1-poissonCDF(x-1, ci.Low), .025, 1e-8)
		within(t, "Poisson upper", poissonCDF(x, ci.High), .025, 1e-8)
	}
	// Many events: the interval on the log scale is the normal one.
	for _, x := range []int{10_000, 1_000_000} {
		ratio, ci, p := RateRatio(x, 2, x, 2, .95)
		half := 1.959964 * math.Sqrt(2/float64(x))
		within(t, "ratio", ratio, 1, 0)
		within(t, "low", math.Log(ci.Low), -half, 2e-2)
		within(t, "high", math.Log(ci.High), half, 2e-2)
		within(t, "p", p, 1, 1e-12)
	}
}

// poissonCDF sums outwards from x, like the binomial.
func poissonCDF(x int, mean float64) float64 {
	if x == 0 {
		return math.Exp(-mean)
	}
	k := float64(x)
	point := math.Exp(-deviance(k, mean)-stirlingError(k)) / math.Sqrt(2*math.Pi*k)
	if k > mean {
		sum, term := 0.0, point
		for i := x + 1; term > 1e-19; i++ {
			term *= mean / float64(i)
			sum += term
		}
		return 1 - sum
	}
	sum, term := 0.0, point
	for i := x; i >= 0 && term > sum*1e-17; i-- {
		sum += term
		term *= float64(i) / mean
	}
	return sum
}

// TestEmptyAndAbsurd: what cannot be answered is NaN, never a panic and never
// a number.
func TestEmptyAndAbsurd(t *testing.T) {
	nan := func(what string, vs ...float64) {
		t.Helper()
		for _, v := range vs {
			if !math.IsNaN(v) {
				t.Errorf("%s: got %v, want NaN", what, vs)
			}
		}
	}
	ends := func(ci Interval) []float64 { return []float64{ci.Low, ci.High} }
	nan("Quantile of none", Quantile(nil, .5))
	nan("Quantile beyond", Quantile([]float64{1, 2}, 1.5), Quantile([]float64{1, 2}, math.NaN()))
	v, ci, _, ok := QuantileCI([]float64{1, math.NaN(), 3, 4, 5, 6, 7}, .5, .95)
	nan("QuantileCI with NaN", append(ends(ci), v)...)
	if ok {
		t.Error("QuantileCI with NaN is ok")
	}
	for _, ci := range []Interval{Wilson(0, 0, .95), Wilson(5, 3, .95), Wilson(-1, 3, .95), Wilson(1, 3, 1), ClopperPearson(5, 3, .95),
		PoissonCI(-1, 1, .95), PoissonCI(1, 0, .95), PoissonCI(1, math.NaN(), .95), PoissonCI(1, 1, 0)} {
		nan(ci.Method, ends(ci)...)
	}
	ratio, ci, p := RateRatio(0, 1, 0, 1, .95)
	nan("RateRatio of nothing", append(ends(ci), ratio)...)
	if p != 1 {
		t.Errorf("RateRatio of nothing: p %v, want 1", p)
	}
	ratio, ci, p = RateRatio(1, 0, 1, 1, .95)
	nan("RateRatio without exposure", append(ends(ci), ratio, p)...)
	if ratio, ci, _ = RateRatio(3, 1, 0, 1, .95); !math.IsInf(ratio, 1) || !math.IsInf(ci.High, 1) || !(ci.Low > 0) {
		t.Errorf("RateRatio against none: %v %+v", ratio, ci)
	}
	nan("BinomTest", BinomTest(4, 3, .5), BinomTest(1, 3, math.NaN()))
}
