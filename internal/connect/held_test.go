package connect

import (
	"context"
	"sync"
	"testing"
	"time"

	"hansei/internal/record"
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
