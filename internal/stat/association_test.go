package stat

import (
	"math"
	"slices"
	"testing"
)

func TestKnownTables(t *testing.T) {
	as := answers(t)
	a := as["fisher-woolf"]
	want := read[bag](t, a.Expect)
	table := [2][2]int{{20, 10}, {80, 90}}
	or, ci := OddsRatio(table, .95)
	a.near(t, "or_sample", or, want["or_sample"])
	a.near(t, "woolf_lo", ci.Low, want["woolf_lo"])
	a.near(t, "woolf_hi", ci.High, want["woolf_hi"])
	a.near(t, "p2", FisherExact(table).P2, want["p2"])

	a = as["bh-1995"]
	ps := read[map[string][]float64](t, a.Input)["p"]
	wantBH := read[struct {
		Adj      []float64
		Rejected int `json:"rejected_q05"`
	}](t, a.Expect)
	rng, order := Seed("bh"), counting(len(ps))
	rng.Shuffle(len(ps), func(i, j int) { order[i], order[j] = order[j], order[i] })
	shuffled := make([]float64, len(ps))
	for i, k := range order {
		shuffled[i] = ps[k]
	}
	rejected := 0
	for i, got := range BenjaminiHochberg(append(shuffled, math.NaN())) {
		if i == len(ps) {
			if !math.IsNaN(got) {
				t.Errorf("adjusted NaN is %v", got)
			}
			continue
		}
		a.near(t, "adjusted", got, wantBH.Adj[order[i]])
		if got <= .05 {
			rejected++
		}
	}
	if rejected != wantBH.Rejected {
		t.Errorf("bh-1995: %d rejected, want %d", rejected, wantBH.Rejected)
	}

	a = as["gini-ineq"]
	g, _ := Gini(read[map[string][]float64](t, a.Input)["x"])
	a.near(t, "gini", g, read[bag](t, a.Expect)["gini"])
	a = as["kappa"]
	k, ki := CohenKappa([][]int{{20, 5}, {10, 15}}, .95)
	within(t, "kappa's standard error", (ki.High-ki.Low)/2/1.959964, math.Sqrt(.2016/12.5), 1e-6) // formula 13 by hand
	if _, ki = CohenKappa([][]int{{4, 0}, {0, 4}}, .95); !math.IsNaN(ki.Low) {
		t.Errorf("full agreement of eight has the interval %v", ki)
	}
	a.near(t, "kappa", k, read[bag](t, a.Expect)["kappa"])
	a = as["mcnemar-approval"]
	p, chi := McNemar(150, 86)
	a.near(t, "p_exact", p, read[bag](t, a.Expect)["p_exact"])
	within(t, "mcnemar p", p, 3.71594e-5, 2e-6) // as printed by R
	within(t, "mcnemar chi2", chi, 16.81780, 1e-6)
	a = as["casecross-cell"]
	pair := read[struct {
		Or    float64 `json:"or_"`
		Exact [2]float64
	}](t, a.Expect)
	ratio, ci, _ := RateRatio(157, 1, 24, 1, .95)
	a.near(t, "or", ratio, pair.Or)
	a.near(t, "low", ci.Low, pair.Exact[0])
	a.near(t, "high", ci.High, pair.Exact[1])

	// Admissions of Berkeley by department: admitted and rejected, men and women.
	a = as["mh-ucb"]
	want = read[bag](t, a.Expect)
	mh := MantelHaenszel([][2][2]int{{{512, 89}, {313, 19}}, {{353, 17}, {207, 8}}, {{120, 202}, {205, 391}},
		{{138, 131}, {279, 244}}, {{53, 94}, {138, 299}}, {{22, 24}, {351, 317}}}, .95)
	for what, got := range map[string]float64{"or_": mh.OddsRatio, "lo": mh.Interval.Low, "hi": mh.Interval.High,
		"chisq": mh.Chi2, "p": mh.P, "chisq_cc": mh.Chi2Corrected, "p_cc": mh.PCorrected} {
		a.near(t, what, got, want[what])
	}
	// Kidney stones (Charig 1986): small ones, then large ones.
	mh = MantelHaenszel([][2][2]int{{{81, 6}, {234, 36}}, {{192, 71}, {55, 25}}}, .95)
	if math.Abs(mh.OddsRatio-1.447) > 5e-4 || math.Abs(mh.Interval.Low-.916) > 5e-4 || math.Abs(mh.Interval.High-2.286) > 5e-4 {
		t.Errorf("kidney stones: got %v", mh)
	}
	h := Chi2Homogeneity([][]int{{83, 3}, {90, 3}, {129, 7}, {70, 12}, {0, 0}})
	if h.DF != 3 || math.Abs(h.P-.00558547666) > 1e-9 {
		t.Errorf("homogeneity of smokers: %+v", h)
	}
}

