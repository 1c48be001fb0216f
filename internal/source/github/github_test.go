package github

import (
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hansei"
	"hansei/internal/intake/fold"
	"hansei/internal/source"
	"hansei/internal/source/fetch"
)

func account(t testing.TB, settings map[string]string) source.Source {
	t.Helper()
	src, err := Kind.New(source.Config{Name: "gh", Settings: settings})
	if err != nil {
		t.Fatal(err)
	}
	return src
}

// examples are the published example payloads, by event.
func examples(t testing.TB) map[string][]json.RawMessage {
	t.Helper()
	f, err := os.Open("testdata/webhooks-examples.json.gz")
	if err != nil {
		t.Fatal(err)
	}
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(z)
	if err := errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
	var out map[string][]json.RawMessage
	if err := json.Unmarshal(text, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// TestEveryPublishedExample: each of the 329 payloads gives valid records, or
// is of no use; none fails.
func TestEveryPublishedExample(t *testing.T) {
	src := account(t, map[string]string{"workflows": ".*", "releases": "yes"})
	used, total := map[string]int{}, 0
	for event, list := range examples(t) {
		for i, body := range list {
			total++
			said, err := src.Normalize(source.Delivery{Name: event, Body: body})
			if errors.Is(err, source.ErrUnused) {
				continue
			}
			if err != nil {
				t.Errorf("%s %d: %v", event, i, err)
				continue
			}
			used[event]++
			for _, o := range said {
				o.Record.Head().ID = o.Key.ID()
				if err := o.Record.Validate(); err != nil && !o.Partial {
					t.Errorf("%s %d: %v", event, i, err)
				}
			}
		}
	}
	want := map[string]int{"deployment": 4, "deployment_status": 4, "issues": 29, "pull_request": 29, "push": 2, "release": 13, "workflow_run": 5}
	if d := cmp.Diff(want, used); d != "" || total != 329 {
		t.Errorf("of %d examples: %s", total, d)
	}
}

// TestSignatureOfTheDocumentation is the example of GitHub's page on
// validating webhook deliveries.
func TestSignatureOfTheDocumentation(t *testing.T) {
	src := account(t, map[string]string{"webhook_secret": "It's a Secret to Everybody"}).(source.Receiver)
	h := http.Header{"X-Hub-Signature-256": {"sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"}, "X-Github-Event": {"ping"}, "X-Github-Delivery": {"d-1"}}
	r, err := src.Verify(source.Request{Header: h, Body: []byte("Hello, World!")})
	if err != nil || r.ID != "d-1" || r.Event != "ping" {
		t.Errorf("got %+v, %v", r, err)
	}
	if _, err := src.Verify(source.Request{Header: h, Body: []byte("Hello, World?")}); !errors.Is(err, source.ErrSignature) {
		t.Errorf("tampered: %v", err)
	}
	if _, err := src.Verify(source.Request{Header: http.Header{"X-Github-Event": {"ping"}}, Body: []byte("Hello, World!")}); !errors.Is(err, source.ErrSignature) {
		t.Errorf("unsigned: %v", err)
	}
}

func TestMeaning(t *testing.T) {
	src := account(t, nil)
	got := func(event, inner string) hansei.Record {
		t.Helper()
		said, err := src.Normalize(source.Delivery{Name: event, Body: []byte(`{"repository":{"name":"shop","full_name":"acme/shop","default_branch":"main"},` + inner + `}`)})
		if err != nil {
			t.Fatalf("%s: %v", inner, err)
		}
		return said[len(said)-1].Record
	}
	pr := got("pull_request", `"action":"closed","pull_request":{"number":7,"html_url":"https://github.com/acme/shop/pull/7","title":"fix: a leak","state":"closed","user":{"login":"ann"},"labels":[],
		"created_at":"2026-03-01T10:00:00Z","updated_at":"2026-03-01T12:00:00Z","closed_at":"2026-03-01T12:00:00Z","merged_at":"2026-03-01T12:00:00Z","merge_commit_sha":"abc","body":"Reverts acme/shop#5"}`).(*hansei.PullRequest)
	at := func(h int) time.Time { return time.Date(2026, 3, 1, h, 0, 0, 0, time.UTC) }
	want := &hansei.PullRequest{Title: "fix: a leak", URL: "https://github.com/acme/shop/pull/7", Number: "7", Service: "shop", Author: "ann", Status: "merged", Created: at(10), Merged: at(12), Closed: at(12), MergeCommit: "abc", WorkType: "fix"}
	if d := cmp.Diff(want, pr); d != "" {
		t.Error(d)
	}
	d := got("deployment_status", `"deployment":{"id":9,"sha":"def","ref":"main","environment":"production","creator":{"login":"ann"},"created_at":"2026-03-01T10:00:00Z"},"deployment_status":{"state":"failure","created_at":"2026-03-01T11:00:00Z"}`).(*hansei.Deployment)
	if d.Result != hansei.ResultFailure || !d.Finished.Equal(at(11)) {
		t.Errorf("deployment: %+v", d)
	}
	i := got("issues", `"action":"closed","issue":{"number":3,"title":"alert on it","state":"closed","labels":[{"name":"Postmortem"}],"created_at":"2026-03-01T10:00:00Z","updated_at":"2026-03-01T12:00:00Z","closed_at":"2026-03-01T12:00:00Z"}`).(*hansei.WorkItem)
	if i.Type != "follow-up" || !i.Done.Equal(at(12)) {
		t.Errorf("issue: %+v", i)
	}
	for event, inner := range map[string]string{
		"deployment_status": `"deployment":{"id":9,"created_at":"2026-03-01T10:00:00Z"},"deployment_status":{"state":"odd","created_at":"2026-03-01T11:00:00Z"}`,
		"pull_request":      `"pull_request":{"number":7,"state":"odd","created_at":"2026-03-01T10:00:00Z"}`,
		"issues":            `"issue":{"number":7,"state":"odd","created_at":"2026-03-01T10:00:00Z"}`,
	} {
		if _, err := src.Normalize(source.Delivery{Name: event, Body: []byte(`{"repository":{"full_name":"a/b"},` + inner + `}`)}); err == nil || errors.Is(err, source.ErrUnused) || !strings.Contains(err.Error(), `"odd"`) {
			t.Errorf("%s: an unknown state: %v", event, err)
		}
	}
}

// TestLabels of an issue may be objects, or their names alone.
func TestLabels(t *testing.T) {
	said, err := account(t, nil).Normalize(source.Delivery{Name: "pull/issues", Body: []byte(`{"repository":{"name":"shop","full_name":"acme/shop"},"items":[{"number":3,"state":"open",
		"labels":["bug",{"id":1,"name":"Postmortem","color":null}],"created_at":"2026-03-01T10:00:00Z","updated_at":"2026-03-01T10:00:00Z"}]}`)})
	if err != nil {
		t.Fatal(err)
	}
	if x := said[0].Record.(*hansei.WorkItem); x.Type != "follow-up" || !slices.Equal(x.Labels, []string{"bug", "Postmortem"}) {
		t.Errorf("got %q, %q", x.Type, x.Labels)
	}
}

// TestEndsInTheSameSecond tells of an end and of what was before, in one second
// and in any order: the end stands, until the thing goes on a second later.
func TestEndsInTheSameSecond(t *testing.T) {
	src := account(t, map[string]string{"workflows": "."})
	deployed := `"deployment":{"id":9,"created_at":"2026-03-01T10:00:00Z"},"deployment_status":{"state":%q,"created_at":%q}`
	ran := `"workflow_run":{"id":7,"name":"Deploy",%s,"created_at":"2026-03-01T10:00:00Z","updated_at":%q}`
	pull := `"pull_request":{"number":7,"state":%s,"created_at":"2026-03-01T10:00:00Z","updated_at":%q}`
	issue := `"issue":{"number":7,"state":%s,"created_at":"2026-03-01T10:00:00Z","updated_at":%q}`
	for _, c := range []struct{ event, form, before, end, want, after, field string }{
		{"deployment_status", deployed, "in_progress", "failure", hansei.ResultFailure, hansei.ResultRunning, "result"},
		{"deployment_status", deployed, "queued", "abandoned", hansei.ResultCanceled, hansei.ResultRunning, "result"},
		{"workflow_run", ran, `"status":"in_progress"`, `"status":"completed","conclusion":"failure"`, hansei.ResultFailure, hansei.ResultRunning, "result"},
		{"workflow_run", ran, `"status":"queued"`, `"status":"completed","conclusion":"cancelled"`, hansei.ResultCanceled, hansei.ResultRunning, "result"},
		{"pull_request", pull, `"open"`, `"closed"`, "closed", "open", "status"},
		{"pull_request", pull, `"open"`, `"closed","merged_at":"2026-03-01T12:00:00Z"`, "merged", "open", "status"},
		{"issues", issue, `"open"`, `"closed","closed_at":"2026-03-01T12:00:00Z"`, "closed", "open", "status"},
	} {
		told := func(word, at string) hansei.Observation {
			said, err := src.Normalize(source.Delivery{Name: c.event, Body: fmt.Appendf(nil, `{"repository":{"name":"shop","full_name":"acme/shop"},`+c.form+`}`, word, at)})
			if err != nil {
				t.Fatalf("%s %s: %v", c.event, word, err)
			}
			return said[len(said)-1]
		}
		before, end, again := told(c.before, "2026-03-01T12:00:00Z"), told(c.end, "2026-03-01T12:00:00Z"), told(c.before, "2026-03-01T12:00:01Z")
		is := func(said ...hansei.Observation) any {
			rec, err := hansei.New(end.Key.Kind)
			if err != nil {
				t.Fatal(err)
			}
			var seen hansei.Observed
			for _, o := range said {
				if err := fold.Into(rec, &seen, o, o.At, nil); err != nil {
					t.Fatal(err)
				}
			}
			list := hansei.FieldsOf(end.Key.Kind)
			value, _ := list[slices.IndexFunc(list, func(f hansei.Field) bool { return f.Name == c.field })].Get(rec)
			return value
		}
		for _, said := range [][]hansei.Observation{{before, end}, {end, before}, {end, before, end}} {
			if got := is(said...); got != c.want {
				t.Errorf("%s %s and %s in one second: %v", c.event, c.before, c.end, got)
			}
		}
		for _, said := range [][]hansei.Observation{{before, end, again}, {again, end, before}, {end, again, before}} {
			if got := is(said...); got != c.after {
				t.Errorf("%s %s a second after %s: %v", c.event, c.before, c.end, got)
			}
		}
	}
}

// api answers as GitHub does: issues over two pages, pull requests and
// deployments by GraphQL, an empty second repository.
func api(t *testing.T) *httptest.Server {
	var server *httptest.Server
	server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer tok" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		answer := func(s string, args ...any) {
			if _, err := fmt.Fprintf(w, s, args...); err != nil {
				t.Error(err)
			}
		}
		issue := `{"number":%d,"title":"x","state":"open","created_at":"2026-03-01T10:00:00Z","updated_at":"2026-03-01T10:00:00Z"}`
		switch path := r.URL.Path; {
		case strings.HasPrefix(path, "/repos/acme/empty/commits"):
			w.WriteHeader(http.StatusConflict)
		case strings.HasPrefix(path, "/repos/acme/empty/"):
			answer("[]")
		case strings.HasSuffix(path, "/issues") && r.URL.Query().Get("page") == "":
			w.Header().Set("Link", "<"+server.URL+"/repos/acme/shop/issues?page=2>; rel=\"next\"")
			answer("["+issue+","+issue+"]", 1, 2)
		case strings.HasSuffix(path, "/issues"):
			answer("["+issue+`,{"number":4,"state":"open","pull_request":{},"created_at":"2026-03-01T10:00:00Z"}]`, 3)
		case strings.HasSuffix(path, "/commits"):
			answer(`[{"sha":"%040d","html_url":"u","author":{"login":"ann"},"commit":{"message":"m","committer":{"date":"2026-03-01T10:00:00Z"},"author":{"name":"Ann"}}}]`, 1)
		case path == "/graphql":
			body, err := io.ReadAll(r.Body)
			if err != nil {
				t.Error(err)
			}
			switch q := string(body); {
			case strings.Contains(q, `"empty"`):
				answer(`{"data":{"repository":{"pullRequests":{"nodes":[],"pageInfo":{}},"deployments":{"nodes":[],"pageInfo":{}}}}}`)
			case strings.Contains(q, "pullRequests"):
				answer(`{"data":{"repository":{"pullRequests":{"pageInfo":{"hasNextPage":true,"endCursor":"c2"},"nodes":[
					{"number":7,"title":"t","state":"MERGED","createdAt":"2026-03-01T10:00:00Z","updatedAt":"2026-03-01T12:00:00Z","closedAt":"2026-03-01T12:00:00Z","mergedAt":"2026-03-01T12:00:00Z","author":{"login":"ann"},"mergeCommit":{"oid":"abc"},
					 "labels":{"nodes":[{"name":"bug"}]},"commits":{"nodes":[{"commit":{"oid":"first","authoredDate":"2026-02-28T10:00:00Z"}}]},"reviews":{"nodes":[{"submittedAt":"2026-03-01T10:30:00Z","author":{"login":"ann"}},{"submittedAt":"2026-03-01T11:00:00Z","author":{"login":"bo"}}]}},
					{"number":6,"title":"old","state":"OPEN","createdAt":"2025-01-01T10:00:00Z","updatedAt":"2025-01-01T12:00:00Z","labels":{},"commits":{},"reviews":{}}]}}}}`)
			default:
				answer(`{"data":{"repository":{"deployments":{"pageInfo":{},"nodes":[{"databaseId":9,"createdAt":"2026-03-01T10:00:00Z","environment":"production","commitOid":"abc","creator":{"login":"ann"},
					"statuses":{"nodes":[{"state":"SUCCESS","createdAt":"2026-03-01T10:05:00Z"},{"state":"IN_PROGRESS","createdAt":"2026-03-01T10:01:00Z"}]}}]}}}}`)
			}
		default:
			w.WriteHeader(http.StatusNotFound)
		}
	}))
	t.Cleanup(server.Close)
	return server
}

