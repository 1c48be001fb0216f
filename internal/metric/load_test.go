package metric_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"hansei/internal/auth"
	"hansei/internal/fact"
	"hansei/internal/intake"
	"hansei/internal/metric"
	"hansei/internal/record"
)

// BenchmarkFigures times every metric, whole, by month and by service, over
// the synthetic load in $HANSEI_LOAD (a directory made by make_load.py, which
// is imported once into $HANSEI_LOAD/data).
func BenchmarkFigures(b *testing.B) {
	e := loaded(b)
	ctx, who := context.Background(), auth.Local()
	since, until := time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	var all []time.Duration
	for _, def := range metric.Catalogue() {
		for _, how := range []string{"whole", "month", "service"} {
			b.Run(def.ID+"/"+how, func(b *testing.B) {
				i := 0
				for b.Loop() {
					i++
					// Another end each time: nothing comes from the cache.
					q := metric.Query{Metric: def.ID, Since: since, Until: until.Add(time.Duration(len(all)+i) * time.Second)}
					if how == "month" {
						q.Every = "month"
					}
					if how == "service" {
						q.By = []string{"service"}
					}
					t := time.Now()
					if _, err := e.Figures(ctx, who.Scope(), q); err != nil {
						b.Fatal(err)
					}
					all = append(all, time.Since(t))
				}
			})
		}
	}
	slices.Sort(all)
	fmt.Printf("all figures: n=%d median=%s p99=%s max=%s\n", len(all), all[len(all)/2], all[len(all)*99/100], all[len(all)-1])
}

func loaded(b *testing.B) *metric.Engine {
	b.Helper()
	dir := os.Getenv("HANSEI_LOAD")
	if dir == "" {
		b.Skip("set HANSEI_LOAD to a directory made by make_load.py")
	}
	ctx, who := context.Background(), auth.Local()
	data := filepath.Join(dir, "data")
	store, err := record.Open(ctx, record.Options{Dir: data})
	if err != nil {
		b.Fatal(err)
	}
	facts, err := fact.Open(ctx, fact.Options{Dir: data})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		facts.Close()
		if err := store.Close(); err != nil {
			b.Error(err)
		}
	})
	im := &intake.Imports{Records: store, Log: slog.New(slog.DiscardHandler)}
	for _, name := range []string{"services.csv", "deployments.csv", "pull_requests.csv", "incidents.csv"} {
		body, err := os.Open(filepath.Join(dir, name))
		if err != nil {
			b.Fatal(err)
		}
		d, known, err := im.Receive(ctx, who, name, intake.Options{Source: "load"}, body)
		if err != nil {
			b.Fatal(err)
		}
		if err := body.Close(); err != nil {
			b.Fatal(err)
		}
		if known {
			continue
		}
		start := time.Now()
		sum, err := im.Understand(ctx, who, d.ID)
		if err != nil {
			b.Fatal(err)
		}
		journal := time.Since(start)
		if err := facts.CatchUp(ctx, store, who.Scope(), nil); err != nil {
			b.Fatal(err)
		}
		b.Logf("%s: %d rows, journal %s, with facts %s: %.0f rows/s", name, sum.Rows, journal.Round(time.Millisecond), time.Since(start).Round(time.Millisecond), float64(sum.Rows)/time.Since(start).Seconds())
	}
	if err := facts.CatchUp(ctx, store, who.Scope(), nil); err != nil {
		b.Fatal(err)
	}
	return metric.New(facts, store, time.Now)
}
