package stat

import (
	"math"
	"slices"
	"testing"
)

type arms struct {
	Maintained, Nonmaintained struct {
		T []float64
		E []int
	}
}

func ends(e []int) (out []bool) {
	for _, v := range e {
		out = append(out, v == 1)
	}
	return out
}

// TestLeukaemiaAsR holds the whole curve of Miller's leukaemia trial, and the
// intervals that R makes by default, on the log scale.
func TestLeukaemiaAsR(t *testing.T) {
	a := answers(t)["km-aml"]
	in := read[arms](t, a.Input)
	want := read[struct {
		S      map[string]float64 `json:"S_maint"`
		Log    [2]float64         `json:"ci31_log"`
		LogLog [2]float64         `json:"ci31_loglog"`
		Median [][2]*float64      `json:"median_ci_log"`
		RMST   []float64          `json:"rmst48"`
	}](t, a.Expect)
	m := KaplanMeier(in.Maintained.T, ends(in.Maintained.E), .95)
	n := KaplanMeier(in.Nonmaintained.T, ends(in.Nonmaintained.E), .95)
	for at, s := range map[float64]float64{9: want.S["9"], 13: want.S["13"], 18: want.S["18"], 23: want.S["23"], 31: want.S["31"], 34: want.S["34"], 48: want.S["48"]} {
		got, _ := m.At(at)
		a.near(t, "survival", got, s)
		if got, _ := m.At(at + .5); got != s && math.Abs(got-s) > 1e-8 {
			t.Errorf("the curve falls between ends: %v", got)
		}
	}
	_, ci := m.OnLog().At(31)
	a.near(t, "log low", ci.Low, want.Log[0])
	a.near(t, "log high", ci.High, want.Log[1])
	_, ci = m.At(31)
	a.near(t, "log–log low", ci.Low, want.LogLog[0])
	a.near(t, "log–log high", ci.High, want.LogLog[1])
	for i, c := range []Curve{m, n} {
		_, ci := c.OnLog().Quantile(.5)
		if ci.Low != *want.Median[i][0] || !math.IsNaN(ci.High) {
			t.Errorf("median interval on logs: got %+v, want %v and none", ci, *want.Median[i][0])
		}
		mean, se := c.RMST(48)
		if math.Abs(mean-want.RMST[i]) > 5e-4 || !(se > 0) {
			t.Errorf("RMST: got %v ± %v, want %v", mean, se, want.RMST[i])
		}
	}
	if s, ci := m.At(1); s != 1 || ci.Low != 1 || ci.High != 1 {
		t.Errorf("before anything ended: %v %+v", s, ci)
	}
	if mean, _ := m.RMST(500); !math.IsNaN(mean) {
		t.Errorf("RMST beyond what was watched: %v, want NaN", mean)
	}
	if mean, _ := n.RMST(500); math.IsNaN(mean) {
		t.Error("RMST of a curve that reached 0 is known at any time")
	}
}

// TestWithoutCensoring: the curve is the share left, its mean the mean, and
// its error that of a mean.
func TestWithoutCensoring(t *testing.T) {
	rng := Seed("uncensored")
	for _, n := range []int{3, 10, 201} {
		xs, all := make([]float64, n), make([]bool, n)
		for i := range xs {
			xs[i], all[i] = rng.ExpFloat64(), true
		}
		c := KaplanMeier(xs, all, .95)
		mean, se := c.RMST(slices.Max(xs))
		m, v := meanVar(xs)
		within(t, "mean", mean, m, 1e-12)
		within(t, "error", se, math.Sqrt(v*float64(n-1))/float64(n), 1e-9)
		sorted := slices.Sorted(slices.Values(xs))
		if n%2 == 1 {
			med, _ := c.Quantile(.5)
			within(t, "median", med, sorted[n/2], 0)
		}
		diff, ci, p := c.RMSTDiff(c, .5)
		if diff != 0 || ci.Low != -ci.High || p != 1 {
			t.Errorf("a curve differs from itself: %v %+v %v", diff, ci, p)
		}
	}
	// S is exactly one half from 2 to 3: the middle, as R says.
	if med, _ := KaplanMeier([]float64{1, 2, 3, 4}, []bool{true, true, true, true}, .95).Quantile(.5); med != 2.5 {
		t.Errorf("median of 1 2 3 4: got %v, want 2.5", med)
	}
}

