package api

import (
	"fmt"
	"io"
	"net"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func TestOwnMetric(t *testing.T) {
	w := open(t)
	w.load()
	yaml := "id: rate_of_sev2\ntitle: Rate of sev2\nof: incident\nmeasure: {count: true}\nwhere: [severity=sev2]\n"
	w.must(200, "PUT", "/api/v1/metrics/rate_of_sev2", yaml, "Content-Type: text/yaml")
	f := w.must(200, "GET", "/api/v1/figures/rate_of_sev2?since=2025-01-01&until=2025-01-31", "")["figures"].([]any)[0].(map[string]any)
	if f["value"] != 1.0 || f["n"] != 1.0 {
		t.Errorf("got %v", f)
	}
	if m := w.must(200, "GET", "/api/v1/metrics/rate_of_sev2", ""); m["definition"] != yaml || m["custom"] != true {
		t.Errorf("got %v", m)
	}
	w.must(200, "DELETE", "/api/v1/metrics/rate_of_sev2", "")
	w.must(404, "GET", "/api/v1/metrics/rate_of_sev2", "")
	w.must(404, "DELETE", "/api/v1/metrics/rate_of_sev2", "")
}

func TestPlanStoresNothing(t *testing.T) {
	w := open(t)
	p := w.must(200, "POST", "/api/v1/imports/plan?name=incidents.csv", incidents)
	if p["read"] != 3.0 || p["rejected"] != 1.0 || len(p["rows"].([]any)) != 2 || !strings.Contains(p["mapping"].(string), "kind: incident") {
		t.Errorf("got %v", p)
	}
	s := w.must(200, "GET", "/api/v1/status", "")
	if s["journal"].(map[string]any)["seq"] != 0.0 {
		t.Errorf("a dry run wrote to the journal: %v", s)
	}
}

func TestRebuild(t *testing.T) {
	w := open(t)
	w.load()
	ask := "/api/v1/figures/incident_rate?since=2025-01-01&until=2025-01-31"
	before := jsonText(w.must(200, "GET", ask, ""))
	if out := w.must(200, "POST", "/api/v1/rebuild", ""); out["records"] != 4.0 {
		t.Errorf("got %v; want 2 services and 2 incidents", out)
	}
	if after := jsonText(w.must(200, "GET", ask, "")); after != before {
		t.Errorf("the rebuild changed a figure:\n%s\n%s", before, after)
	}
}

// TestRebuildWhileWriting holds that a rebuild and the follower, which both
// apply the journal, do not apply it twice.
func TestRebuildWhileWriting(t *testing.T) {
	w := open(t)
	w.load()
	for i := range 5 {
		var group sync.WaitGroup
		group.Go(func() { w.ask("POST", "/api/v1/rebuild", "") })
		group.Go(func() {
			w.ask("PATCH", "/api/v1/records/incident/file:1", `{"fields":{"title":"`+strings.Repeat("x", i+1)+`"}}`)
		})
		group.Wait()
	}
	rows := w.must(200, "POST", "/api/v1/sql", `{"sql":"SELECT (SELECT count(*) FROM incident), (SELECT count(*) FROM history.incident)"}`)["rows"].([]any)
	if got := jsonText(rows[0]); got != "[2,7]" {
		t.Errorf("got %s incidents and versions of them, want [2,7]", got)
	}
}

// TestOneBadDefinitionStopsNothing holds that a definition is only ever
// written by the operation that reads it first.
func TestOneBadDefinitionStopsNothing(t *testing.T) {
	w := open(t)
	w.load()
	w.must(200, "PUT", "/api/v1/metrics/mine", "id: mine\ntitle: T\nof: incident\nmeasure: {count: true}\n")
	for _, c := range [][3]string{
		{"PATCH", "/api/v1/records/metric/mine", `{"fields":{"definition":"nonsense"}}`},
		{"POST", "/api/v1/records/metric", `{"id":"other","fields":{"definition":"nonsense"}}`},
		{"DELETE", "/api/v1/records/organization/organization", ""},
		{"PUT", "/api/v1/metrics/mine", "nonsense"},
	} {
		if res, p := w.ask(c[0], c[1], c[2]); res.StatusCode != 422 && res.StatusCode != 404 {
			t.Errorf("%s %s: got %d %v", c[0], c[1], res.StatusCode, p)
		}
	}
	w.must(200, "GET", "/api/v1/figures/incident_rate", "")
	w.must(200, "GET", "/api/v1/figures/mine", "")
}

// TestPages holds that the pages of every list make up the list: nothing
// twice, nothing left out, also while somebody writes.
func TestPages(t *testing.T) {
	w := open(t)
	text := "id,title,created_at,resolved_at\n"
	for i := range 23 {
		text += fmt.Sprintf("%02d,t,2025-01-%02dT00:00:00Z,2025-01-%02dT01:00:00Z\n", i, i+1, i+1)
	}
	w.imported("incidents.csv", text)
	for _, c := range []struct {
		path string
		id   func(map[string]any) any
	}{
		{"/api/v1/records/incident?sort=title&limit=5", func(r map[string]any) any { return r["id"] }},
		{"/api/v1/records/incident?full=true&limit=5", func(r map[string]any) any { return r["record"].(map[string]any)["id"] }},
		{"/api/v1/records/incident?full=true&sort=-id&limit=5", func(r map[string]any) any { return r["record"].(map[string]any)["id"] }},
		{"/api/v1/figures/time_to_resolve/records?since=2025-01-01&until=2026-01-01&limit=5", func(r map[string]any) any { return r["id"] }},
	} {
		seen, pages, next := map[any]bool{}, 0, ""
		for {
			page := w.must(200, "GET", c.path+next, "")
			pages++
			for _, r := range page["records"].([]any) {
				seen[c.id(r.(map[string]any))] = true
			}
			cursor, more := page["next"].(string)
			if !more || pages > 10 {
				break
			}
			next = "&cursor=" + cursor
			w.must(200, "PATCH", "/api/v1/records/incident/file:22", fmt.Sprintf(`{"fields":{"description":"%s %d"}}`, strings.Repeat("x", pages), pages))
		}
		if len(seen) != 23 || pages != 5 {
			t.Errorf("%s: got %d records on %d pages, want 23 on 5", c.path, len(seen), pages)
		}
	}
	if page := w.must(200, "GET", "/api/v1/records/incident?where=severity=none-such", ""); page["total"] != 0.0 || len(page["records"].([]any)) != 0 {
		t.Errorf("nothing found: got %v", page)
	}
}

// TestProblemsCarryNoTag holds that a problem is asked for again.
func TestProblemsCarryNoTag(t *testing.T) {
	w := open(t)
	for _, path := range []string{"/api/v1/records/incident/nope", "/api/v1/figures/nope", "/api/v1/records/incident?limit=x"} {
		if res, _ := w.ask("GET", path, ""); res.Header.Get("ETag") != "" || res.StatusCode < 400 {
			t.Errorf("%s: got %d with ETag %q", path, res.StatusCode, res.Header.Get("ETag"))
		}
	}
}

// TestBodyThatEndsEarly holds that a broken upload is the sender's problem and
// leaves nothing behind.
func TestBodyThatEndsEarly(t *testing.T) {
	w := open(t)
	conn, err := net.Dial("tcp", w.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(conn, "POST /api/v1/imports?name=x.csv HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nid,title\n")
	if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	answer, err := io.ReadAll(conn)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(string(answer), "HTTP/1.1 422 ") || !strings.Contains(string(answer), `"location":"body"`) {
		t.Errorf("got %s", answer)
	}
	if err := conn.Close(); err != nil {
		t.Fatal(err)
	}
	if list := w.must(200, "GET", "/api/v1/imports", "")["imports"].([]any); len(list) != 0 {
		t.Errorf("got %v", list)
	}
	if strings.Contains(w.log.String(), "level=ERROR") {
		t.Errorf("logged as ours: %s", w.log)
	}
}

// TestPagesOfOneMoment holds that imports which arrived in the same moment are
// all listed, whatever the size of a page.
func TestPagesOfOneMoment(t *testing.T) {
	at := time.Date(2025, 6, 1, 12, 0, 0, 0, time.UTC)
	w := openAt(t, func() time.Time { return at })
	for i := range 5 {
		w.imported(fmt.Sprintf("incidents-%d.csv", i), fmt.Sprintf("id,title,created_at\n%d,t,2025-01-01T00:00:00Z\n", i))
	}
	seen, next := map[any]bool{}, ""
	for range 10 {
		page := w.must(200, "GET", "/api/v1/imports?limit=2"+next, "")
		for _, im := range page["imports"].([]any) {
			seen[im.(map[string]any)["id"]] = true
		}
		cursor, more := page["next"].(string)
		if !more {
			break
		}
		next = "&cursor=" + url.QueryEscape(cursor)
	}
	if len(seen) != 5 {
		t.Errorf("got %d imports, want 5", len(seen))
	}
}

// TestAsOf holds that a figure as of a sequence, or of the time of that
// sequence, is the figure that was answered then.
func TestAsOf(t *testing.T) {
	at := time.Date(2025, 6, 1, 12, 0, 0, 0, time.UTC)
	var hours atomic.Int64 // the clock moves by the hour
	w := openAt(t, func() time.Time { return at.Add(time.Duration(hours.Load()) * time.Hour) })
	w.load()
	ask := "/api/v1/figures/time_to_resolve?since=2025-01-01&until=2025-02-01"
	value := func(more string) any {
		return w.must(200, "GET", ask+more, "")["figures"].([]any)[0].(map[string]any)["value"]
	}
	before := value("")
	seq := w.must(200, "GET", "/api/v1/status", "")["journal"].(map[string]any)["seq"]
	hours.Add(2)
	w.must(200, "PATCH", "/api/v1/records/incident/1", `{"fields":{"resolved_at":"2025-01-09T00:00:00Z"}}`)
	if now := value(""); now == before {
		t.Errorf("the edit changed nothing: %v", now)
	}
	for _, as := range []string{jsonText(seq), "2025-06-01T13:00:00Z", "2025-06-01T13:30"} {
		if got := value("&as_of=" + as); got != before {
			t.Errorf("as of %s: got %v, want %v", as, got, before)
		}
	}
	if p := w.must(422, "GET", ask+"&as_of=2025-05-01", ""); !strings.Contains(jsonText(p), "nothing had been recorded") {
		t.Errorf("before everything: got %v", p)
	}
}

// TestWritesAreReadAtOnce holds that a write is answered when the facts have
// it: status does not wait for them, as questions do.
func TestWritesAreReadAtOnce(t *testing.T) {
	w := open(t)
	w.load()
	for i := range 20 {
		wrote := w.must(200, "PATCH", "/api/v1/records/incident/file:1", fmt.Sprintf(`{"fields":{"title":"%d"}}`, i))["seq"]
		if s := w.must(200, "GET", "/api/v1/status", ""); s["facts"].(map[string]any)["seq"] != wrote || s["catching_up"] != false {
			t.Fatalf("wrote %v, got %v", wrote, s)
		}
	}
}
