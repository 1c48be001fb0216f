package gitlab

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hansei"
	"hansei/internal/source"
	"hansei/internal/source/fetch"
	"hansei/internal/source/sourcetest"
)

// run is one run through a stream: what was told, and where it stood after
// each page.
type run struct {
	told    map[string]hansei.Record
	cursors []string
}

func pull(t testing.TB, server *httptest.Server, name, cursor string) (run, error) {
	t.Helper()
	src := account(t, "url", server.URL, "token", "tok", "projects", "acme/shop", "releases", "yes", "pipelines", "^(Deploy.*|main)$").(*puller)
	out := run{told: map[string]hansei.Record{}}
	p := &source.Pull{Ctx: t.Context(), Cursor: cursor, From: at(0).AddDate(0, -1, 0), Now: at(20), Client: &fetch.Client{HTTP: server.Client()}}
	p.Emit = func(page source.Page) error {
		out.cursors = append(out.cursors, page.Cursor)
		if len(page.Body) == 0 {
			return nil
		}
		said, err := src.Normalize(source.Delivery{Name: "pull/" + name, Body: page.Body})
		for _, o := range sourcetest.Are(said) {
			out.told[o.Key.External] = o.Record
		}
		return err
	}
	streams := src.Streams()
	i := slices.IndexFunc(streams, func(s source.Stream) bool { return s.Name == name })
	return out, streams[i].Pull(p)
}

// TestPullsAsDescribed pulls every list, of three pages, from a server that
// holds each request and each answer to GitLab's own OpenAPI description, makes
// records of them, and goes on from where it ended.
func TestPullsAsDescribed(t *testing.T) {
	l := stocked()
	server := l.serve(t)
	got := map[string]hansei.Record{}
	for name, want := range map[string]string{"deployments": "updated_after=2026-03-01T19%3A50%3A00Z", "merge_requests": "updated_after=2026-03-01T19%3A50%3A00Z", "issues": "updated_after=2026-03-01T19%3A50%3A00Z",
		"commits": "since=2026-02-28T19%3A50%3A00Z", "releases": "updated_after=2026-03-01T19%3A50%3A00Z", "pipelines": "updated_after=2026-03-01T19%3A50%3A00Z"} {
		out, err := pull(t, server, name, "")
		if n := map[bool]int{true: 26, false: 230}[name == "pipelines"]; err != nil || len(out.told) != n || len(out.cursors) != 3 {
			t.Errorf("%s: %d records of %d pages, %v", name, len(out.told), len(out.cursors), err)
			continue
		}
		maps.Copy(got, out.told)
		l.calls = nil
		if _, err := pull(t, server, name, out.cursors[2]); err != nil || !strings.Contains(l.calls[0], want) {
			t.Errorf("%s: then it asked %v, %v", name, l.calls, err)
		}
	}
	if t.Failed() {
		return
	}
	for _, want := range []hansei.Record{
		&hansei.Deployment{Title: "Update README.md", URL: "https://gitlab.example.com/acme/shop/-/jobs/657", Service: "shop", Environment: "production", Result: "success", Started: at(-1), Finished: at(0).Add(-time.Second),
			Commit: fmt.Sprintf("%040x", 1000), Ref: "main", Author: "Ann"},
		&hansei.Deployment{Service: "shop", Environment: "production", Result: "success", Started: at(-1).Add(time.Minute), Finished: at(0).Add(time.Minute), Commit: fmt.Sprintf("%040x", 1001), Ref: "main", Author: "Ann"},
		&hansei.PullRequest{Title: "Change 7", URL: "https://gitlab.example.com/acme/shop/-/merge_requests/7", Number: "7", Service: "shop", Author: "Ann", Status: "merged", Created: at(-1).Add(6 * time.Minute), Merged: at(0).Add(6 * time.Minute),
			MergeCommit: strings.Repeat("ab", 20), FirstCommit: fmt.Sprintf("%040x", 5000), FirstCommitAt: at(0).Add(-1000 * time.Minute), Labels: []string{"bug"}},
		&hansei.WorkItem{Title: "Issue 1", Description: "It is so.", URL: "https://gitlab.example.com/acme/shop/-/issues/1", Status: "opened", Services: []hansei.ID{"shop"}, Owner: "Bo", Parent: "v4.0", Created: at(-1), Due: time.Date(2026, 7, 22, 0, 0, 0, 0, time.UTC), Labels: []string{"foo"}},
		&hansei.Change{Title: "Update README.md", URL: fmt.Sprintf("https://gitlab.example.com/acme/shop/-/commit/%040x", 3), Type: "commit", Services: []hansei.ID{"shop"}, Author: "Ann", Commit: fmt.Sprintf("%040x", 3), At: at(0).Add(3 * time.Minute)},
		&hansei.Deployment{Title: "Release v1.5", URL: "https://gitlab.example.com/acme/shop/-/releases/v1.5", Service: "shop", Environment: "production", Result: "success", Finished: at(0).Add(5 * time.Minute), Ref: "v1.5", Author: "Ann"},
		&hansei.Deployment{Title: "Deploy it", URL: "https://gitlab.example.com/acme/shop/-/pipelines/3", Service: "shop", Result: "success", Started: at(0).Add(-28 * time.Minute), Finished: at(0).Add(2*time.Minute - time.Second), Commit: fmt.Sprintf("%040x", 3), Ref: "main", Author: "Ann"},
	} {
		key := map[string]string{"Issue 1": "acme/shop#1", "Change 7": "acme/shop!7", "Release v1.5": "release-acme/shop-v1.5", "Deploy it": "pipeline-3"}[title(want)]
		switch w := want.(type) {
		case *hansei.Deployment:
			if key == "" {
				key = map[bool]string{true: "1000", false: "1001"}[w.Title != ""]
			}
		case *hansei.Change:
			key = w.Commit
		}
		if diff := cmp.Diff(want, got[key]); diff != "" {
			t.Errorf("%s: %s", key, diff)
		}
	}
	if waits, named := got["pipeline-1"].(*hansei.Deployment), got["pipeline-2"].(*hansei.Deployment); waits.Result != "running" || !waits.Finished.IsZero() || named.Result != "success" || named.Title != "" {
		t.Errorf("pipelines: %+v, %+v", waits, named)
	}
	in := got["acme/shop#9"].(*hansei.Incident)
	if end, _ := in.Milestones.At(hansei.RoleResolved); in.Severity != "sev2" || !end.Equal(at(0).Add(8*time.Minute)) {
		t.Errorf("incident: %+v", in)
	}
}

