package stat

import (
	"fmt"
	"math"
	"slices"
	"strings"
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
			other, hit2, events2 := .05+.9*rng.Float64(), 0, 0
			for range n {
				hit2 += int(indicator(rng.Float64() < other))
			}
			for u := rng.ExpFloat64(); u < 2*float64(n); u += rng.ExpFloat64() {
				events2++
			}
			_, rate, _ := RateRatio(events, 1, events2, 1, .95)
			count("rate ratio, exact", !(rate.Low > .5) && !(rate.High < .5))
			count("Clopper–Pearson share, exact", holds(ClopperPearson(hit, n, .95), share))
			count("geometric mean", holds(GeometricMean(x, .95).Interval, 1))
			count("ratio of geometric means", holds(GeometricMeanRatio(x, y, .95).Interval, 1))
			count("Hodges–Lehmann of pairs", holds(SignedRank(mustLogs(x), mustLogs(y), .95).Interval, 0))
			if n >= 8 {
				m, v := meanVar(mustLogs(x))
				_, ci := Olsson(n, m, v, .95)
				count("log-normal mean", holds(ci, math.Exp(sigma*sigma/2)))
				count("log-normal mean, Zou", holds(Zou(n, m, v, .95), math.Exp(sigma*sigma/2)))
			}
			if n >= 10 {
				count("Wilson share", holds(Wilson(hit, n, .95), share))
				_, diff := NewcombeDiff(hit, n, hit2, n, .95)
				count("difference of shares", holds(diff, share-other))
				_, at := KaplanMeier(times, ended, .95).At(1)
				count("Kaplan–Meier share, exact", !(at.Low > .5) && !(at.High < .5))
			}
			if n >= 10 {
				inc, truth := declinedSometimes(x, times, ended, n, rng.Float64)
				_, _, at := inc.At(1, 1)
				count("Aalen–Johansen share, exact", !(at.Low > truth) && !(at.High < truth))
			}
			if n >= 30 {
				late, truth := lateEntries(n, rng.Float64, rng.ExpFloat64)
				_, _, at := late.At(1, 1)
				count("Aalen–Johansen share, watched late, exact", !(at.Low > truth) && !(at.High < truth))
				c := KaplanMeier(times, ended, .95)
				d := KaplanMeier(y, always(n), .95)
				_, ci, _ := c.RMSTDiff(d, 1.5)
				count("difference of restricted means", !(ci.Low > 0) && !(ci.High < 0))
			}
		}
		for name, k := range hits {
			got := float64(k) / replicates
			high := .995
			if name == "Poisson rate" || name == "Kaplan–Meier median" || strings.HasSuffix(name, ", exact") {
				high = 1 // exact and step-function intervals are conservative for few
			}
			// The smallest coverage a true .93 would show by luck in 2,000.
			if got < .93-.006 || got > high {
				t.Errorf("%s, n=%d: covers %.3f, want within [.93, .995]", name, n, got)
			}
		}
	}
}

// declinedSometimes makes three in ten of the ends another way; of way 1, 0.7 ×
// 0.5 have ended by time 1, the median of x.
func declinedSometimes(x, times []float64, ended []bool, n int, uniform func() float64) (Incidence, float64) {
	state := make([]int, n)
	for i := range x {
		if state[i] = 1; uniform() < .3 {
			state[i] = 2
		}
		if !ended[i] {
			state[i] = 0
		}
	}
	return CumulativeIncidenceFrom(nil, times, state, 2, .95), .7 * .5
}

// lateEntries are exponential ends at rate 1, a third of another way, half of
// them watched from some time before 0.5 on: those that ended before were never
// seen. Of way 1, 2/3 × (1 − 1/e) have ended by time 1.
func lateEntries(n int, uniform, exponential func() float64) (Incidence, float64) {
	var entry, t []float64
	var state []int
	for len(t) < n {
		from, v, way := 0.0, exponential(), 1
		if uniform() < .5 {
			from = .5 * uniform()
		}
		if v <= from {
			continue
		}
		if uniform() < 1./3 {
			way = 2
		}
		if c := from + 3*exponential(); c < v {
			v, way = c, 0
		}
		entry, t, state = append(entry, from), append(t, v), append(state, way)
	}
	return CumulativeIncidenceFrom(entry, t, state, 2, .95), 2. / 3 * (1 - math.Exp(-1))
}

func always(n int) []bool {
	out := make([]bool, n)
	for i := range out {
		out[i] = true
	}
	return out
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
		p := func(name string, p float64) {
			if p < .05 {
				claims[name]++
			}
		}
		p("durations by ranks", MannWhitney(x, y).P2)
		p("durations by permutation", first(PermutationMeanDiff(mustLogs(x)[:8], mustLogs(y)[:8], "null")))
		p("shares by Fisher", TwoProportionP(hit1, 80, hit2, 80))
		_, _, _, trend, exact := MannKendall(x[:9])
		p("trend", trend)
		p("trend, exact", exact)
		_, logrank, _, _ := LogRank(x, always(len(x)), y, always(len(y)))
		p("survival", logrank)
		times := make([]float64, 12)
		for i := range times {
			times[i] = 100 * rng.Float64()
		}
		p("Laplace", TrendTests(times, 100).LaplaceP)
		p("MIL-HDBK", TrendTests(times, 100).MilHdbkP)
		factors := make([]float64, 20)
		for i := range factors {
			k := 0
			for range 40 {
				k += int(indicator(rng.Float64() < .3))
			}
			factors[i] = TwoProportionP(k, 40, 12, 40)
		}
		p("any of twenty factors, adjusted", slices.Min(BenjaminiHochberg(factors)))
		for _, s := range Signals(x[:20], chartOf(x[:20])) {
			if s.Rule == 1 {
				claims["charted points"]++
			}
		}
	}
	// Rule 1 with estimated limits: under 1 % of 4,000 points.
	if claims["charted points"] > 40 {
		t.Errorf("charts of nothing: %d of %d points signal", claims["charted points"], 20*tenants)
	}
	delete(claims, "charted points")
	for name, n := range claims {
		if n > limit {
			t.Errorf("%s: %d of %d tenants without a change are told of one; at most %d", name, n, tenants, limit)
		}
	}
}

func first(p float64, _ float64, _ int, _ bool) float64 { return p }

func chartOf(xs []float64) Limits {
	ys := mustLogs(xs)
	for i := range xs {
		xs[i] = ys[i]
	}
	_, _, l := XmR(xs)
	return l
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

func same(a, b float64) bool { return a == b || math.IsNaN(a) && math.IsNaN(b) }
