package connect

import (
	"context"
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"hansei"
	"hansei/internal/record"
	"hansei/internal/source"
)

// TestOneHeldWebhookHoldsUpNobody: a webhook of a source that is paused waits
// for the writer; those of others do not wait behind it.
func TestOneHeldWebhookHoldsUpNobody(t *testing.T) {
	r := newRig(t)
	hold, held := make(chan bool), make(chan bool)
	var wg sync.WaitGroup
	wg.Go(func() {
		if _, err := r.Records.Write(context.Background(), who, func(*record.Tx) error { close(held); <-hold; return nil }); err != nil {
			t.Error(err)
		}
	})
	<-held
	store := func(id string, paused bool) chan bool {
		done := make(chan bool)
		p := r.hooks.Packer.Pack("toy", "event", "x", id, []byte("text"))
		p.Held = paused
		wg.Go(func() {
			if isNew, err := r.hooks.store(p); err != nil || !isNew {
				t.Errorf("%s: new %v, %v", id, isNew, err)
			}
			close(done)
		})
		return done
	}
	paused := store("1", true)
	select {
	case <-store("2", false):
	case <-time.After(20 * time.Second):
		t.Error("it waits behind one that is held")
	}
	select {
	case <-paused:
		t.Error("nobody had to wait: the test tries nothing")
	default:
	}
	close(hold)
	wg.Wait()
}

// slowly sends a webhook to a server; something happens before its body is there.
func slowly(t *testing.T, h http.Handler, a Added, e event, meanwhile func()) int {
	t.Helper()
	from, to := io.Pipe()
	text := body(t, e)
	q := httptest.NewRequest("POST", a.URL, from)
	q.Header.Set("X-Toy-Signature", hex.EncodeToString(source.HMAC(a.Secret, text)))
	w, done := httptest.NewRecorder(), make(chan bool)
	go func() { h.ServeHTTP(w, q); close(done) }()
	if _, err := to.Write(text[:3]); err != nil {
		t.Error(err)
	}
	meanwhile()
	if _, err := to.Write(text[3:]); err != nil {
		t.Error(err)
	}
	if err := to.Close(); err != nil {
		t.Error(err)
	}
	<-done
	return w.Code
}

func (r *rig) pause(t *testing.T, name string, paused bool) {
	t.Helper()
	if _, err := r.Edit(context.Background(), who, name, Change{Paused: &paused}); err != nil {
		t.Fatal(err)
	}
}

// held counts what waits for a source to be resumed.
func (r *rig) held(t *testing.T) int {
	t.Helper()
	list, err := r.Records.Deliveries(context.Background(), who.Scope(), record.DeliveryFilter{Live: true, State: record.DeliveryHeld})
	if err != nil {
		t.Fatal(err)
	}
	return len(list)
}

// TestResumedWhileAWebhookComes: what begins to come while a source is paused and
// is here once it is resumed is understood; also where another server resumed it,
// and this one does not know yet.
func TestResumedWhileAWebhookComes(t *testing.T) {
	r := newRig(t)
	a := r.add(t, "ours")
	r.pause(t, "ours", true)
	stood := r.now
	other := &Sources{Records: r.Records, Kinds: r.Kinds, Seal: r.Seal, Inbox: r.Inbox, Log: r.Log, Now: func() time.Time { return stood }}
	others := &Hooks{Sources: other, Packer: r.hooks.Packer}
	if code := slowly(t, others, a, event{ID: "0", At: at(0), Status: "open", Title: "T"}, func() {}); code != 200 || r.held(t) != 1 {
		t.Errorf("while it is paused: answered %d, %d held", code, r.held(t))
	}
	code := slowly(t, r.hooks, a, event{ID: "1", At: at(1), Status: "open", Title: "T"}, func() { r.pause(t, "ours", false) })
	if n := r.held(t); code != 200 || n != 0 {
		t.Errorf("resumed meanwhile: answered %d, %d held", code, n)
	}
	code = slowly(t, others, a, event{ID: "2", At: at(2), Status: "open", Title: "T"}, func() {})
	if n := r.held(t); code != 200 || n != 0 {
		t.Errorf("resumed by another server: answered %d, %d held", code, n)
	}
	r.drain(t)
	for _, id := range []hansei.ID{"ours:0", "ours:1", "ours:2"} {
		r.incident(t, id)
	}
}

// TestHeldIsReleased: what a source held that was removed, and whose data was
// kept, is understood once it is added again; what is held although its source is
// not paused, by a replay.
func TestHeldIsReleased(t *testing.T) {
	r, ctx := newRig(t), context.Background()
	a := r.add(t, "ours")
	r.pause(t, "ours", true)
	r.sent(t, a, event{ID: "1", At: at(0), Status: "open", Title: "A"})
	if n, err := r.Replay(ctx, who, Replay{}); err != nil || n != 0 || r.held(t) != 1 {
		t.Errorf("a replay while it is paused: %d, %v, %d held", n, err, r.held(t))
	}
	if _, err := r.Remove(ctx, who, "ours", false); err != nil {
		t.Fatal(err)
	}
	r.add(t, "ours")
	r.drain(t)
	r.incident(t, "ours:1")
	if _, err := r.Records.Write(ctx, who, func(tx *record.Tx) error {
		return tx.MoveDeliveries("ours", record.DeliveryDone, record.DeliveryHeld)
	}); err != nil {
		t.Fatal(err)
	}
	if n, err := r.Replay(ctx, who, Replay{Source: "ours"}); err != nil || n != 1 || r.held(t) != 0 {
		t.Errorf("a replay: %d, %v, %d held", n, err, r.held(t))
	}
}

// TestRemovedWhileAWebhookComes: nothing is kept of a source that was removed with
// its data, whatever was on its way then; of one whose data is kept, a person sees
// what came too late.
func TestRemovedWhileAWebhookComes(t *testing.T) {
	r, ctx := newRig(t), context.Background()
	for _, c := range []struct {
		name         string
		paused, data bool
		left         int
	}{{"all", false, true, 0}, {"all-paused", true, true, 0}, {"some", false, false, 1}} {
		a := r.add(t, c.name)
		r.pause(t, c.name, c.paused)
		slowly(t, r.hooks, a, event{ID: "1", At: at(0), Status: "open", Title: "T"}, func() {
			if _, err := r.Remove(ctx, who, c.name, c.data); err != nil {
				t.Error(err)
			}
		})
		r.drain(t)
		list, err := r.Records.Deliveries(ctx, who.Scope(), record.DeliveryFilter{Source: c.name, Live: true})
		if err != nil || len(list) != c.left {
			t.Errorf("%s: got %+v, %v; want %d", c.name, list, err, c.left)
		}
	}
}
