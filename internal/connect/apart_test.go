package connect

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"hansei"
	"hansei/internal/intake"
	"hansei/internal/record"
	"hansei/internal/source"
)

// odd is the toy with an ear for some titles.
type odd struct{ source.Source }

func (o odd) Normalize(d source.Delivery) ([]hansei.Observation, error) {
	said, err := o.Source.Normalize(d)
	if err != nil {
		return said, err
	}
	in := said[0].Record.(*hansei.Incident)
	service := hansei.Observation{Key: hansei.Key{Kind: hansei.KindService, Source: said[0].Key.Source, External: "S1"}, Record: &hansei.Service{Name: "Web Shop"}, At: said[0].At}
	switch in.Title {
	case "far": // no journal can hold the year 10000
		item := &hansei.WorkItem{Title: "x", Created: at(0), Due: time.Date(9999, 12, 31, 23, 59, 0, 0, time.FixedZone("", -3600)).UTC()}
		said = append(said, hansei.Observation{Key: hansei.Key{Kind: hansei.KindWorkItem, Source: said[0].Key.Source, External: "W1"}, Record: item, At: said[0].At})
	case "wrong":
		in.Type, said[0].Partial = "nonsense", false
		said = append([]hansei.Observation{service}, said...)
	case "bug":
		said[0].Record = (*hansei.Incident)(nil)
	}
	return said, nil
}

func (r *rig) oddly() {
	inner := r.Inbox.Source
	r.Inbox.Source = func(name string) (intake.Reading, error) {
		x, err := inner(name)
		x.Source = odd{x.Source}
		return x, err
	}
}

// TestOneDeliveryCannotStopTheInbox: what cannot be kept fails alone, with the
// reason, whoever else is in its batch.
func TestOneDeliveryCannotStopTheInbox(t *testing.T) {
	r := newRig(t)
	a := r.add(t, "ours")
	r.oddly()
	for i, e := range []event{{Title: "before"}, {Title: "far"}, {Title: "late", At: time.Date(58123, 1, 1, 0, 0, 0, 0, time.UTC)}, {Title: "bug"}, {Title: "after"}} {
		e.ID, e.Status = string(rune('1'+i)), "open"
		if e.At.IsZero() {
			e.At = at(i)
		}
		if e.At.Year() > 9999 { // as no library of ours would write it
			if w := r.post(a, "", []byte(`{"id":"3","status":"open","title":"late","at":"9998-01-01T00:00:00Z"}`)); w.Code != 200 {
				t.Fatal(w.Code, w.Body)
			}
			continue
		}
		r.sent(t, a, e)
	}
	r.drain(t)
	for _, id := range []hansei.ID{"ours:1", "ours:5"} {
		if in := r.incident(t, id); in.Status != hansei.StatusOpen {
			t.Errorf("%s: %+v", id, in)
		}
	}
	failed, err := r.Records.Deliveries(t.Context(), who.Scope(), record.DeliveryFilter{Live: true, State: record.DeliveryFailed, Limit: 10})
	if err != nil || len(failed) != 3 {
		t.Fatalf("%d failed, %v", len(failed), err)
	}
	said := ""
	for _, d := range failed {
		said += d.Error + "\n"
	}
	for _, reason := range []string{"it cannot be kept", "outside 1970 to 2100", "an error on our side"} {
		if !strings.Contains(said, reason) {
			t.Errorf("nothing says %q:\n%s", reason, said)
		}
	}
}

// TestARefusedDeliveryNamesNothing: what a delivery named that was refused is no
// service that the next one could lead to.
func TestARefusedDeliveryNamesNothing(t *testing.T) {
	r := newRig(t)
	a := r.add(t, "ours")
	r.oddly()
	r.sent(t, a, event{ID: "1", At: at(0), Status: "open", Title: "wrong"})
	r.drain(t)
	r.sent(t, a, event{ID: "2", At: at(0), Status: "open", Title: "T", Service: "Web Shop"})
	r.drain(t)
	named := r.incident(t, "ours:2").Services
	if len(named) != 1 {
		t.Fatal(named)
	}
	if _, _, err := record.Get[*hansei.Service](t.Context(), r.Records, who.Scope(), named[0]); err != nil {
		t.Errorf("service %s: %v", named[0], err)
	}
}