func counting(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

// TestFisherAsR holds the odds ratios to R's at the stated tolerance: with R's
// own root finder, which stops at 1.2e-4, in place of ours. The equations are
// the same, so only the stopping differs.
func TestFisherAsR(t *testing.T) {
	const coarse = 0.0001220703125 // .Machine$double.eps^.25
	inverse := func(f func(or float64) float64) float64 {
		return 1 / brent(0x1p-52, 1, coarse, func(t float64) float64 { return f(1 / t) })
	}
	for id, table := range map[string][2][2]int{"fisher-tea": {{3, 1}, {1, 3}}, "fisher-woolf": {{20, 10}, {80, 90}}} {
		a := answers(t)[id]
		want := read[bag](t, a.Expect)
		h := newHypergeometric(table)
		mle := inverse(func(or float64) float64 { return h.mean(or) - float64(h.x) })
		a.near(t, "or", mle, want["or_cmle"])
		high := inverse(func(or float64) float64 { less, _ := h.tails(or); return less - .025 })
		lower := func(or float64) float64 { _, greater := h.tails(or); return greater - .025 }
		low := brent(0, 1, coarse, lower)
		keys := [2]string{"cmle_lo", "cmle_hi"}
		if id == "fisher-tea" {
			keys = [2]string{"lo2", "hi2"}
		}
		a.near(t, "low", low, want[keys[0]])
		a.near(t, "high", high, want[keys[1]])
		// And ours is the exact solution of the same equations.
		f := FisherExact(table)
		less, _ := h.tails(f.Interval.High)
		_, greater := h.tails(f.Interval.Low)
		within(t, "upper tail", less, .025, 1e-10)
		within(t, "lower tail", greater, .025, 1e-10)
		within(t, "mean", h.mean(f.OddsRatio), float64(h.x), 1e-10)
	}
}

// brent is Brent's root finder as R's uniroot has it.
func brent(a, b, tol float64, f func(float64) float64) float64 {
	fa, fb := f(a), f(b)
	c, fc := a, fa
	for range 1000 {
		last := b - a
		if math.Abs(fc) < math.Abs(fb) {
			a, b, c = b, c, b
			fa, fb, fc = fb, fc, fb
		}
		enough := 2*0x1p-52*math.Abs(b) + tol/2
		step := (c - b) / 2
		if math.Abs(step) <= enough || fb == 0 {
			return b
		}
		if math.Abs(last) >= enough && math.Abs(fa) > math.Abs(fb) {
			var p, q float64
			if a == c {
				p, q = (c-b)*fb/fa, 1-fb/fa
			} else {
				r, s, u := fa/fc, fb/fc, fb/fa
				p, q = u*((c-b)*r*(r-s)-(b-a)*(s-1)), (r-1)*(s-1)*(u-1)
			}
			if p > 0 {
				q = -q
			} else {
				p = -p
			}
			if p < 0.75*(c-b)*q-math.Abs(enough*q)/2 && p < math.Abs(last*q/2) {
				step = p / q
			}
		}
		if math.Abs(step) < enough {
			step = math.Copysign(enough, step)
		}
		a, fa = b, fb
		b += step
		fb = f(b)
		if fb > 0 && fc > 0 || fb < 0 && fc < 0 {
			c, fc = a, fa
		}
	}
	return b
}

// TestFisherOfMany: huge tables agree with the normal approximation, and the
// window of terms agrees with all of them written out.
func TestFisherOfMany(t *testing.T) {
	rng := Seed("fisher")
	for range 200 {
		table := [2][2]int{{rng.IntN(12), rng.IntN(12)}, {rng.IntN(12), rng.IntN(12)}}
		h := newHypergeometric(table)
		var all []float64
		sum := 0.0
		for k := h.low; k <= h.high; k++ {
			p := math.Exp(lchoose(h.row, float64(k)) + lchoose(h.other, h.col-float64(k)))
			all = append(all, p)
			sum += p
		}
		p2, greater := 0.0, 0.0
		for i, p := range all {
			if p <= all[h.x-h.low]*(1+1e-7) {
				p2 += p / sum
			}
			if h.low+i >= h.x {
				greater += p / sum
			}
		}
		f := FisherExact(table)
		if math.Abs(f.P2-math.Min(1, p2)) > 1e-10 || math.Abs(f.PGreater-greater) > 1e-10 {
			t.Fatalf("%v: got %v and %v, want %v and %v", table, f.P2, f.PGreater, p2, greater)
		}
		if !math.IsNaN(f.OddsRatio) && !(f.Interval.Low <= f.OddsRatio && f.OddsRatio <= f.Interval.High) {
			t.Errorf("%v: odds ratio %v outside %+v", table, f.OddsRatio, f.Interval)
		}
	}
	f := FisherExact([2][2]int{{201_000, 299_000}, {200_000, 300_000}})
	_, woolf := OddsRatio([2][2]int{{201_000, 299_000}, {200_000, 300_000}}, .95)
	if math.Abs(f.Interval.Low-woolf.Low) > 1e-4 || math.Abs(f.Interval.High-woolf.High) > 1e-4 {
		t.Errorf("a million: exact %+v, Woolf %+v", f.Interval, woolf)
	}
	below, above := TwoProportionP(201_000, 500_000, 200_000, 500_000), TwoProportionP(201_001, 500_001, 200_000, 500_000)
	if math.Abs(below-above) > 2e-3 {
		t.Errorf("exact p %v and chi-square p %v differ", below, above)
	}
	if p := TwoProportionP(1000, 100_000, 3000, 100_000); !(p > 0 && p < 1e-200) {
		t.Errorf("a plain difference: p %v", p)
	}
}

func TestShuffledGini(t *testing.T) {
	g, corrected := Gini([]float64{0, 0, 0, 7})
	if math.Abs(g-.75) > 1e-12 || math.Abs(corrected-1) > 1e-12 {
		t.Errorf("one has all: got %v and %v, want .75 and 1", g, corrected)
	}
	if g, _ := Gini([]float64{3, 3, 3}); math.Abs(g) > 1e-12 {
		t.Errorf("all the same: got %v", g)
	}
	xs := []float64{5, 1, 4}
	Gini(xs)
	if !slices.Equal(xs, []float64{5, 1, 4}) {
		t.Error("Gini reordered its values")
	}
}
