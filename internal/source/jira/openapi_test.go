package jira

import (
	"cmp"
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

	"hansei/internal/source"
	"hansei/internal/source/fetch"
	"hansei/internal/source/sourcetest"
)

// TestPullsAsDescribed pulls from a server that holds each request and each
// answer to Atlassian's own OpenAPI description, tries the account there, and
// makes records of what it answered.
func TestPullsAsDescribed(t *testing.T) {
	server := described(t)
	src := site(t, "url", server.URL, "token", "tok", "email", "ann@example.com", "projects", "OPS").(*puller)
	pages := 0
	var through []time.Time
	pull := &source.Pull{Ctx: t.Context(), Client: &fetch.Client{HTTP: server.Client()}, From: at(0), Now: at(20), Emit: func(page source.Page) error {
		pages++
		through = append(through, page.Through)
		said, err := src.Normalize(source.Delivery{Name: "pull/issues", Body: page.Body})
		if len(said) != 1 {
			t.Errorf("a page told of %d issues", len(said))
		}
		return err
	}}
	if err := src.Streams()[0].Pull(pull); err != nil || pages != 2 || through[0].IsZero() || !through[0].Before(through[1]) {
		t.Errorf("%d pages up to %v, %v", pages, through, err)
	}
	for _, f := range src.Check(pull) {
		if !f.OK {
			t.Error(f.Says)
		}
	}
}

func TestFaults(t *testing.T) {
	server := described(t)
	sourcetest.Survives(t, server, at(0), at(20), "tok", func() source.Stream {
		return site(t, "url", server.URL, "token", "tok", "email", "ann@example.com", "projects", "OPS").(*puller).Streams()[0]
	})
}

// TestGrows asks a Jira of two projects of five issues each, two on a page.
func TestGrows(t *testing.T) {
	in, notIn, since := regexp.MustCompile(`project in \(([^)]*)\)`), regexp.MustCompile(`project not in \(([^)]*)\)`), regexp.MustCompile(`updated >= "([^"]*)"`)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		jql := q.Get("jql")
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
		start, err := strconv.Atoi(cmp.Or(q.Get("nextPageToken"), q.Get("startAt"), "0"))
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
			return site(t, "url", server.URL, "token", "tok", "email", email, "projects", strings.Join(listed, ",")).(*puller).Streams()[0]
		}})
	}
}

// TestTokensExpire: a token for the next page that Jira takes no more does not
// hold up the history: the search goes on from the last change that was read.
func TestTokensExpire(t *testing.T) {
	server := described(t)
	src := site(t, "url", server.URL, "token", "tok", "email", "ann@example.com", "projects", "OPS").(*puller)
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
	sourcetest.GoesOn(t, server, at(0), at(20), func() source.Stream { return src.Streams()[0] }, named, refuse, func(page source.Page) (keys []string) {
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
		case r.URL.Query().Get("nextPageToken") != "":
			answer = `{"isLast":true,"issues":[` + issue("OPS-2", "Bug", "new", "") + `]}`
		case r.URL.Path == "/rest/api/3/search/jql":
			answer = `{"isLast":false,"nextPageToken":"CAEaAggD","issues":[` + issue("OPS-1", "Bug", "new", "") + `]}`
		}
		if _, err := io.WriteString(w, answer); err != nil {
			t.Error(err)
		}
	}))
}
