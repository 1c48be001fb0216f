package jira

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
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
