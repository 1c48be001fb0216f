package coverage_test

import (
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"testing"
	"time"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/connect"
	"hansei/internal/coverage"
	"hansei/internal/fact"
	"hansei/internal/metric"
	"hansei/internal/record"
)

// BenchmarkCover reads what two sources cover of 100,000 deployments, or of
// $HANSEI_RECORDS, of which both tell of every tenth.
func BenchmarkCover(b *testing.B) {
	n := 100_000
	if v, err := strconv.Atoi(os.Getenv("HANSEI_RECORDS")); err == nil {
		n = v
	}
	dir, who := b.TempDir(), auth.Local()
	records, err := record.Open(b.Context(), record.Options{Dir: dir})
	if err != nil {
		b.Fatal(err)
	}
	facts, err := fact.Open(b.Context(), fact.Options{Dir: dir})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		facts.Close()
		if err := records.Close(); err != nil {
			b.Error(err)
		}
	})
	at := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	version, err := json.Marshal(hansei.Deployment{Title: "D", Result: hansei.ResultSuccess})
	if err != nil {
		b.Fatal(err)
	}
	if _, err := records.WriteAlone(b.Context(), who, func(tx *record.Tx) error {
		for i := range n {
			d := &hansei.Deployment{Title: "D", Environment: hansei.Production, Result: hansei.ResultSuccess, Started: at.Add(time.Duration(i) * time.Second), Commit: fmt.Sprintf("%040x", i)}
			d.ID = hansei.ID(fmt.Sprintf("hub:%d", i))
			d.From = []hansei.Observed{{Source: "hub", External: fmt.Sprint(i)}}
			if i%10 == 0 {
				d.From[0].Record = version
				d.From = append(d.From, hansei.Observed{Source: "cd", External: fmt.Sprint(i), Record: version})
			}
			if err := record.Put(tx, d, 0); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		b.Fatal(err)
	}
	if err := facts.CatchUp(b.Context(), records, who.Scope(), nil); err != nil {
		b.Fatal(err)
	}
	reader := &coverage.Reader{Facts: facts, Metrics: metric.New(facts, records, func() time.Time { return at })}
	for b.Loop() {
		kinds := []hansei.Kind{hansei.KindDeployment}
		list := []connect.View{{Name: "hub", Gives: kinds}, {Name: "cd", Gives: kinds}}
		if err := reader.Cover(b.Context(), who.Scope(), list); err != nil {
			b.Fatal(err)
		}
		if hub, cd := list[0].Coverage[0].Records, list[1].Coverage[0].Records; hub != n || cd != (n+9)/10 {
			b.Fatalf("covers %d and %d", hub, cd)
		}
	}
}
