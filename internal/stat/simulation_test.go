package stat

import (
	"fmt"
	"math"
	"slices"
	"testing"
)

const replicates = 2000

// TestCoverage: nominal 95 % intervals cover what they claim, on skewed
// log-normal durations (σ = 1.3) and on counts and shares, at the sizes that
// incidents come in.
func TestCoverage(t *testing.T) {
	const sigma = 1.3
	holds := func(ci Interval, truth float64) bool { return ci.Low <= truth && truth <= ci.High }
	for _, n := range []int{6, 10, 30} {
		rng := Seed("coverage", fmt.Sprint(n))
		draw := func() []float64 {
			xs := make([]float64, n)
			for i := range xs {
				xs[i] = math.Exp(sigma * rng.NormFloat64())
			}
			return xs
		}
		hits := map[string]int{}
		count := func(name string, ok bool) {
			if ok {
				hits[name]++
			}
		}
		for range replicates {
			x, y := draw(), draw()
			_, ci, _, _ := QuantileCI(slices.Clone(x), .5, .95)
			count("median", holds(ci, 1))
			count("Hodges–Lehmann ratio", holds(HodgesLehmannRatio(x, y, .95).Interval, 1))
			ended := make([]bool, n)
			times := make([]float64, n)
			for i, v := range x {
				c := 6 * rng.ExpFloat64() // censored at random times
				times[i], ended[i] = min(v, c), v <= c
			}
			_, km := KaplanMeier(times, ended, .95).Quantile(.5)
			count("Kaplan–Meier median", !(km.Low > 1) && !(km.High < 1))
			// A share's coverage jumps with the share itself (it is discrete), so
			// it is held on average over shares.
			events, hit, share := 0, 0, .05+.9*rng.Float64()
			for u := rng.ExpFloat64(); u < float64(n); u += rng.ExpFloat64() {
				events++
			}
			for range n {
				if rng.Float64() < share {
					hit++
				}
			}
			count("Poisson rate", holds(PoissonCI(events, float64(n), .95), 1))
			if n >= 8 {
				_, v := meanVar(mustLogs(x))
				m, _ := meanVar(mustLogs(x))
				_, ci := Olsson(n, m, v, .95)
				count("log-normal mean", holds(ci, math.Exp(sigma*sigma/2)))
			}
			if n >= 10 {
				count("Wilson share", holds(Wilson(hit, n, .95), share))
			}
		}
		for name, k := range hits {
			got := float64(k) / replicates
			high := .995
			if name == "Poisson rate" || name == "Kaplan–Meier median" {
				high = 1 // exact and step-function intervals are conservative for few
			}
			// The smallest coverage a true .93 would show by luck in 2,000.
			if got < .93-.006 || got > high {
				t.Errorf("%s, n=%d: covers %.3f, want within [.93, .995]", name, n, got)
			}
		}
	}
}

func mustLogs(xs []float64) []float64 {
	ys, _ := logs(xs)
	return ys
}

// TestNull: two hundred organizations where nothing changed. Each comparison
// may claim a change in at most 5 % of them, and what luck adds to that.
func TestNull(t *testing.T) {
	const tenants = 200
	limit := int(binomTailLimit(tenants, .05))
	rng := Seed("null")
	claims := map[string]int{}
	for range tenants {
		var x, y []float64
		for range 20 + rng.IntN(60) {
			x = append(x, math.Exp(1.25*rng.NormFloat64()))
		}
		for range 20 + rng.IntN(60) {
			y = append(y, math.Exp(1.25*rng.NormFloat64()))
		}
		outside := func(name string, ci Interval, none float64) {
			if ci.Low > none || ci.High < none {
				claims[name]++
			}
		}
		outside("durations", HodgesLehmannRatio(x, y, .95).Interval, 1)
		a, b, hit1, hit2 := 0, 0, 0, 0
		for u := rng.ExpFloat64(); u < 30; u += rng.ExpFloat64() {
			a++
		}
		for u := rng.ExpFloat64(); u < 30; u += rng.ExpFloat64() {
			b++
		}
		for range 80 {
			if rng.Float64() < .2 {
				hit1++
			}
			if rng.Float64() < .2 {
				hit2++
			}
		}
		_, rate, _ := RateRatio(a, 1, b, 1, .95)
		outside("rates", rate, 1)
		_, diff := NewcombeDiff(hit1, 80, hit2, 80, .95)
		outside("shares", diff, 0)
	}
	for name, n := range claims {
		if n > limit {
			t.Errorf("%s: %d of %d tenants without a change are told of one; at most %d", name, n, tenants, limit)
		}
	}
}

