package fold

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"hansei"
)

// anyObservation makes an observation of one incident: whole or partial, with
// times that often collide.
func anyObservation(r *rand.Rand) hansei.Observation {
	t0 := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	at := func() time.Time { return t0.Add(time.Duration(r.IntN(12)) * time.Minute) }
	word := func(n int) string { return string(rune('a' + r.IntN(n))) }
	in := &hansei.Incident{}
	if r.IntN(6) == 0 {
		// Never at the time of a word that it is there: of these the later stands.
		return hansei.Observation{Record: in, At: at().Add(time.Second), Partial: true, None: true}
	}
	o := hansei.Observation{Record: in, At: at(), Partial: r.IntN(2) == 0, First: []string{"acknowledged_at"}}
	if r.IntN(2) == 0 {
		in.Title = word(4)
	}
	if r.IntN(3) == 0 {
		in.Status = []string{hansei.StatusOpen, hansei.StatusResolved}[r.IntN(2)]
	}
	for range r.IntN(3) {
		in.Responders = append(in.Responders, hansei.ID(word(5)))
	}
	for _, role := range []hansei.Role{hansei.RoleAcknowledged, hansei.RoleResolved, "identified"} {
		if r.IntN(3) == 0 {
			in.Milestones.Set(role, at())
		}
	}
	if r.IntN(4) == 0 {
		in.Custom = map[string]string{word(2): word(3)}
	}
	if r.IntN(4) == 0 {
		in.Impacts = []hansei.Window{{Since: at(), Until: at()}}
	}
	for range r.IntN(2) {
		in.Updates = append(in.Updates, hansei.Update{ID: word(4), At: t0, Text: word(6), Edited: at()})
	}
	if o.Partial && r.IntN(3) == 0 {
		o.Clear = []string{[]string{"resolved_at", "title", "responders", "deleted"}[r.IntN(4)]}
	}
	if r.IntN(5) == 0 {
		o.Names = []string{word(3)}
	}
	in.Deleted = r.IntN(6) == 0
	return o
}

func folded(t *testing.T, list []hansei.Observation) string {
	t.Helper()
	in, seen := &hansei.Incident{}, hansei.Observed{}
	for _, o := range list {
		if err := Into(in, &seen, o, o.At, nil); err != nil {
			t.Fatal(err)
		}
	}
	text, err := json.Marshal(map[string]any{"record": in, "seen": seen})
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestFoldKnowsNoOrder: whatever the order, and however often each is told,
// the same observations give the same.
func TestFoldKnowsNoOrder(t *testing.T) {
	for seed := range uint64(4000) {
		r := rand.New(rand.NewPCG(seed, 7))
		list := make([]hansei.Observation, 1+r.IntN(7))
		for i := range list {
			list[i] = anyObservation(r)
		}
		want := folded(t, list)
		for range 4 {
			again := append(list[:len(list):len(list)], list[r.IntN(len(list))])
			r.Shuffle(len(again), func(i, j int) { again[i], again[j] = again[j], again[i] })
			if got := folded(t, again); got != want {
				var told string
				for _, o := range list {
					told += fmt.Sprintf("\n%s partial=%v clear=%v %s", o.At.Format("15:04"), o.Partial, o.Clear, rank(folded(t, []hansei.Observation{o})))
				}
				t.Fatalf("seed %d:%s\none order:     %s\nanother order: %s", seed, told, want, got)
			}
		}
	}
}

func TestFoldReopened(t *testing.T) {
	at := func(m int) time.Time { return time.Date(2026, 3, 1, 10, m, 0, 0, time.UTC) }
	event := func(m int, status string, role hansei.Role, clear ...string) hansei.Observation {
		in := &hansei.Incident{Status: status}
		if role != "" {
			in.Milestones.Set(role, at(m))
		}
		return hansei.Observation{Record: in, At: at(m), Partial: true, Clear: clear, First: []string{"acknowledged_at"}}
	}
	list := []hansei.Observation{
		event(40, hansei.StatusResolved, hansei.RoleResolved), event(30, hansei.StatusOpen, "", "resolved_at"),
		event(35, "", hansei.RoleAcknowledged), event(10, hansei.StatusOpen, hansei.RoleAcknowledged), event(20, hansei.StatusResolved, hansei.RoleResolved),
	}
	in, seen := &hansei.Incident{}, hansei.Observed{}
	for _, o := range list {
		if err := Into(in, &seen, o, o.At, nil); err != nil {
			t.Fatal(err)
		}
	}
	ack, _ := in.Milestones.At(hansei.RoleAcknowledged)
	res, _ := in.Milestones.At(hansei.RoleResolved)
	if in.Status != hansei.StatusResolved || !ack.Equal(at(10)) || !res.Equal(at(40)) {
		t.Errorf("got %s, acknowledged %s, resolved %s; want resolved at :40, first acknowledged at :10", in.Status, ack, res)
	}
}

// TestReplayed: the same told again in a replay changes nothing; what is now
// understood differently replaces what was understood before.
func TestReplayed(t *testing.T) {
	at := time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)
	say := func(title string, services ...hansei.ID) hansei.Observation {
		return hansei.Observation{Record: &hansei.Incident{Title: title, Services: services}, At: at}
	}
	in, seen := &hansei.Incident{}, hansei.Observed{}
	tell := func(o hansei.Observation, again *Again) {
		t.Helper()
		if err := Into(in, &seen, o, o.At, again); err != nil {
			t.Fatal(err)
		}
	}
	tell(say("b", "web"), nil)
	tell(say("a", "db"), nil)
	if in.Title != "b" || len(in.Services) != 2 {
		t.Fatalf("two tellings at one time: got %q %v", in.Title, in.Services)
	}
	var again Again
	tell(say("b", "web"), &again)
	tell(say("a", "db"), &again)
	if in.Title != "b" || len(in.Services) != 2 {
		t.Errorf("replayed: got %q %v; want it unchanged", in.Title, in.Services)
	}
	again = Again{}
	tell(say("A better title", "api"), &again)
	if in.Title != "A better title" || len(in.Services) != 1 || in.Services[0] != "api" {
		t.Errorf("understood better: got %q %v", in.Title, in.Services)
	}
}

