package app

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/connect"
	"hansei/internal/intake"
	"hansei/internal/record"
	"hansei/internal/record/pack"
	"hansei/internal/seal"
)

// issues is a Hansei that a Jira tells of issues.
type issues struct {
	*App
	t   *testing.T
	who auth.Actor
	n   int
}

func newIssues(t *testing.T, database string) *issues {
	t.Helper()
	a, err := New(t.Context(), Config{Dir: t.TempDir(), Database: database, Listen: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	})
	x := &issues{a, t, auth.Local(), 0}
	x.add("")
	return x
}

func (x *issues) add(incidents string) connect.Added {
	x.t.Helper()
	out, err := x.sources.Add(x.t.Context(), x.who, connect.Spec{Tool: "jira", Name: "jira", Settings: map[string]string{"url": "https://acme.atlassian.net", "incident_types": incidents}})
	if err != nil {
		x.t.Fatal(err)
	}
	return out
}

func (x *issues) drain() {
	x.t.Helper()
	for n := 1; n > 0; {
		var err error
		if n, err = x.inbox.Drain(x.t.Context(), x.who); err != nil {
			x.t.Fatal(err)
		}
	}
}

// issue is how an issue is at an hour.
func issue(id, kind string, hour int) string {
	return fmt.Sprintf(`{"id": %q, "key": "OPS-%s", "fields": {"summary": "Hour %d", "issuetype": {"name": %q}, "project": {"key": "OPS"}, "status": {"name": "Open", "statusCategory": {"key": "new"}},
		"created": "2026-03-01T09:00:00.000+0000", "updated": "2026-03-01T%02d:00:00.000+0000"}}`, id, id, hour, kind, hour)
}

// tell has Jira tell of an issue by an event, or in a page when it is "pull".
func (x *issues) tell(event, id, kind string, hour int) {
	x.t.Helper()
	x.n++
	at := time.Date(2026, 3, 1, hour, 0, 0, 0, time.UTC)
	name, body := "", fmt.Sprintf(`{"webhookEvent": %q, "timestamp": %d, "n": %d, "issue": %s}`, event, at.UnixMilli(), x.n, issue(id, kind, hour))
	if event == "pull" {
		name, body = "pull/issues", fmt.Sprintf(`{"n": %d, "issues": [%s]}`, x.n, issue(id, kind, hour))
	}
	if _, err := x.records.Deliver(x.t.Context(), x.who, []pack.Packed{x.hooks.Packer.Pack("jira", name, "application/json", "", []byte(body))}); err != nil {
		x.t.Fatal(err)
	}
}

// is is what there is of an issue: each record with how its source told it.
func (x *issues) is(id string) string {
	x.t.Helper()
	var out []string
	for _, kind := range []hansei.Kind{hansei.KindIncident, hansei.KindWorkItem} {
		found, err := record.Load(x.t.Context(), x.records, x.who.Scope(), kind, []hansei.ID{hansei.ID("jira:" + id)})
		if err != nil {
			x.t.Fatal(err)
		}
		for _, r := range found {
			text, err := json.Marshal(r.Record)
			if err != nil {
				x.t.Fatal(err)
			}
			out = append(out, string(kind)+" "+strings.ReplaceAll(string(text), id, "ID"))
		}
	}
	return strings.Join(out, "\n")
}

// live are the kinds of record of an issue that count.
func (x *issues) live(id string) (out []hansei.Kind) {
	x.t.Helper()
	for _, kind := range []hansei.Kind{hansei.KindIncident, hansei.KindWorkItem} {
		found, err := record.Load(x.t.Context(), x.records, x.who.Scope(), kind, []hansei.ID{hansei.ID("jira:" + id)})
		if err != nil {
			x.t.Fatal(err)
		}
		for _, r := range found {
			if !r.Record.Head().Deleted {
				out = append(out, kind)
			}
		}
	}
	return out
}

