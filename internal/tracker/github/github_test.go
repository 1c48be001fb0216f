package github

import (
	"os"
	"testing"
	"time"

	"hansei/internal/source/fetch"
	"hansei/internal/source/sourcetest"
	"hansei/internal/tracker"
	"hansei/internal/tracker/trackertest"
)

// TestAsDescribed holds every call and every answer to GitHub's own OpenAPI
// description.
func TestAsDescribed(t *testing.T) {
	description, err := os.ReadFile("testdata/openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	s := trackertest.New(time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC))
	server := sourcetest.Described(t, description, s.GitHub())
	tr, err := Kind.Open(tracker.Account{Source: "code", Client: &fetch.Client{HTTP: server.Client()},
		Settings: map[string]string{"token": trackertest.Token, "api_url": server.URL + "/", "repositories": trackertest.Place, "follow_up_labels": "postmortem,follow-up"}})
	if err != nil {
		t.Fatal(err)
	}
	trackertest.Run(t, tr.Places()[0], s, tr)
}
