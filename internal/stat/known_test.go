package stat

import (
	"encoding/json"
	"math"
	"os"
	"strconv"
	"testing"
)

// The known answers are published figures (see each one's source), recomputed
// independently with R, scipy or by enumeration.
type answer struct {
	ID     string          `json:"id"`
	Input  json.RawMessage `json:"input"`
	Expect json.RawMessage `json:"expect"`
	Tol    json.RawMessage `json:"tol"`
}

func answers(t *testing.T) map[string]answer {
	t.Helper()
	text, err := os.ReadFile("testdata/known-answers.json")
	if err != nil {
		t.Fatal(err)
	}
	var list []answer
	if err := json.Unmarshal(text, &list); err != nil {
		t.Fatal(err)
	}
	out := map[string]answer{}
	for _, a := range list {
		out[a.ID] = a
	}
	return out
}

func read[T any](t *testing.T, raw json.RawMessage) T {
	t.Helper()
	var v T
	if err := json.Unmarshal(raw, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// near holds got to the vector's own tolerance.
func (a answer) near(t *testing.T, what string, got, want float64) {
	t.Helper()
	tol, err := strconv.ParseFloat(string(a.Tol), 64)
	if err != nil {
		tol = 1e-6
	}
	tol = math.Max(tol, 1e-10) * math.Max(1, math.Abs(want))
	if !(math.Abs(got-want) <= tol) {
		t.Errorf("%s %s: got %.12g, want %.12g ± %g", a.ID, what, got, want, tol)
	}
}

type bag = map[string]float64

func TestKnownCounts(t *testing.T) {
	as := answers(t)
	for _, id := range []string{"garwood-0", "garwood-1", "garwood-5", "garwood-10", "garwood-100", "poisson-rdoc"} {
		a := as[id]
		in, want := read[bag](t, a.Input), read[bag](t, a.Expect)
		ci := PoissonCI(int(in["x"]), in["exposure"], in["level"])
		a.near(t, "lo", ci.Low, want["lo"])
		a.near(t, "hi", ci.High, want["hi"])
	}
	for _, id := range []string{"rateratio-rdoc", "rateratio-window"} {
		a := as[id]
		in := read[struct {
			X     []int
			T     []float64
			Level float64
		}](t, a.Input)
		want := read[bag](t, a.Expect)
		rr, ci, p := RateRatio(in.X[0], in.T[0], in.X[1], in.T[1], in.Level)
		a.near(t, "rr", rr, want["rr"])
		a.near(t, "lo", ci.Low, want["lo"])
		a.near(t, "hi", ci.High, want["hi"])
		a.near(t, "p2", p, want["p2"])
	}
	a := as["nist-repair"]
	tr := TrendTests([]float64{5, 40, 43, 175, 389, 712, 747, 795, 1299, 1478}, 1500)
	want := read[bag](t, a.Expect)
	for what, got := range map[string]float64{"reversals": float64(tr.Reversals), "max": float64(tr.MaxPairs), "milhdbk_chi2": tr.MilHdbk, "p_improve": tr.MilHdbkP,
		"laplace": tr.Laplace, "laplace_p": tr.LaplaceP, "crow_beta_mle": tr.Beta, "crow_beta_unbiased": tr.BetaUnbiased, "mtbf": tr.MTBF, "z": tr.ReversalsZ, "p_exact": tr.ReversalsP} {
		a.near(t, what, got, want[what])
	}
	a = as["horsekicks"]
	var counts []float64
	for k, n := range map[float64]int{0: 109, 1: 65, 2: 22, 3: 3, 4: 1} {
		for range n {
			counts = append(counts, k)
		}
	}
	d, df, p := DispersionTest(counts)
	want = read[bag](t, a.Expect)
	a.near(t, "D", d, want["D"])
	a.near(t, "df", float64(df), want["df"])
	a.near(t, "p", p, want["p"])
	a = as["mann-kendall"]
	s, v, zs, pn, pe := MannKendall([]float64{3, 5, 4, 7, 8, 6, 9})
	want = read[bag](t, a.Expect)
	for what, got := range map[string]float64{"S": float64(s), "var": v, "z": zs, "p2_normal": pn, "p2_exact": pe} {
		a.near(t, what, got, want[what])
	}
	a = as["saidi-25beta"]
	alpha, beta, tmed := TwoPointFiveBeta(read[map[string][]float64](t, a.Input)["daily"])
	want = read[bag](t, a.Expect)
	for what, got := range map[string]float64{"alpha": alpha, "beta": beta, "tmed": tmed} {
		a.near(t, what, got, want[what])
	}
}

func TestMitesAreOverDispersed(t *testing.T) {
	// Bliss & Fisher 1953: European red mites on 150 apple leaves.
	var xs []float64
	for k, n := range []int{70, 38, 17, 10, 9, 3, 2, 1} {
		for range n {
			xs = append(xs, float64(k))
		}
	}
	fit := FitNegativeBinomial(xs)
	a := answer{ID: "nb-mites", Tol: json.RawMessage("2e-5")}
	for what, w := range map[string][2]float64{"mean": {fit.Mean, 1.146667}, "k": {fit.K, 1.02459}, "loglik": {fit.LogLik / 100, -2.22437},
		"poisson": {fit.Poisson / 100, -2.42810}, "lr": {fit.LikelihoodRatio / 100, 0.40746}} {
		a.near(t, what, w[0], w[1])
	}
	a.near(t, "se", fit.SE, .27591)
	if d, _, _ := DispersionTest(xs); math.Abs(d-295.44) > .01 {
		t.Errorf("D: got %v", d)
	}
}

func TestKnownProportions(t *testing.T) {
	as := answers(t)
	for _, id := range []string{"wilson-81-263", "wilson-0-20", "wilson-1-29"} {
		a := as[id]
		in, want := read[bag](t, a.Input), read[bag](t, a.Expect)
		ci := Wilson(int(in["x"]), int(in["n"]), in["level"])
		a.near(t, "lo", ci.Low, want["lo"])
		a.near(t, "hi", ci.High, want["hi"])
	}
	a := as["newcombe-diff"]
	want := read[bag](t, a.Expect)
	d, ci := NewcombeDiff(56, 70, 48, 80, .95)
	a.near(t, "diff", d, want["diff"])
	a.near(t, "lo", ci.Low, want["lo"])
	a.near(t, "hi", ci.High, want["hi"])
	a = as["clopper-682-925"]
	want = read[bag](t, a.Expect)
	ci = ClopperPearson(682, 925, .95)
	a.near(t, "lo", ci.Low, want["lo"])
	a.near(t, "hi", ci.High, want["hi"])
	a.near(t, "p2", BinomTest(682, 925, .75), want["p2_vs_075"])
	a = as["fisher-tea"]
	want = read[bag](t, a.Expect)
	f := FisherExact([2][2]int{{3, 1}, {1, 3}})
	a.near(t, "p2", f.P2, want["p2"])
	a.near(t, "p_greater", f.PGreater, want["p_greater"])
	a.near(t, "p_less", f.PLess, 1-1./70) // all tables but the one with four right
	a = answer{ID: "fisher-convictions", Tol: json.RawMessage("1e-7")}
	f = FisherExact([2][2]int{{2, 15}, {10, 3}})
	a.near(t, "p2", f.P2, .00053672)
	// R prints .0469366 after a coarse search, see TestFisherAsR.
	within(t, "convictions odds ratio", f.OddsRatio, .0469366, 1e-4)
	a = as["laneyless-prop-trend"]
	want = read[bag](t, a.Expect)
	chi, p, hom := PropTrend([]int{83, 90, 129, 70}, []int{86, 93, 136, 82})
	for what, got := range map[string]float64{"chisq": chi, "p": p, "p_homog": hom} {
		a.near(t, what, got, want[what])
	}
}

func TestKnownShifts(t *testing.T) {
	as := answers(t)
	type xy struct{ X, Y []float64 }
	a := as["mwu-hw"]
	in, want := read[xy](t, a.Input), read[bag](t, a.Expect)
	r, hl := MannWhitney(in.X, in.Y), HodgesLehmann(in.X, in.Y, .95)
	for what, got := range map[string]float64{"U": r.U, "p_greater": r.PGreater, "p2": r.P2, "hl": hl.Shift, "lo": hl.Interval.Low, "hi": hl.Interval.High, "a12": r.A12} {
		a.near(t, what, got, want[what])
	}
	a = as["hl-log"]
	in, want = read[xy](t, a.Input), read[bag](t, a.Expect)
	hl = HodgesLehmannRatio(in.X, in.Y, .95)
	gm := GeometricMeanRatio(in.X, in.Y, .95)
	for what, got := range map[string]float64{"ratio": hl.Shift, "lo": hl.Interval.Low, "hi": hl.Interval.High, "p2": MannWhitney(in.X, in.Y).P2, "gm_ratio": gm.Shift, "gm_lo": gm.Interval.Low, "gm_hi": gm.Interval.High} {
		a.near(t, what, got, want[what])
	}
	a = as["signedrank-depression"]
	in, want = read[xy](t, a.Input), read[bag](t, a.Expect)
	sr := SignedRank(in.X, in.Y, .95)
	a.near(t, "V", sr.V, want["V"])
	a.near(t, "p_greater", sr.PGreater, want["p_greater"])
	a = as["perm-mouse"]
	in, want = read[xy](t, a.Input), read[bag](t, a.Expect)
	p2, p1, n, exact := PermutationMeanDiff(in.X, in.Y, "")
	if !exact {
		t.Error("perm-mouse was not exhaustive")
	}
	for what, got := range map[string]float64{"n_perm": float64(n), "p_greater": p1, "p2": p2} {
		a.near(t, what, got, want[what])
	}
	// R's airquality, Ozone of May against August: ties.
	may := []float64{41, 36, 12, 18, 28, 23, 19, 8, 7, 16, 11, 14, 18, 14, 34, 6, 30, 11, 1, 11, 4, 32, 23, 45, 115, 37}
	august := []float64{39, 9, 16, 78, 35, 66, 122, 89, 110, 44, 28, 65, 22, 59, 23, 31, 44, 21, 9, 45, 168, 73, 76, 118, 84, 85}
	r = MannWhitney(may, august)
	a = answer{ID: "mwu-airquality", Tol: json.RawMessage("1e-9")}
	a.near(t, "W", r.U, 127.5)
	a.near(t, "p2", r.P2, .0001208078308)
	// An exact test on the control and treated mice of Efron & Tibshirani.
	mice := as["perm-mouse"]
	in = read[xy](t, mice.Input)
	r, hl = MannWhitney(in.X, in.Y), HodgesLehmann(in.X, in.Y, .95)
	a = answer{ID: "mwu-mouse", Tol: json.RawMessage("1e-7")}
	for what, w := range map[string][2]float64{"U": {r.U, 36}, "p": {r.P2, .6805944}, "hl": {hl.Shift, 28}, "lo": {hl.Interval.Low, -28}, "hi": {hl.Interval.High, 93}} {
		a.near(t, what, w[0], w[1])
	}
}

func TestKnownQuantiles(t *testing.T) {
	a := answers(t)["median-ci"]
	for text, want := range read[map[string][]float64](t, read[map[string]json.RawMessage](t, answerRaw(t, "median-ci"))["expect"]) {
		n, err := strconv.Atoi(text)
		if err != nil {
			t.Fatal(err)
		}
		l, u, c, ok := QuantileRanks(n, .5, .95)
		if !ok || float64(l) != want[0] || float64(u) != want[1] {
			t.Errorf("n=%d: got (%d,%d) %v, want %v", n, l, u, ok, want)
		}
		a.near(t, "coverage", c, want[2])
	}
	for q, least := range map[float64]int{.9: 36, .95: 72, .99: 368} {
		if _, _, _, ok := QuantileRanks(least-1, q, .95); ok {
			t.Errorf("p%g has an interval at n=%d", q*100, least-1)
		}
		if _, _, _, ok := QuantileRanks(least, q, .95); !ok {
			t.Errorf("p%g has no interval at n=%d", q*100, least)
		}
	}
	if got := Quantile([]float64{1, 2, 3, 4, 10}, .9); math.Abs(got-7.6) > 1e-12 {
		t.Errorf("type 7: got %v, want 7.6", got)
	}
}

func answerRaw(t *testing.T, id string) json.RawMessage {
	t.Helper()
	a := answers(t)[id]
	return json.RawMessage(`{"expect":` + string(a.Expect) + `}`)
}

func TestKnownSurvival(t *testing.T) {
	a := answers(t)["km-aml"]
	type group struct {
		T []float64
		E []int
	}
	in := read[map[string]group](t, a.Input)
	ended := func(e []int) (out []bool) {
		for _, x := range e {
			out = append(out, x == 1)
		}
		return out
	}
	m, n := in["maintained"], in["nonmaintained"]
	cm, cn := KaplanMeier(m.T, ended(m.E), .95), KaplanMeier(n.T, ended(n.E), .95)
	s31, ci := cm.At(31)
	a.near(t, "S(31)", s31, .490909091)
	a.near(t, "low", ci.Low, .1673309)
	a.near(t, "high", ci.High, .7534)
	for i, at := range cm.Times {
		if at == 31 {
			a.near(t, "se", cm.SE[i], .1641933)
		}
	}
	m1, _ := cm.Quantile(.5)
	m2, _ := cn.Quantile(.5)
	a.near(t, "median", m1, 31)
	a.near(t, "median", m2, 23)
	chi, p, obs, exp := LogRank(m.T, ended(m.E), n.T, ended(n.E))
	a.near(t, "logrank", chi, 3.396388699)
	a.near(t, "p", p, .06533932204)
	a.near(t, "observed", obs[0], 7)
	a.near(t, "expected", exp[0], 10.68934)
	b := answer{ID: "km-aml", Tol: json.RawMessage("1e-4")}
	rm, _ := cm.RMST(48)
	rn, _ := cn.RMST(48)
	b.near(t, "rmst", rm, 31.843)
	b.near(t, "rmst", rn, 22.708)
	a = answers(t)["aalen-johansen"]
	times, share := CumulativeIncidence([]float64{2, 3, 4, 5, 7, 8, 9, 10}, []int{1, 0, 2, 1, 1, 0, 2, 1}, 2)
	want := map[float64][2]float64{2: {.125, 0}, 4: {.125, .145833}, 5: {.270833, .145833}, 7: {.416667, .145833}, 9: {.416667, .364583}, 10: {.635417, .364583}}
	for i, at := range times {
		a.near(t, "done", share[i][0], want[at][0])
		a.near(t, "wont", share[i][1], want[at][1])
	}
	// Freireich's leukaemia trial: the log-rank test everybody prints.
	t6 := []float64{6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35}
	e6 := ended([]int{1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0})
	tp := []float64{1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23}
	ep := make([]bool, len(tp))
	for i := range ep {
		ep[i] = true
	}
	if chi, _, _, _ := LogRank(t6, e6, tp, ep); math.Abs(chi-16.793) > 1e-3 {
		t.Errorf("km-6mp log-rank: got %v, want 16.793", chi)
	}
}

func TestKnownMeansAndResampling(t *testing.T) {
	as := answers(t)
	a := as["lognormal-olsson"]
	m, ci := Olsson(40, 5.127, 1.01, .95)
	cox, zou := Cox(40, 5.127, 1.01, .95), Zou(40, 5.127, 1.01, .95)
	want := read[struct {
		Mean     float64
		Cox, Zou []float64
		Olsson   []float64 `json:"olsson_t"`
	}](t, a.Expect)
	for what, w := range map[string][2]float64{"mean": {m, want.Mean}, "low": {ci.Low, want.Olsson[0]}, "high": {ci.High, want.Olsson[1]},
		"cox low": {cox.Low, want.Cox[0]}, "cox high": {cox.High, want.Cox[1]}, "zou low": {zou.Low, want.Zou[0]}, "zou high": {zou.High, want.Zou[1]}} {
		a.near(t, what, w[0], w[1])
	}
	a = as["boot-exact"]
	se, pmf := MedianSE(read[map[string][]float64](t, a.Input)["x"])
	a.near(t, "se", se, 37.8346743939)
	a.near(t, "pmf", pmf[3], .3062)
	a = as["bca-spatial"]
	xs := read[struct{ X []float64 }](t, a.Input).X
	plugin := func(v []float64) float64 {
		mean, variance := meanVar(v)
		_ = mean
		return variance * float64(len(v)-1) / float64(len(v))
	}
	v, ci, accel := BCa(xs, plugin, 20_000, .9, Seed("bca-spatial"))
	if math.Abs(v-171.534023669) > 1e-8 || math.Abs(accel-.0612401198) > 1e-8 {
		t.Errorf("bca-spatial: got %v, accel %v", v, accel)
	}
	if math.Abs(ci.Low-115.4) > 3 || math.Abs(ci.High-260.3) > 3 {
		t.Errorf("bca-spatial: got %v to %v, want 115.4 to 260.3 ± 3", ci.Low, ci.High)
	}
}

func TestKnownCharts(t *testing.T) {
	as := answers(t)
	a := as["xmr-nist"]
	mean, mr, l := XmR(read[struct{ X []float64 }](t, a.Input).X)
	want := read[bag](t, a.Expect)
	for what, got := range map[string]float64{"mean": mean, "mrbar": mr, "ucl": l.High[0], "lcl": l.Low[0]} {
		a.near(t, what, got, want[what])
	}
	a = as["cusum-nist"]
	in := read[struct {
		X            []float64
		Target, K, H float64
	}](t, a.Input)
	_, _, first := CUSUM(in.X, in.Target, in.K, in.H)
	if first != 14 {
		t.Errorf("cusum-nist: first signal at %d, want 14", first)
	}
	a = as["uchart-pc"]
	xs := read[struct{ X []float64 }](t, a.Input).X
	ns := make([]float64, len(xs))
	for i := range ns {
		ns[i] = 5
	}
	u, _, l := UChart(xs, ns, false)
	want = read[bag](t, a.Expect)
	for what, got := range map[string]float64{"u": u, "ucl": l.High[0], "lcl": l.Low[0]} {
		a.near(t, what, got, want[what])
	}
	a = as["gchart"]
	mean, ucl, _, q := GChart(read[struct{ G []float64 }](t, a.Input).G)
	want = read[bag](t, a.Expect)
	for what, got := range map[string]float64{"mean": mean, "ucl_3s": ucl, "prob_limit_99865": float64(q)} {
		a.near(t, what, got, want[what])
	}
	// NIST 6.3.2.4: the EWMA limits of its example.
	_, l = EWMA([]float64{52}, 50, 2.0539, .3)
	if math.Abs(l.High[0]-52.5884) > 1e-4 || math.Abs(l.Low[0]-47.4115) > 1e-4 {
		t.Errorf("ewma-nist: got %v to %v", l.Low[0], l.High[0])
	}
	// Montgomery's hours between valve failures.
	tc := TChart([]float64{286, 948, 536, 124, 816, 729, 4, 143, 431, 8, 2837, 596, 81, 227, 603, 492, 1199, 1214, 2831, 96})
	for what, w := range map[string][2]float64{"mean": {tc.Mean, 5.38928}, "ucl": {tc.High, 11.6683}, "time": {tc.HighTime / 1000, 6.938}, "low": {tc.Exponential[0], .959}, "high": {tc.Exponential[1] / 1000, 4.692}} {
		if math.Abs(w[0]-w[1]) > 1e-3 {
			t.Errorf("tchart-valve %s: got %v, want %v", what, w[0], w[1])
		}
	}
}

func TestKnownPower(t *testing.T) {
	a := answers(t)["power-prop"]
	a.near(t, "power", PowerProp(50, .5, .75, .05), .740165901)
	a.near(t, "n", solve(10, 200, func(n float64) float64 { return PowerProp(n, .5, .75, .05) - .9 }), 76.7069301)
	a = answer{ID: "power-t", Tol: json.RawMessage("1e-5")}
	a.near(t, "power", PowerT(20, 1, 1, .05), .868953)
	for ratio, want := range map[float64]int{.9: 2211, .8: 494, .75: 297, .7: 194, .5: 52} {
		if got := LogTNeeded(ratio, 1.25, .8, .95); got < want-1 || got > want+1 {
			t.Errorf("records needed for a ratio of %v: got %d, want %d", ratio, got, want)
		}
		if got := LogTDetectable(want, want, 1.25, .8, .95); math.Abs(got-ratio) > .01 {
			t.Errorf("detectable with %d: got %v, want %v", want, got, ratio)
		}
	}
	// Benninghoff's published powers, 10,000 simulated trials each.
	for _, w := range []struct{ n, cut, power float64 }{{100, .1, .0858}, {1000, .1, .4697}, {2000, .1, .7595}, {100, .25, .3667}, {100, .5, .9739}} {
		if got := PowerT(w.n, -math.Log(1-w.cut), 1.25, .05); math.Abs(got-w.power) > 2e-3 {
			t.Errorf("benninghoff n=%v −%v: got %v, want %v", w.n, w.cut, got, w.power)
		}
	}
	// Halving is found from 72 events in all: 48 before, 24 after.
	if got := RateDetectable(48, 1, 1, .8, .95); math.Abs(got-.5) > .03 {
		t.Errorf("detectable fall from 48: got %v, want about .5", got)
	}
}

func TestDavidovic(t *testing.T) {
	a := answers(t)["davidovic"]
	in := read[struct{ Companies map[string][3]float64 }](t, a.Input)
	want := read[struct {
		N100  []float64 `json:"table2_N100"`
		N1000 []float64 `json:"table2_N1000"`
		Worse []float64 `json:"worse_despite_10pct"`
		False []float64 `json:"false_30min"`
	}](t, a.Expect)
	for i, name := range []string{"A", "B", "C"} {
		c := in.Companies[name]
		n100, n1000 := MTTRNull(c[0], c[1], 100, int(c[2])), MTTRNull(c[0], c[1], 1000, int(c[2]))
		for what, w := range map[string][3]float64{"N=100": {n100.HalfWidth, want.N100[i], 1}, "N=1000": {n1000.HalfWidth, want.N1000[i], 1},
			"worse": {n100.Worse, want.Worse[i], .015}, "false": {n100.False, want.False[i], .015}} {
			if math.Abs(w[0]-w[1]) > w[2] {
				t.Errorf("%s %s: got %v, want %v ± %v", name, what, w[0], w[1], w[2])
			}
		}
	}
}