// binomTailLimit is the 99.9 % quantile of Bin(n, p).
func binomTailLimit(n int, p float64) float64 {
	for k := range n {
		if binomialCDF(k, n, p) > .999 {
			return float64(k)
		}
	}
	return float64(n)
}

func TestProperties(t *testing.T) {
	rng := Seed("properties")
	for range 50 {
		n, m := 2+rng.IntN(7), 2+rng.IntN(7)
		x, y := make([]float64, n), make([]float64, m)
		for i := range x {
			x[i] = math.Round(rng.ExpFloat64()*1e6) / 1e3
		}
		for i := range y {
			y[i] = math.Round(rng.ExpFloat64()*1e6) / 1e3
		}
		hl := HodgesLehmannRatio(x, y, .95)
		shuffled := slices.Clone(x)
		rng.Shuffle(n, func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		if got := HodgesLehmannRatio(shuffled, y, .95); got.Shift != hl.Shift {
			t.Errorf("order matters: %v and %v", got.Shift, hl.Shift)
		}
		scaled := slices.Clone(x)
		for i := range scaled {
			scaled[i] *= 60
		}
		if got := HodgesLehmannRatio(scaled, y, .95); math.Abs(got.Shift/hl.Shift-60) > 1e-6 {
			t.Errorf("scale: got %v, want 60 times %v", got.Shift, hl.Shift)
		}
		// Every difference, written out.
		var all []float64
		for _, a := range mustLogs(x) {
			for _, b := range mustLogs(y) {
				all = append(all, a-b)
			}
		}
		slices.Sort(all)
		d := differences{a: slices.Sorted(slices.Values(mustLogs(x))), b: slices.Sorted(slices.Values(mustLogs(y)))}
		for k := range all {
			if got, next := d.nth(k + 1); got != all[k] || next != all[min(k+1, len(all)-1)] {
				t.Fatalf("difference %d: got %v, want %v", k+1, got, all[k])
			}
		}
		if r := MannWhitney(x, y); r.Exact && math.Abs(r.PGreater-enumerated(x, y, r.U)) > 1e-9 {
			t.Errorf("exact p %v, by enumeration %v", r.PGreater, enumerated(x, y, r.U))
		}
	}
	for x := range 200 {
		a, b := PoissonCI(x, 3, .95), PoissonCI(x, 3, .99)
		if b.Low > a.Low || b.High < a.High {
			t.Errorf("x=%d: the 99 %% interval does not hold the 95 %% one", x)
		}
	}
	for range 300 {
		n := 1 + rng.IntN(40)
		var ended, waiting, all []float64
		var is []bool
		for range n {
			v := math.Floor(rng.ExpFloat64() * 10)
			if is = append(is, rng.Float64() < .7); is[len(is)-1] {
				ended = append(ended, v)
			} else {
				waiting = append(waiting, v)
			}
			all = append(all, v)
		}
		c := KaplanMeier(all, is, .95)
		for _, q := range []float64{.25, .5, .9} {
			want, wantCI := c.Quantile(q)
			got, ci, _ := SurvivalQuantile(slices.Clone(ended), slices.Clone(waiting), q, .95)
			if !same(got, want) || !same(ci.Low, wantCI.Low) || !same(ci.High, wantCI.High) {
				t.Fatalf("%v %v q=%v: got %v %+v, want %v %+v", ended, waiting, q, got, ci, want, wantCI)
			}
		}
	}
	big := make([]float64, radixFrom+1000)
	for i := range big {
		big[i] = math.Round(rng.NormFloat64()*1e6) / 64
	}
	big[5], big[6] = 0, math.Inf(-1)
	ordered := slices.Sorted(slices.Values(big))
	if sortFloats(big); !slices.Equal(big, ordered) {
		t.Error("sorting by digits differs from sorting")
	}
	xs := make([]float64, 5000)
	for i := range xs {
		xs[i] = math.Floor(rng.ExpFloat64() * 50) // many ties
	}
	sorted := slices.Sorted(slices.Values(xs))
	ranks := []int{1, 7, 2500, 2501, 4999, 5000, 7}
	for i, v := range Select(slices.Clone(xs), ranks) {
		if v != sorted[ranks[i]-1] {
			t.Errorf("rank %d: got %v, want %v", ranks[i], v, sorted[ranks[i]-1])
		}
	}
}

// enumerated is P(U ≥ u) over all ways to deal the pooled values.
func enumerated(x, y []float64, u float64) float64 {
	pool := append(slices.Clone(x), y...)
	var above, all float64
	for mask := range 1 << len(pool) {
		var a, b []float64
		for i, v := range pool {
			if mask&(1<<i) != 0 {
				a = append(a, v)
			} else {
				b = append(b, v)
			}
		}
		if len(a) != len(x) {
			continue
		}
		all++
		if got, _ := uStatistic(a, b); got >= u {
			above++
		}
	}
	return above / all
}

func FuzzIntervals(f *testing.F) {
	f.Add(3, 10, 1.5, 2.5, .5)
	f.Add(0, 0, 0.0, math.NaN(), 1.0)
	f.Add(-1, 5, math.Inf(1), -1.0, 0.0)
	f.Fuzz(func(t *testing.T, x, n int, a, b, q float64) {
		x, n = x%1000, n%1000
		PoissonCI(x, a, .95)
		Wilson(x, n, .95)
		QuantileRanks(n, q, .95)
		QuantileCI([]float64{a, b, q}, q, .95)
		HodgesLehmannRatio([]float64{a, b}, []float64{q}, .95)
		MannWhitney([]float64{a, b}, []float64{q})
		LognormalMean([]float64{a, b, q}, .95)
		KaplanMeier([]float64{a, b}, []bool{true, false}, .95).Quantile(q)
	})
}

func same(a, b float64) bool { return a == b || math.IsNaN(a) && math.IsNaN(b) }

func BenchmarkMillion(b *testing.B) {
	rng := Seed("benchmark")
	xs := make([]float64, 1_000_000)
	for i := range xs {
		xs[i] = math.Exp(3 * rng.NormFloat64())
	}
	work := make([]float64, len(xs))
	b.Run("QuantileCI", func(b *testing.B) {
		for b.Loop() {
			copy(work, xs)
			QuantileCI(work, .5, .95)
		}
	})
	b.Run("SurvivalQuantile", func(b *testing.B) {
		for b.Loop() {
			copy(work, xs)
			SurvivalQuantile(work[:980_000], work[980_000:], .5, .95)
		}
	})
	b.Run("HodgesLehmann50kx50k", func(b *testing.B) {
		for b.Loop() {
			HodgesLehmannRatio(xs[:50_000], xs[50_000:100_000], .95)
		}
	})
	b.Run("MannWhitney50kx50k", func(b *testing.B) {
		for b.Loop() {
			MannWhitney(xs[:50_000], xs[50_000:100_000])
		}
	})
	b.Run("RateRatioMillion", func(b *testing.B) {
		for b.Loop() {
			RateRatio(1_000_000, 1, 990_000, 1, .95)
		}
	})
	b.Run("RateDetectable", func(b *testing.B) {
		for b.Loop() {
			RateDetectable(100_000, 1, 1, .8, .95)
		}
	})
}
