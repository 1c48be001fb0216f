package github

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"hansei"
	"hansei/internal/source"
	"hansei/internal/source/fetch"
	"hansei/internal/source/sourcetest"
)

// TestPullsAsDescribed pulls the lists of the REST API from a server that holds
// each request and each answer to GitHub's own OpenAPI description, and
// answers with the description's examples.
func TestPullsAsDescribed(t *testing.T) {
	server := described(t).URL
	src := account(t, map[string]string{"token": "tok", "repositories": "octocat/Hello-World", "api_url": server, "workflows": ".*", "releases": "yes"}).(*puller)
	rest := map[string]bool{"issues": true, "commits": true, "releases": true, "workflow_runs": true}
	for _, st := range src.Streams() {
		if !rest[st.Name] {
			continue // asked by GraphQL, see TestQueriesAsDescribed
		}
		pages, said := 0, 0
		err := st.Pull(&source.Pull{Ctx: t.Context(), Client: &fetch.Client{HTTP: http.DefaultClient}, From: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC), Now: time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC),
			Emit: func(page source.Page) error {
				if len(page.Body) == 0 {
					return nil
				}
				pages++
				list, err := src.Normalize(source.Delivery{Name: "pull/" + st.Name, Body: page.Body})
				said += len(list)
				return err
			}})
		if err != nil || pages == 0 {
			t.Errorf("%s: %d pages, %v", st.Name, pages, err)
		}
		if said == 0 && st.Name != "workflow_runs" { // the example's run is of no deployment
			t.Errorf("%s: nothing was made of the answer", st.Name)
		}
	}
}

func TestFaults(t *testing.T) {
	names := map[string]bool{"issues": true, "commits": true, "releases": true, "workflow_runs": true}
	open := func(server *httptest.Server) []source.Stream {
		return account(t, map[string]string{"token": "tok", "repositories": "octocat/Hello-World", "api_url": server.URL, "workflows": ".*", "releases": "yes"}).(*puller).Streams()
	}
	for i, st := range open(described(t)) {
		if names[st.Name] {
			t.Run(st.Name, func(t *testing.T) {
				server := described(t)
				sourcetest.Survives(t, server, time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC), time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC), "tok", func() source.Stream { return open(server)[i] })
			})
		}
	}
}

func TestFaultsOfQueries(t *testing.T) {
	server := api(t)
	src := account(t, map[string]string{"token": "tok", "repositories": "acme/shop, acme/empty", "api_url": server.URL}).(*puller)
	for i := range src.Streams() {
		sourcetest.Survives(t, server, time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC), "tok", func() source.Stream { return src.Streams()[i] })
	}
}

// TestNameAsGitHubWritesIt asks for a repository by a name in other letters: what
// is pulled goes by the name that webhooks have.
func TestNameAsGitHubWritesIt(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		item := `"number":7,"title":"Reverts #5","state":"OPEN","createdAt":"2026-03-01T10:00:00Z","updatedAt":"2026-03-01T10:00:00Z"`
		switch at := r.URL.Path; {
		case at == "/graphql" && strings.Contains(string(text), "pullRequests"):
			fmt.Fprintf(w, `{"data":{"repository":{"pullRequests":{"nodes":[{%s,"url":"https://github.com/Acme/Web-Shop/pull/7"}],"pageInfo":{}}}}}`, item)
		case at == "/graphql":
			fmt.Fprint(w, `{"data":{"repository":{"url":"https://github.com/Acme/Web-Shop","deployments":{"nodes":[{"databaseId":9,"createdAt":"2026-03-01T10:00:00Z","statuses":{}}],"pageInfo":{}}}}}`)
		case at == "/repos/acme/web-shop/issues":
			fmt.Fprint(w, `[{"number":3,"state":"open","html_url":"https://github.com/Acme/Web-Shop/issues/3","created_at":"2026-03-01T10:00:00Z","updated_at":"2026-03-01T10:00:00Z"}]`)
		default:
			fmt.Fprintf(w, `[{"sha":"%040d","html_url":"https://github.com/Acme/Web-Shop/commit/1","commit":{"message":"Reverts #5","committer":{"date":"2026-03-01T10:00:00Z"}}}]`, 1)
		}
	}))
	defer server.Close()
	src := account(t, map[string]string{"token": "tok", "repositories": "acme/web-shop", "api_url": server.URL}).(*puller)
	for _, st := range src.Streams() {
		said := ""
		err := st.Pull(&source.Pull{Ctx: t.Context(), Client: &fetch.Client{HTTP: server.Client()}, From: time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC), Now: time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC), Emit: func(page source.Page) error {
			list, err := src.Normalize(source.Delivery{Name: "pull/" + st.Name, Body: page.Body})
			for _, o := range list {
				said += fmt.Sprint(o.Key.External, o.Names) + fmt.Sprint(o.Mentions, " ")
				if d, ok := o.Record.(*hansei.Deployment); ok {
					said += string(d.Service)
				}
			}
			return err
		}})
		want := map[string]string{"pull_requests": "Acme/Web-Shop#7[Acme/Web-Shop#7][Acme/Web-Shop#5] ", "issues": "Acme/Web-Shop#3[Acme/Web-Shop#3][] ",
			"commits": fmt.Sprintf("%040d[][Acme/Web-Shop#5] ", 1), "deployments": "9[][] Web-Shop"}[st.Name]
		if err != nil || said != want {
			t.Errorf("%s: got %q, want %q, %v", st.Name, said, want, err)
		}
	}
}

