package stat

import (
	"math"
	"slices"
	"testing"
)

func TestKnownSeries(t *testing.T) {
	a := answers(t)["cusum-nist"]
	in := read[struct {
		X            []float64
		Target, K, H float64
	}](t, a.Input)
	want := read[struct{ Hi, Lo []float64 }](t, a.Expect)
	high, low, _ := CUSUM(in.X, in.Target, in.K, in.H)
	for i := range in.X {
		if math.Abs(high[i]-want.Hi[i]) > 1e-9 || math.Abs(low[i]-want.Lo[i]) > 1e-9 {
			t.Errorf("cusum %d: got %v and %v, want %v and %v", i, high[i], low[i], want.Hi[i], want.Lo[i])
		}
	}
	a = answers(t)["xmr-nist"]
	_, ranges, _ := XmR(read[struct{ X []float64 }](t, a.Input).X)
	a.near(t, "upper limit of ranges", ranges*MovingRangeLimit, read[bag](t, a.Expect)["ucl_mr_D4_3267"])
	// NIST 6.3.2.4.
	xs := []float64{52.0, 47.0, 53.0, 49.3, 50.1, 47.0, 51.0, 50.1, 51.2, 50.5, 49.6, 47.6, 49.9, 51.3, 47.8, 51.2, 52.6, 52.4, 53.6, 52.1}
	ewma, _ := EWMA(xs, 50, 2.0539, .3)
	for i, want := range []float64{50.60, 49.52, 50.56, 50.18, 50.16, 49.21, 49.75, 49.85, 50.26, 50.33, 50.11, 49.36, 49.52, 50.05, 49.38, 49.92, 50.73, 51.23, 51.94, 51.99} {
		if math.Abs(ewma[i]-want) > .0051 {
			t.Errorf("ewma-nist %d: got %v, want %v", i, ewma[i], want)
		}
	}
}

func TestSignals(t *testing.T) {
	xs := []float64{0, 9, -9, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, -1}
	got := Signals(xs, constant(len(xs), 0, -5, 5))
	if want := []Signal{{1, 1}, {2, 1}, {10, 2}}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if got := Signals([]float64{math.NaN(), 1}, constant(2, math.NaN(), math.NaN(), math.NaN())); len(got) != 0 {
		t.Errorf("a chart without limits signals %v", got)
	}
}

// TestLaney: large exposures with a spread beyond Poisson's. The plain chart
// calls nearly every point special, Laney's does not; of truly Poisson counts
// both say the same.
func TestLaney(t *testing.T) {
	rng := Seed("laney")
	const n = 60
	x, exposure, poisson := make([]float64, n), make([]float64, n), make([]float64, n)
	for i := range n {
		exposure[i] = 10_000 * (1 + rng.Float64())
		x[i] = math.Round(exposure[i] * .5 * math.Exp(.1*rng.NormFloat64()))
		poisson[i] = math.Round(exposure[i]*.5 + math.Sqrt(exposure[i]*.5)*rng.NormFloat64())
	}
	beyond := func(x []float64, laney bool) (count int) {
		_, _, l := UChart(x, exposure, laney)
		rates := make([]float64, n)
		for i := range rates {
			rates[i] = x[i] / exposure[i]
		}
		for _, s := range Signals(rates, l) {
			if s.Rule == 1 {
				count++
			}
		}
		return count
	}
	if plain, laney := beyond(x, false), beyond(x, true); plain < n/3 || laney > 1 {
		t.Errorf("spread: %d signals plain, %d with Laney", plain, laney)
	}
	if _, sigma, _ := UChart(poisson, exposure, true); math.Abs(sigma-1) > .3 {
		t.Errorf("σ of Poisson counts: got %v, want about 1", sigma)
	}
	u, sigma, l := UChart([]float64{0, 5, 3}, []float64{0, 10, 10}, true)
	if u != .4 || !math.IsNaN(l.High[0]) || math.IsNaN(l.High[1]) || math.IsNaN(sigma) {
		t.Errorf("a month without exposure: %v %v %+v", u, sigma, l)
	}
	if _, sigma, l := UChart([]float64{0, 0}, []float64{1, 1}, true); sigma != 1 || l.High[0] != 0 {
		t.Errorf("no events at all: %v %+v", sigma, l)
	}
}

func TestRareCharts(t *testing.T) {
	// Geometric limits are what they say: P(G ≤ highest) ≥ .99865, and not of
	// one fewer.
	for _, mean := range []float64{.2, 12, 900} {
		g := []float64{mean}
		_, _, lowest, highest := GChart(g)
		q := 1 - 1/(mean+1)
		cdf := func(k int) float64 { return 1 - math.Pow(q, float64(k+1)) }
		if cdf(highest) < .99865-1e-12 || highest > 0 && cdf(highest-1) >= .99865 || cdf(lowest) < .00135 || lowest > 0 && cdf(lowest-1) >= .00135 {
			t.Errorf("mean %v: from %d to %d", mean, lowest, highest)
		}
	}
	if _, _, low, high := GChart([]float64{0, 0}); low != 0 || high != 0 {
		t.Errorf("never any between: %d to %d", low, high)
	}
	for _, xs := range [][]float64{nil, {1}} {
		if r := TChart(xs); !math.IsNaN(r.Mean) || !math.IsNaN(r.HighTime) {
			t.Errorf("%v: %+v, want NaN", xs, r)
		}
		if m, _, l := XmR(xs); !math.IsNaN(m) || len(l.High) != len(xs) {
			t.Errorf("XmR of %v: %v %v", xs, m, l)
		}
	}
}