func TestPull(t *testing.T) {
	server := api(t)
	src := account(t, map[string]string{"token": "tok", "repositories": "acme/shop, acme/empty", "api_url": server.URL}).(*puller)
	want := map[string]int{"deployments": 3, "pull_requests": 1, "issues": 3, "commits": 1}
	for _, st := range src.Streams() {
		var pages []source.Page
		stop := 0
		run := func(cursor string) error {
			return st.Pull(&source.Pull{Ctx: t.Context(), Cursor: cursor, From: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), Now: time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC),
				Client: &fetch.Client{HTTP: server.Client(), Wait: func(context.Context, time.Duration) error { return nil }},
				Emit: func(p source.Page) error {
					if stop > 0 && len(pages) == stop {
						return errors.New("the disk is full")
					}
					pages = append(pages, p)
					return nil
				}})
		}
		if err := run(""); err != nil {
			t.Fatalf("%s: %v", st.Name, err)
		}
		whole := len(pages)
		told := map[string]bool{}
		count := func() int {
			n := 0
			for _, p := range pages {
				if len(p.Body) == 0 {
					continue
				}
				said, err := src.Normalize(source.Delivery{Name: "pull/" + st.Name, Body: p.Body})
				if err != nil {
					t.Fatalf("%s: %v", st.Name, err)
				}
				for _, o := range said {
					n++
					told[o.Key.External] = true
					if pr, ok := o.Record.(*hansei.PullRequest); ok && (pr.FirstReviewAt.Hour() != 11 || pr.FirstCommit != "first" || pr.WorkType != "fix" || pr.Status != "merged") {
						t.Errorf("pull request: %+v", pr)
					}
				}
			}
			return n
		}
		if n := count(); n != want[st.Name] {
			t.Errorf("%s: %d observations, want %d", st.Name, n, want[st.Name])
		}
		for stop = 1; stop < whole; stop++ { // broken off at each page, and gone on from there
			pages = nil
			if err := run(""); err == nil {
				t.Fatal("an error of the store was lost")
			}
			at := pages[len(pages)-1].Cursor
			was := stop
			stop = 0
			if err := run(at); err != nil {
				t.Fatal(err)
			}
			stop = was
			if n := count(); n != want[st.Name] {
				t.Errorf("%s broken off after page %d: %d observations, want %d", st.Name, stop, n, want[st.Name])
			}
		}
	}
	found := src.Check(&source.Pull{Ctx: t.Context(), Client: &fetch.Client{HTTP: server.Client()}, Now: time.Now()})
	bad := ""
	for _, f := range found {
		if !f.OK {
			bad += f.Says
		}
	}
	if len(found) != 10 || strings.Count(bad, "Actions: read") != 1 || strings.Contains(bad, "tok") && !strings.Contains(bad, "token") {
		t.Errorf("check: %+v", found)
	}
}

