package jira

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hansei"
	"hansei/internal/source"
	"hansei/internal/source/fetch"
	"hansei/internal/source/sourcetest"
)

// TestPullsAsDescribed pulls from a server that holds each request and each
// answer to Atlassian's own OpenAPI description, tries the account there, and
// makes records of what it answered.
func TestPullsAsDescribed(t *testing.T) {
	server := described(t)
	src := jiraOf(t, "url", server.URL, "token", "tok", "email", "ann@example.com", "projects", "OPS").(*puller)
	pages := 0
	var through []time.Time
	pull := &source.Pull{Ctx: t.Context(), Client: &fetch.Client{HTTP: server.Client()}, From: at(0), Now: at(20), Emit: func(page source.Page) error {
		pages++
		through = append(through, page.Through)
		said, err := src.Normalize(source.Delivery{Name: "pull/issues", Body: page.Body})
		if said = sourcetest.Are(said); len(said) != 1 {
			t.Fatalf("a page told of %d issues, %v", len(said), err)
		}
		// The search gave the newest two of three changes.
		if w := said[0].Record.(*hansei.WorkItem); pages == 1 && !w.Started.Equal(at(9).Add(10*time.Minute)) || pages == 2 && !w.Started.IsZero() {
			t.Errorf("%s was begun at %v", said[0].Names[0], w.Started)
		}
		return err
	}}
	if err := src.Streams()[1].Pull(pull); err != nil || pages != 2 || through[0].IsZero() || !through[0].Before(through[1]) {
		t.Errorf("%d pages up to %v, %v", pages, through, err)
	}
	pull.Emit = func(page source.Page) error {
		if page.Things == 0 { // there is one that is not wanted
			return nil
		}
		said, err := src.Normalize(source.Delivery{Name: "pull/projects", Body: page.Body})
		want := []hansei.Observation{{Key: hansei.Key{Kind: hansei.KindWorkItem, Source: "tracker", External: "project-10000"}, Names: []string{"OPS"},
			Record: &hansei.WorkItem{Title: "Operations", Description: "All that runs", URL: server.URL + "/browse/OPS", Type: "project", Owner: "Ann"}}}
		if diff := cmp.Diff(want, said); diff != "" {
			t.Error(diff)
		}
		return err
	}
	if err := src.Streams()[0].Pull(pull); err != nil {
		t.Error(err)
	}
	for _, f := range src.Check(pull) {
		if !f.OK {
			t.Error(f.Says)
		}
	}
}

func TestFaults(t *testing.T) {
	server := described(t)
	for i := range 2 {
		sourcetest.Survives(t, server, at(0), at(20), "tok", func() source.Stream {
			return jiraOf(t, "url", server.URL, "token", "tok", "email", "ann@example.com").(*puller).Streams()[i]
		})
	}
}

// TestGrows asks a Jira of two projects of five issues each, two on a page.
func TestGrows(t *testing.T) {
	in, notIn, since := regexp.MustCompile(`project in \(([^)]*)\)`), regexp.MustCompile(`project not in \(([^)]*)\)`), regexp.MustCompile(`updated >= "([^"]*)"`)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		jql := q.Get("jql")
		if strings.HasSuffix(r.URL.Path, "/status") {
			fmt.Fprint(w, "[]")
			return
		}
		if jql == "" {
			fmt.Fprint(w, `{"timeZone":"UTC"}`)
			return
		}
		some := []string{}
		for n := range 10 {
			project := []string{"OPS", "WEB"}[n/5]
			only, not := in.FindString(jql), notIn.FindString(jql)
			if only != "" && !strings.Contains(only, project) || strings.Contains(not, project) || since.FindStringSubmatch(jql)[1] > at(11).Format("2006-01-02 15:04") {
				continue
			}
			some = append(some, issue(fmt.Sprintf("%s-%d", project, n), "Bug", "new", ""))
		}
		start, err := strconv.Atoi("0" + q.Get("nextPageToken") + q.Get("startAt"))
		if err != nil {
			t.Error(err)
		}
		page, next := some[start:min(start+2, len(some))], ""
		if start+2 < len(some) && q.Get("startAt") == "" {
			next = fmt.Sprintf(`"nextPageToken":"%d",`, start+2)
		}
		fmt.Fprintf(w, `{%s"total":%d,"issues":[%s]}`, next, len(some), strings.Join(page, ","))
	}))
	defer server.Close()
	for _, email := range []string{"ann@example.com", ""} { // Cloud, and Data Center
		sourcetest.Grows(t, sourcetest.Listed{Server: server, From: at(0), Now: at(20), One: "OPS", Other: "WEB", All: true, Open: func(listed ...string) source.Stream {
			return jiraOf(t, "url", server.URL, "token", "tok", "email", email, "projects", strings.Join(listed, ",")).(*puller).Streams()[1]
		}})
	}
}

