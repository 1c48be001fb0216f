package app

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"hansei"
	"hansei/internal/affected"
	"hansei/internal/auth"
	"hansei/internal/connect"
	"hansei/internal/record"
	"hansei/internal/record/pgtest"
	"hansei/internal/source"
)

// TestWhatPayloadsMean: when another type of issue is an incident, or another
// workflow deploys, what was received is understood again with that, both ways;
// and an issue whose type is changed at the tool is what it is now.
func TestWhatPayloadsMean(t *testing.T) { onEach(t, whatPayloadsMean) }

// onEach runs a test on each database.
func onEach(t *testing.T, test func(t *testing.T, database string)) {
	t.Run("sqlite", func(t *testing.T) { test(t, "") })
	t.Run("postgres", func(t *testing.T) {
		url, _ := pgtest.Start(t)
		test(t, url)
	})
}

func whatPayloadsMean(t *testing.T, database string) {
	ctx, who := t.Context(), auth.Local()
	a, err := New(ctx, Config{Dir: t.TempDir(), Database: database, Listen: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := a.search.CatchUp(ctx, a.records, who.Scope()); err != nil { // from now on it follows
		t.Fatal(err)
	}
	sources := map[string]connect.Added{}
	for _, spec := range []connect.Spec{{Tool: "jira", Name: "jira", Settings: map[string]string{"url": "https://acme.atlassian.net"}}, {Tool: "github", Name: "github"}} {
		if sources[spec.Name], err = a.sources.Add(ctx, who, spec); err != nil {
			t.Fatal(err)
		}
	}
	drain := func() {
		t.Helper()
		for n := 1; n > 0; {
			if n, err = a.inbox.Drain(ctx, who); err != nil {
				t.Fatal(err)
			}
		}
	}
	n := 0
	send := func(to, event, body string) {
		t.Helper()
		n++
		u, err := url.Parse(sources[to].URL)
		if err != nil {
			t.Fatal(err)
		}
		q := httptest.NewRequest(http.MethodPost, u.RequestURI(), bytes.NewReader([]byte(body)))
		sum := "sha256=" + hex.EncodeToString(source.HMAC(sources[to].Secret, []byte(body)))
		for name, value := range map[string]string{"X-Hub-Signature": sum, "X-Hub-Signature-256": sum, "X-GitHub-Event": event, "X-GitHub-Delivery": fmt.Sprint(n), "Content-Type": "application/json"} {
			q.Header.Set(name, value)
		}
		w := httptest.NewRecorder()
		if a.hooks.ServeHTTP(w, q); w.Code/100 != 2 {
			t.Fatalf("%s: %d %s", event, w.Code, w.Body)
		}
		drain()
	}
	issue := func(id, kind string, hour int) {
		t.Helper()
		send("jira", "", fmt.Sprintf(`{"webhookEvent": "jira:issue_updated", "timestamp": %d, "issue": {"id": %q, "key": "OPS-%s", "fields": {"summary": "S", "issuetype": {"name": %q}, "project": {"key": "OPS"},
			"status": {"name": "Open", "statusCategory": {"key": "new"}}, "created": "2026-03-01T09:00:00.000+0000", "updated": "2026-03-01T%02d:00:00.000+0000"}}}`, 1772355600000+int64(hour-9)*3600000, id, id, kind, hour))
	}
	run := func(id int, name string) {
		t.Helper()
		send("github", "workflow_run", fmt.Sprintf(`{"action": "completed", "repository": {"name": "shop", "full_name": "acme/shop"}, "workflow_run": {"id": %d, "name": %q, "head_branch": "main", "head_sha": "abc", "status": "completed", "conclusion": "success",
			"created_at": "2026-03-01T10:00:00Z", "run_started_at": "2026-03-01T10:00:00Z", "updated_at": "2026-03-01T10:05:00Z"}}`, id, name))
	}
	// are checks which records there are that count.
	are := func(when string, want ...string) {
		t.Helper()
		var got []string
		for _, kind := range []hansei.Kind{hansei.KindIncident, hansei.KindWorkItem, hansei.KindDeployment} {
			list, err := a.records.List(ctx, who.Scope(), kind, "", 100)
			if err != nil {
				t.Fatal(err)
			}
			for _, x := range list {
				if head := x.Record.Head(); !head.Deleted {
					got = append(got, string(kind)+" "+string(head.ID))
				} else if head.From[0].Out != hansei.OutOther {
					t.Errorf("%s: %s is out as %q", when, head.ID, head.From[0].Out)
				}
			}
		}
		if slices.Sort(want); !slices.Equal(slices.Sorted(slices.Values(got)), want) {
			t.Errorf("%s: %s; want %s", when, strings.Join(got, ", "), strings.Join(want, ", "))
		}
	}
	change := func(name, setting, to string, again int64) {
		t.Helper()
		out, err := a.sources.Edit(ctx, who, name, connect.Change{Settings: map[string]string{setting: to}})
		if err != nil || out.Again != again {
			t.Fatalf("%s: %d are understood again, %v; want %d", setting, out.Again, err, again)
		}
		drain()
	}
	issue("1", "Incident", 10)
	issue("2", "Bug", 10)
	run(1, "Deploy")
	run(2, "Test")
	are("at first", "incident jira:1", "work-item jira:2")
	list, err := a.records.Deliveries(ctx, who.Scope(), record.DeliveryFilter{Live: true, Source: "github"})
	if err != nil || len(list) != 2 || list[0].State != record.DeliveryUnused || !strings.Contains(list[0].Summary, "does not deploy") {
		t.Errorf("runs of no deploying workflow: %+v, %v", list, err)
	}
	change("github", "workflows", "(?i)deploy", 2)
	are("one workflow deploys", "incident jira:1", "work-item jira:2", "deployment github:run-1")
	change("github", "workflows", "^Test$", 2)
	are("it is another one", "incident jira:1", "work-item jira:2", "deployment github:run-2")
	change("jira", "incident_types", "Incident, Bug", 2)
	are("bugs are incidents", "incident jira:1", "incident jira:2", "deployment github:run-2")
	change("jira", "incident_types", "Outage", 2)
	are("none is", "work-item jira:1", "work-item jira:2", "deployment github:run-2")
	change("jira", "incident_types", "", 2)
	are("as at first", "incident jira:1", "work-item jira:2", "deployment github:run-2")
	change("jira", "follow_ups", "Action item,postmortem,follow-up", 0) // as it is
	issue("1", "Task", 11)
	issue("2", "Incident", 11)
	are("their types were changed", "work-item jira:1", "incident jira:2", "deployment github:run-2")
	if r, err := a.sources.Replay(ctx, who, connect.Replay{}); err != nil || r != 6 {
		t.Errorf("replayed %d, %v", r, err)
	}
	drain()
	are("replayed", "work-item jira:1", "incident jira:2", "deployment github:run-2")
	followersChangeNothing(t, a)
}

// followersChangeNothing: those who follow the journal are handed the same
// records, and leave them as they are.
func followersChangeNothing(t *testing.T, a *App) {
	t.Helper()
	ctx, who := t.Context(), auth.Local()
	// Customers are counted where there are tickets, behind those who link.
	_, err := a.records.Write(ctx, who, func(tx *record.Tx) error {
		return record.Put(tx, &hansei.Ticket{Header: hansei.Header{ID: "t"}, Title: "T", Customer: "acme", Incident: "jira:2", Created: time.Now().UTC()}, 0)
	})
	if err := errors.Join(err, a.inbox.Link(ctx, who)); err != nil {
		t.Fatal(err)
	}
	page, err := a.records.Feed(ctx, who.Scope(), 0, 1000)
	if err != nil {
		t.Fatal(err)
	}
	look := func(each func(record.Change, hansei.Record)) {
		t.Helper()
		for _, c := range page.Changes {
			rec, err := record.Decode(c)
			if err != nil {
				t.Fatal(err)
			}
			each(c, rec)
		}
	}
	look(func(c record.Change, rec hansei.Record) {
		if again, err := record.Decode(c); err != nil || again != rec {
			t.Fatalf("entry %d is not shared, %v: the test tries nothing", c.Seq, err)
		}
	})
	for name, follow := range map[string]func() error{
		"facts":    func() error { return a.facts.CatchUp(ctx, a.records, who.Scope(), nil) },
		"search":   func() error { return a.search.CatchUp(ctx, a.records, who.Scope()) },
		"watch":    func() error { return a.watch.Follow(ctx, who) },
		"affected": func() error { return (affected.Counter{Records: a.records}).Follow(ctx, who) },
	} {
		if err := follow(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	look(func(c record.Change, rec hansei.Record) {
		alone, err := record.DecodeDoc(c.Kind, c.Doc)
		if err != nil || !reflect.DeepEqual(rec, alone) {
			t.Errorf("entry %d is %+v, and was %+v, %v", c.Seq, rec, alone, err)
		}
	})
}