// TestBusyDay has more runs on a day than GitHub gives of a search: all are read,
// from wherever it was broken off, and an earlier version's place leads on.
func TestBusyDay(t *testing.T) {
	start := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	var created []time.Time
	for n := range 2500 { // the most of them within an hour
		created = append(created, start.Add(9*time.Hour+time.Duration(n)*1400*time.Millisecond).Truncate(time.Second))
	}
	created = append(created, start, start.Add(24*time.Hour-time.Second), start.Add(24*time.Hour))
	calls := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls++
		q := r.URL.Query()
		from, to, ranged := strings.Cut(q.Get("created"), "..")
		if !ranged {
			from, to = from+"T00:00:00Z", from+"T23:59:59Z"
		}
		a, errA := time.Parse(time.RFC3339, from)
		b, errB := time.Parse(time.RFC3339, to)
		page, err := strconv.Atoi(cmp.Or(q.Get("page"), "1"))
		if err := errors.Join(errA, errB, err); err != nil {
			t.Error(err)
		}
		var some []string
		for n, at := range created {
			if !at.Before(a) && !at.After(b) {
				some = append(some, fmt.Sprintf(`{"id":%d,"name":"Deploy","status":"in_progress","created_at":%q,"updated_at":%q}`, n+1, at.Format(time.RFC3339), at.Format(time.RFC3339)))
			}
		}
		given := some[:min(len(some), 1000)]
		if 100*page < len(given) {
			q.Set("page", strconv.Itoa(page+1))
			w.Header().Set("Link", fmt.Sprintf(`<http://%s%s?%s>; rel="next"`, r.Host, r.URL.Path, q.Encode()))
		}
		fmt.Fprintf(w, `{"total_count":%d,"workflow_runs":[%s]}`, len(some), strings.Join(given[min(len(given), 100*(page-1)):min(len(given), 100*page)], ","))
	}))
	defer server.Close()
	src := account(t, map[string]string{"token": "tok", "repositories": "acme/shop", "api_url": server.URL, "workflows": "."}).(*puller)
	i := slices.IndexFunc(src.Streams(), func(s source.Stream) bool { return s.Name == "workflow_runs" })
	full := errors.New("the disk is full")
	for _, cursor := range []string{"", `{"since":"2026-02-28T12:00:00Z","began":"2026-03-02T00:00:00Z","of":"acme/shop","next":"2026-03-01 ","read":["acme/shop"],"done":[]}`} {
		told, pages, err := map[string]bool{}, 0, full
		for calls = 0; errors.Is(err, full); {
			stored := 0
			err = src.Streams()[i].Pull(&source.Pull{Ctx: t.Context(), Client: &fetch.Client{HTTP: server.Client()}, Cursor: cursor, From: start.Add(-time.Hour), Now: start.Add(24 * time.Hour), Emit: func(page source.Page) error {
				if stored++; stored > 7 {
					return full
				}
				cursor, pages = page.Cursor, pages+1
				if len(page.Body) == 0 {
					return nil
				}
				said, err := src.Normalize(source.Delivery{Name: "pull/workflow_runs", Body: page.Body})
				for _, o := range said {
					told[o.Key.External] = true
				}
				return err
			}})
		}
		if err != nil || len(told) != len(created) || calls > 60 {
			t.Errorf("%d of %d runs on %d pages with %d calls, %v", len(told), len(created), pages, calls, err)
		}
	}
	created = slices.Repeat([]time.Time{start}, 1001)
	if err := src.Streams()[i].Pull(&source.Pull{Ctx: t.Context(), Client: &fetch.Client{HTTP: server.Client()}, From: start, Now: start.Add(time.Hour), Emit: func(source.Page) error { return nil }}); !errors.Is(err, hansei.ErrConflict) {
		t.Errorf("more in a second than can be had: %v", err)
	}
}