// TestTokensExpire: a token for the next page that Jira takes no more does not
// hold up the history: the search goes on from the last change that was read.
func TestTokensExpire(t *testing.T) {
	server := described(t)
	src := jiraOf(t, "url", server.URL, "token", "tok", "email", "ann@example.com", "projects", "OPS").(*puller)
	asked := ""
	named := func(r *http.Request) bool {
		if jql := r.URL.Query().Get("jql"); jql != "" {
			asked = jql
		}
		return r.URL.Query().Has("nextPageToken")
	}
	refuse := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusBadRequest)
		if _, err := io.WriteString(w, `{"errorMessages":["The page token is not valid."],"errors":{}}`); err != nil {
			t.Error(err)
		}
	}
	sourcetest.GoesOn(t, server, at(0), at(20), func() source.Stream { return src.Streams()[1] }, named, refuse, func(page source.Page) (keys []string) {
		said, err := src.Normalize(source.Delivery{Name: "pull/issues", Body: page.Body})
		if err != nil {
			t.Error(err)
		}
		for _, o := range said {
			keys = append(keys, o.Names...)
		}
		return keys
	})
	// The issues of the example changed at noon in Berlin.
	if want := `project in ("OPS") AND updated >= "2026-03-01 12:00" ORDER BY updated ASC, key ASC`; asked != want {
		t.Errorf("asked for %s, want %s", asked, want)
	}
}

// described is a server that answers as the description has it.
func described(t *testing.T) *httptest.Server {
	t.Helper()
	const (
		began = `{"id":"1","created":"2026-03-01T09:10:00.000+00:00","items":[{"field":"status","fieldId":"status","from":"1","fromString":"To do","to":"3","toString":"Doing"}]}`
		back  = `{"id":"2","created":"2026-03-01T09:20:00.000+00:00","items":[{"field":"status","fieldId":"status","from":"3","fromString":"Doing","to":"1","toString":"To do"}]}`
		again = `{"id":"3","created":"2026-03-01T09:30:00.000+00:00","items":[{"field":"labels","fromString":"","toString":"perf"}]}`
	)
	description, err := os.ReadFile("testdata/openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	return sourcetest.Described(t, description, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		answer := `{"accountId":"5b10a2844c20165700ede21g","displayName":"Ann","timeZone":"Europe/Berlin","active":true}`
		switch {
		case r.URL.Path == "/rest/api/2/project/OPS":
			answer = `{"id":"10000","key":"OPS","name":"Operations"}`
		case r.URL.Path == "/rest/api/2/status":
			answer = `[{"id":"1","name":"To do","statusCategory":{"id":2,"key":"new"}},{"id":"3","name":"Doing","statusCategory":{"id":4,"key":"indeterminate"}}]`
		case r.URL.Path == "/rest/api/3/project/search" && r.URL.Query().Get("startAt") == "0":
			answer = `{"startAt":0,"maxResults":1,"total":2,"isLast":false,"values":[{"id":"10000","key":"OPS","name":"Operations","description":"All that runs","lead":{"displayName":"Ann"}}]}`
		case r.URL.Path == "/rest/api/3/project/search":
			answer = `{"startAt":1,"maxResults":1,"total":2,"isLast":true,"values":[{"id":"10001","key":"WEB","name":"Web"}]}`
		case r.URL.Path == "/rest/api/3/issue/10002/changelog" && r.URL.Query().Get("startAt") == "0":
			answer = `{"startAt":0,"maxResults":2,"total":3,"isLast":false,"values":[` + began + `,` + back + `]}`
		case r.URL.Path == "/rest/api/3/issue/10002/changelog":
			answer = `{"startAt":2,"maxResults":2,"total":3,"isLast":true,"values":[` + again + `]}`
		case r.URL.Query().Get("nextPageToken") != "":
			answer = `{"isLast":true,"issues":[` + issue("OPS-2", "Bug", "new", "") + `]}`
		case r.URL.Path == "/rest/api/3/search/jql":
			answer = `{"isLast":false,"nextPageToken":"CAEaAggD","issues":[` + strings.TrimSuffix(issue("OPS-1", "Bug", "new", ""), "}") + `,"changelog":{"startAt":0,"maxResults":2,"total":3,"histories":[` + again + `,` + back + `]}}]}`
		}
		if _, err := io.WriteString(w, answer); err != nil {
			t.Error(err)
		}
	}))
}
