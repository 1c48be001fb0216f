package retro

import (
	"fmt"
	"log/slog"
	"testing"
	"time"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/fact"
	"hansei/internal/intake"
	"hansei/internal/record"
	"hansei/internal/search"
)

// BenchmarkDraft drafts a retrospective from 2,000 related records: 1,000
// alerts, 700 tickets and 300 deployments of the incident's service while it
// went on, beside 400 messages in the incident itself.
func BenchmarkDraft(b *testing.B) {
	d, in := busy(b)
	who := auth.Local()
	entries := 0
	for b.Loop() {
		id, _, err := d.Draft(b.Context(), who, in)
		if err != nil {
			b.Fatal(err)
		}
		b.StopTimer() // the next one is drafted from nothing, too
		r, _, err := d.Get(b.Context(), who.Scope(), id)
		if err != nil {
			b.Fatal(err)
		}
		entries = len(r.Timeline)
		if _, err := d.Remove(b.Context(), who, id, true); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
	if entries < 500 {
		b.Errorf("the timeline has %d entries; want most of what happened", entries)
	}
	b.ReportMetric(float64(entries), "entries")
}

// busy is a desk over an incident in which much happened.
func busy(b *testing.B) (*Desk, hansei.ID) {
	b.Helper()
	ctx, who, dir := b.Context(), auth.Local(), b.TempDir()
	store, err := record.Open(ctx, record.Options{Dir: dir})
	if err != nil {
		b.Fatal(err)
	}
	facts, err := fact.Open(ctx, fact.Options{Dir: dir})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		facts.Close()
		if err := store.Close(); err != nil {
			b.Error(err)
		}
	})
	began := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	at := func(i, of int) time.Time { return began.Add(time.Duration(i) * 2 * time.Hour / time.Duration(of)) }
	shop := []hansei.ID{"shop"}
	in := &hansei.Incident{Header: hansei.Header{ID: "big"}, Title: "Checkout is down", Status: hansei.StatusResolved, Severity: "sev1", Services: shop}
	in.Milestones.Set(hansei.RoleBegan, began)
	in.Milestones.Set(hansei.RoleResolved, began.Add(2*time.Hour))
	for i := range 400 {
		in.Updates = append(in.Updates, hansei.Update{ID: fmt.Sprint("m", i), At: at(i, 400), Text: fmt.Sprintf("message %d: the error rate of checkout is at %d per cent", i, i%90)})
	}
	list := []hansei.Record{&hansei.Service{Header: hansei.Header{ID: "shop"}, Name: "Shop"}, in}
	for i := range 1000 {
		list = append(list, &hansei.Alert{Header: hansei.Header{ID: hansei.ID(fmt.Sprint("a", i))}, Title: fmt.Sprintf("alert %d fires", i), Services: shop, Triggered: at(i, 1000)})
	}
	for i := range 700 {
		list = append(list, &hansei.Ticket{Header: hansei.Header{ID: hansei.ID(fmt.Sprint("t", i))}, Title: fmt.Sprintf("I cannot pay, order %d", i), Services: shop, Created: at(i, 700)})
	}
	for i := range 300 {
		list = append(list, &hansei.Deployment{Header: hansei.Header{ID: hansei.ID(fmt.Sprint("d", i))}, Title: fmt.Sprintf("release %d", i), Service: "shop", Started: at(i, 300), Finished: at(i, 300)})
	}
	if _, err := store.Write(ctx, who, func(tx *record.Tx) error {
		for _, rec := range list {
			if err := record.Put(tx, rec, 0); err != nil {
				return fmt.Errorf("%s: %w", rec.Head().ID, err)
			}
		}
		return nil
	}); err != nil {
		b.Fatal(err)
	}
	words := search.NewView(slog.New(slog.DiscardHandler))
	if err := words.CatchUp(ctx, store, who.Scope()); err != nil {
		b.Fatal(err)
	}
	if err := facts.CatchUp(ctx, store, who.Scope(), nil); err != nil {
		b.Fatal(err)
	}
	return &Desk{Records: store, Facts: facts, Search: words, People: intake.People{Records: store}, Now: func() time.Time { return began.Add(24 * time.Hour) }}, in.ID
}
