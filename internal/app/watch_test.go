package app

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/notify"
	"hansei/internal/record"
	"hansei/internal/record/pgtest"
)

// hook counts what it is told, by kind.
type hook struct {
	mu   sync.Mutex
	told []string
	ids  map[string]int
}

func (h *hook) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	h.mu.Lock()
	defer h.mu.Unlock()
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	h.told = append(h.told, string(body))
	h.ids[r.Header.Get("Webhook-Id")]++
}

func (h *hook) count(event string) (n int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, s := range h.told {
		if strings.Contains(s, `"type":"hansei.`+event+`"`) {
			n++
		}
	}
	return n
}

func resolvedAndOpen(t *testing.T, a *App) {
	t.Helper()
	_, err := a.records.Write(t.Context(), auth.Local(), func(tx *record.Tx) error {
		now := time.Now().UTC().Truncate(time.Second)
		over := &hansei.Incident{Header: hansei.Header{ID: "over"}, Title: "Checkout certificate expired", Severity: "sev1", Status: hansei.StatusResolved, Services: []hansei.ID{"checkout"}}
		over.Milestones.Set(hansei.RoleBegan, now.Add(-3*time.Hour))
		over.Milestones.Set(hansei.RoleResolved, now.Add(-2*time.Hour))
		on := &hansei.Incident{Header: hansei.Header{ID: "on"}, Title: "Checkout certificate again", Severity: "sev1", Status: hansei.StatusOpen, Services: []hansei.ID{"checkout"}}
		on.Milestones.Set(hansei.RoleBegan, now.Add(-time.Minute))
		return errors.Join(record.Put(tx, &hansei.Service{Header: hansei.Header{ID: "checkout"}, Name: "Checkout"}, 0), record.Put(tx, over, 0), record.Put(tx, on, 0))
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestTwoServersTellOnce: of two servers on one database one drafts and tells;
// when both were restarted, nothing is told again.
func TestTwoServersTellOnce(t *testing.T) {
	url, _ := pgtest.Start(t)
	receiver := &hook{ids: map[string]int{}}
	target := httptest.NewServer(receiver)
	defer target.Close()
	key := filepath.Join(t.TempDir(), "key")
	open := func() *App {
		a, err := New(t.Context(), Config{Dir: t.TempDir(), Listen: freePort(t), Database: url, KeyFile: key, Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}})
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	first := open()
	if _, err := first.outbox.Add(t.Context(), auth.Local(), notify.Spec{Type: "webhook", Name: "hook", Settings: map[string]string{"url": target.URL}}); err != nil {
		t.Fatal(err)
	}
	resolvedAndOpen(t, first)
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	for round := range 2 {
		servers := []*App{open(), open()}
		ctx, stop := context.WithCancel(context.Background())
		var running sync.WaitGroup
		for _, a := range servers {
			running.Go(func() {
				if err := a.Run(ctx); err != nil && !strings.Contains(err.Error(), "canceled") {
					t.Error(err)
				}
			})
		}
		soon(t, "the draft and the likeness are told", func() bool { return receiver.count("drafted") > 0 && receiver.count("similar") > 0 })
		// What a second look, and the jobs once more, would do.
		for _, a := range servers {
			if err := errors.Join(a.watch.Follow(t.Context(), auth.Local()), a.watch.Draft(t.Context(), auth.Local(), "over"), a.watch.Similar(t.Context(), auth.Local(), "on")); err != nil {
				t.Error(err)
			}
		}
		soon(t, "nothing waits to be sent", func() bool {
			left, err := record.Notices(t.Context(), servers[0].records, auth.Local().Scope(), record.NoticeFilter{State: record.NoticeWaiting})
			return err == nil && len(left) == 0
		})
		stop()
		running.Wait()
		for _, a := range servers {
			if err := a.Close(); err != nil {
				t.Error(err)
			}
		}
		if d, s := receiver.count("drafted"), receiver.count("similar"); d != 1 || s != 1 || len(receiver.ids) != 2 {
			t.Errorf("round %d: drafts told %d times, likeness %d times", round+1, d, s)
		}
	}
}

// TestDeathBetweenSendAndNote: a server that dies after a message was taken and
// before that was noted leaves its job; it is sent again, under the same id.
func TestDeathBetweenSendAndNote(t *testing.T) {
	receiver := &hook{ids: map[string]int{}}
	dir, died := t.TempDir(), make(chan struct{})
	ctx, die := context.WithCancel(context.Background())
	var once sync.Once
	target := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		receiver.ServeHTTP(w, r)
		once.Do(func() { die(); <-died }) // the message is here; the server learns nothing of it
	}))
	defer target.Close()
	open := func() *App {
		a, err := New(t.Context(), Config{Dir: dir, Listen: freePort(t), Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}})
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	a := open()
	if _, err := a.outbox.Add(t.Context(), auth.Local(), notify.Spec{Type: "webhook", Name: "hook", Settings: map[string]string{"url": target.URL}}); err != nil {
		t.Fatal(err)
	}
	if _, err := a.records.Write(t.Context(), auth.Local(), func(tx *record.Tx) error {
		return a.outbox.Put(tx, notify.To{Channel: "hook"}, notify.Message{Event: hansei.EventPublished, Subject: "Published"})
	}); err != nil {
		t.Fatal(err)
	}
	if err := a.Run(ctx); err != nil && !strings.Contains(err.Error(), "canceled") {
		t.Error(err)
	}
	close(died)
	if err := a.Close(); err != nil {
		t.Error(err)
	}
	b := open()
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- b.Run(ctx) }()
	soon(t, "the message is noted as sent", func() bool {
		sent, err := record.Notices(t.Context(), b.records, auth.Local().Scope(), record.NoticeFilter{State: record.NoticeSent})
		return err == nil && len(sent) == 1
	})
	stop()
	if err := <-ended; err != nil && !strings.Contains(err.Error(), "canceled") {
		t.Error(err)
	}
	if err := b.Close(); err != nil {
		t.Error(err)
	}
	if receiver.count("published") != 2 || len(receiver.ids) != 1 {
		t.Errorf("it came %d times under %d ids; want twice under one", receiver.count("published"), len(receiver.ids))
	}
}