func title(r hansei.Record) string {
	switch r := r.(type) {
	case *hansei.Deployment:
		return r.Title
	case *hansei.PullRequest:
		return r.Title
	case *hansei.WorkItem:
		return r.Title
	}
	return ""
}

func TestCheckAsDescribed(t *testing.T) {
	server := stocked().serve(t)
	src := account(t, "url", server.URL, "token", "tok", "projects", "acme/shop", "releases", "yes", "pipelines", "^(Deploy.*|main)$").(*puller)
	found := src.Check(&source.Pull{Ctx: t.Context(), Client: &fetch.Client{HTTP: server.Client()}})
	if len(found) != 6 {
		t.Errorf("%d lists were tried", len(found))
	}
	for _, f := range found {
		if !f.OK {
			t.Error(f.Says)
		}
	}
}

// TestNothingIsMissed updates issues while the pages are read: GitLab moves
// them to the front of what is newest, and the others along.
func TestNothingIsMissed(t *testing.T) {
	l := stocked()
	pages := 0
	l.after = func(path string) {
		pages++
		for i := range 5 { // some that were read, and some that were not
			for _, n := range []int{229 - i, i} {
				now := at(20).Add(time.Duration(pages) * time.Minute) // the run began at 20:00
				l.lists[path][n] = thing{now, issue(n+1, now)}
			}
		}
	}
	server := l.serve(t)
	out, err := pull(t, server, "issues", "")
	if err != nil {
		t.Fatal(err)
	}
	l.after = nil
	next, err := pull(t, server, "issues", out.cursors[len(out.cursors)-1])
	if err != nil {
		t.Fatal(err)
	}
	maps.Copy(out.told, next.told)
	if len(out.told) != 230 {
		t.Errorf("%d of 230 issues were told of", len(out.told))
	}
}

