package jira

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"hansei/internal/source/fetch"
	"hansei/internal/source/sourcetest"
	"hansei/internal/tracker"
	"hansei/internal/tracker/trackertest"
)

// TestAsDescribed holds every call and every answer to Atlassian's own OpenAPI
// description.
func TestAsDescribed(t *testing.T) {
	description, err := os.ReadFile("testdata/openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	s := trackertest.New(time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC))
	server := sourcetest.Described(t, description, s.Jira())
	tr := opened(t, server)
	trackertest.Run(t, tr.Places()[0], s, tr)
	body := s.Issues()[0].Body
	var doc struct{ Content []struct{ Type string } }
	if err := json.Unmarshal([]byte(body), &doc); err != nil || len(doc.Content) != 3 || doc.Content[1].Type != "bulletList" || !strings.Contains(body, `"href":"https://hansei.example/incidents/1"`) {
		t.Errorf("the description is %s, %v", body, err)
	}
}

func opened(t *testing.T, server *httptest.Server) tracker.Tracker {
	t.Helper()
	tr, err := Kind.Open(tracker.Account{Source: "work", Client: &fetch.Client{HTTP: server.Client()},
		Settings: map[string]string{"token": trackertest.Token, "email": "bot@example.com", "url": server.URL + "/", "projects": trackertest.Key, "follow_ups": "Action item,postmortem,follow-up"}})
	if err != nil {
		t.Fatal(err)
	}
	return tr
}

// A project without due dates and priorities still takes follow-ups, and says
// what it did not take.
func TestFieldsThatAProjectLacks(t *testing.T) {
	s := trackertest.New(time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC))
	h := s.Jira()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	s.Fail("POST", func(w http.ResponseWriter) {
		w.WriteHeader(http.StatusBadRequest)
		if _, err := w.Write([]byte(`{"errorMessages":[],"errors":{"priority":"Field 'priority' cannot be set. It is not on the appropriate screen, or unknown.","duedate":"Field 'duedate' cannot be set."}}`)); err != nil {
			t.Error(err)
		}
	})
	x, err := opened(t, server).Create(t.Context(), trackertest.Key, tracker.Draft{Title: "T", Marker: "m", Due: "2026-04-01", Priority: "high"})
	if err != nil || !strings.Contains(x.Note, "priority") || !strings.Contains(x.Note, "due date") {
		t.Errorf("got %+v, %v", x, err)
	}
}