// TestLooksFarBack runs several times a day: the first run looks for deployments
// and runs of workflows 35 days back, no further than history is wanted; the
// others a day.
func TestLooksFarBack(t *testing.T) {
	start := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	first := ""
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/graphql" {
			first = cmp.Or(first, r.URL.Query().Get("created"))
			fmt.Fprint(w, `{"total_count":0,"workflow_runs":[]}`)
			return
		}
		var nodes []string
		for d := range 60 {
			nodes = append(nodes, fmt.Sprintf(`{"databaseId":%d,"createdAt":%q,"statuses":{}}`, d+1, start.AddDate(0, 0, 3-d).Format(time.RFC3339)))
		}
		fmt.Fprintf(w, `{"data":{"repository":{"deployments":{"nodes":[%s],"pageInfo":{}}}}}`, strings.Join(nodes, ","))
	}))
	defer server.Close()
	src := account(t, map[string]string{"token": "tok", "repositories": "acme/shop", "api_url": server.URL, "workflows": "."}).(*puller)
	for _, st := range src.Streams() {
		if st.Name != "deployments" && st.Name != "workflow_runs" {
			continue
		}
		cursor := ""
		for _, c := range []struct {
			after time.Duration
			from  time.Time
			want  string
		}{
			{0, start.AddDate(0, 0, -50), "2026-01-10"}, {time.Hour, start.AddDate(0, 0, -50), "2026-02-28"},
			{13 * time.Hour, start.AddDate(0, 0, -50), "2026-01-26"}, {14 * time.Hour, start.AddDate(0, 0, -50), "2026-03-01"},
			{37 * time.Hour, start.AddDate(0, 0, -10), "2026-02-19"}, {109 * time.Hour, start.AddDate(0, 0, -50), "2026-01-30"},
		} {
			first = ""
			if err := st.Pull(&source.Pull{Ctx: t.Context(), Client: &fetch.Client{HTTP: server.Client()}, Cursor: cursor, From: c.from, Now: start.Add(c.after), Emit: func(page source.Page) error {
				cursor = page.Cursor
				if len(page.Body) == 0 {
					return nil
				}
				said, err := src.Normalize(source.Delivery{Name: "pull/deployments", Body: page.Body})
				for _, o := range said {
					first = o.At.Format(time.DateOnly)
				}
				return err
			}}); err != nil {
				t.Fatal(err)
			}
			if first != c.want {
				t.Errorf("%s after %s: from %s on, want %s", st.Name, c.after, first, c.want)
			}
		}
	}
}

// TestNothingIsMissed updates an issue while the pages are read.
func TestNothingIsMissed(t *testing.T) {
	updated := map[int]time.Time{}
	for n := range 250 {
		updated[n+1] = time.Date(2026, 3, 1, 0, n, 0, 0, time.UTC)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		since, err := time.Parse(time.RFC3339, q.Get("since"))
		if err != nil {
			t.Error(err)
		}
		order := []int{}
		for n := range updated {
			if !updated[n].Before(since) {
				order = append(order, n)
			}
		}
		slices.SortFunc(order, func(a, b int) int { return updated[a].Compare(updated[b]) })
		if q.Get("direction") != "asc" {
			slices.Reverse(order)
		}
		page := 1
		if v := q.Get("page"); v != "" {
			if page, err = strconv.Atoi(v); err != nil {
				t.Error(err)
			}
		}
		list := []map[string]any{}
		for _, n := range order[min(len(order), 100*(page-1)):min(len(order), 100*page)] {
			list = append(list, map[string]any{"number": n, "title": "x", "state": "open", "created_at": "2026-03-01T00:00:00Z", "updated_at": updated[n]})
		}
		if 100*page < len(order) {
			q.Set("page", strconv.Itoa(page+1))
			w.Header().Set("Link", fmt.Sprintf(`<http://%s%s?%s>; rel="next"`, r.Host, r.URL.Path, q.Encode()))
		}
		if err := json.NewEncoder(w).Encode(list); err != nil {
			t.Error(err)
		}
		updated[1], updated[250] = time.Date(2026, 3, 2, 0, page, 0, 0, time.UTC), time.Date(2026, 3, 2, 1, page, 0, 0, time.UTC)
	}))
	defer server.Close()
	src := account(t, map[string]string{"token": "tok", "repositories": "acme/shop", "api_url": server.URL}).(*puller)
	i := slices.IndexFunc(src.Streams(), func(s source.Stream) bool { return s.Name == "issues" })
	told, cursor := map[string]bool{}, ""
	for range 2 { // a run, and the next
		err := src.Streams()[i].Pull(&source.Pull{Ctx: t.Context(), Client: &fetch.Client{HTTP: server.Client()}, Cursor: cursor, From: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), Now: time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC), Emit: func(page source.Page) error {
			cursor = page.Cursor
			said, err := src.Normalize(source.Delivery{Name: "pull/issues", Body: page.Body})
			for _, o := range said {
				told[o.Key.External] = true
			}
			return err
		}})
		if err != nil {
			t.Fatal(err)
		}
	}
	if len(told) != 250 {
		t.Errorf("%d of 250 issues were told of", len(told))
	}
}

