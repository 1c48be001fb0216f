package agreement

import (
	"math"
	"slices"
	"testing"
	"time"

	"hansei"
)

// coded are n retrospectives in which the first and the second person chose so.
func coded(n int, one, two []string) []*hansei.Retrospective {
	var out []*hansei.Retrospective
	for range n {
		r := &hansei.Retrospective{Codings: []hansei.Coding{
			{By: "late", At: time.Unix(20, 0), Factors: []string{"other"}},
			{By: "early", At: time.Unix(10, 0), Factors: two},
		}}
		for _, name := range one {
			r.Factors = append(r.Factors, hansei.Factor{Name: name})
		}
		out = append(out, r)
	}
	return out
}

// The table is the worked example of the known answers: 20, 5, 10, 15 → 0.4.
func TestOf(t *testing.T) {
	taxonomy := hansei.Taxonomy{{Name: "load", Into: "capacity"}, {Name: "capacity"}, {Name: "always"}, {Name: "never"}, {Name: "old", Retired: true}}
	yes, no := []string{"load", "always"}, []string{"always"}
	var list []*hansei.Retrospective
	list = append(list, coded(20, yes, yes)...)
	list = append(list, coded(5, yes, no)...)
	list = append(list, coded(10, no, yes)...)
	list = append(list, coded(15, no, no)...)
	gone := coded(1, yes, no)[0]
	gone.Deleted = true
	once := coded(1, yes, no)[0]
	once.Codings = nil
	list = append(list, gone, once, coded(1, nil, yes)[0])

	got := Of(list, taxonomy)
	if len(got) != 3 {
		t.Fatalf("%d factors, want the three that are offered", len(got))
	}
	f := got[0]
	if f.N != 50 || f.Both != 20 || f.OnlyFirst != 5 || f.OnlySecond != 10 || f.Neither != 15 {
		t.Fatalf("counts %+v", f)
	}
	if f.Kappa == nil || math.Abs(*f.Kappa-0.4) > 1e-12 || f.Low == nil || *f.Low >= 0.4 || *f.High <= 0.4 {
		t.Errorf("capacity %+v, want a kappa of 0.4 inside its interval", f)
	}
	for _, f := range got[1:] {
		if f.Kappa != nil || f.Weak {
			t.Errorf("%s is the same everywhere and has no kappa: %+v", f.Name, f)
		}
	}
}

func TestWeak(t *testing.T) {
	taxonomy := hansei.Taxonomy{{Name: "capacity"}, {Name: "always"}}
	apart := append(coded(5, []string{"capacity"}, []string{"always"}), coded(5, []string{"always"}, []string{"capacity"})...)
	if f := Of(apart, taxonomy)[0]; f.Kappa == nil || *f.Kappa != -1 || !f.Weak || f.Low != nil {
		t.Errorf("always apart: %+v, want −1, weak, without an interval", f)
	}
	alike := append(coded(5, []string{"capacity"}, []string{"capacity"}), coded(5, []string{"always"}, []string{"always"})...)
	if f := Of(alike, taxonomy)[0]; f.Kappa == nil || *f.Kappa != 1 || f.Weak || f.Low != nil {
		t.Errorf("always alike: %+v, want 1, without an interval", f)
	}
	if f := Of(nil, taxonomy)[0]; f.N != 0 || f.Kappa != nil || f.Weak {
		t.Errorf("nothing coded twice: %+v", f)
	}
}

// Of 0.4 exactly a reckoning makes 0.39999…; of four nothing is said.
func TestWeakAtTheEdges(t *testing.T) {
	taxonomy := hansei.Taxonomy{{Name: "capacity"}, {Name: "other"}}
	yes, no := []string{"capacity"}, []string{"other"}
	for _, x := range []struct {
		both, first, second, neither int
		few, weak                    bool
	}{
		{20, 5, 10, 15, false, false}, // κ is .4
		{7, 3, 3, 7, false, false},    // κ is .4, too
		{20, 6, 10, 15, false, true},
		{1, 1, 1, 1, true, false}, // κ is 0
		{1, 1, 1, 2, false, true},
	} {
		list := slices.Concat(coded(x.both, yes, yes), coded(x.first, yes, no), coded(x.second, no, yes), coded(x.neither, no, no))
		if f := Of(list, taxonomy)[0]; f.Kappa == nil || f.Few != x.few || f.Weak != x.weak {
			t.Errorf("%+v: got κ %v, few %t, weak %t", x, f.Kappa, f.Few, f.Weak)
		}
	}
}