// TestTooMuchWasAsked answers as GitHub documents it: the GraphQL API says with a
// status of 200 that the limit is reached, and the secondary limit may be told
// with 403 and no header. Either way it is waited for, a minute at least, and no
// other repository is asked for. What is not there, or not for the token, is no
// limit.
func TestTooMuchWasAsked(t *testing.T) {
	now := time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)
	reset := fmt.Sprint(now.Add(30 * time.Minute).Unix())
	limited := `{"errors":[{"type":"RATE_LIMITED","message":"API rate limit exceeded for user ID 1."}]}`
	secondary := `"message":"You have exceeded a secondary rate limit. Please wait a few minutes before you try again."`
	for name, c := range map[string]struct {
		stream string
		status int
		header map[string]string
		body   string
		want   time.Duration // 0: refused
	}{
		"the limit":             {"pull_requests", 200, map[string]string{"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": reset}, limited, 30*time.Minute + time.Second},
		"soon again":            {"pull_requests", 200, map[string]string{"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": fmt.Sprint(now.Unix())}, limited, time.Minute},
		"the secondary":         {"deployments", 200, map[string]string{"Retry-After": "120", "X-RateLimit-Remaining": "4000", "X-RateLimit-Reset": reset}, `{"errors":[{` + secondary + `}]}`, 2 * time.Minute},
		"without a header":      {"deployments", 200, map[string]string{"X-RateLimit-Remaining": "4000", "X-RateLimit-Reset": reset}, `{"errors":[{` + secondary + `}]}`, time.Minute},
		"with 403":              {"deployments", 403, nil, `{` + secondary + `}`, time.Minute},
		"of lists":              {"issues", 403, nil, `{` + secondary + `}`, time.Minute},
		"not there":             {"deployments", 200, nil, `{"data":{"repository":null},"errors":[{"type":"NOT_FOUND","path":["repository"],"message":"Could not resolve to a Repository with the name 'acme/shop'."}]}`, 0},
		"not for the token":     {"pull_requests", 200, nil, `{"data":{"repository":null},"errors":[{"type":"FORBIDDEN","message":"Resource not accessible by personal access token"}]}`, 0},
		"a list, not there":     {"issues", 404, nil, `{"message":"Not Found"}`, 0},
		"a list, not its right": {"issues", 403, nil, `{"message":"Resource not accessible by personal access token"}`, 0},
	} {
		asked := 0
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			asked++
			for k, v := range c.header {
				w.Header().Set(k, v)
			}
			w.WriteHeader(c.status)
			fmt.Fprint(w, c.body)
		}))
		t.Cleanup(server.Close)
		src := account(t, map[string]string{"token": "tok", "repositories": "acme/shop, acme/web", "api_url": server.URL}).(*puller)
		for _, st := range src.Streams() {
			if st.Name != c.stream {
				continue
			}
			err := st.Pull(&source.Pull{Ctx: t.Context(), From: now.AddDate(0, 0, -1), Now: now, Emit: func(source.Page) error { return nil },
				Client: &fetch.Client{HTTP: server.Client(), Now: func() time.Time { return now }, Wait: func(context.Context, time.Duration) error { return nil }}})
			var later *fetch.LaterError
			if wait := errors.As(err, &later); wait != (c.want > 0) || wait && (later.After != c.want || asked != 1) || !wait && (!source.Refused(err) || asked != 2) {
				t.Errorf("%s: asked %d times, %v", name, asked, err)
			}
		}
	}
}

func FuzzNormalize(f *testing.F) {
	src := account(f, map[string]string{"workflows": ".*", "releases": "yes"})
	for event, list := range examples(f) {
		f.Add(event, []byte(list[0]))
	}
	f.Fuzz(func(t *testing.T, event string, body []byte) {
		a, errA := src.Normalize(source.Delivery{Name: event, Body: body})
		b, errB := src.Normalize(source.Delivery{Name: event, Body: body})
		if (errA == nil) != (errB == nil) || !cmp.Equal(a, b) {
			t.Error("the same payload gave something else")
		}
	})
}

func BenchmarkNormalize(b *testing.B) {
	src, list := account(b, nil), examples(b)["pull_request"]
	b.SetBytes(int64(len(list[0])))
	for b.Loop() {
		if _, err := src.Normalize(source.Delivery{Name: "pull_request", Body: list[0]}); err != nil {
			b.Fatal(err)
		}
	}
}
