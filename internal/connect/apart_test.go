package connect

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"hansei"
	"hansei/internal/intake"
	"hansei/internal/record"
)

// thing is an incident of one tool among several that belong together.
type thing struct {
	tool  int
	names []int // those that it names
}

// togetherness is one way in which things that name each other arrive, are
// taken apart by people, and are told again.
type togetherness struct {
	things []thing
	arrive []int    // who is told of first, second …
	parted [][2]int // by people, once all are there
	resync []int    // who is told of again, now naming its others
}

func (c togetherness) String() string {
	return fmt.Sprintf("%v arriving %v, parted %v, told again %v", c.things, c.arrive, c.parted, c.resync)
}

// allOrders are the permutations of 0 to n-1.
func allOrders(n int) [][]int {
	if n == 0 {
		return [][]int{nil}
	}
	var out [][]int
	for _, p := range allOrders(n - 1) {
		for i := range n {
			out = append(out, slices.Insert(slices.Clone(p), i, n-1))
		}
	}
	return out
}

// ways are every order of three things, with every hub that names the others
// and every pair taken apart, and many of four.
func ways() []togetherness {
	var out []togetherness
	for _, arrive := range allOrders(3) {
		for _, resync := range allOrders(3) {
			for hub := range 3 {
				for pair := range 3 {
					c := togetherness{things: make([]thing, 3), arrive: arrive, resync: resync,
						parted: [][2]int{{pair, (pair + 1) % 3}}}
					for k := range c.things {
						c.things[k].tool = k
					}
					c.things[hub].names = []int{(hub + 1) % 3, (hub + 2) % 3}
					out = append(out, c)
				}
			}
		}
	}
	orders := allOrders(4)
	for seed := range uint64(76) {
		rng := rand.New(rand.NewPCG(seed, 4))
		c := togetherness{things: make([]thing, 4), arrive: orders[rng.IntN(24)], resync: orders[rng.IntN(24)]}
		for k := range c.things {
			c.things[k].tool = k
			for other := range 4 {
				if other != k && rng.IntN(2) == 0 {
					c.things[k].names = append(c.things[k].names, other)
				}
			}
		}
		for range 1 + rng.IntN(2) {
			p := rng.Perm(4)
			c.parted = append(c.parted, [2]int{p[0], p[1]})
		}
		out = append(out, c)
	}
	return out
}

// TestApartForEver: whatever arrives and is told again in whichever order,
// what a person took apart is not one record, be it by a third or a fourth
// that names both.
func TestApartForEver(t *testing.T) {
	t.Run("one by one", func(t *testing.T) { apartForEver(t, false) })
	t.Run("in a batch", func(t *testing.T) { apartForEver(t, true) })
}

func apartForEver(t *testing.T, batch bool) {
	r, ctx := newRig(t), context.Background()
	var tools []Added
	for _, name := range []string{"aa", "bb", "cc", "dd"} {
		tools = append(tools, r.add(t, name))
	}
	joins := intake.Joins{Records: r.Records}
	all := ways()
	all = slices.DeleteFunc(all, func(c togetherness) bool {
		return (c.resync[0]+len(c.parted)+c.arrive[0]+c.parted[0][0])%2 == 0 == batch
	})
	id := func(c, k int) string { return fmt.Sprintf("%d-%d", c, k) }
	tell := func(c, k, minute int, naming bool) {
		e := event{ID: id(c, k), At: at(minute), Status: "open", Title: "Down"}
		if naming {
			for _, other := range all[c].things[k].names {
				e.Title += " https://toy.example/i/" + id(c, other)
			}
		}
		r.sent(t, tools[all[c].things[k].tool], e)
	}
	stands := func(c, k int) *hansei.Incident {
		in := r.incident(t, hansei.ID(tools[all[c].things[k].tool].Source.ID)+":"+hansei.ID(id(c, k)))
		for in.MergedInto != "" {
			in = r.incident(t, in.MergedInto)
		}
		return in
	}
	apart := func(c int, when string) {
		for _, p := range all[c].parted {
			if x, y := stands(c, p[0]), stands(c, p[1]); x.ID == y.ID {
				t.Errorf("%s, %d and %d are one (%s): %v", when, p[0], p[1], x.ID, all[c])
			}
		}
	}
	ref := func(c, k int) hansei.ID {
		return hansei.ID(tools[all[c].things[k].tool].Source.ID) + ":" + hansei.ID(id(c, k))
	}
	for round := range 4 { // some name others at once, the rest once told again
		for c, w := range all {
			if round < len(w.arrive) {
				tell(c, w.arrive[round], round, c%3 == 0 && round > 0)
			}
		}
		r.drain(t)
	}
	for c, w := range all {
		for _, p := range w.parted {
			if _, err := joins.Reject(ctx, who, hansei.KindIncident, ref(c, p[0]), ref(c, p[1])); err != nil {
				t.Fatalf("%v: %v", w, err)
			}
		}
		apart(c, "taken apart")
	}
	for round := range 4 {
		for c, w := range all {
			if round < len(w.resync) {
				tell(c, w.resync[round], 10+round, true)
			}
		}
		if round == 3 || !batch {
			r.drain(t)
		}
	}
	together := 0
	for c, w := range all {
		apart(c, "told again")
		for k := range w.things {
			together += len(stands(c, k).From) - 1
		}
	}
	if together < len(all) {
		t.Errorf("only %d things are with others: what no person took apart must be joined", together)
	}
}

