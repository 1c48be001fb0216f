package recordtest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"testing"
	"time"

	"hansei"
	"hansei/internal/record"
	"hansei/internal/record/pack"
)

// Packed are payloads of a source, from one number to before another.
func Packed(t *testing.T, source string, from, to int) (out []pack.Packed) {
	t.Helper()
	p, err := pack.New()
	if err != nil {
		t.Fatal(err)
	}
	for i := from; i < to; i++ {
		out = append(out, p.Pack(source, "event", "application/json", fmt.Sprint(i), fmt.Appendf(nil, `{"event":%d}`, i)))
	}
	return out
}

// Understand takes what waits until nothing does, as an inbox: each batch in a
// transaction, again when somebody was faster. It returns how often each was
// understood.
func Understand(t *testing.T, s *record.Store, limit int, between func()) map[string]int {
	t.Helper()
	ctx, times := context.Background(), map[string]int{}
	for {
		list, err := s.Inbox(ctx, who.Scope(), limit, 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		if len(list) == 0 {
			return times
		}
		between()
		done := make([]record.Finished, len(list))
		for i, w := range list {
			if len(w.Body) == 0 || w.Received.IsZero() || w.State != record.DeliveryReceived {
				t.Errorf("delivery %s came out as %+v with %d bytes", w.ID, w.Delivery, len(w.Body))
			}
			done[i] = record.Finished{ID: w.ID, State: record.DeliveryDone, Summary: "understood"}
		}
		_, err = s.Write(ctx, who, func(tx *record.Tx) error { return tx.FinishDeliveries(done) })
		if errors.Is(err, hansei.ErrConflict) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range done {
			times[f.ID]++
		}
	}
}

// webhooksAreOnce: what a webhook delivers is seen at once, and understood once
// however often it is sent, before, while and after it is understood.
func webhooksAreOnce(t *testing.T, e Engine) {
	s, ctx := open(t, e), context.Background()
	deliver := func(from, to int) map[string]bool {
		t.Helper()
		isNew, err := s.Deliver(ctx, who, Packed(t, "pager", from, to))
		if err != nil {
			t.Fatal(err)
		}
		return isNew
	}
	states := func(want map[string]int) {
		t.Helper()
		got, err := s.DeliveryStates(ctx, who.Scope(), "pager")
		if err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("got %v, %v; want %v", got, err, want)
		}
	}
	if isNew := deliver(0, 10); len(isNew) != 10 {
		t.Errorf("%d of 10 are new", len(isNew))
	}
	if isNew := deliver(5, 12); len(isNew) != 2 {
		t.Errorf("%d are new, want 2: five wait already", len(isNew))
	}
	one := Packed(t, "pager", 11, 12)[0].ID
	if d, err := s.GetDelivery(ctx, who.Scope(), one); err != nil || d.State != record.DeliveryReceived {
		t.Errorf("asked for one that waits: %+v, %v", d, err)
	}
	st, err := s.DeliveryStats(ctx, who.Scope(), "pager")
	if err != nil || st.Waiting != 12 || time.Since(st.Last) > time.Hour || st.Oldest.IsZero() || st.Oldest.After(st.Last) {
		t.Errorf("of twelve that wait: %+v, %v", st, err)
	}
	const more = 3
	rounds := 0
	times := Understand(t, s, 5, func() {
		rounds++
		deliver(0, 12) // all of them again, of which some are understood
		if rounds <= more {
			deliver(100*rounds, 100*rounds+1)
		}
		if rounds == 2 { // somebody lists them between their reading and their end
			if _, err := s.Deliveries(ctx, who.Scope(), record.DeliveryFilter{Live: true}); err != nil {
				t.Error(err)
			}
		}
		if rounds > 50 {
			t.Fatal("it does not end")
		}
	})
	list, err := s.Deliveries(ctx, who.Scope(), record.DeliveryFilter{Live: true, Limit: 100})
	if err != nil {
		t.Fatal(err)
	}
	if n := len(list); n != 12+more {
		t.Errorf("%d deliveries are there, want %d", n, 12+more)
	}
	for _, d := range list {
		if times[d.ID] != 1 || d.State != record.DeliveryDone || d.Summary != "understood" {
			t.Errorf("%s was understood %d times and is %s (%s)", d.ID, times[d.ID], d.State, d.Summary)
		}
	}
	if !slices.IsSortedFunc(list, func(a, b record.Delivery) int { return b.Received.Compare(a.Received) }) {
		t.Error("the newest is not the first")
	}
	states(map[string]int{record.DeliveryDone: 12 + more})
	// Replayed: each waits again, once.
	if _, err := s.Write(ctx, who, func(tx *record.Tx) error {
		n, err := tx.ReopenDeliveries("pager", time.Time{}.Add(time.Hour), "")
		if n != 12+more {
			t.Errorf("%d are replayed, want %d", n, 12+more)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	deliver(0, 5) // and some come once more meanwhile
	times = Understand(t, s, 100, func() {})
	for id, n := range times {
		if n != 1 {
			t.Errorf("%s was replayed %d times", id, n)
		}
	}
	if len(times) != 12+more {
		t.Errorf("%d were replayed", len(times))
	}
	states(map[string]int{record.DeliveryDone: 12 + more})
	// A source is forgotten, also what waits.
	deliver(1000, 1003)
	if _, err := s.WriteAlone(ctx, who, func(tx *record.Tx) error { return tx.ForgetDeliveries("pager") }); err != nil {
		t.Fatal(err)
	}
	states(map[string]int{})
	if n := len(Understand(t, s, 100, func() {})); n != 0 {
		t.Errorf("%d of a source that is gone still waited", n)
	}
}

// heldWhileItsSourceIs: what came while a source was paused is held only if the
// source is paused still when it is stored.
func heldWhileItsSourceIs(t *testing.T, e Engine) {
	s, ctx := open(t, e), context.Background()
	src := &hansei.Source{Header: hansei.Header{ID: "pager"}, Tool: "toy", Paused: true}
	put(t, s, src, 0)
	deliver := func(n int, want map[string]int) {
		t.Helper()
		list := Packed(t, "pager", n, n+1)
		list[0].Held = true
		isNew, err := s.Deliver(ctx, who, list)
		got, stateErr := s.DeliveryStates(ctx, who.Scope(), "pager")
		if err := errors.Join(err, stateErr); err != nil || len(isNew) != 1 || fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%d: got %v, %v; want %v", n, got, err, want)
		}
	}
	deliver(1, map[string]int{record.DeliveryHeld: 1})
	src.Paused = false
	put(t, s, src, 1)
	deliver(2, map[string]int{record.DeliveryHeld: 1, record.DeliveryReceived: 1})
	src.Paused, src.Deleted, src.Forget = true, true, true
	put(t, s, src, 2)
	deliver(3, map[string]int{record.DeliveryHeld: 1, record.DeliveryReceived: 2})
}

// nothingLeftToReopen: what was understood of a payload that was taken away
// stands, whatever is replayed.
func nothingLeftToReopen(t *testing.T, e Engine) {
	s, ctx := open(t, e), context.Background()
	list := Packed(t, "pager", 0, 3)
	if _, err := s.Deliver(ctx, who, list); err != nil {
		t.Fatal(err)
	}
	Understand(t, s, 10, func() {})
	dropped, err := s.DropPayloads(ctx, who, time.Now().Add(time.Hour), func(r io.Reader) (bool, error) {
		b, err := io.ReadAll(r)
		return string(b) == `{"event":1}`, err
	})
	if err != nil || dropped != 1 {
		t.Fatal(dropped, err)
	}
	if _, err := s.Write(ctx, who, func(tx *record.Tx) error {
		n, err := tx.ReopenDeliveries("pager", time.Time{}.Add(time.Hour), "")
		if n != 2 {
			t.Errorf("%d are replayed, want 2", n)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	var bad *hansei.InvalidError
	if _, err := s.Write(ctx, who, func(tx *record.Tx) error { return tx.ReopenDelivery(list[1].ID) }); !errors.As(err, &bad) {
		t.Errorf("one alone: %v", err)
	}
	if _, err := s.Write(ctx, who, func(tx *record.Tx) error { return tx.AddPage(list[1]) }); err != nil {
		t.Error(err)
	}
	if d, err := s.GetDelivery(ctx, who.Scope(), list[1].ID); err != nil || d.State != record.DeliveryDone {
		t.Errorf("its payload was taken away: got %s, %v", d.State, err)
	}
}

// failed stores deliveries, of which the first waits and the others could not be
// understood, and returns how to write on.
func failed(t *testing.T, s *record.Store, list []pack.Packed) (write func(func(*record.Tx) error)) {
	write = func(fn func(tx *record.Tx) error) {
		t.Helper()
		if _, err := s.Write(context.Background(), who, fn); err != nil {
			t.Fatal(err)
		}
	}
	write(func(tx *record.Tx) error {
		if _, err := tx.AddDeliveries(list); err != nil {
			return err
		}
		for _, p := range list[1:] {
			if err := tx.FinishDelivery(p.ID, record.DeliveryFailed, "because", ""); err != nil {
				return err
			}
		}
		return nil
	})
	return write
}

// nobodyNeedLook: what failed and was set aside is no failure any more, is not
// replayed with others but alone, and goes when its time has come.
func nobodyNeedLook(t *testing.T, e Engine) {
	s, ctx := open(t, e), context.Background()
	list := append(Packed(t, "pager", 0, 4), Packed(t, "other", 4, 5)...)
	write := failed(t, s, list)
	aside := func(source, id string, want int64) {
		t.Helper()
		write(func(tx *record.Tx) error {
			n, err := tx.SetAside(source, id)
			if n != want {
				t.Errorf("%q %q: %d set aside, want %d", source, id, n, want)
			}
			return err
		})
	}
	aside("", list[0].ID, 0)
	aside("", list[1].ID, 1)
	aside("pager", "", 2)
	states, err := s.DeliveryStates(ctx, who.Scope(), "pager")
	if want := map[string]int{record.DeliveryReceived: 1, record.DeliveryAside: 3}; err != nil || !maps.Equal(states, want) {
		t.Fatal(states, err)
	}
	if d, err := s.GetDelivery(ctx, who.Scope(), list[1].ID); err != nil || d.Error != "because" {
		t.Errorf("why it failed: %+v, %v", d, err)
	}
	write(func(tx *record.Tx) error {
		if n, err := tx.ReopenDeliveries("pager", time.Time{}.Add(time.Hour), ""); err != nil || n != 1 { // which waits anyway
			t.Errorf("%d are replayed with the others, %v", n, err)
		}
		if err := tx.ReopenDelivery(list[1].ID); err != nil {
			return err
		}
		n, err := tx.DropDeliveries("", tx.Now().Add(time.Hour), 10)
		if n != 2 {
			t.Errorf("%d went, want 2", n)
		}
		return err
	})
	if states, err = s.DeliveryStates(ctx, who.Scope(), "pager"); err != nil || states[record.DeliveryReceived] != 2 || len(states) != 1 {
		t.Error(states, err)
	}
}

// aLaterOneTellsAll: what is superseded, failed or waiting, is replayed by nobody
// and takes no room; what another source or name has stays.
func aLaterOneTellsAll(t *testing.T, e Engine) {
	s, ctx := open(t, e), context.Background()
	list := append(Packed(t, "pager", 0, 2), Packed(t, "other", 2, 3)...)
	large := Packed(t, "pager", 3, 4)[0]
	large.Body, large.Parts = nil, [][]byte{{1}, {2}}
	list = append(list, large)
	write := failed(t, s, list)
	write(func(tx *record.Tx) error { return tx.Supersede("pager", "no such") })
	write(func(tx *record.Tx) error { return tx.Supersede("pager", "event") })
	for source, want := range map[string]map[string]int{"pager": {record.DeliveryAside: 3}, "other": {record.DeliveryFailed: 1}} {
		if states, err := s.DeliveryStates(ctx, who.Scope(), source); err != nil || !maps.Equal(states, want) {
			t.Errorf("%s: %v, %v", source, states, err)
		}
	}
	write(func(tx *record.Tx) error {
		n, err := tx.ReopenDeliveries("pager", time.Time{}.Add(time.Hour), record.DeliveryAside)
		if n != 0 {
			t.Errorf("%d are replayed", n)
		}
		return err
	})
	body, err := s.OpenDelivery(ctx, who.Scope(), large.ID)
	if err != nil {
		t.Fatal(err)
	}
	if b, err := io.ReadAll(body); err != nil || len(b) > 0 {
		t.Errorf("left of a payload: %d bytes, %v", len(b), err)
	}
}