// TestOneIncidentCannotStopAFilter: one that is not whole stays left out, one
// that the filter has no answer for stays as it is, the others are judged.
func TestOneIncidentCannotStopAFilter(t *testing.T) {
	r := newRig(t)
	a := r.add(t, "ours")
	filter := func(list ...hansei.Condition) {
		t.Helper()
		if _, err := r.Edit(t.Context(), who, "ours", Change{Filter: &list}); err != nil {
			t.Fatal(err)
		}
	}
	filter(hansei.Condition{Field: "priority", In: []string{"P1"}})
	r.sent(t, a, event{ID: "1", At: at(0), Status: "open", Title: "T", Priority: "P3"})
	r.sent(t, a, event{ID: "2", At: at(1), Status: "resolved", Title: "T", Priority: "P3"}) // its beginning was never told
	r.sent(t, a, event{ID: "3", At: at(2), Status: "open", Title: "T"})
	r.drain(t)
	filter()
	if _, err := r.Inbox.Rejudge(t.Context(), who, "ours"); err != nil {
		t.Error(err)
	}
	for id, out := range map[hansei.ID]bool{"ours:1": false, "ours:2": true, "ours:3": false} {
		if r.incident(t, id).Deleted != out {
			t.Errorf("%s: left out %v, expected %v", id, !out, out)
		}
	}
	filter(hansei.Condition{JQ: `.priority | startswith("P1")`})
	if _, err := r.Inbox.Rejudge(t.Context(), who, "ours"); err == nil || !strings.Contains(err.Error(), "ours:3") {
		t.Errorf("what the filter has no answer for: %v", err)
	}
	for id, out := range map[hansei.ID]bool{"ours:1": true, "ours:3": false} {
		if r.incident(t, id).Deleted != out {
			t.Errorf("%s: left out %v, expected %v", id, !out, out)
		}
	}
}

// TestAnotherFilterTriesAgain: what failed by a filter that has no answer is
// understood once there is another.
func TestAnotherFilterTriesAgain(t *testing.T) {
	r := newRig(t)
	a := r.add(t, "ours")
	for _, c := range []struct {
		filter []hansei.Condition
		there  bool
	}{{[]hansei.Condition{{JQ: `.priority | startswith("P1")`}}, false}, {[]hansei.Condition{}, true}} {
		if _, err := r.Edit(t.Context(), who, "ours", Change{Filter: &c.filter}); err != nil {
			t.Fatal(err)
		}
		if !c.there {
			r.sent(t, a, event{ID: "1", At: at(0), Status: "open", Title: "T"})
		}
		r.drain(t)
		if _, _, err := record.Get[*hansei.Incident](t.Context(), r.Records, who.Scope(), "ours:1"); (err == nil) != c.there {
			t.Errorf("with the filter %v: %v", c.filter, err)
		}
	}
}

// TestOneIncidentCannotKeepASource: what is left of an incident without a source
// may not be whole; all else that the source told goes nevertheless.
func TestOneIncidentCannotKeepASource(t *testing.T) {
	r := newRig(t)
	a, b := r.add(t, "ours"), r.add(t, "theirs")
	r.sent(t, a, event{ID: "1", At: at(0), Status: "open", Title: "A"})
	r.sent(t, a, event{ID: "2", At: at(0), Status: "open", Title: "another"})
	r.sent(t, b, event{ID: "9", At: at(5), Status: "resolved", Title: "B"})
	r.drain(t)
	if _, err := (intake.Joins{Records: r.Records}).Confirm(t.Context(), who, hansei.KindIncident, "ours:1", "theirs:9"); err != nil {
		t.Fatal(err)
	}
	r.sent(t, b, event{ID: "9", At: at(6), Status: "resolved", Title: "B"})
	r.drain(t)
	if _, err := r.Remove(t.Context(), who, "ours", true); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Inbox.ForgetSource(t.Context(), who, "ours"); err != nil || !r.incident(t, "ours:2").Deleted {
		t.Errorf("what a source told stays although it was removed with its data: %v", err)
	}
}

// TestTheLastFilterStands, though the one before is judged by at that moment.
func TestTheLastFilterStands(t *testing.T) {
	r := newRig(t)
	a := r.add(t, "ours")
	r.sent(t, a, event{ID: "1", At: at(0), Status: "open", Title: "T", Priority: "P3"})
	r.drain(t)
	high, none := []hansei.Condition{{Field: "priority", In: []string{"P1"}}}, []hansei.Condition{}
	if _, err := r.Edit(t.Context(), who, "ours", Change{Filter: &high}); err != nil {
		t.Fatal(err)
	}
	inner, first := r.Inbox.Source, true
	r.Inbox.Source = func(name string) (intake.Reading, error) {
		x, err := inner(name)
		if first {
			first = false
			if _, err := r.Edit(t.Context(), who, "ours", Change{Filter: &none}); err != nil {
				t.Fatal(err)
			}
			if _, err := r.Inbox.Rejudge(t.Context(), who, "ours"); err != nil {
				t.Fatal(err)
			}
		}
		return x, err
	}
	if _, err := r.Inbox.Rejudge(t.Context(), who, "ours"); err != nil || r.incident(t, "ours:1").Deleted {
		t.Errorf("left out although there is no filter: %v", err)
	}
}