func TestFaults(t *testing.T) {
	for i := range 6 {
		server := stockedWith(23, 10).serve(t)
		sourcetest.Survives(t, server, at(0).AddDate(0, -1, 0), at(20), "tok", func() source.Stream {
			return account(t, "url", server.URL, "token", "tok", "projects", "acme/shop", "releases", "yes", "pipelines", "^(Deploy.*|main)$").(*puller).Streams()[i]
		})
	}
}

func TestGrows(t *testing.T) {
	server := stockedWith(23, 10).serve(t)
	for i := range 6 {
		sourcetest.Grows(t, sourcetest.Listed{Server: server, From: at(0).AddDate(0, -1, 0), Now: at(72), One: "acme/shop", Other: "acme/web", Open: func(listed ...string) source.Stream {
			return account(t, "url", server.URL, "token", "tok", "projects", strings.Join(listed, "\n"), "releases", "yes", "pipelines", "^(Deploy.*|main)$").(*puller).Streams()[i]
		}})
	}
}

// TestRepeatedPages: the same items twice make the same records; a page that
// names itself as the next ends the run.
func TestRepeatedPages(t *testing.T) {
	whole, err := pull(t, stocked().serve(t), "deployments", "")
	if err != nil {
		t.Fatal(err)
	}
	l := stocked()
	server := l.serve(t)
	sourcetest.Faulty(server, nil, func(w http.ResponseWriter, r *http.Request, well http.Handler) { // the first page's items as the second's
		first := r.Clone(r.Context())
		first.URL.RawQuery = strings.ReplaceAll(r.URL.RawQuery, "&page=2", "&page=1")
		answer := httptest.NewRecorder()
		well.ServeHTTP(answer, first)
		w.Header().Set("Link", strings.ReplaceAll(answer.Header().Get("Link"), "page=2", "page=2&order_by=updated_at"))
		_, err = w.Write(answer.Body.Bytes())
	})
	out, pullErr := pull(t, server, "deployments", "")
	if diff := cmp.Diff(whole.told, out.told); pullErr != nil || err != nil || diff != "" {
		t.Errorf("%v, %v\n%s", pullErr, err, diff)
	}
	server = stocked().serve(t)
	sourcetest.Faulty(server, nil, func(w http.ResponseWriter, r *http.Request, well http.Handler) {
		w.Header().Set("Link", "<"+server.URL+r.URL.RequestURI()+">; rel=\"next\"")
		fmt.Fprint(w, "[]")
	})
	var wrong *hansei.InvalidError
	if out, err := pull(t, server, "deployments", ""); !errors.As(err, &wrong) || len(out.cursors) != 1 {
		t.Errorf("%d pages, %v", len(out.cursors), err)
	}
}

// TestChangedCursors: a place to go on from that is none is an error; one of a
// project that is not configured any more, beyond the end, or that an earlier
// version kept leads on, and never to another host.
func TestChangedCursors(t *testing.T) {
	server := stocked().serve(t)
	for _, c := range []string{"{", `{"began":"2026-03-01T00:00:00Z","of":"acme/shop","next":"page-two"}`, `{"began":"2026-03-01T00:00:00Z","of":"acme/shop","next":"http://[::1"}`} {
		if out, err := pull(t, server, "issues", c); err == nil || len(out.cursors) != 0 {
			t.Errorf("%s was taken: %v", c, err)
		}
	}
	for c, want := range map[string]int{
		`{"since":"2026-01-01T00:00:00Z","began":"2026-03-01T00:00:00Z","of":"acme/shop","next":"https://elsewhere.example.org/api/v4/projects/acme%2Fshop/issues?id=acme%2Fshop&order_by=updated_at&page=3&per_page=100&sort=desc"}`: 30,
		`{"since":"2026-01-01T00:00:00Z","began":"2026-03-01T00:00:00Z","of":"acme/shop","next":"?page=9&per_page=100"}`:                                                                                                              0,
	} {
		if out, err := pull(t, server, "issues", c); err != nil || len(out.told) != want || len(out.cursors) != 1 {
			t.Errorf("%s: %d issues, %d pages, %v", c, len(out.told), len(out.cursors), err)
		}
	}
}
