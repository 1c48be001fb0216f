package connect

import (
	"context"
	"errors"
	"testing"

	"hansei"
	"hansei/internal/intake"
	"hansei/internal/record"
	"hansei/internal/source"
)

// TestReplayLeavesWhatIsGone: a replay of everything does not touch what came
// from a source that was removed and whose data was kept.
func TestReplayLeavesWhatIsGone(t *testing.T) {
	r, ctx := newRig(t), context.Background()
	a, b := r.add(t, "ours"), r.add(t, "theirs")
	r.sent(t, a, event{ID: "1", At: at(0), Status: "open", Title: "A"})
	r.sent(t, b, event{ID: "1", At: at(0), Status: "open", Title: "B"})
	r.sent(t, a, event{ID: "2", At: at(0), Status: "broken"})
	r.sent(t, b, event{ID: "2", At: at(0), Status: "broken"})
	r.drain(t)
	if _, err := r.Remove(ctx, who, "ours", false); err != nil {
		t.Fatal(err)
	}
	if n, err := r.Replay(ctx, who, Replay{}); err != nil || n != 2 {
		t.Errorf("replayed %d, %v; want the two of the source that is there", n, err)
	}
	r.drain(t)
	states := map[string]int{}
	list, err := r.Records.Deliveries(ctx, who.Scope(), record.DeliveryFilter{Live: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range list {
		states[d.Source+" "+d.State]++
	}
	for _, want := range []string{"ours done", "ours failed", "theirs done", "theirs failed"} {
		if states[want] != 1 {
			t.Errorf("got %v, want one %s", states, want)
		}
	}
	var bad *hansei.InvalidError
	for _, d := range list {
		_, err := r.Replay(ctx, who, Replay{Delivery: d.ID})
		if d.Source == "ours" != errors.As(err, &bad) {
			t.Errorf("one of %s alone: %v", d.Source, err)
		}
	}
	if n, err := r.Replay(ctx, who, Replay{State: record.DeliveryFailed}); err != nil || n != 0 {
		t.Errorf("of what failed: %d, %v; theirs waits already", n, err)
	}
}

// flawed cannot understand what has a title.
type flawed struct {
	source.Source
	title string
}

func (f flawed) Normalize(d source.Delivery) ([]hansei.Observation, error) {
	out, err := f.Source.Normalize(d)
	if err == nil && out[0].Record.(*hansei.Incident).Title == f.title {
		return nil, source.Unknown("title", f.title)
	}
	return out, err
}

// TestReplayOfWhatFailed: it told nothing before, so there is nothing that it
// could correct: of two words of one time the same stands as in any order.
func TestReplayOfWhatFailed(t *testing.T) {
	r, ctx := newRig(t), context.Background()
	a := r.add(t, "ours")
	inner, title := r.Inbox.Source, "a"
	r.Inbox.Source = func(name string) (intake.Reading, error) {
		x, err := inner(name)
		x.Source = flawed{x.Source, title}
		return x, err
	}
	for _, title := range []string{"a", "b"} {
		r.sent(t, a, event{ID: "1", At: at(0), Status: "open", Title: title, Service: title, Whole: true})
		r.drain(t)
	}
	title = ""
	if n, err := r.Replay(ctx, who, Replay{State: record.DeliveryFailed}); err != nil || n != 1 {
		t.Fatalf("replayed %d, %v", n, err)
	}
	r.drain(t)
	if in := r.incident(t, "ours:1"); in.Title != "b" || len(in.Services) != 2 {
		t.Errorf("got %q of %v", in.Title, in.Services)
	}
}