// TestReplayedParts: of a list told in parts, what was understood wrongly at a time
// goes when it is understood better, and what is told as before takes nothing away.
func TestReplayedParts(t *testing.T) {
	at := time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)
	say := func(minute int, services ...hansei.ID) hansei.Observation {
		return hansei.Observation{Record: &hansei.Incident{Services: services}, At: at.Add(time.Duration(minute) * time.Minute), Partial: true}
	}
	before := []hansei.Observation{say(0, "a"), say(0, "wrong"), say(1, "later"), say(2, "odd"), say(2, "b", "c")}
	for name, x := range map[string]struct {
		replay []hansei.Observation
		want   string
	}{
		"all, as before":     {before, "[a b c later odd wrong]"},
		"one, as before":     {[]hansei.Observation{say(2, "c")}, "[a b c later odd wrong]"},
		"all, better":        {[]hansei.Observation{say(0, "a"), say(0, "right"), say(1, "later"), say(2, "even"), say(2, "b", "c")}, "[a b c even later right]"},
		"all, the other way": {[]hansei.Observation{say(2, "b", "c"), say(2, "even"), say(1, "later"), say(0, "right"), say(0, "a")}, "[a b c even later right]"},
		"told later, too":    {[]hansei.Observation{say(0, "a", "later"), say(1, "later")}, "[a b c later odd wrong]"},
	} {
		in, seen := &hansei.Incident{}, hansei.Observed{}
		tell := func(list []hansei.Observation, again *Again) {
			for _, o := range list {
				if err := Into(in, &seen, o, o.At, again); err != nil {
					t.Fatal(err)
				}
			}
		}
		tell(before, nil)
		for range 2 {
			tell(x.replay, &Again{})
			if got := fmt.Sprint(in.Services); got != x.want || len(seen.Stamps) != len(in.Services) {
				t.Errorf("%s: got %s with %v, want %s", name, got, seen.Stamps, x.want)
			}
		}
	}
}

// TestReplayedNames: what another mapping gives other values, and names, replaces
// what was told, also of what is in no table of fields; however many there are.
func TestReplayedNames(t *testing.T) {
	at := time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)
	say := func(value, prefix string) hansei.Observation {
		in := &hansei.Incident{Title: "T"}
		in.Custom = map[string]string{}
		for i := range 40 {
			in.Custom[fmt.Sprint(prefix, i)] = value
		}
		in.Milestones.Set(hansei.Role(prefix+"seen"), at)
		return hansei.Observation{Record: in, At: at}
	}
	in, seen := &hansei.Incident{}, hansei.Observed{}
	for _, o := range []hansei.Observation{say("z", "a"), say("b", "a"), say("a", "b")} {
		var again Again
		for range 2 {
			if err := Into(in, &seen, o, o.At, &again); err != nil {
				t.Fatal(err)
			}
		}
		got, err := json.Marshal(in)
		if err != nil {
			t.Fatal(err)
		}
		want, err := json.Marshal(o.Record)
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != string(want) {
			t.Errorf("got %s\nwant %s", got, want)
		}
	}
}

// TestNoneAndThere: of the words that a thing is there and that it is something
// else the later one stands when both are of one time; a deletion stands above both.
func TestNoneAndThere(t *testing.T) {
	at := time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)
	there := hansei.Observation{Record: &hansei.Incident{Title: "T"}, At: at}
	none := hansei.Observation{Record: &hansei.Incident{}, At: at, Partial: true, None: true}
	gone := hansei.Observation{Record: &hansei.Incident{Header: hansei.Header{Deleted: true}}, At: at, Partial: true}
	in, seen := &hansei.Incident{}, hansei.Observed{}
	for i, x := range []struct {
		o    hansei.Observation
		want string
	}{{there, ""}, {none, hansei.OutOther}, {there, ""}, {none, hansei.OutOther}, {gone, hansei.OutDeleted}, {there, hansei.OutDeleted}, {none, hansei.OutDeleted}} {
		if err := Into(in, &seen, x.o, at, nil); err != nil || seen.Out != x.want {
			t.Errorf("%d: out as %q, %v; want %q", i, seen.Out, err, x.want)
		}
	}
}
