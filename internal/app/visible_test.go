package app

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"hansei/internal/auth"
	"hansei/internal/connect"
	"hansei/internal/source"
)

// watcher sends now and then a webhook of its own and looks on the page of
// incidents until it is there.
type watcher struct {
	t      testing.TB
	client *http.Client
	page   string // its URL
	hook   string
	stop   context.CancelFunc
	wg     sync.WaitGroup
	took   []time.Duration // from the beginning of the webhook's request to the page that shows it
}

// watchPage watches the page of a server at an address.
func watchPage(t testing.TB, listen, hook string) *watcher {
	t.Helper()
	example, err := os.ReadFile("../source/pagerduty/reading/testdata/incident.acknowledged.json")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	w := &watcher{t: t, client: &http.Client{Timeout: 20 * time.Second}, page: "http://" + listen + "/incidents", hook: hook, stop: stop}
	w.wg.Go(func() {
		for i := 0; ctx.Err() == nil; i++ {
			// What happens now stands first on the page.
			text := bytes.ReplaceAll(example, []byte("PGR0VU2"), fmt.Appendf(nil, "V%06d", i))
			text = bytes.ReplaceAll(text, []byte("5ac64822-4adc-4fda-ade0-410becf0de4f"), fmt.Appendf(nil, "seen-%d", i))
			text = bytes.ReplaceAll(text, []byte("2020-04-09T15:16:27Z"), []byte(time.Now().UTC().Format(time.RFC3339)))
			if w.look(ctx, text, fmt.Sprintf("pd:V%06d", i)) {
				continue
			}
			return
		}
	})
	return w
}

// look sends a webhook and waits until the page shows the incident; false: it
// is over.
func (w *watcher) look(ctx context.Context, text []byte, id string) bool {
	const each = 100 * time.Millisecond // between two looks, which cost what they take from the server
	began := time.Now()
	if err := sent(ctx, w.client, w.hook, text); err != nil {
		if ctx.Err() == nil {
			w.t.Error(err)
		}
		return false
	}
	for ; ctx.Err() == nil; time.Sleep(each) {
		q, err := http.NewRequestWithContext(ctx, http.MethodGet, w.page, nil)
		if err != nil {
			w.t.Error(err)
			return false
		}
		res, err := w.client.Do(q)
		if err != nil {
			if ctx.Err() == nil {
				w.t.Error(err)
			}
			return false
		}
		page, err := io.ReadAll(res.Body)
		if err = errors.Join(err, res.Body.Close()); err != nil {
			return false
		}
		if bytes.Contains(page, []byte(id)) {
			w.took = append(w.took, time.Since(began))
			return true
		}
		if time.Since(began) > tooLate {
			w.t.Errorf("after %s the page does not show %s", tooLate, id)
			return false
		}
	}
	return false
}

// tooLate is when something is broken, not slow.
const tooLate = 10 * time.Second

// end ends the watch and says how long half and 99 % took.
func (w *watcher) end() (n int, p50, p99 time.Duration) {
	w.stop()
	w.wg.Wait()
	w.client.CloseIdleConnections()
	if len(w.took) == 0 {
		return 0, 0, 0
	}
	slices.Sort(w.took)
	return len(w.took), w.took[len(w.took)/2], w.took[len(w.took)*99/100]
}

// TestVisibleUnderLoad: what is delivered is on the page soon, also while much
// is delivered. HANSEI_VISIBLE=30s is the long form; docs/performance.md has
// what BenchmarkVisible measures.
func TestVisibleUnderLoad(t *testing.T) {
	length := 2 * time.Second
	if d, err := time.ParseDuration(os.Getenv("HANSEI_VISIBLE")); err == nil {
		length = d
	}
	listen := freePort(t)
	a, err := New(t.Context(), Config{Dir: t.TempDir(), Listen: listen})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx) }()
	added, err := a.sources.Add(ctx, auth.Local(), connect.Spec{Tool: "pagerduty", Name: "pd", Settings: map[string]string{source.WebhookSecret: "s"}})
	if err != nil {
		t.Fatal(err)
	}
	l := beginLoad(t, 8, added.URL)
	l.more(t, 100)
	before, began := l.acknowledged(), time.Now()
	w := watchPage(t, listen, added.URL)
	time.Sleep(length)
	n, p50, p99 := w.end()
	rate := float64(l.acknowledged()-before) / time.Since(began).Seconds()
	l.end()
	if n == 0 {
		t.Error("nothing was seen")
	}
	t.Logf("%d marked webhooks beside %.0f a second: on the page within %s (half), %s (99 %%)", n, rate, p50.Round(time.Millisecond), p99.Round(time.Millisecond))
	stop()
	if err := <-ended; err != nil && !strings.Contains(err.Error(), "canceled") {
		t.Error(err)
	}
	if err := a.Close(); err != nil {
		t.Error(err)
	}
}
