package connect

import (
	"context"
	"errors"
	"testing"

	"hansei"
	"hansei/internal/intake"
	"hansei/internal/record"
)

// removed takes a source out with its data and adds it again.
func (r *rig) removedAndAdded(t *testing.T, name string) Added {
	t.Helper()
	ctx := context.Background()
	if _, err := r.Remove(ctx, who, name, true); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Inbox.ForgetSource(ctx, who, name); err != nil {
		t.Fatal(err)
	}
	return r.add(t, name)
}

// TestToldAgain: what was removed with its source is there again once the
// source, added again, tells it again: what it tells now, and nothing of what
// it told before. What a person deleted stays deleted.
func TestToldAgain(t *testing.T) {
	for _, whole := range []bool{true, false} {
		r, ctx := newRig(t), context.Background()
		a := r.add(t, "ours")
		first := event{ID: "1", At: at(0), Status: "open", Title: "Zone of the wrong name", Priority: "P9", Service: "web", Whole: whole}
		byHand := event{ID: "2", At: at(0), Status: "open", Title: "A test", Whole: whole}
		never := event{ID: "3", At: at(0), Status: "open", Title: "Of long ago", Whole: whole}
		for _, e := range []event{first, byHand, never} {
			r.sent(t, a, e)
		}
		r.drain(t)
		if _, err := (intake.People{Records: r.Records}).Delete(ctx, who, hansei.KindIncident, "ours:2", true); err != nil {
			t.Fatal(err)
		}
		a = r.removedAndAdded(t, "ours")
		for _, id := range []hansei.ID{"ours:1", "ours:2", "ours:3"} {
			if !r.incident(t, id).Deleted {
				t.Fatalf("%s is still there", id)
			}
		}
		first.Title, first.Priority = "A better name", "" // its history, with a mended mapping
		r.sent(t, a, first)
		r.sent(t, a, byHand)
		r.sent(t, a, event{ID: "2", At: at(5), Status: "open", Title: "A test, later", Whole: whole})
		r.drain(t)
		if in := r.incident(t, "ours:1"); in.Deleted || in.Title != "A better name" || in.Priority != "" || in.Services[0] != "web" {
			t.Errorf("whole %v, its history: got %+v", whole, in)
		}
		if in := r.incident(t, "ours:2"); !in.Deleted {
			t.Errorf("whole %v: what a person deleted is back", whole)
		}
		if !r.incident(t, "ours:3").Deleted {
			t.Errorf("whole %v: what was not told again is back", whole)
		}
		r.sent(t, a, event{ID: "3", At: at(9), Status: "open", Title: "Of today", Whole: whole})
		r.drain(t)
		if in := r.incident(t, "ours:3"); in.Deleted || in.Title != "Of today" {
			t.Errorf("whole %v, a newer event: got %+v", whole, in)
		}
		if _, err := r.Replay(ctx, who, Replay{Source: "ours"}); err != nil {
			t.Fatal(err)
		}
		r.drain(t)
		if in := r.incident(t, "ours:1"); in.Deleted || in.Title != "A better name" || !r.incident(t, "ours:2").Deleted {
			t.Errorf("whole %v, replayed: got %+v", whole, in)
		}
	}
}

// TestRemovedLate: the job that takes out what a source told, when it comes
// after the source was added again, leaves what it tells now.
func TestRemovedLate(t *testing.T) {
	r, ctx := newRig(t), context.Background()
	a := r.add(t, "ours")
	r.sent(t, a, event{ID: "1", At: at(0), Status: "open", Title: "Before"})
	r.sent(t, a, event{ID: "2", At: at(0), Status: "open", Title: "Before"})
	r.drain(t)
	if _, err := r.Remove(ctx, who, "ours", true); err != nil {
		t.Fatal(err)
	}
	a = r.add(t, "ours")
	r.sent(t, a, event{ID: "1", At: at(0), Status: "open", Title: "After"})
	r.drain(t)
	if n, err := r.Inbox.ForgetSource(ctx, who, "ours"); err != nil || n != 0 {
		t.Errorf("took out %d, %v", n, err)
	}
	if in := r.incident(t, "ours:1"); in.Deleted || in.Title != "After" || !r.incident(t, "ours:2").Deleted {
		t.Errorf("got %+v", in)
	}
}

// TestDeletedByHandStays: neither a filter nor a source brings back what a
// person deleted.
func TestDeletedByHandStays(t *testing.T) {
	r, ctx := newRig(t), context.Background()
	a, people := r.add(t, "ours"), intake.People{Records: r.Records}
	r.sent(t, a, event{ID: "1", At: at(0), Status: "open", Title: "A test", Priority: "P3"})
	r.drain(t)
	if _, err := people.Delete(ctx, who, hansei.KindIncident, "ours:1", true); err != nil {
		t.Fatal(err)
	}
	for _, filter := range [][]hansei.Condition{{{Field: "priority", In: []string{"P1"}}}, {}} {
		if _, err := r.Edit(ctx, who, "ours", Change{Filter: &filter}); err != nil {
			t.Fatal(err)
		}
		if _, err := r.Inbox.Rejudge(ctx, who, "ours"); err != nil {
			t.Fatal(err)
		}
		if !r.incident(t, "ours:1").Deleted {
			t.Fatalf("with the filter %v it is back", filter)
		}
	}
	if _, err := people.Delete(ctx, who, hansei.KindIncident, "ours:1", false); err != nil {
		t.Fatal(err)
	}
	if r.incident(t, "ours:1").Deleted {
		t.Error("a person cannot put it back")
	}
}