// TestGrows asks for two repositories of five issues each, two on a page.
func TestGrows(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		var some []string
		for n := range 5 {
			if made := fmt.Sprintf("2026-03-01T1%d:00:00Z", n); q.Get("since") <= made {
				some = append(some, fmt.Sprintf(`{"number":%d,"created_at":%q,"updated_at":%q,"state":"open"}`, n+1, made, made))
			}
		}
		start, err := strconv.Atoi("0" + q.Get("page"))
		if err != nil {
			t.Error(err)
		}
		if start+2 < len(some) {
			q.Set("page", strconv.Itoa(start+2))
			w.Header().Set("Link", fmt.Sprintf(`<http://%s%s?%s>; rel="next"`, r.Host, r.URL.Path, q.Encode()))
		}
		fmt.Fprintf(w, "[%s]", strings.Join(some[min(start, len(some)):min(start+2, len(some))], ","))
	}))
	defer server.Close()
	sourcetest.Grows(t, sourcetest.Listed{Server: server, From: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), Now: time.Date(2026, 3, 5, 0, 0, 0, 0, time.UTC), One: "acme/shop", Other: "acme/web", Open: func(listed ...string) source.Stream {
		list := account(t, map[string]string{"token": "tok", "repositories": strings.Join(listed, " "), "api_url": server.URL}).(*puller).Streams()
		return list[slices.IndexFunc(list, func(s source.Stream) bool { return s.Name == "issues" })]
	}})
}

// described is a server that answers with the examples of the description.
func described(t *testing.T) *httptest.Server {
	t.Helper()
	var answers map[string]json.RawMessage
	read(t, "testdata/answers.json", func(text []byte) error { return json.Unmarshal(text, &answers) })
	var server *httptest.Server
	read(t, "testdata/openapi.json", func(text []byte) error {
		server = sourcetest.Described(t, text, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			if _, err := w.Write(answers[path.Base(r.URL.Path)]); err != nil {
				t.Error(err)
			}
		}))
		return nil
	})
	return server
}

// TestQueriesAsDescribed holds each query to GitHub's own GraphQL schema.
func TestQueriesAsDescribed(t *testing.T) {
	var schema *ast.Schema
	read(t, "testdata/schema.graphql", func(text []byte) (err error) {
		schema, err = gqlparser.LoadSchema(&ast.Source{Name: "schema.graphql", Input: string(text)})
		return err
	})
	asked := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var q struct{ Query string }
		text, err := io.ReadAll(r.Body)
		if err == nil {
			err = json.Unmarshal(text, &q)
		}
		if err != nil {
			t.Error(err)
		}
		asked++
		if _, list := gqlparser.LoadQueryWithRules(schema, q.Query, nil); len(list) > 0 {
			t.Errorf("GitHub's schema does not allow it: %v\n%s", list, q.Query)
		}
		name := "deployments"
		if strings.Contains(q.Query, "pullRequests") {
			name = "pullRequests"
		}
		fmt.Fprintf(w, `{"data":{"repository":{%q:{"nodes":[],"pageInfo":{"hasNextPage":false,"endCursor":null}}}}}`, name)
	}))
	defer server.Close()
	src := account(t, map[string]string{"token": "tok", "repositories": "octocat/Hello-World", "api_url": server.URL}).(*puller)
	for _, st := range src.Streams()[:2] {
		if err := st.Pull(&source.Pull{Ctx: t.Context(), Client: &fetch.Client{HTTP: http.DefaultClient}, Now: time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC),
			Emit: func(source.Page) error { return nil }}); err != nil {
			t.Errorf("%s: %v", st.Name, err)
		}
	}
	if asked != 2 {
		t.Errorf("got %d queries, want 2", asked)
	}
}

func read(t *testing.T, name string, fn func([]byte) error) {
	t.Helper()
	text, err := os.ReadFile(name)
	if err == nil {
		err = fn(text)
	}
	if err != nil {
		t.Fatal(err)
	}
}
