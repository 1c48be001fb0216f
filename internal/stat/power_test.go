package stat

import (
	"math"
	"testing"
)

func TestKnownSizes(t *testing.T) {
	// R: power.t.test(n = 20, delta = 1), and the n for a power of .9.
	within(t, "power-t", PowerT(20, 1, 1, .05), .868953, 1e-6)
	within(t, "n for .9", solve(10, 40, func(n float64) float64 { return PowerT(n, 1, 1, .05) - .9 }), 22.02110, 1e-6)
	// Total events, equal periods: to see a halving, a third off, a quarter off.
	for ratio, want := range map[float64]int{.5: 72, .67: 201, .75: 388, 2: 72} {
		if got := RateNeeded(ratio, 1, 1, .8, .95); got != want {
			t.Errorf("events needed for a ratio of %v: got %d, want %d", ratio, got, want)
		}
	}
}

// TestDetectableIsInverse: the effect said to be detectable has the power it
// was asked for, and no smaller one has.
func TestDetectableIsInverse(t *testing.T) {
	for _, n := range [][2]int{{6, 6}, {6, 400}, {30, 25}, {3000, 2000}} {
		ratio := LogTDetectable(n[0], n[1], 1.25, .8, .95)
		df := float64(n[0] + n[1] - 2)
		ncp := -math.Log(ratio) / 1.25 / math.Sqrt(1/float64(n[0])+1/float64(n[1]))
		within(t, "power at the detectable ratio", 1-noncentralT(tQuantile(.975, df), df, ncp), .8, 1e-5)
	}
	for _, p := range []float64{0, .03, .5, .9, 1} {
		d := PropDetectable(p, 80, 120, .8, .95)
		power := math.Inf(-1)
		for _, q := range []float64{p - d, p + d} {
			if q >= 0 && q <= 1 {
				power = math.Max(power, PowerProp(96, p, q, .05))
			}
		}
		within(t, "power at the detectable difference", power, .8, 1e-5)
	}
	last := 0.0
	for _, x := range []int{10_000_000, 100_000, 1000, 100, 48, 20} {
		fall := RateDetectable(x, 1, 1, .8, .95)
		if !(fall > last && fall <= 1) {
			t.Errorf("of %d events a fall of %v is detectable, of more %v", x, fall, last)
		}
		last = fall
	}
	// What the formula says, a simulation sees.
	const n, ratio = 40, .45
	rng, found := Seed("power"), 0
	for range 2000 {
		var x, y []float64
		for range n {
			x = append(x, math.Exp(1.25*rng.NormFloat64())*ratio)
			y = append(y, math.Exp(1.25*rng.NormFloat64()))
		}
		if GeometricMeanRatio(x, y, .95).Interval.High < 1 {
			found++
		}
	}
	if got, want := float64(found)/2000, PowerT(n, -math.Log(ratio)/1.25, 1, .05); math.Abs(got-want) > .03 {
		t.Errorf("power: simulated %v, computed %v", got, want)
	}
}

func TestNothingIsDetectable(t *testing.T) {
	for _, v := range []float64{
		LogTDetectable(1, 50, 1, .8, .95), LogTDetectable(9, 9, 0, .8, .95), LogTDetectable(9, 9, math.NaN(), .8, .95), LogTDetectable(9, 9, 1, 1, .95),
		PropDetectable(.5, 3, 3, .8, .95), PropDetectable(math.NaN(), 30, 30, .8, .95), PropDetectable(.5, 0, 30, .8, .95),
		RateDetectable(3, 1, 1, .8, .95), RateDetectable(0, 1, 1, .8, .95), RateDetectable(30, 0, 1, .8, .95), RateDetectable(30, 1, math.NaN(), .8, .95),
	} {
		if !math.IsNaN(v) {
			t.Errorf("got %v, want NaN", v)
		}
	}
	if LogTNeeded(1, 1, .8, .95) != 0 || RateNeeded(1, 1, 1, .8, .95) != 0 || RateNeeded(.5, 0, 1, .8, .95) != 0 {
		t.Error("no number of records finds no difference")
	}
}
