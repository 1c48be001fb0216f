package stat

import (
	"math"
	"slices"
	"testing"
)

// TestMedianSE against every draw there is: n^n of them.
func TestMedianSE(t *testing.T) {
	for _, xs := range [][]float64{{4}, {3, 1}, {9, 2, 4}, {5, 1, 1, 7}, {2, 8, 3, 3, 11}, {1, 10, 4, 6, 2, 40}} {
		n := len(xs)
		all := 1
		for range n {
			all *= n
		}
		medians := make([]float64, all)
		for i := range medians {
			draw := make([]float64, n)
			for k, rest := 0, i; k < n; k, rest = k+1, rest/n {
				draw[k] = xs[rest%n]
			}
			slices.Sort(draw)
			medians[i] = Quantile(draw, .5)
		}
		m, v := meanVar(medians)
		want := 0.0
		if all > 1 {
			want = math.Sqrt(v * float64(all-1) / float64(all))
		}
		se, pmf := MedianSE(xs)
		if math.Abs(se-want) > 1e-9*math.Max(1, m) {
			t.Errorf("%v: got %v, want %v", xs, se, want)
		}
		within(t, "chances", sumOf(pmf), 1, 1e-12)
	}
	if se, _ := MedianSE(nil); !math.IsNaN(se) {
		t.Errorf("of none: %v", se)
	}
}

func TestBCaEdges(t *testing.T) {
	mean := func(xs []float64) float64 { return sumOf(xs) / float64(len(xs)) }
	for _, xs := range [][]float64{nil, {1}, {3, 3, 3}} {
		if _, ci, _ := BCa(xs, mean, 200, .95, Seed("edges")); !math.IsNaN(ci.Low) || !math.IsNaN(ci.High) {
			t.Errorf("%v: %+v, want none", xs, ci)
		}
	}
	xs := []float64{1, 2, 3, 4, 5, 6, 7, 8, 9, 30}
	v, a, _ := BCa(xs, mean, 2000, .95, Seed("same"))
	_, b, _ := BCa(xs, mean, 2000, .95, Seed("same"))
	_, c, _ := BCa(xs, mean, 2000, .99, Seed("same"))
	if a != b || !(c.Low <= a.Low && a.Low < v && v < a.High && a.High <= c.High) {
		t.Errorf("value %v, %+v, again %+v, wider %+v", v, a, b, c)
	}
}
