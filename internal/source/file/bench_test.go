package file

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"hansei"
)

// deploymentsCSV makes a file of n rows with ten columns.
func deploymentsCSV(n int) []byte {
	var b bytes.Buffer
	b.WriteString("id,service,team,environment,result,started_at,finished_at,commit_sha,ref,author\n")
	at := time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)
	for i := range n {
		start := at.Add(time.Duration(i) * 31 * time.Second)
		fmt.Fprintf(&b, "d-%08d,svc-%03d,team-%02d,PRODUCTION,SUCCESS,%s,%s,%040x,main,dev%03d\n",
			i, i%200, i%20, start.Format(time.RFC3339), start.Add(5*time.Minute).Format(time.RFC3339), i*7919, i%900)
	}
	return b.Bytes()
}

func BenchmarkObserve(b *testing.B) {
	const n = 100_000
	body := deploymentsCSV(n)
	p, err := Inspect("deployments.csv", bytes.NewReader(body), Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	rows := 0
	for b.Loop() {
		err := Observe(bytes.NewReader(body), p, func(hansei.Observation) error { rows++; return nil }, func(r Reject) error { return &r })
		if err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(rows)/b.Elapsed().Seconds(), "rows/s")
}
