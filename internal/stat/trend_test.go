package stat

import (
	"math"
	"testing"
)

func TestKnownTrends(t *testing.T) {
	// Hollander & Wolfe, tuna (R's ?cor.test): sorted by the first, Kendall's τ
	// of .4444 is S = 16 of 36, exact p .1194.
	s, _, _, _, p := MannKendall([]float64{2.5, 4.0, 2.6, 3.6, 2.8, 3.1, 5.2, 5.0, 3.8})
	if s != 16 || math.Abs(p-.1194389) > 1e-7 {
		t.Errorf("kendall-hw: S %d, p %v, want 16 and .1194389", s, p)
	}
	// Garwood's bounds of a number are the reciprocals of the bounds of a mean
	// time between (ten repairs in 1,500 hours).
	ci := PoissonCI(10, 1500, .95)
	if math.Abs(1/ci.High-81.564) > 1e-3 || math.Abs(1/ci.Low-312.801) > 1e-3 {
		t.Errorf("mtbf-ci: got %v to %v, want 81.564 to 312.801", 1/ci.High, 1/ci.Low)
	}
}

// TestOrderedPairs: merging counts what two loops count, and exact p values
// are those of all orders.
func TestOrderedPairs(t *testing.T) {
	rng := Seed("pairs")
	for range 200 {
		xs := make([]float64, rng.IntN(12))
		for i := range xs {
			xs[i] = float64(rng.IntN(8))
		}
		rising, falling := 0, 0
		for i := range xs {
			for j := i + 1; j < len(xs); j++ {
				if xs[i] < xs[j] {
					rising++
				} else if xs[i] > xs[j] {
					falling++
				}
			}
		}
		if r, f := orderedPairs(xs); r != rising || f != falling {
			t.Fatalf("%v: got %d and %d, want %d and %d", xs, r, f, rising, falling)
		}
	}
	const n = 7
	counts, all := make([]float64, n*(n-1)/2+1), 0.0
	eachOrder(make([]float64, 0, n), n, func(xs []float64) {
		rising, _ := orderedPairs(xs)
		counts[rising]++
		all++
	})
	for k, p := range inversions(n) {
		within(t, "inversions", p, counts[k]/all, 1e-12)
	}
}

func eachOrder(xs []float64, n int, visit func([]float64)) {
	if len(xs) == n {
		visit(xs)
		return
	}
	for v := range n {
		used := false
		for _, x := range xs {
			used = used || x == float64(v)
		}
		if !used {
			eachOrder(append(xs, float64(v)), n, visit)
		}
	}
}

func TestTrendOfManyAndNone(t *testing.T) {
	times := make([]float64, 200_000)
	for i := range times {
		times[len(times)-1-i] = float64(i+1) / float64(len(times)) * 1000 // evenly, in any order
	}
	tr := TrendTests(times, 1000)
	if math.Abs(tr.Laplace) > .01 || math.Abs(tr.Beta-1) > 1e-3 {
		t.Errorf("evenly spread events have a trend: %+v", tr)
	}
	for _, tr := range []Trend{TrendTests(nil, 10), TrendTests([]float64{0, 1}, 10), TrendTests([]float64{11}, 10), TrendTests([]float64{math.NaN()}, 10)} {
		if !math.IsNaN(tr.Laplace) || !math.IsNaN(tr.ReversalsP) {
			t.Errorf("got %+v, want NaN", tr)
		}
	}
	// Ties: the variance of R's Kendall package, and no trend at all.
	if s, v, z, p, _ := MannKendall([]float64{1, 1, 1, 1}); s != 0 || v != 0 || z != 0 || p != 1 {
		t.Errorf("a constant series: %v %v %v %v", s, v, z, p)
	}
	if _, v, _, _, exact := MannKendall([]float64{1, 2, 2, 3}); math.Abs(v-(4*3*13-2*1*9)/18.) > 1e-12 || !math.IsNaN(exact) {
		t.Errorf("ties: variance %v, exact p %v", v, exact)
	}
}

func TestDispersion(t *testing.T) {
	fit := FitNegativeBinomial([]float64{2, 2, 2, 2, 3})
	if !math.IsInf(fit.K, 1) || fit.LikelihoodRatio != 0 || fit.LogLik != fit.Poisson {
		t.Errorf("counts without spread: %+v", fit)
	}
	for _, xs := range [][]float64{nil, {0, 0}, {math.Inf(1)}, {math.NaN()}} {
		if fit := FitNegativeBinomial(xs); !math.IsNaN(fit.K) {
			t.Errorf("%v: k %v, want NaN", xs, fit.K)
		}
	}
	if d, _, p := DispersionTest([]float64{3}); !math.IsNaN(d) || !math.IsNaN(p) {
		t.Errorf("one count: %v %v", d, p)
	}
	// Planted spread is found again.
	rng := Seed("negative binomial")
	const k, mean, n = 1.0, 4.0, 20_000
	xs := make([]float64, n)
	for i := range xs {
		rate := mean * rng.ExpFloat64() // k = 1: gamma of shape 1
		for u := rng.ExpFloat64(); u < rate; u += rng.ExpFloat64() {
			xs[i]++
		}
	}
	if fit := FitNegativeBinomial(xs); math.Abs(fit.K-k) > 4*fit.SE {
		t.Errorf("k: got %v ± %v, want %v", fit.K, fit.SE, k)
	}
}
