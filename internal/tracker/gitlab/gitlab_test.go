package gitlab

import (
	"net/http/httptest"
	"testing"
	"time"

	"hansei/internal/source/fetch"
	"hansei/internal/tracker"
	"hansei/internal/tracker/trackertest"
)

// The stand-in follows the documentation of GitLab's issues API: of what issues
// are answered with, its OpenAPI description is wrong (see testdata of
// internal/source/gitlab).
func TestTracker(t *testing.T) {
	s := trackertest.New(time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC))
	server := httptest.NewServer(s.GitLab())
	t.Cleanup(server.Close)
	tr, err := Kind.Open(tracker.Account{Source: "code", Client: &fetch.Client{HTTP: server.Client()},
		Settings: map[string]string{"token": trackertest.Token, "url": server.URL, "projects": trackertest.Place, "follow_up_labels": "follow-up"}})
	if err != nil {
		t.Fatal(err)
	}
	trackertest.Run(t, tr.Places()[0], s, tr)
}