// TestLateEntry: what was watched only from an age on.
func TestLateEntry(t *testing.T) {
	// By hand: at 3 two are at risk (the third comes at 4), at 5 two, at 6 one.
	c := KaplanMeierFrom([]float64{0, 0, 4, 9}, []float64{3, 6, 5, 8}, []bool{true, true, true, true}, .95)
	for i, want := range []float64{.5, .25, 0} {
		if math.Abs(c.Survival[i]-want) > 1e-12 {
			t.Errorf("survival: got %v, want .5 .25 0", c.Survival)
			break
		}
	}
	if c.Events != 3 {
		t.Errorf("events: got %d, want 3: one was never watched", c.Events)
	}
	t0, e := []float64{4, 2, 7, 7, 1}, []bool{true, false, true, false, true}
	if a, b := KaplanMeier(t0, e, .95), KaplanMeierFrom(make([]float64, 5), t0, e, .95); !slices.Equal(a.Survival, b.Survival) {
		t.Errorf("entry at 0 changes the curve: %v and %v", a.Survival, b.Survival)
	}
	// Items are seen only if they are still open at a random age: without entry
	// times ending looks slower than it is.
	rng := Seed("late entry")
	var from, until []float64
	var done []bool
	for len(until) < 4000 {
		entry, age := 2*rng.Float64(), rng.ExpFloat64()
		if age > entry {
			from, until, done = append(from, entry), append(until, age), append(done, true)
		}
	}
	naive, _ := KaplanMeier(until, done, .95).Quantile(.5)
	right, _ := KaplanMeierFrom(from, until, done, .95).Quantile(.5)
	if math.Abs(right-math.Ln2) > .1 || naive < 2*math.Ln2 {
		t.Errorf("median: got %v, naive %v; want %v and far more", right, naive, math.Ln2)
	}
}

func TestSurvivalOfNothing(t *testing.T) {
	for _, c := range []Curve{KaplanMeier(nil, nil, .95), KaplanMeier([]float64{math.NaN()}, []bool{true}, .95), KaplanMeier([]float64{3, 4}, []bool{false, false}, .95)} {
		v, ci := c.Quantile(.5)
		if !math.IsNaN(v) || !math.IsNaN(ci.Low) || !math.IsNaN(ci.High) {
			t.Errorf("median of %v: %v %+v", c, v, ci)
		}
	}
	nan := []float64{math.NaN(), 1}
	one := []bool{true, true}
	if chi, p, observed, _ := LogRank(nan, one, nan, one); observed != [2]float64{1, 1} || chi != 0 && !math.IsNaN(chi) || p < .9 {
		t.Errorf("log-rank with NaN: %v %v %v", chi, p, observed)
	}
	if times, _ := CumulativeIncidence(nan, []int{1, 1}, 1); !slices.Equal(times, []float64{1}) {
		t.Errorf("incidence with NaN: at %v", times)
	}
	// All ways to end add up to what Kaplan–Meier says has ended.
	rng := Seed("incidence")
	var at []float64
	var state []int
	var ended []bool
	for range 300 {
		at, state = append(at, math.Floor(20*rng.ExpFloat64())), append(state, rng.IntN(4))
		ended = append(ended, state[len(state)-1] > 0)
	}
	c := KaplanMeier(at, ended, .95)
	times, share := CumulativeIncidence(at, state, 3)
	for i := range times {
		if math.Abs(share[i][0]+share[i][1]+share[i][2]-(1-c.Survival[i])) > 1e-9 {
			t.Fatalf("at %v: %v do not add up to %v", times[i], share[i], 1-c.Survival[i])
		}
	}
}