// TestDeletedThenTakenApart: what a person deleted, by whichever of its ids, does
// not come back when it is taken apart, nor when a source that was out returns.
func TestDeletedThenTakenApart(t *testing.T) {
	for _, by := range []hansei.ID{"ours:1", "theirs:1"} {
		r, ctx := newRig(t), context.Background()
		a, b := r.add(t, "ours"), r.add(t, "theirs")
		people, joins := intake.People{Records: r.Records}, intake.Joins{Records: r.Records}
		r.sent(t, a, event{ID: "1", At: at(0), Status: "open", Title: "A", Priority: "P1"})
		r.sent(t, b, event{ID: "1", At: at(0), Status: "open", Title: "B", Priority: "P3"})
		r.drain(t)
		are := func(when string, deleted bool, ids ...hansei.ID) {
			t.Helper()
			for _, id := range ids {
				if in := r.incident(t, id); in.Deleted != deleted || in.MergedInto != "" {
					t.Errorf("by %s, %s: %s is deleted %t, and joined into %q", by, when, id, in.Deleted, in.MergedInto)
				}
			}
		}
		step := func(_ record.Seq, err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		filter := func(conditions ...hansei.Condition) {
			t.Helper()
			if _, err := r.Edit(ctx, who, "theirs", Change{Filter: &conditions}); err != nil {
				t.Fatal(err)
			}
			if _, err := r.Inbox.Rejudge(ctx, who, "theirs"); err != nil {
				t.Fatal(err)
			}
		}
		step(joins.Confirm(ctx, who, hansei.KindIncident, "ours:1", "theirs:1"))
		step(people.Delete(ctx, who, hansei.KindIncident, by, true))
		are("deleted", true, "ours:1")
		filter(hansei.Condition{Field: "priority", In: []string{"P1"}})
		step(joins.Reject(ctx, who, hansei.KindIncident, "ours:1", "theirs:1"))
		are("taken apart", true, "ours:1", "theirs:1")
		filter()
		are("both count", true, "ours:1", "theirs:1")
		step(people.Delete(ctx, who, hansei.KindIncident, "theirs:1", false))
		step(people.Delete(ctx, who, hansei.KindIncident, "ours:1", false))
		are("put back", false, "ours:1", "theirs:1")
		// Of one that is there, a source that is out takes along that it is.
		filter(hansei.Condition{Field: "priority", In: []string{"P1"}})
		step(joins.Confirm(ctx, who, hansei.KindIncident, "ours:1", "theirs:1"))
		step(people.Delete(ctx, who, hansei.KindIncident, by, false))
		step(joins.Reject(ctx, who, hansei.KindIncident, "ours:1", "theirs:1"))
		are("one is out", false, "ours:1")
		are("one is out", true, "theirs:1")
	}
}

// TestDeletedServiceNamed: a source that names a service that is deleted is
// understood; it names that one.
func TestDeletedServiceNamed(t *testing.T) {
	r, ctx := newRig(t), context.Background()
	a := r.add(t, "ours")
	r.sent(t, a, event{ID: "1", At: at(0), Status: "open", Title: "A", Service: "Web Shop"})
	r.drain(t)
	if _, err := (intake.People{Records: r.Records}).Delete(ctx, who, hansei.KindService, "web-shop", true); err != nil {
		t.Fatal(err)
	}
	r.sent(t, a, event{ID: "2", At: at(1), Status: "open", Title: "B", Service: "Web Shop"})
	r.drain(t)
	s, _, err := record.Get[*hansei.Service](ctx, r.Records, who.Scope(), "web-shop")
	if in := r.incident(t, "ours:2"); err != nil || !s.Deleted || len(in.Services) != 1 || in.Services[0] != "web-shop" {
		t.Errorf("got %+v, service %+v, %v", in, s, err)
	}
}

// TestDataGoesLater: what a source told that was removed without it can go later,
// once; a source added under the name again has had nothing yet.
func TestDataGoesLater(t *testing.T) {
	r, ctx := newRig(t), context.Background()
	a := r.add(t, "ours")
	r.sent(t, a, event{ID: "1", At: at(0), Status: "open", Title: "T"})
	r.sent(t, a, event{ID: "2", At: at(0), Status: "broken"})
	r.drain(t)
	if err := r.Flush(ctx); err != nil {
		t.Fatal(err)
	}
	if v := r.view(t, "ours"); v.Received != 2 {
		t.Fatalf("received %d", v.Received)
	}
	if _, err := r.Remove(ctx, who, "ours", false); err != nil {
		t.Fatal(err)
	}
	if n, err := r.SetAside(ctx, who, "ours", ""); err != nil || n != 1 {
		t.Errorf("what failed of it: %d, %v", n, err)
	}
	for i, gone := range []bool{true, false} {
		_, err := r.Remove(ctx, who, "ours", true)
		if (err == nil) != gone || !gone && !errors.Is(err, hansei.ErrNotFound) {
			t.Errorf("with its data, try %d: %v", i+1, err)
		}
	}
	if _, err := r.Inbox.ForgetSource(ctx, who, "ours"); err != nil {
		t.Fatal(err)
	}
	list, err := r.Records.Deliveries(ctx, who.Scope(), record.DeliveryFilter{Live: true})
	if err != nil || len(list) > 0 || !r.incident(t, "ours:1").Deleted {
		t.Errorf("left: %+v, %v", list, err)
	}
	r.add(t, "ours")
	if v := r.view(t, "ours"); v.Received != 0 || v.State != "waiting" {
		t.Errorf("added again: %s, received %d", v.State, v.Received)
	}
}
