package retro

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

func TestMerge(t *testing.T) {
	for _, c := range []struct {
		name, base, ours, theirs, want string
		ok                             bool
	}{
		{"only we wrote", "a\nb\n", "a\nB\n", "a\nb\n", "a\nB\n", true},
		{"only they wrote", "a\nb\n", "a\nb\n", "A\nb\n", "A\nb\n", true},
		{"both, apart", "a\nb\nc\nd\ne\n", "A\nb\nc\nd\ne\n", "a\nb\nc\nd\nE\n", "A\nb\nc\nd\nE\n", true},
		{"both, the same", "a\n", "b\n", "b\n", "b\n", true},
		{"both, one line", "a\nb\nc\n", "a\nX\nc\n", "a\nY\nc\n", "", false},
		{"both wrote into nothing", "", "x", "y", "", false},
		{"one took out, one added far away", "a\nb\nc\nd\n", "b\nc\nd\n", "a\nb\nc\nd\ne\n", "b\nc\nd\ne\n", true},
	} {
		got, ok := Merge(c.base, c.ours, c.theirs)
		if got != c.want || ok != c.ok {
			t.Errorf("%s: got %q, %t; want %q, %t", c.name, got, ok, c.want, c.ok)
		}
	}
}

// TestMergeLosesNothing: whatever two people add to whatever text, every line
// that either added is in the merged text, or it is not merged at all; and it
// matters not who was first.
func TestMergeLosesNothing(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	merged := 0
	for range 3000 {
		var base []string
		for i := range r.IntN(12) {
			base = append(base, fmt.Sprintf("line %d", i))
		}
		edit := func(who string) string {
			out := append([]string(nil), base...)
			for k := range r.IntN(3) {
				at := r.IntN(len(out) + 1)
				out = append(out[:at], append([]string{fmt.Sprintf("%s wrote %d", who, k)}, out[at:]...)...)
			}
			return strings.Join(out, "\n") + "\n"
		}
		text := strings.Join(base, "\n") + "\n"
		ours, theirs := edit("ann"), edit("bob")
		got, ok := Merge(text, ours, theirs)
		other, okToo := Merge(text, theirs, ours)
		if ok != okToo || got != other {
			t.Fatalf("the order matters: %q and %q", got, other)
		}
		if !ok {
			continue
		}
		merged++
		for _, line := range strings.Split(ours+theirs, "\n") {
			if !strings.Contains(got, line) {
				t.Fatalf("%q is lost in %q", line, got)
			}
		}
	}
	if merged < 500 {
		t.Errorf("only %d of 3000 were merged", merged)
	}
}

func TestDifference(t *testing.T) {
	before, after := "The pool was full and nobody saw it.", "The pool was full for an hour and nobody saw it."
	var was, is strings.Builder
	for _, p := range Difference(before, after) {
		if p.Op != "added" {
			was.WriteString(p.Text)
		}
		if p.Op != "removed" {
			is.WriteString(p.Text)
		}
	}
	if was.String() != before || is.String() != after {
		t.Errorf("got %q and %q", was.String(), is.String())
	}
}
