package app

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/connect"
	"hansei/internal/record"
	"hansei/internal/record/pgtest"
)

// TestTwoServersOnOneDatabase: what one takes in, the other shows; when one
// goes, the other goes on with what it began.
func TestTwoServersOnOneDatabase(t *testing.T) {
	url, _ := pgtest.Start(t)
	key := filepath.Join(t.TempDir(), "key")
	type server struct {
		*App
		stop  context.CancelFunc
		ended chan error
	}
	start := func() *server {
		t.Helper()
		a, err := New(t.Context(), Config{Dir: t.TempDir(), Listen: freePort(t), Database: url, KeyFile: key})
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(context.Background())
		s := &server{a, stop, make(chan error, 1)}
		go func() { s.ended <- a.Run(ctx) }()
		return s
	}
	end := func(s *server) {
		t.Helper()
		s.stop()
		if err := <-s.ended; err != nil && !strings.Contains(err.Error(), "canceled") {
			t.Error(err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
	one, two := start(), start()
	added, err := one.sources.Add(t.Context(), auth.Local(), connect.Spec{Tool: "pagerduty", Name: "pd", Settings: map[string]string{"webhook_secret": "s"}})
	if err != nil {
		t.Fatal(err)
	}
	example, err := os.ReadFile("../source/pagerduty/reading/testdata/incident.acknowledged.json")
	if err != nil {
		t.Fatal(err)
	}
	// The other server takes the webhook: it knows the source and its secret.
	hook := strings.Replace(added.URL, one.config.Listen, two.config.Listen, 1)
	soon(t, "the second server takes a webhook", func() bool { return sent(t.Context(), clientOf(t), hook, example) == nil })
	for name, s := range map[string]*server{"first": one, "second": two} {
		soon(t, "the incident is in the facts of the "+name, func() bool {
			rows, err := s.facts.SQL(t.Context(), "SELECT id FROM incident", 5)
			return err == nil && len(rows.Rows) == 1
		})
	}
	if in, _, err := record.Get[*hansei.Incident](t.Context(), one.records, auth.Local().Scope(), "pd:PGR0VU2"); err != nil || len(in.From) != 1 {
		t.Errorf("got %+v, %v", in, err)
	}
	end(one)
	if _, err := two.sources.Edit(t.Context(), auth.Local(), "pd", connect.Change{Filter: &[]hansei.Condition{{Field: "priority", In: []string{"P9"}}}}); err != nil {
		t.Fatal(err)
	}
	soon(t, "the job of the server that stayed leaves the incident out", func() bool {
		in, _, err := record.Get[*hansei.Incident](t.Context(), two.records, auth.Local().Scope(), "pd:PGR0VU2")
		return err == nil && in.Deleted
	})
	end(two)
}

// soon waits for something that takes a moment.
func soon(t *testing.T, what string, is func() bool) {
	t.Helper()
	for began := time.Now(); !is(); time.Sleep(20 * time.Millisecond) {
		if time.Since(began) > time.Minute {
			t.Fatal("never: " + what)
		}
	}
}