// TestTypesInAnyOrder: whatever the order in which it is told that an issue's
// type was changed, that it was deleted, and what was read of it, the records
// are the same in the end, also after a replay.
func TestTypesInAnyOrder(t *testing.T) {
	type telling struct {
		event, kind string
		hour        int
	}
	const created, updated, deleted, pull = "jira:issue_created", "jira:issue_updated", "jira:issue_deleted", "pull"
	x, id := newIssues(t, ""), 1000
	for i, c := range []struct {
		told []telling
		want []hansei.Kind
	}{
		{[]telling{{created, "Incident", 10}, {updated, "Bug", 11}}, []hansei.Kind{hansei.KindWorkItem}},
		{[]telling{{created, "Bug", 10}, {updated, "Incident", 11}, {pull, "Incident", 12}}, []hansei.Kind{hansei.KindIncident}},
		{[]telling{{created, "Incident", 10}, {updated, "Bug", 11}, {updated, "Incident", 12}, {updated, "Incident", 13}}, []hansei.Kind{hansei.KindIncident}},
		{[]telling{{created, "Incident", 10}, {pull, "Bug", 11}, {updated, "Incident", 12}, {updated, "Bug", 13}}, []hansei.Kind{hansei.KindWorkItem}},
		{[]telling{{created, "Incident", 10}, {updated, "Bug", 11}, {deleted, "Bug", 12}}, nil},
		{[]telling{{created, "Bug", 10}, {pull, "Bug", 10}, {updated, "Incident", 11}, {deleted, "Incident", 12}}, nil},
		{[]telling{{created, "Incident", 10}, {deleted, "Bug", 12}}, nil},
	} {
		rng, same := rand.New(rand.NewPCG(1, uint64(i))), ""
		var ids []string
		for range 30 {
			id++
			ids = append(ids, fmt.Sprint(id))
			for _, w := range c.told {
				x.tell(w.event, fmt.Sprint(id), w.kind, w.hour)
				if rng.IntN(2) == 0 {
					x.drain()
				}
			}
			rng.Shuffle(len(c.told), func(i, j int) { c.told[i], c.told[j] = c.told[j], c.told[i] })
		}
		check := func(when string) {
			t.Helper()
			x.drain()
			same = x.is(ids[0])
			for _, id := range ids {
				if got := x.live(id); !slices.Equal(got, c.want) {
					t.Fatalf("%d, %s: %s is %v, want %v:\n%s", i, when, id, got, c.want, x.is(id))
				}
				if got := x.is(id); got != same {
					t.Fatalf("%d, %s: in another order it is\n%s\ninstead of\n%s", i, when, got, same)
				}
			}
		}
		check("told")
		if _, err := x.sources.Replay(t.Context(), x.who, connect.Replay{}); err != nil {
			t.Fatal(err)
		}
		check("replayed")
	}
}

// TestMeantMeanwhile: what another server understands, or this one has read
// already, while a person changes what it means, is understood with the change.
func TestMeantMeanwhile(t *testing.T) { onEach(t, meantMeanwhile) }

