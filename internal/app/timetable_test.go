package app

import (
	"context"
	"testing"
	"time"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/job"
	"hansei/internal/record"
)

// TestTimetable: every periodic job of a server succeeds on real records, and
// incidents of two tools that look alike are suggested as one.
func TestTimetable(t *testing.T) { onEach(t, timetable) }

func timetable(t *testing.T, database string) {
	ctx, who := t.Context(), auth.Local()
	a := open(t, Config{Database: database, Listen: "127.0.0.1:0"})
	began := time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)
	_, err := a.records.Write(ctx, who, func(tx *record.Tx) error {
		for i, source := range []string{"desk", "pages", "pages"} {
			in := &hansei.Incident{Header: hansei.Header{ID: hansei.ID(source + string(rune('1'+i))), From: []hansei.Observed{{Source: source, External: "1", At: began}}},
				Title: "Checkout is down", Status: hansei.StatusOpen, Services: []hansei.ID{"shop"}}
			in.Milestones.Set(hansei.RoleDeclared, began.Add(time.Duration(i)*time.Minute))
			if err := record.Put(tx, in, 0); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	run, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- a.work(run) }()
	defer func() {
		stop()
		<-ended
	}()
	joins := func() (out []string) {
		list, err := a.records.List(ctx, who.Scope(), hansei.KindJoin, "", 10)
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range list {
			j := x.Record.(*hansei.Join)
			out = append(out, j.Verdict+" "+string(j.A)+" "+string(j.B))
		}
		return out
	}
	soon(t, "a suggestion", func() bool { return len(joins()) > 0 })
	if got := joins(); len(got) != 2 {
		t.Errorf("suggested: %v; expected desk1 with each of the others", got)
	}
	soon(t, "every job done", func() bool {
		n, err := a.jobs.Counts(ctx, who.Scope())
		if err != nil {
			t.Fatal(err)
		}
		return n["retryable"]+n["discarded"] > 0 || n["completed"] >= 5 && n["running"]+n["available"] == 0
	})
	all, err := a.jobs.List(ctx, who.Scope(), job.Filter{})
	if err != nil {
		t.Fatal(err)
	}
	for _, j := range all {
		if j.Error != "" {
			t.Errorf("%s: %s", j.Kind, j.Error)
		}
	}
}
