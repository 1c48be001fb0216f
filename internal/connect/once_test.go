package connect

import (
	"encoding/json"
	"testing"
	"time"

	"hansei"
)

// TestUntimed: where a tool tells neither an id nor a time, a repeat is one
// delivery, and what was closed is opened again by what it was opened with.
func TestUntimed(t *testing.T) {
	r := newRig(t)
	a := r.add(t, "ours")
	open, closed := body(t, event{ID: "1", Status: "open", Title: "untimed"}), body(t, event{ID: "1", Status: "resolved", Title: "untimed"})
	ids := []string{}
	for _, c := range []struct {
		after time.Duration
		body  []byte
		isNew bool
		is    string
	}{
		{0, open, true, hansei.StatusOpen},
		{time.Second, open, false, hansei.StatusOpen}, // its answer was lost
		{time.Hour, open, false, hansei.StatusOpen},   // nothing came between
		{time.Minute, closed, true, hansei.StatusResolved},
		{0, closed, false, hansei.StatusResolved},
		{time.Minute, open, true, hansei.StatusOpen},
		{10 * time.Second, open, false, hansei.StatusOpen},
		{time.Minute, closed, true, hansei.StatusResolved},
	} {
		r.now = r.now.Add(c.after)
		w := r.post(a, "", c.body)
		var said struct{ Delivery string }
		if err := json.Unmarshal(w.Body.Bytes(), &said); err != nil || w.Code != 200 {
			t.Fatal(w.Code, w.Body, err)
		}
		known := len(ids) > 0 && ids[len(ids)-1] == said.Delivery
		if ids = append(ids, said.Delivery); known == c.isNew {
			t.Errorf("webhook %d after %s: new %v, want %v", len(ids), c.after, !known, c.isNew)
		}
		r.drain(t)
		if in := r.incident(t, "ours:1"); in.Status != c.is {
			t.Errorf("after webhook %d it is %s, want %s", len(ids), in.Status, c.is)
		}
	}
	// One that tells when it was so is known for ever.
	timed, other := body(t, event{ID: "2", At: at(1), Status: "open", Title: "x"}), body(t, event{ID: "2", At: at(2), Status: "resolved", Title: "x"})
	first := r.post(a, "", timed).Body.String()
	r.post(a, "", other)
	if again := r.post(a, "", timed).Body.String(); again != first {
		t.Errorf("a repeat is %s, it was %s", again, first)
	}
}
