package connect

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"hansei/internal/source"
)

// BenchmarkWebhooks sends signed webhooks over 32 connections to a real
// server beside which the inbox works, and reports deliveries a second, the
// 99th percentile of an answer, and how long after the last answer all was
// understood.
func BenchmarkWebhooks(b *testing.B) {
	r := newRig(b)
	r.Sources.Now = time.Now
	a := r.add(b, "load")
	server := httptest.NewServer(r.hooks)
	defer server.Close()
	ctx, stop := context.WithCancel(context.Background())
	worked := make(chan error, 1)
	go func() { worked <- r.Inbox.Run(ctx, who) }()
	const connections = 32
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: connections}}
	url := server.URL + "/hooks/" + strings.TrimPrefix(a.URL, "https://hansei.example/hooks/")
	pad := strings.Repeat("what happened then ", 100)
	var n atomic.Int64
	took := make([][]time.Duration, connections)
	b.ResetTimer()
	var wg sync.WaitGroup
	for c := range connections {
		wg.Go(func() {
			for {
				i := n.Add(1)
				if i > int64(b.N) {
					return
				}
				text := body(b, event{ID: fmt.Sprint(i / 3), At: at(0).Add(time.Duration(i) * time.Second), Status: "open", Title: pad, Service: "web"})
				q, err := http.NewRequest("POST", url, bytes.NewReader(text))
				if err != nil {
					b.Error(err)
					return
				}
				q.Header.Set("X-Toy-Signature", hex.EncodeToString(source.HMAC(a.Secret, text)))
				began := time.Now()
				res, err := client.Do(q)
				if err != nil {
					b.Error(err)
					return
				}
				_, err = io.Copy(io.Discard, res.Body)
				if err != nil || res.StatusCode != 200 {
					b.Errorf("got %d, %v", res.StatusCode, err)
				}
				if err := res.Body.Close(); err != nil {
					b.Error(err)
				}
				took[c] = append(took[c], time.Since(began))
			}
		})
	}
	wg.Wait()
	b.StopTimer()
	elapsed := b.Elapsed()
	last := time.Now()
	for {
		st, err := r.Records.DeliveryStats(ctx, who.Scope(), "load")
		if err != nil {
			b.Fatal(err)
		}
		if st.Failed > 0 {
			b.Fatalf("%d failed", st.Failed)
		}
		if st.Waiting == 0 {
			break
		}
	}
	all := slices.Sorted(slices.Values(slices.Concat(took...)))
	b.ReportMetric(float64(b.N)/elapsed.Seconds(), "deliveries/s")
	b.ReportMetric(float64(all[len(all)*99/100].Microseconds())/1000, "p99-ms")
	b.ReportMetric(float64(time.Since(last).Milliseconds()), "behind-ms")
	stop()
	<-worked
}
