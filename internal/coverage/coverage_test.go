package coverage_test

import (
	"encoding/json"
	"slices"
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

// TestEverySourceOfARecord: a record that several tools tell of counts for each
// of them, field by field by what that one says; whose word does not count
// covers nothing, and a record that was joined into another counts once.
func TestEverySourceOfARecord(t *testing.T) {
	dir, who := t.TempDir(), auth.Local()
	records, err := record.Open(t.Context(), record.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	facts, err := fact.Open(t.Context(), fact.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		facts.Close()
		if err := records.Close(); err != nil {
			t.Error(err)
		}
	})
	at := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	incident := func(title, priority string, services ...hansei.ID) *hansei.Incident {
		in := &hansei.Incident{Title: title, Priority: priority, Services: services}
		if title != "" {
			in.Milestones.Set(hansei.RoleDeclared, at)
		}
		return in
	}
	said := func(source string, in *hansei.Incident, out string) hansei.Observed {
		text, err := json.Marshal(in)
		if err != nil {
			t.Fatal(err)
		}
		return hansei.Observed{Source: source, External: "x", Record: text, Out: out}
	}
	alone, both, left, joined := incident("Alone", "P1", "web"), incident("Both", "P1", "web"), incident("Left", ""), incident("Joined", "P3")
	alone.ID, alone.From = "alone", []hansei.Observed{{Source: "pages", External: "1"}}
	both.ID, both.From = "both", []hansei.Observed{said("pages", incident("Both", ""), ""), said("tickets", incident("", "P1", "web"), "")}
	left.ID, left.From = "left", []hansei.Observed{said("pages", incident("Left", ""), ""), said("tickets", incident("", "P9"), hansei.OutFiltered)}
	joined.ID, joined.MergedInto, joined.From = "joined", "both", []hansei.Observed{{Source: "tickets", External: "1"}}
	web := &hansei.Service{Header: hansei.Header{ID: "web"}, Name: "Web"}
	if _, err := records.Write(t.Context(), who, func(tx *record.Tx) error {
		for _, rec := range []hansei.Record{web, alone, both, left, joined} {
			if err := record.Put(tx, rec, 0); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	reader := &coverage.Reader{Facts: facts, Metrics: metric.New(facts, records, func() time.Time { return at })}
	covers := func() (pages, tickets connect.Covered) {
		t.Helper()
		if err := facts.CatchUp(t.Context(), records, who.Scope(), nil); err != nil {
			t.Fatal(err)
		}
		kinds := []hansei.Kind{hansei.KindIncident}
		list := []connect.View{{Name: "pages", Gives: kinds}, {Name: "tickets", Gives: kinds}, {Name: "other", Gives: kinds}}
		if err := reader.Cover(t.Context(), who.Scope(), list); err != nil {
			t.Fatal(err)
		}
		if c := list[2].Coverage[0]; c.Records != 0 || len(c.Fields) != 0 || c.Known == 0 {
			t.Errorf("of a source that told nothing: %+v", c)
		}
		return list[0].Coverage[0], list[1].Coverage[0]
	}
	of := func(c connect.Covered, field string) connect.Field {
		i := slices.IndexFunc(c.Fields, func(f connect.Field) bool { return f.Name == field })
		if i < 0 {
			t.Fatalf("no field %s in %+v", field, c)
		}
		return c.Fields[i]
	}
	pages, tickets := covers()
	if pages.Records != 3 || of(pages, "title").Records != 3 || of(pages, "priority").Records != 1 || of(pages, "services").Records != 1 || of(pages, "declared_at").Records != 3 {
		t.Errorf("pages: %+v", pages)
	}
	if tickets.Records != 1 || of(tickets, "title").Records != 0 || of(tickets, "priority").Records != 1 || of(tickets, "services").Records != 1 || tickets.Filled != 2 {
		t.Errorf("tickets: %+v", tickets)
	}
	if len(of(pages, "resolved_at").Needed) == 0 || len(of(pages, "declared_at").Needed) != 0 || len(of(tickets, "declared_at").Needed) == 0 {
		t.Errorf("needed: %+v\n%+v", pages, tickets)
	}
	// The filter is gone: what it told of the third counts.
	left.From[1].Out = ""
	if _, err := records.Write(t.Context(), who, func(tx *record.Tx) error { return record.Put(tx, left, 1) }); err != nil {
		t.Fatal(err)
	}
	if pages, tickets = covers(); pages.Records != 3 || tickets.Records != 2 || of(tickets, "priority").Records != 2 {
		t.Errorf("without the filter: %+v\n%+v", pages, tickets)
	}
}
