package stat

import (
	"math"
	"slices"
	"testing"
)

// TestNormalRanks: the normal p of Hollander & Wolfe's example as R prints
// it, with and without continuity correction.
func TestNormalRanks(t *testing.T) {
	a := answers(t)["mwu-hw"]
	want := read[bag](t, a.Expect)
	sd := math.Sqrt(10 * 5 * 16 / 12.)
	_, p := normalPs(35-25, sd)
	a.near(t, "p2_normal_cc", p, want["p2_normal_cc"])
	a.near(t, "p2_normal_nocc", normalTail(10/sd), want["p2_normal_nocc"])
}

// TestUDistribution: the recurrence gives the numbers of ways to deal, to the
// last tail, whichever sample is the larger.
func TestUDistribution(t *testing.T) {
	for _, w := range [][2]int{{1, 1}, {3, 5}, {5, 3}, {50, 50}, {1, 2500}, {2500, 1}} {
		d := uDistribution(w[0], w[1])
		within(t, "sum", sumOf(d), 1, 1e-12)
		ways := math.Exp(lchoose(float64(w[0]+w[1]), float64(w[0])))
		within(t, "lowest", d[0], 1/ways, 1e-9)
		within(t, "highest", d[len(d)-1], 1/ways, 1e-9)
		mean := 0.0
		for u, p := range d {
			mean += float64(u) * p
		}
		within(t, "mean", mean, float64(w[0]*w[1])/2, 1e-10)
	}
}

// TestSignedRanks against all signs, and the median of Walsh averages against
// all of them written out.
func TestSignedRanks(t *testing.T) {
	rng := Seed("signed")
	for range 60 {
		n := 1 + rng.IntN(8)
		d, zero := make([]float64, n), make([]float64, n)
		for i := range d {
			d[i] = rng.NormFloat64() + .3
		}
		got := SignedRank(d, zero, .9)
		above, below, all := 0.0, 0.0, float64(int(1)<<n)
		for mask := range 1 << n {
			v := 0.0
			for k := range n {
				if mask&(1<<k) != 0 {
					v += float64(k + 1)
				}
			}
			above += indicator(v >= got.V) / all
			below += indicator(v <= got.V) / all
		}
		within(t, "greater", got.PGreater, above, 1e-12)
		within(t, "both", got.P2, math.Min(1, 2*math.Min(above, below)), 1e-12)
		var walsh []float64
		for i := range d {
			for j := i; j < n; j++ {
				walsh = append(walsh, (d[i]+d[j])/2)
			}
		}
		slices.Sort(walsh)
		if want := Quantile(walsh, .5); math.Abs(got.Shift-want) > 1e-12 {
			t.Fatalf("shift of %v: got %v, want %v", d, got.Shift, want)
		}
		if n >= 5 != !math.IsNaN(got.Interval.Low) {
			t.Errorf("n=%d: 90 %% interval %+v; it exists from 5 pairs on", n, got.Interval)
		}
	}
	// R: wilcox.test(c(1,2,2,3,-1,0,4), exact=FALSE): V = 19.5, p = .07314.
	ties := SignedRank([]float64{1, 2, 2, 3, -1, 0, 4}, make([]float64, 7), .95)
	if ties.V != 19.5 || ties.N != 6 || ties.Exact || math.Abs(ties.P2-.0731) > 5e-4 {
		t.Errorf("ties and a zero: %+v", ties)
	}
	for _, r := range []PairTest{SignedRank(nil, nil, .95), SignedRank([]float64{1, math.NaN()}, []float64{1, 2}, .95)} {
		if !math.IsNaN(r.V) || !math.IsNaN(r.P2) || !math.IsNaN(r.Shift) {
			t.Errorf("nothing to compare: %+v", r)
		}
	}
	many := make([]float64, 20_000)
	for i := range many {
		many[i] = rng.NormFloat64() + .1
	}
	if r := SignedRank(many, make([]float64, len(many)), .95); math.Abs(r.Shift-.1) > .03 || !(r.Interval.Low < r.Shift && r.Shift < r.Interval.High) {
		t.Errorf("many pairs: %+v", r)
	}
}

func TestHodgesLehmannEdges(t *testing.T) {
	for _, w := range [][2][]float64{{nil, {1}}, {{1}, nil}, {{math.NaN()}, {1}}, {{math.Inf(1)}, {1}}, {{1e308, 1}, {-1e308, 2}}} {
		if s := HodgesLehmann(w[0], w[1], .95); !math.IsNaN(s.Shift) || !math.IsNaN(s.Interval.Low) {
			t.Errorf("%v: got %+v, want NaN", w, s)
		}
	}
	// The interval of .99 holds that of .95, which holds that of .8.
	rng := Seed("nested")
	for _, n := range []int{8, 30, 70} {
		x, y := make([]float64, n), make([]float64, n+3)
		for i := range x {
			x[i] = math.Exp(rng.NormFloat64())
		}
		for i := range y {
			y[i] = math.Exp(rng.NormFloat64())
		}
		last := Interval{Low: math.Inf(1), High: math.Inf(-1)}
		for _, level := range []float64{.8, .95, .99} {
			ci := HodgesLehmannRatio(x, y, level).Interval
			if ci.Low > last.Low || ci.High < last.High {
				t.Errorf("n=%d level %v: %+v does not hold %+v", n, level, ci, last)
			}
			last = ci
		}
	}
	// Zeros rank below all; negative values have no place on a log scale.
	s := HodgesLehmannRatio([]float64{0, 0, 0, 5, -1}, []float64{10, 20, 30}, .95)
	if s.Shift != 0 || s.Dropped != 1 {
		t.Errorf("mostly zeros: %+v", s)
	}
}

func TestPermutation(t *testing.T) {
	x, y := []float64{1e9 + 1, 1e9 + 2, 1e9 + 3}, []float64{1e9 + 4, 1e9 + 5, 1e9 + 6}
	if p2, p, n, exact := PermutationMeanDiff(x, y, ""); math.Abs(p2-.1) > 1e-12 || p != 1 || n != 20 || !exact {
		t.Errorf("six large values: %v %v %v %v", p2, p, n, exact)
	}
	if p2, _, _, _ := PermutationMeanDiff(nil, y, ""); !math.IsNaN(p2) {
		t.Errorf("nothing against something: p %v", p2)
	}
	rng := Seed("permutation test")
	var a, b []float64
	for range 30 {
		a, b = append(a, rng.NormFloat64()), append(b, rng.NormFloat64()+.6)
	}
	p2, greater, n, exact := PermutationMeanDiff(a, b, "s")
	again, _, _, _ := PermutationMeanDiff(slices.Clone(a), b, "s")
	if exact || n != exactSplits || p2 != again {
		t.Errorf("seeded: %v, then %v; %d splits, exact %v", p2, again, n, exact)
	}
	// It agrees with the t test of the same means.
	ma, va := meanVar(a)
	mb, vb := meanVar(b)
	if want := normalTail((ma - mb) / math.Sqrt(va/30+vb/30)); math.Abs(p2-want) > .01 || math.Abs(greater-(1-want/2)) > .01 {
		t.Errorf("seeded p %v and %v, normal %v", p2, greater, want)
	}
	// The larger sample first must give the same answer.
	c, d := append(slices.Clone(a), b...), a[:10]
	first, _, _, _ := PermutationMeanDiff(c, d, "s")
	second, _, _, _ := PermutationMeanDiff(d, c, "s")
	if math.Abs(first-second) > .015 {
		t.Errorf("p depends on which sample is first: %v and %v", first, second)
	}
}
