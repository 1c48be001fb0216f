package connect

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/forget"
	"hansei/internal/record"
	"hansei/internal/source"
)

func (r *rig) view(t *testing.T, name string) View {
	t.Helper()
	v, err := r.Glance(t.Context(), who.Scope(), name)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// TestSetAside: a source is well again when what failed was set aside, one by
// one or all of it; only what failed can be.
func TestSetAside(t *testing.T) {
	r, ctx := newRig(t), context.Background()
	a, b := r.add(t, "ours"), r.add(t, "theirs")
	r.sent(t, a, event{ID: "1", At: at(0), Status: "open", Title: "A"})
	for _, id := range []string{"2", "3", "4"} {
		r.sent(t, a, event{ID: id, At: at(1), Status: "broken"})
	}
	r.sent(t, b, event{ID: "1", At: at(0), Status: "broken"})
	r.drain(t)
	if v := r.view(t, "ours"); v.State != "failing" || v.Failed != 3 {
		t.Fatalf("%s, %d failed", v.State, v.Failed)
	}
	list, err := r.Records.Deliveries(ctx, who.Scope(), record.DeliveryFilter{Live: true, Source: "ours"})
	if err != nil {
		t.Fatal(err)
	}
	var bad *hansei.InvalidError
	set := 0
	for _, d := range list {
		n, err := r.SetAside(ctx, who, "", d.ID)
		switch {
		case d.State == record.DeliveryDone && !errors.As(err, &bad):
			t.Errorf("what was understood: %d, %v", n, err)
		case d.State == record.DeliveryFailed && (err != nil || n != 1):
			t.Errorf("one that failed: %d, %v", n, err)
		case d.State == record.DeliveryFailed:
			set++
		}
		if set == 1 {
			break
		}
	}
	if _, err := r.SetAside(ctx, who, "", "nothing"); !errors.Is(err, hansei.ErrNotFound) {
		t.Errorf("an id of nothing: %v", err)
	}
	if _, err := r.SetAside(ctx, who, "nobody", ""); !errors.Is(err, hansei.ErrNotFound) {
		t.Errorf("a source that is not there: %v", err)
	}
	if n, err := r.SetAside(ctx, who, "ours", ""); err != nil || n != 2 {
		t.Errorf("all of one source: %d, %v", n, err)
	}
	if v := r.view(t, "ours"); v.State != "ok" || v.Failed != 0 {
		t.Errorf("ours: %s, %q", v.State, v.Says)
	}
	if v := r.view(t, "theirs"); v.Failed != 1 {
		t.Errorf("theirs: %d failed", v.Failed)
	}
	if n, err := r.Replay(ctx, who, Replay{Source: "ours"}); err != nil || n != 1 {
		t.Errorf("a replay of all takes %d, %v; want what was understood", n, err)
	}
	r.drain(t)
	for _, d := range list {
		if d.State == record.DeliveryFailed {
			if _, err := r.Replay(ctx, who, Replay{Delivery: d.ID}); err != nil {
				t.Error(err)
			}
			break
		}
	}
	r.drain(t)
	if v := r.view(t, "ours"); v.Failed != 1 {
		t.Errorf("one was replayed and fails again: %d failed", v.Failed)
	}
}

// TestFlawedPages: a page of what cannot be understood fails; the next takes its
// place, and one without anything is the end of it.
func TestFlawedPages(t *testing.T) {
	r := newRig(t)
	r.add(t, "ours")
	o, err := r.find(t.Context(), who.Scope(), "ours")
	if err != nil {
		t.Fatal(err)
	}
	good, bad := event{ID: "1", At: at(0), Status: "open", Title: "x"}, event{ID: "2", At: at(0), Status: "broken"}
	tool := o.source.(*toy)
	for i, step := range []struct {
		body   []byte
		flawed bool
		failed int64
	}{
		{body(t, []event{good}), false, 0},
		{body(t, []event{bad}), false, 1}, // stays: nothing takes its place
		{body(t, []event{bad, good}), true, 2},
		{body(t, []event{bad, bad}), true, 2},
		{body(t, []event{bad, good}), true, 2}, // as before
		{body(t, []event{bad, good}), true, 2},
		{nil, true, 1},
		{body(t, []event{bad, good}), true, 2},
		{nil, true, 1},
	} {
		tool.pages, tool.tells = append(tool.pages, step.body), append(tool.tells, source.Page{Flawed: step.flawed})
		if err := r.PullStream(t.Context(), who, "ours", "events", r.hooks.Packer); err != nil {
			t.Fatal(err)
		}
		r.drain(t)
		if v := r.view(t, "ours"); v.Failed != step.failed {
			t.Errorf("page %d: %d failed, want %d", i, v.Failed, step.failed)
		}
	}
}

// TestFilterWithoutAnswer: that a filter has no answer for some incidents is told
// with its source, until there is one that has.
func TestFilterWithoutAnswer(t *testing.T) {
	r, ctx := newRig(t), context.Background()
	a := r.add(t, "ours")
	r.sent(t, a, event{ID: "1", At: at(0), Status: "open", Title: "T", Priority: "P1"})
	r.sent(t, a, event{ID: "2", At: at(0), Status: "open", Title: "T"})
	r.sent(t, a, event{ID: "3", At: at(0), Status: "open", Title: "T"})
	r.drain(t)
	filter := func(list ...hansei.Condition) View {
		t.Helper()
		if _, err := r.Edit(ctx, who, "ours", Change{Filter: &list}); err != nil {
			t.Fatal(err)
		}
		if err := r.Rejudge(ctx, who, "ours"); err != nil {
			t.Fatal(err)
		}
		return r.view(t, "ours")
	}
	v := filter(hansei.Condition{JQ: `.priority | startswith("P1")`})
	for _, says := range []string{"2 incidents", "ours:2", "startswith"} {
		if v.State != "failing" || !strings.Contains(v.Says, says) {
			t.Errorf("%s: %q, want %q", v.State, v.Says, says)
		}
	}
	if v := filter(hansei.Condition{JQ: `.priority // "" | startswith("P1")`}); v.State != "ok" {
		t.Errorf("%s: %q", v.State, v.Says)
	}
	if _, err := r.Remove(ctx, who, "ours", false); err != nil {
		t.Fatal(err)
	}
	if err := r.Rejudge(ctx, who, "ours"); err != nil {
		t.Errorf("of a source that is gone: %v", err)
	}
	if left, err := record.Pulls(ctx, r.Records, who.Scope(), ""); err != nil || len(left) > 0 {
		t.Errorf("left of it: %+v, %v", left, err)
	}
}

// TestForgettingLosesNoIncident: what waits and names a person who is forgotten
// is understood first; what a paused source holds fails and says why.
func TestForgettingLosesNoIncident(t *testing.T) {
	r := newRig(t)
	a, b := r.add(t, "ours"), r.add(t, "theirs")
	if _, err := r.Records.Write(t.Context(), who, func(tx *record.Tx) error {
		return record.Put(tx, &hansei.Person{Header: hansei.Header{ID: "z"}, Name: "Zyxann Zyxsmith"}, 0)
	}); err != nil {
		t.Fatal(err)
	}
	r.pause(t, "theirs", true)
	for _, to := range []Added{a, b} {
		r.sent(t, to, event{ID: "1", At: at(0), Status: "open", Title: "Zyxann Zyxsmith pulled the plug"})
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	clerk := forget.Clerk{Records: r.Records, Random: func() string { return "x" },
		Settle: func(c context.Context, s auth.Scope, before time.Time) error {
			go func() { ended <- r.Inbox.Run(ctx, who) }() // nothing is understood sooner
			return r.Settle(c, s, before)
		}}
	if _, err := clerk.Forget(t.Context(), who, "z", "Zyxann Zyxsmith", nil); err != nil {
		t.Fatal(err)
	}
	stop()
	<-ended
	if in := r.incident(t, "ours:1"); in.Title != forget.Former+" pulled the plug" {
		t.Errorf("got %q", in.Title)
	}
	list, err := r.Records.Deliveries(t.Context(), who.Scope(), record.DeliveryFilter{Live: true})
	if err != nil || len(list) != 2 {
		t.Fatal(list, err)
	}
	for _, d := range list {
		if want := map[string]string{"ours": record.DeliveryDone, "theirs": record.DeliveryFailed}[d.Source]; d.State != want || d.Size != 0 || strings.Contains(d.Error, "forgotten") != (d.Source == "theirs") {
			t.Errorf("%s: %s, %q, %d bytes", d.Source, d.State, d.Error, d.Size)
		}
	}
}