func meantMeanwhile(t *testing.T, database string) {
	x, ctx := newIssues(t, database), t.Context()
	box, err := seal.Open(filepath.Join(x.config.Dir, "hansei.key"))
	if err != nil {
		t.Fatal(err)
	}
	// Another server with its own idea of what sources are like, for a while.
	clock := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	second := &connect.Sources{Records: x.records, Kinds: x.sources.Kinds, Seal: box, Log: x.sources.Log, Now: func() time.Time { return clock }, Later: x.sources.Later}
	second.Inbox = &intake.Inbox{Records: x.records, Log: x.sources.Log, Source: second.Reading}
	x.inbox = second.Inbox
	change := func(to string) {
		t.Helper()
		if _, err := x.sources.Edit(ctx, x.who, "jira", connect.Change{Settings: map[string]string{"incident_types": to}}); err != nil {
			t.Fatal(err)
		}
	}
	is := func(when string, want hansei.Kind) {
		t.Helper()
		x.drain()
		if got := x.live("1"); len(got) != 1 || got[0] != want {
			t.Fatalf("%s it is %v, want %s", when, got, want)
		}
	}
	x.tell("jira:issue_created", "1", "Incident", 10)
	is("at first", hansei.KindIncident)
	change("Outage")
	is("changed on another server", hansei.KindWorkItem)
	second.Inbox.Source = func(name string) (intake.Reading, error) {
		r, err := second.Reading(name)
		second.Inbox.Source = second.Reading
		change("Incident")
		return r, err
	}
	x.tell("jira:issue_updated", "1", "Incident", 11)
	is("changed while it was read", hansei.KindIncident)
	change("Outage")
	if n, err := second.Inbox.Drain(ctx, x.who); err != nil || n != 2 {
		t.Fatal(n, err)
	}
	change("Incident") // while what waits is still being understood
	is("changed back", hansei.KindIncident)
}

// TestMappedMeanwhile: a mapping that is changed while what was received is
// still being understood with the one before it stands.
func TestMappedMeanwhile(t *testing.T) { onEach(t, mappedMeanwhile) }

func mappedMeanwhile(t *testing.T, database string) {
	x, ctx := newIssues(t, database), t.Context()
	mapping := func(field string) map[string]string {
		return map[string]string{"mapping": "kind: incident\nid: id\nfields:\n  - column: " + field + "\n    field: title\n  - column: at\n    field: declared_at\n", "at": ".at", "verify": "address"}
	}
	if _, err := x.sources.Add(ctx, x.who, connect.Spec{Tool: "generic", Name: "desk", Settings: mapping("a")}); err != nil {
		t.Fatal(err)
	}
	if _, err := x.records.Deliver(ctx, x.who, []pack.Packed{x.hooks.Packer.Pack("desk", "", "application/json", "", []byte(`{"id": "1", "at": "2026-03-01T10:00:00Z", "a": "Anna", "b": "Bert"}`))}); err != nil {
		t.Fatal(err)
	}
	x.drain()
	for _, field := range []string{"b", "a"} {
		if _, err := x.sources.Edit(ctx, x.who, "desk", connect.Change{Settings: mapping(field)}); err != nil {
			t.Fatal(err)
		}
		if n, err := x.inbox.Drain(ctx, x.who); err != nil || n != 1 {
			t.Fatal(n, err)
		}
		in, _, err := record.Get[*hansei.Incident](ctx, x.records, x.who.Scope(), "desk:1")
		if err != nil {
			t.Fatal(err)
		}
		if want := map[string]string{"a": "Anna", "b": "Bert"}[field]; in.Title != want {
			t.Errorf("by %s it is %q, want %q", field, in.Title, want)
		}
	}
}

// TestMeantAgain: a source that is added again with other settings understands
// what is kept of it with them.
func TestMeantAgain(t *testing.T) { onEach(t, meantAgain) }

func meantAgain(t *testing.T, database string) {
	x, ctx := newIssues(t, database), t.Context()
	x.tell("jira:issue_created", "1", "Incident", 10)
	x.drain()
	for _, c := range []struct {
		incidents string
		again     int64
		want      hansei.Kind
	}{{"", 0, hansei.KindIncident}, {"Outage", 1, hansei.KindWorkItem}, {"", 1, hansei.KindIncident}} {
		if _, err := x.sources.Remove(ctx, x.who, "jira", false); err != nil {
			t.Fatal(err)
		}
		if out := x.add(c.incidents); out.Again != c.again {
			t.Errorf("%d are understood again, want %d", out.Again, c.again)
		}
		x.drain()
		if got := x.live("1"); len(got) != 1 || got[0] != c.want {
			t.Errorf("with %q it is %v, want %s", c.incidents, got, c.want)
		}
	}
}