// TestTakenApartThroughAThird: the pair that a third record would bring
// together stays apart, the lists say why, and a person can still change their
// mind.
func TestTakenApartThroughAThird(t *testing.T) {
	r, ctx := newRig(t), context.Background()
	a, b, c := r.add(t, "aa"), r.add(t, "bb"), r.add(t, "cc")
	joins := intake.Joins{Records: r.Records}
	verdict := func(x, y hansei.ID) *hansei.Join {
		t.Helper()
		j, _, err := record.Get[*hansei.Join](ctx, r.Records, who.Scope(), hansei.JoinID(hansei.KindIncident, x, y))
		if err != nil {
			t.Fatal(err)
		}
		return j
	}
	const of = "https://toy.example/i/"
	r.sent(t, a, event{ID: "a1", At: at(0), Status: "open", Title: "Down"})
	r.sent(t, b, event{ID: "b1", At: at(1), Status: "open", Title: "Down"})
	r.sent(t, c, event{ID: "c1", At: at(2), Status: "open", Title: "Down", See: of + "b1"})
	r.drain(t)
	if _, err := joins.Reject(ctx, who, hansei.KindIncident, "bb:b1", "cc:c1"); err != nil {
		t.Fatal(err)
	}
	r.sent(t, a, event{ID: "a1", At: at(3), Status: "open", Title: "Down, see " + of + "b1 and " + of + "c1"})
	r.drain(t)
	if one, other := r.incident(t, "aa:a1"), r.incident(t, "cc:c1"); len(one.From) != 2 || r.incident(t, "bb:b1").MergedInto != "aa:a1" || other.MergedInto != "" {
		t.Fatalf("got %+v, %+v", one.From, other.Header)
	}
	j := verdict("aa:a1", "cc:c1")
	if j.Verdict != hansei.JoinSuggested || !strings.Contains(strings.Join(j.Reasons, "; "), "a person said that bb:b1 and cc:c1 are two") {
		t.Errorf("got %s because of %q", j.Verdict, j.Reasons)
	}
	var bad *hansei.InvalidError
	if _, err := joins.Confirm(ctx, who, hansei.KindIncident, "aa:a1", "cc:c1"); !errors.As(err, &bad) || !strings.Contains(err.Error(), "cc:c1") {
		t.Errorf("confirmed around what was taken apart: %v", err)
	}
	if verdict("aa:a1", "cc:c1").By != "" {
		t.Error("what was refused was noted")
	}
	if _, err := joins.Confirm(ctx, who, hansei.KindIncident, "bb:b1", "cc:c1"); err != nil {
		t.Fatal(err)
	}
	if one := r.incident(t, "aa:a1"); len(one.From) != 3 {
		t.Fatalf("the pair itself was confirmed: got %+v", one.From)
	}
	// Taken apart again, the second named leaves.
	if _, err := joins.Reject(ctx, who, hansei.KindIncident, "cc:c1", "bb:b1"); err != nil {
		t.Fatal(err)
	}
	if x, y := r.incident(t, "bb:b1"), r.incident(t, "cc:c1"); x.MergedInto != "" || y.MergedInto != "aa:a1" || verdict("aa:a1", "bb:b1").Verdict != hansei.JoinSuggested {
		t.Errorf("got %s into %q, %s into %q", x.ID, x.MergedInto, y.ID, y.MergedInto)
	}
}

// TestSplitChain: of what was joined one into the other into a third, the two
// that a person takes apart do not leave together.
func TestSplitChain(t *testing.T) {
	for _, way := range [][2]hansei.ID{{"bb:b1", "cc:c1"}, {"cc:c1", "bb:b1"}} {
		r, ctx := newRig(t), context.Background()
		a, b, c := r.add(t, "aa"), r.add(t, "bb"), r.add(t, "cc")
		const of = "https://toy.example/i/"
		for _, step := range []struct {
			to Added
			e  event
		}{
			{b, event{ID: "b1", Title: "Down"}}, {c, event{ID: "c1", Title: "Down " + of + "b1"}},
			{a, event{ID: "a1", Title: "Down"}}, {a, event{ID: "a1", Title: "Down " + of + "b1 " + of + "c1"}},
		} {
			step.e.At, step.e.Status = at(1), "open"
			r.sent(t, step.to, step.e)
			r.drain(t)
		}
		if one := r.incident(t, "aa:a1"); len(one.From) != 3 {
			t.Fatalf("got %+v", one.From)
		}
		if _, err := (intake.Joins{Records: r.Records}).Reject(ctx, who, hansei.KindIncident, way[0], way[1]); err != nil {
			t.Fatal(err)
		}
		x, y := r.incident(t, "bb:b1"), r.incident(t, "cc:c1")
		if x.MergedInto == "cc:c1" || y.MergedInto == "bb:b1" || (x.MergedInto == "aa:a1") == (y.MergedInto == "aa:a1") {
			t.Errorf("%v: got %s into %q, %s into %q", way, x.ID, x.MergedInto, y.ID, y.MergedInto)
		}
	}
}
