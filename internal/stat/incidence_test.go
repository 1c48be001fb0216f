package stat

import (
	"fmt"
	"math"
	"testing"
)

// TestIncidenceOfOneWay: where there is one way to end, the share ended is one
// less Kaplan–Meier's, with Greenwood's error, also of things watched late.
func TestIncidenceOfOneWay(t *testing.T) {
	for _, late := range []bool{false, true} {
		rng := Seed("one way", fmt.Sprint(late))
		for range 50 {
			var entry, at []float64
			var ended []bool
			var state []int
			for i := range 30 {
				v := rng.ExpFloat64()
				at, ended, state = append(at, v), append(ended, i%4 != 0), append(state, min(1, i%4))
				entry = append(entry, v*.3*float64(i%2))
			}
			if !late {
				entry = nil
			}
			km, in := KaplanMeierFrom(entry, at, ended, .95), CumulativeIncidenceFrom(entry, at, state, 1, .95)
			for i, when := range km.Times {
				if when >= in.Alone {
					break // all that were watched had ended, and others came later
				}
				share, se, ci := in.At(1, when)
				if _, want := km.At(when); !math.IsNaN(want.Low) && (math.Abs(1-ci.High-want.Low) > 1e-9 || math.Abs(1-ci.Low-want.High) > 1e-9) {
					t.Fatalf("late=%v: interval %v at %v, want one less %v", late, ci, when, want)
				}
				if math.Abs(share-(1-km.Survival[i])) > 1e-9 {
					t.Fatalf("late=%v: share %v at %v, want %v", late, share, when, 1-km.Survival[i])
				}
				if km.Survival[i] > 1e-9 && math.Abs(se-km.SE[i]) > 1e-9 {
					t.Fatalf("late=%v: error %v at %v, want %v", late, se, when, km.SE[i])
				}
			}
		}
	}
}

// TestIncidenceEdges: what cannot be told is not told.
func TestIncidenceEdges(t *testing.T) {
	nan := math.IsNaN
	if v, _, ci := CumulativeIncidenceFrom(nil, nil, nil, 2, .95).At(1, 5); !nan(v) || !nan(ci.Low) {
		t.Errorf("of nothing: %v %v", v, ci)
	}
	open := CumulativeIncidenceFrom(nil, []float64{3, 4}, []int{0, 0}, 2, .95)
	if v, _, _ := open.At(1, 4); v != 0 {
		t.Errorf("none has ended: %v", v)
	}
	if v, _, _ := open.At(1, 5); !nan(v) {
		t.Errorf("none was watched so long: %v", v)
	}
	all := CumulativeIncidenceFrom(nil, []float64{3, 4}, []int{1, 2}, 2, .95)
	if v, _, _ := all.At(1, 50); v != .5 {
		t.Errorf("all have ended: %v, want 0.5", v)
	}
	// The only one watched at 1 ended; the next is watched from 2 on.
	alone := CumulativeIncidenceFrom([]float64{0, 2}, []float64{1, 5}, []int{1, 2}, 2, .95)
	if v, _, _ := alone.At(1, 4); !nan(v) || alone.Alone != 1 {
		t.Errorf("after the only one watched had ended: %v, alone at %v", v, alone.Alone)
	}
	// Not watched while it could have ended: left out.
	if c := CumulativeIncidenceFrom([]float64{3}, []float64{3}, []int{1}, 1, .95); c.Ended != 0 {
		t.Errorf("ended before it was watched, and counted: %+v", c)
	}
}