// TestServicesMergedDuringABatch: the next batch knows of it.
func TestServicesMergedDuringABatch(t *testing.T) {
	r, ctx := newRig(t), context.Background()
	a := r.add(t, "ours")
	for id, service := range map[string]string{"1": "Payments", "2": "Pay"} {
		r.sent(t, a, event{ID: id, At: at(0), Status: "open", Title: "A", Service: service})
	}
	r.drain(t)
	inner, merged := r.Inbox.Told, false
	r.Inbox.Told = func(tx *record.Tx, changed []hansei.Record) error {
		if inner != nil {
			return errors.New("the test replaces what is told")
		}
		if !merged { // it waits for this very transaction, and goes next
			merged = true
			go func() {
				if _, err := (intake.People{Records: r.Records}).Merge(ctx, who, hansei.KindService, "payments", "pay"); err != nil {
					t.Error(err)
				}
			}()
			time.Sleep(100 * time.Millisecond)
		}
		return nil
	}
	r.sent(t, a, event{ID: "3", At: at(0), Status: "open", Title: "A", Service: "Pay"})
	r.drain(t)
	for s := (*hansei.Service)(nil); s == nil || s.MergedInto == ""; {
		var err error
		if s, _, err = record.Get[*hansei.Service](ctx, r.Records, who.Scope(), "payments"); err != nil {
			t.Fatal(err)
		}
	}
	r.sent(t, a, event{ID: "4", At: at(0), Status: "open", Title: "A", Service: "Payments"})
	r.drain(t)
	if got := r.incident(t, "ours:4").Services; len(got) != 1 || got[0] != "pay" {
		t.Errorf("what is called Payments leads to %v, expected pay", got)
	}
}

// TestTakenApartByHand: what a person said of a record that people made holds
// also once it was joined into another, which no source's name for it tells.
func TestTakenApartByHand(t *testing.T) {
	const of = "https://toy.example/i/"
	for _, rejected := range []string{"before", "after", "together"} {
		r, ctx := newRig(t), context.Background()
		a, b := r.add(t, "ours"), r.add(t, "theirs")
		people, joins := intake.People{Records: r.Records}, intake.Joins{Records: r.Records}
		for _, id := range []hansei.ID{"x-hand", "y-hand"} {
			if _, err := people.Create(ctx, who, hansei.KindIncident, id, []intake.Set{{Field: "title", Value: body(t, "By hand")}, {Field: "declared_at", Value: body(t, at(0))}}, ""); err != nil {
				t.Fatal(err)
			}
		}
		r.sent(t, a, event{ID: "1", At: at(0), Status: "open", Title: "Down"})
		r.sent(t, b, event{ID: "9", At: at(5), Status: "open", Title: "Down"})
		if rejected == "after" { // joined by its name, before there was anything against it
			r.sent(t, b, event{ID: "9", At: at(6), Status: "open", Title: "Down " + of + "1"})
		}
		r.drain(t)
		decide := func(x, y hansei.ID, one bool) {
			t.Helper()
			if _, err := joins.Decide(ctx, who, hansei.KindIncident, x, y, one); err != nil {
				t.Fatal(err)
			}
		}
		set := func(id hansei.ID, field, value string) {
			t.Helper()
			if _, err := people.Edit(ctx, who, hansei.KindIncident, id, 0, []intake.Set{{Field: field, Value: body(t, value)}}, ""); err != nil {
				t.Fatal(err)
			}
		}
		switch rejected {
		case "before":
			decide("y-hand", "theirs:9", false)
			decide("x-hand", "y-hand", true)
			decide("ours:1", "x-hand", true)
		case "after":
			decide("x-hand", "y-hand", true)
			decide("ours:1", "x-hand", true)
			decide("y-hand", "theirs:9", false)
		case "together": // one is joined, and the other would be, by what a page of the journal tells
			decide("y-hand", "theirs:9", false)
			set("y-hand", "url", of+"1")
			set("theirs:9", "description", "see "+of+"1")
			if err := r.Inbox.Link(ctx, who); err != nil {
				t.Fatal(err)
			}
		}
		r.sent(t, b, event{ID: "9", At: at(7), Status: "open", Title: "Down, see " + of + "1"})
		r.drain(t)
		one, other := r.stands(t, hansei.KindIncident, "y-hand").Head().ID, r.stands(t, hansei.KindIncident, "theirs:9").Head().ID
		if one != "ours:1" || other != "theirs:9" {
			t.Errorf("%s: y-hand is %s, theirs:9 is %s", rejected, one, other)
		}
		j, _, err := record.Get[*hansei.Join](ctx, r.Records, who.Scope(), hansei.JoinID(hansei.KindIncident, "ours:1", "theirs:9"))
		if err != nil || j.Verdict != hansei.JoinSuggested || !strings.Contains(strings.Join(j.Reasons, "; "), "theirs:9 and y-hand are two") && !strings.Contains(strings.Join(j.Reasons, "; "), "y-hand and theirs:9 are two") {
			t.Errorf("%s: got %+v, %v", rejected, j, err)
		}
		if _, err := joins.Confirm(ctx, who, hansei.KindIncident, "ours:1", "theirs:9"); err == nil {
			t.Errorf("%s: confirmed around what was taken apart", rejected)
		}
		// Taken out of it again, the word is no reason against the others.
		decide("ours:1", "y-hand", false)
		decide("ours:1", "theirs:9", true)
	}
}
