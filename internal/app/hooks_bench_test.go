package app

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"hansei/internal/auth"
	"hansei/internal/connect"
	"hansei/internal/record"
	"hansei/internal/record/pgtest"
	"hansei/internal/source"
)

// BenchmarkWebhooks sends PagerDuty's own example of an event (2.2 KB, signed;
// a third of the events tell of a new incident) over 32 connections to a whole
// server, facts and all. It reports deliveries a second, the 99th percentile
// of an answer, and how long after the last answer everything was in the
// facts. The generator runs on the same machine; what it sends is made before.
func BenchmarkWebhooks(b *testing.B) {
	b.Run("sqlite", func(b *testing.B) { webhooks(b, "", false) })
	b.Run("postgres", func(b *testing.B) {
		url, _ := pgtest.Start(b) // as it is installed
		webhooks(b, url, false)
	})
}

// BenchmarkVisible does the same while somebody looks at the page of incidents
// 10 times a second, and reports how long it takes until a webhook sent
// meanwhile is there: half of them, and 99 %.
func BenchmarkVisible(b *testing.B) {
	b.Run("sqlite", func(b *testing.B) { webhooks(b, "", true) })
	b.Run("postgres", func(b *testing.B) {
		url, _ := pgtest.Start(b)
		webhooks(b, url, true)
	})
}

func webhooks(b *testing.B, database string, watch bool) {
	example, err := os.ReadFile("../source/pagerduty/reading/testdata/incident.acknowledged.json")
	if err != nil {
		b.Fatal(err)
	}
	const listen, connections = "127.0.0.1:18477", 32
	a, err := New(b.Context(), Config{Dir: b.TempDir(), Database: database, Listen: listen, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		b.Fatal(err)
	}
	ctx, stop := context.WithCancel(b.Context())
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx) }()
	added, err := a.sources.Add(ctx, auth.Local(), connect.Spec{Tool: "pagerduty", Name: "pd", Settings: map[string]string{source.WebhookSecret: "s"}})
	if err != nil {
		b.Fatal(err)
	}
	where, err := url.Parse(added.URL)
	if err != nil {
		b.Fatal(err)
	}
	request := func(to []byte, i int) []byte {
		text := bytes.ReplaceAll(example, []byte("PGR0VU2"), fmt.Appendf(nil, "P%07X", i/3))
		text = bytes.ReplaceAll(text, []byte("5ac64822-4adc-4fda-ade0-410becf0de4f"), fmt.Appendf(nil, "event-%d", i))
		to = fmt.Appendf(to, "POST %s HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nX-PagerDuty-Signature: v1=%x\r\nContent-Length: %d\r\n\r\n",
			where.Path, where.Host, source.HMAC("s", text), len(text))
		return append(to, text...)
	}
	requests := requestsOf(b, request)
	dial := func() *sender {
		for {
			if conn, err := net.Dial("tcp", listen); err == nil {
				return &sender{conn, bufio.NewReader(conn)}
			}
			time.Sleep(10 * time.Millisecond) // until it listens
		}
	}
	if err := dial().send(request(nil, 0)); err != nil {
		b.Fatal(err)
	}
	took := make([][]time.Duration, connections)
	var n atomic.Int64
	var wg sync.WaitGroup
	before := used(b)
	var w *watcher
	if watch {
		w = watchPage(b, listen, added.URL)
	}
	b.ResetTimer()
	for c := range connections {
		wg.Go(func() {
			to := dial()
			for i := n.Add(1); i <= int64(b.N); i = n.Add(1) {
				began := time.Now()
				if err := to.send(requests[i-1]); err != nil {
					b.Error(err)
					return
				}
				took[c] = append(took[c], time.Since(began))
			}
		})
	}
	wg.Wait()
	b.StopTimer()
	if watch {
		n, p50, p99 := w.end() // of the one that a benchmark begins with nothing is seen
		b.ReportMetric(float64(n), "seen")
		b.ReportMetric(float64(p50.Milliseconds()), "visible-p50-ms")
		b.ReportMetric(float64(p99.Milliseconds()), "visible-p99-ms")
	}
	b.ReportMetric(float64((used(b)-before).Microseconds())/float64(b.N), "cpu-µs/op")
	answered := time.Now()
	for {
		waiting, err := a.records.Inbox(ctx, auth.Local().Scope(), 1, 1<<20)
		if err != nil {
			b.Fatal(err)
		}
		if len(waiting) == 0 {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	failed, err := a.records.Deliveries(ctx, auth.Local().Scope(), record.DeliveryFilter{Live: true, State: "failed", Limit: 1})
	if err != nil || len(failed) > 0 {
		b.Fatalf("failed: %v, %v", failed, err)
	}
	head, err := a.records.Head(ctx, auth.Local().Scope())
	if err != nil {
		b.Fatal(err)
	}
	if err := a.facts.Wait(ctx, head.Seq); err != nil {
		b.Fatal(err)
	}
	all := slices.Sorted(slices.Values(slices.Concat(took...)))
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "deliveries/s")
	b.ReportMetric(float64(all[len(all)*99/100].Microseconds())/1000, "p99-ms")
	b.ReportMetric(float64(time.Since(answered).Milliseconds()), "behind-ms")
	stop()
	if err := <-ended; err != nil && !strings.Contains(err.Error(), "canceled") {
		b.Error(err)
	}
	if err := a.Close(); err != nil {
		b.Error(err)
	}
}

// requestsOf makes the requests from 1 to b.N in memory that Go does not count as
// its own: with more in use, the server's garbage would be collected less often.
func requestsOf(b *testing.B, request func(to []byte, i int) []byte) [][]byte {
	b.Helper()
	const most = 4 << 10 // bytes of one
	whole, err := syscall.Mmap(-1, 0, most*b.N, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := syscall.Munmap(whole); err != nil {
			b.Error(err)
		}
	})
	requests := make([][]byte, b.N)
	for i := range requests {
		room := whole[i*most : (i+1)*most : (i+1)*most]
		if requests[i] = request(room[:0], i+1); &requests[i][0] != &room[0] {
			b.Fatalf("a request of %d bytes", len(requests[i]))
		}
	}
	return requests
}

// sender is one connection of the generator. It is as plain as can be, for
// what it costs is taken from the server.
type sender struct {
	conn net.Conn
	read *bufio.Reader
}

func (s *sender) send(request []byte) error {
	if _, err := s.conn.Write(request); err != nil {
		return err
	}
	status, err := s.read.ReadString('\n')
	if err != nil || !strings.HasPrefix(status, "HTTP/1.1 200 ") {
		return fmt.Errorf("answered %q, %w", status, err)
	}
	length := 0
	for {
		line, err := s.read.ReadSlice('\n')
		if err != nil {
			return err
		}
		if len(line) == 2 {
			break
		}
		if n, is := bytes.CutPrefix(line, []byte("Content-Length: ")); is {
			if length, err = strconv.Atoi(string(bytes.TrimSpace(n))); err != nil {
				return err
			}
		}
	}
	_, err = s.read.Discard(length)
	return err
}

// used is the processor time this process took so far, generator and server.
func used(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
