package app

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"hansei/internal/auth"
	"hansei/internal/connect"
	"hansei/internal/source"
)

// TestSoak sends webhooks about the same thousand incidents without a pause;
// memory stays flat. HANSEI_SOAK=10m is the long form.
func TestSoak(t *testing.T) {
	length := 6 * time.Second
	if d, err := time.ParseDuration(os.Getenv("HANSEI_SOAK")); err == nil {
		length = d
	}
	example, err := os.ReadFile("../source/pagerduty/reading/testdata/incident.acknowledged.json")
	if err != nil {
		t.Fatal(err)
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
	client, n := clientOf(t), 0
	send := func(during time.Duration) {
		t.Helper()
		for began := time.Now(); time.Since(began) < during; n++ {
			text := bytes.ReplaceAll(example, []byte("PGR0VU2"), fmt.Appendf(nil, "S%06d", n%1000))
			text = bytes.ReplaceAll(text, []byte("5ac64822-4adc-4fda-ade0-410becf0de4f"), fmt.Appendf(nil, "event-%d", n))
			if err := sent(ctx, client, added.URL, text); err != nil && n > 0 {
				t.Fatal(err)
			}
		}
	}
	soon(t, "the server takes webhooks", func() bool { return sent(ctx, client, added.URL, example) == nil })
	const parts, warm, slack = 6, 2, 24 << 20
	var before uint64
	for part := 1; part <= parts; part++ {
		send(length / parts)
		now := live()
		t.Logf("after %s: %d webhooks; %d kB of Go memory in use, %d kB resident, of which DuckDB says %d kB", time.Duration(part)*length/parts, n, now>>10, residentOf(t)>>10, duckOf(t, a)>>10)
		if part == warm {
			before = now
		} else if part > warm && now > before+slack {
			t.Errorf("memory grew from %d to %d kB", before>>10, now>>10)
		}
	}
	stop()
	if err := <-ended; err != nil && !strings.Contains(err.Error(), "canceled") {
		t.Error(err)
	}
	if err := a.Close(); err != nil {
		t.Error(err)
	}
}

// residentOf is the memory of this process that is resident, in bytes: Go's, with
// what it has not given back, DuckDB's and SQLite's caches. 0 where the system
// does not tell.
func residentOf(t *testing.T) (n int64) {
	t.Helper()
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			if _, err := fmt.Sscanf(rest, "%d kB", &n); err != nil {
				t.Error(err)
			}
		}
	}
	return n << 10
}

// duckOf is the memory that DuckDB counts as its own, in bytes.
func duckOf(t *testing.T, a *App) int64 {
	t.Helper()
	rows, err := a.facts.SQL(t.Context(), "SELECT CAST(coalesce(sum(memory_usage_bytes), 0) AS BIGINT) FROM duckdb_memory()", 1)
	if err != nil || len(rows.Rows) != 1 {
		t.Fatal(rows, err)
	}
	n, ok := rows.Rows[0][0].(int64)
	if !ok {
		t.Fatalf("got a %T", rows.Rows[0][0])
	}
	return n
}

// live is the Go memory that is in use, in bytes.
func live() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
