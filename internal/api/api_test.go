package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/connect"
	"hansei/internal/fact"
	"hansei/internal/followup"
	"hansei/internal/forget"
	"hansei/internal/intake"
	"hansei/internal/metric"
	"hansei/internal/notify"
	"hansei/internal/recall"
	"hansei/internal/record"
	"hansei/internal/retro"
	"hansei/internal/retro/batch"
	"hansei/internal/retro/model"
	"hansei/internal/retro/past"
	"hansei/internal/rulebook"
	"hansei/internal/seal"
	"hansei/internal/search"
	"hansei/internal/source/fetch"
	"hansei/internal/tracker"
	"hansei/internal/tracker/github"
)

// world is an API on a real journal and real facts.
type world struct {
	*httptest.Server
	t       *testing.T
	log     *bytes.Buffer
	sources *connect.Sources
	outbox  *notify.Outbox
}

func open(t *testing.T) *world { return openAt(t, time.Now) }

// openAt is open with a clock.
func openAt(t *testing.T, now func() time.Time) *world {
	t.Helper()
	ctx, dir := t.Context(), t.TempDir()
	w := &world{t: t, log: &bytes.Buffer{}}
	log := slog.New(slog.NewTextHandler(w.log, nil))
	store, err := record.Open(ctx, record.Options{Dir: dir, Now: now})
	if err != nil {
		t.Fatal(err)
	}
	facts, err := fact.Open(ctx, fact.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	follow, stop := context.WithCancel(ctx)
	var background sync.WaitGroup
	ended := make(chan error, 1)
	go func() { ended <- facts.Follow(follow, store, auth.Local().Scope()) }()
	words := search.NewView(log)
	background.Go(func() {
		if err := words.Follow(follow, store, auth.Local().Scope()); !errors.Is(err, context.Canceled) {
			t.Errorf("follow with the search index: %v", err)
		}
	})
	actions := &followup.Desk{Records: store, Facts: facts, Now: now, Kinds: []tracker.Kind{github.Kind}, Base: "https://hansei.example",
		Later: func(*record.Tx, hansei.ID, bool) error { return nil },
		Accounts: func(context.Context, auth.Scope) ([]followup.Account, error) {
			return []followup.Account{{Account: tracker.Account{Source: "code", Settings: map[string]string{"token": "t", "repositories": "acme/shop"}, Client: &fetch.Client{}}, Tool: "github"}}, nil
		}}
	people := intake.People{Records: store, Before: actions.Before}
	w.sources = toys(t, store, log, now)
	desk := &retro.Desk{Records: store, Facts: facts, Search: words, People: people, Now: now}
	box, err := seal.New(make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	w.outbox = &notify.Outbox{Records: store, Seal: box, Base: "https://hansei.example", Now: now, Log: log, Later: func(*record.Tx, string, time.Time) error { return nil }}
	s := &Server{Model: &model.Writer{Records: store, Desk: desk, Seal: box, Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}, Outbox: w.outbox, Records: store, Facts: facts, Metrics: metric.New(facts, store, now),
		Imports: &intake.Imports{Records: store, Log: log}, People: people,
		Retros: desk, Clerk: &forget.Clerk{Records: store, Random: func() string { return "x" }}, Past: &past.Shelf{Records: store}, Rules: &rulebook.Book{Records: store, Facts: facts, People: people, Desk: desk}, Search: words, Recall: &recall.Memory{Records: store, Facts: facts, Search: words, Now: now},
		Joins: intake.Joins{Records: store}, Sources: w.sources,
		Actor: func(*http.Request) (auth.Actor, error) { return auth.Local(), nil }, Now: now, Log: log, Version: "test",
		Background: func(fn func(context.Context)) { background.Go(func() { fn(follow) }) }}
	s.Batches = &batch.Batches{Records: store, Facts: facts, Desk: desk, Log: log, Random: func() string { return "X" },
		Settled: func(ctx context.Context, seq record.Seq) error {
			return errors.Join(facts.Wait(ctx, seq), words.Wait(ctx, seq))
		},
		Later: func(*record.Tx, string) error { return nil }}
	actions.People, actions.Retros, s.FollowUps = people, s.Retros, actions
	w.Server = httptest.NewServer(s.Handler())
	t.Cleanup(func() {
		w.Close()
		stop()
		background.Wait()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("follow: %v", err)
		}
		facts.Close()
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	return w
}

// ask sends a request with headers "Name: value" and reads the answer as JSON.
func (w *world) ask(method, path, body string, headers ...string) (*http.Response, map[string]any) {
	w.t.Helper()
	req, err := http.NewRequestWithContext(w.t.Context(), method, w.URL+path, strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	if strings.HasPrefix(body, "{") {
		req.Header.Set("Content-Type", "application/json")
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		req.Header.Set(name, value)
	}
	res, err := w.Client().Do(req)
	if err != nil {
		w.t.Fatal(err)
	}
	text, err := io.ReadAll(res.Body)
	if err = errors.Join(err, res.Body.Close()); err != nil {
		w.t.Fatal(err)
	}
	var out map[string]any
	if len(text) > 0 && strings.Contains(res.Header.Get("Content-Type"), "json") {
		if err := json.Unmarshal(text, &out); err != nil {
			w.t.Fatalf("%s %s: %v: %s", method, path, err, text)
		}
	}
	return res, out
}

// must is ask with a status that must be.
func (w *world) must(status int, method, path, body string, headers ...string) map[string]any {
	w.t.Helper()
	res, out := w.ask(method, path, body, headers...)
	if res.StatusCode != status {
		w.t.Fatalf("%s %s: got %d %v, want %d\n%s", method, path, res.StatusCode, out, status, w.log)
	}
	return out
}

const incidents = `id,title,severity,created_at,resolved_at,service
1,one,sev1,2025-01-01T00:00:00Z,2025-01-01T01:00:00Z,web
2,two,sev2,2025-01-02T00:00:00Z,2025-01-02T03:00:00Z,db
3,three,sev2,2025-01-03T00:00:00Z,not a time,db
`

// load imports the incidents and waits until figures hold them.
func (w *world) load() string { return w.imported("incidents.csv", incidents) }

// imported imports a file and waits until figures hold it.
func (w *world) imported(name, text string) string {
	w.t.Helper()
	out := w.must(202, "POST", "/api/v1/imports?name="+name, text)
	id, _ := out["id"].(string)
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); {
		im := w.must(200, "GET", "/api/v1/imports/"+id, "")
		if im["state"] == "done" {
			return id
		}
		if im["state"] == "failed" {
			w.t.Fatalf("the import failed: %v", im)
		}
	}
	w.t.Fatal("the import did not end")
	return ""
}

func TestImportToFigure(t *testing.T) {
	w := open(t)
	id := w.load()
	im := w.must(200, "GET", "/api/v1/imports/"+id, "")
	sum, _ := im["summary"].(map[string]any)
	if sum["created"] != 2.0 || sum["rejected"] != 1.0 {
		t.Errorf("got summary %v", sum)
	}
	rejects := w.must(200, "GET", "/api/v1/imports/"+id+"/rejects", "")["rejects"].([]any)
	if r := rejects[0].(map[string]any); len(rejects) != 1 || r["line"] != 4.0 || r["value"] != "not a time" {
		t.Errorf("got rejects %v", rejects)
	}
	if again := w.must(202, "POST", "/api/v1/imports?name=incidents.csv", incidents); again["known"] != true {
		t.Errorf("the same file again: got %v", again)
	}
	figures := w.must(200, "GET", "/api/v1/figures/time_to_resolve?since=2025-01-01&until=2026-01-01&by=severity&where=severity=sev1,sev2", "")["figures"].([]any)
	got := map[any]any{}
	for _, f := range figures {
		f := f.(map[string]any)
		got[f["group"].(map[string]any)["severity"]] = f["value"]
	}
	if len(got) != 2 || got["sev1"] != 3600.0 || got["sev2"] != 10800.0 {
		t.Errorf("got %v; want one hour and three", got)
	}
	behind := w.must(200, "GET", "/api/v1/figures/time_to_resolve/records?since=2025-01-01&until=2026-01-01&limit=1", "")
	if len(behind["records"].([]any)) != 1 || behind["next"] == nil {
		t.Errorf("got %v; want one record and a next page", behind)
	}
}

func TestProblems(t *testing.T) {
	w := open(t)
	w.load()
	for _, c := range []struct {
		method, path, body string
		header             string
		status             int
		location, says     string
	}{
		{"GET", "/api/v1/figures/nothing", "", "", 404, "", "nothing"},
		{"GET", "/api/v1/figures/time_to_resolve?since=yesterday", "", "", 422, "since", "not a date"},
		{"GET", "/api/v1/figures/time_to_resolve?every=moon", "", "", 422, "every", "moon"},
		{"GET", "/api/v1/figures/time_to_resolve?by=responders", "", "", 422, "by", "people"},
		{"GET", "/api/v1/figures/time_to_resolve?as_of=999999", "", "", 422, "as_of", "after the last"},
		{"GET", "/api/v1/figures/time_to_resolve?wehre=a", "", "", 422, "query.wehre", "unknown"},
		{"GET", "/api/v1/records/unicorn", "", "", 422, "kind", "not a kind"},
		{"GET", "/api/v1/records/incident/nope", "", "", 404, "", "nope"},
		{"PATCH", "/api/v1/records/incident/1", `{"fields":{"title":"x"}}`, "If-Match: 7", 409, "", "changed by somebody else"},
		{"PATCH", "/api/v1/records/incident/1", `{"fields":{"colour":"red"}}`, "", 422, "colour", "no such field"},
		{"POST", "/api/v1/records/incident", `{"id":"x","fields":{"title":"no time"}}`, "", 422, "began", "start"},
		{"PATCH", "/api/v1/records/metric/mine", `{"fields":{"definition":"x"}}`, "", 404, "", "mine"},
		{"POST", "/api/v1/records/organization", `{"fields":{"name":"x"}}`, "", 422, "kind", "one organization"},
		{"GET", "/api/v1/records/incident/file:1?at=999999", "", "", 422, "at", "after the last"},
		{"GET", "/api/v1/records/team?where=tier=1", "", "", 422, "by", "has no tier"},
		{"POST", "/api/v1/sql", `{"sql":"DELETE FROM history.incident"}`, "", 422, "sql", "only reads"},
		{"POST", "/api/v1/sql", `{"sql":"DROP TABLE incident"}`, "", 422, "sql", "only reads"},
		{"POST", "/api/v1/sql", `{"sql":"SELECT * FROM read_csv('/etc/passwd')"}`, "", 422, "sql", ""},
		{"POST", "/api/v1/imports?kind=unicorn", "a,b\n1,2\n", "", 422, "kind", "unicorn"},
		{"PATCH", "/api/v1/organization", `{"zone":"Mars/Olympus"}`, "", 422, "zone", "time zone"},
		{"PUT", "/api/v1/metrics/mine", "id: other_one\ntitle: T\nof: incident\nmeasure: {count: true}\n", "", 422, "id", "other_one"},
		{"GET", "/api/v1/nowhere", "", "", 404, "", "/api lists"},
		{"DELETE", "/api/v1/status", "", "", 405, "", "GET"},
	} {
		var headers []string
		if c.header != "" {
			headers = append(headers, c.header)
		}
		res, p := w.ask(c.method, c.path, c.body, headers...)
		detail, _ := p["detail"].(string)
		var location any = ""
		if errs, _ := p["errors"].([]any); len(errs) > 0 {
			location = errs[0].(map[string]any)["location"]
			detail += " " + errs[0].(map[string]any)["message"].(string)
		}
		if res.StatusCode != c.status || res.Header.Get("Content-Type") != "application/problem+json" || location != c.location || !strings.Contains(detail, c.says) {
			t.Errorf("%s %s: got %d %s %v", c.method, c.path, res.StatusCode, res.Header.Get("Content-Type"), p)
		}
	}
	if w.log.Len() > 0 && strings.Contains(w.log.String(), "a request failed") {
		t.Errorf("a caller's mistake was logged as ours: %s", w.log)
	}
}

func TestInternalErrorsAreNotShown(t *testing.T) {
	log := &bytes.Buffer{}
	a := &edge{Server: &Server{Log: slog.New(slog.NewTextHandler(log, nil))}}
	err := a.problemOf(withRequestID(t.Context(), "R1"), errors.New("the secret path"))
	if strings.Contains(err.Error(), "secret") || !strings.Contains(err.Error(), "R1") {
		t.Errorf("got %q", err)
	}
	if strings.Count(log.String(), "the secret path") != 1 {
		t.Errorf("got log %q; want the error once", log)
	}
}

func TestConditional(t *testing.T) {
	w := open(t)
	w.load()
	for _, path := range []string{"/api/v1/metrics", "/api/v1/records/incident?full=true", "/api/v1/records/incident/file:1", "/api/v1/figures/incident_rate?until=2026-01-01"} {
		res, _ := w.ask("GET", path, "")
		tag := res.Header.Get("ETag")
		if res.StatusCode != 200 || tag == "" {
			t.Fatalf("%s: got %d with ETag %q", path, res.StatusCode, tag)
		}
		if res, _ := w.ask("GET", path, "", "If-None-Match: "+tag); res.StatusCode != 304 {
			t.Errorf("%s: got %d, want 304", path, res.StatusCode)
		}
		w.must(200, "PATCH", "/api/v1/records/incident/1", `{"fields":{"title":"`+path+`"},"reason":"test"}`)
		if res, _ := w.ask("GET", path, "", "If-None-Match: "+tag); res.StatusCode != 200 {
			t.Errorf("%s after a write: got %d, want 200", path, res.StatusCode)
		}
	}
}

func TestEditHistoryMerge(t *testing.T) {
	w := open(t)
	w.load()
	out := w.must(200, "PATCH", "/api/v1/records/incident/1", `{"fields":{"severity":"sev3"},"reason":"it was minor"}`, `If-Match: "1"`)
	if out["revision"] != 2.0 || out["record"].(map[string]any)["severity"] != "sev3" {
		t.Errorf("got %v", out)
	}
	versions := w.must(200, "GET", "/api/v1/records/incident/1/history", "")["versions"].([]any)
	if len(versions) != 2 {
		t.Fatalf("got %d versions, want 2", len(versions))
	}
	first := versions[1].(map[string]any)["seq"].(float64)
	was := w.must(200, "GET", "/api/v1/records/incident/1?at="+jsonText(first), "")
	if was["record"].(map[string]any)["severity"] != "sev1" {
		t.Errorf("as it was: got %v", was)
	}
	w.must(200, "POST", "/api/v1/records/service/db/merge", `{"into":"web"}`)
	if all := w.must(200, "GET", "/api/v1/records/service?full=true", "")["records"].([]any); len(all) != 1 {
		t.Errorf("got %v, want web alone", all)
	}
	w.must(200, "POST", "/api/v1/records/service/db/unmerge", "")
	if page := w.must(200, "GET", "/api/v1/records/service?limit=1", ""); page["total"] != 2.0 || page["next"] == nil {
		t.Errorf("got %v, want a page of two", page)
	}
	w.must(200, "DELETE", "/api/v1/records/incident/1", "")
	if page := w.must(200, "GET", "/api/v1/records/incident", ""); page["total"] != 1.0 {
		t.Errorf("after deleting one of two: got %v", page["total"])
	}
	made := w.must(201, "POST", "/api/v1/records/team", `{"fields":{"name":"Site Reliability"}}`)
	if made["record"].(map[string]any)["id"] != "site-reliability" {
		t.Errorf("got %v", made)
	}
}

func jsonText(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(text)
}
