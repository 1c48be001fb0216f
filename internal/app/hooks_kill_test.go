package app

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/connect"
	"hansei/internal/record"
	"hansei/internal/source"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv("HANSEI_KILL_DIR"); dir != "" {
		if err := serveUntilKilled(Config{Dir: dir, Listen: os.Getenv("HANSEI_KILL_LISTEN"), Database: os.Getenv("HANSEI_KILL_DATABASE"), KeyFile: os.Getenv("HANSEI_KILL_KEY")}); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

func serveUntilKilled(c Config) error {
	ctx := context.Background()
	c.Log = slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	a, err := New(ctx, c)
	if err != nil {
		return err
	}
	return errors.Join(a.Run(ctx), a.Close())
}

// freePort is an address nobody listens on now.
func freePort(t *testing.T) string {
	t.Helper()
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	}()
	return l.Addr().String()
}

// TestKilledUnderWebhooks kills the server with signal 9 while webhooks arrive
// over 32 connections, again and again in one data directory. Every delivery
// that was acknowledged is there exactly once, and what it told is understood
// wholly. HANSEI_CRASH_ROUNDS says how often (50 in the long form).
func TestKilledUnderWebhooks(t *testing.T) {
	rounds := 3
	if n, err := strconv.Atoi(os.Getenv("HANSEI_CRASH_ROUNDS")); err == nil {
		rounds = n
	}
	dir, listen := t.TempDir(), freePort(t)
	a, err := New(t.Context(), Config{Dir: dir, Listen: listen})
	if err != nil {
		t.Fatal(err)
	}
	added, err := a.sources.Add(t.Context(), auth.Local(), connect.Spec{Tool: "pagerduty", Name: "pd", Settings: map[string]string{source.WebhookSecret: "s"}})
	if err := errors.Join(err, a.Close()); err != nil {
		t.Fatal(err)
	}
	acked := map[string]bool{} // the incident of each delivery that was acknowledged
	for range rounds {
		loadAndKill(t, dir, listen, added, acked)
	}
	checkAfterKills(t, Config{Dir: dir}, acked)
}

func loadAndKill(t *testing.T, dir, listen string, added connect.Added, acked map[string]bool) {
	t.Helper()
	example, err := os.ReadFile("../source/pagerduty/reading/testdata/incident.acknowledged.json")
	if err != nil {
		t.Fatal(err)
	}
	var errs bytes.Buffer
	child := exec.CommandContext(t.Context(), os.Args[0])
	child.Env = append(os.Environ(), "HANSEI_KILL_DIR="+dir, "HANSEI_KILL_LISTEN="+listen)
	child.Stderr = &errs
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 32}, Timeout: 10 * time.Second}
	defer client.CloseIdleConnections()
	var n atomic.Int64
	n.Store(int64(len(acked)))
	var mu sync.Mutex
	ctx, stop := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	for range 32 {
		wg.Go(func() {
			for ctx.Err() == nil {
				id := fmt.Sprintf("K%09d", n.Add(1)*1000+rand.Int64N(1000))
				text := bytes.ReplaceAll(bytes.ReplaceAll(example, []byte("PGR0VU2"), []byte(id)), []byte("5ac64822-4adc-4fda-ade0-410becf0de4f"), []byte("event-"+id))
				if sent(ctx, client, added.URL, text) == nil {
					mu.Lock()
					acked[id] = true
					mu.Unlock()
				}
			}
		})
	}
	before := len(acked)
	for began := time.Now(); ; time.Sleep(5 * time.Millisecond) {
		mu.Lock()
		some := len(acked) > before+200+rand.IntN(1500)
		mu.Unlock()
		if some {
			break
		}
		if time.Since(began) > time.Minute {
			t.Fatalf("the server does not take webhooks: %s", &errs)
		}
	}
	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = child.Wait() // killed, as it should be
	stop()
	wg.Wait()
}

// answered is a status that is not 200.
type answered int

func (a answered) Error() string { return fmt.Sprintf("answered %d", int(a)) }

func sent(ctx context.Context, client *http.Client, url string, text []byte) error {
	q, err := http.NewRequestWithContext(ctx, "POST", url, bytes.NewReader(text))
	if err != nil {
		return err
	}
	q.Header.Set("X-PagerDuty-Signature", "v1="+hex.EncodeToString(source.HMAC("s", text)))
	res, err := client.Do(q)
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, res.Body)
	if err == nil && res.StatusCode != 200 {
		err = answered(res.StatusCode)
	}
	return errors.Join(err, res.Body.Close())
}

func checkAfterKills(t *testing.T, c Config, acked map[string]bool) {
	t.Helper()
	a := open(t, c)
	if err := a.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	who, there := auth.Local().Scope(), map[string]int{}
	f := record.DeliveryFilter{Live: true, Limit: 1000}
	for {
		list, err := a.records.Deliveries(t.Context(), who, f)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range list {
			if d.State != record.DeliveryDone {
				t.Fatalf("delivery %s is %s: %s", d.ID, d.State, d.Error)
			}
			var told struct{ Records []record.Ref }
			if err := json.Unmarshal([]byte(d.Summary), &told); err != nil || len(told.Records) == 0 {
				t.Fatalf("delivery %s tells of %s, %v", d.ID, d.Summary, err)
			}
			there[strings.TrimPrefix(string(told.Records[0].ID), "pd:")]++
			f.Before, f.After = d.Received, d.ID
		}
		if len(list) < f.Limit {
			break
		}
	}
	for id := range acked {
		if there[id] != 1 {
			t.Errorf("the delivery about %s was acknowledged and is there %d times", id, there[id])
		}
		if _, _, err := record.Get[*hansei.Incident](t.Context(), a.records, who, hansei.ID("pd:"+id)); err != nil {
			t.Errorf("what was delivered about %s was not understood: %v", id, err)
		}
	}
	t.Logf("%d deliveries acknowledged, %d there", len(acked), len(there))
}

// clientOf is an HTTP client that ends with the test.
func clientOf(t *testing.T) *http.Client {
	t.Helper()
	c := &http.Client{Timeout: 10 * time.Second}
	t.Cleanup(c.CloseIdleConnections)
	return c
}
