package record_test

import (
	"context"
	"testing"
	"time"

	"hansei/internal/record"
	"hansei/internal/record/pgtest"
	"hansei/internal/record/recordtest"
)

func TestPostgres(t *testing.T) { behaves(t, "") }

// TestPostgresBehindAPooler: a pooler that hands each transaction another
// connection bears no prepared statements; arrays go as texts then.
func TestPostgresBehindAPooler(t *testing.T) { behaves(t, "&default_query_exec_mode=simple_protocol") }

func behaves(t *testing.T, mode string) {
	_, server := pgtest.Start(t)
	recordtest.Run(t, recordtest.Engine{
		Place: func(*testing.T) string { return server.Database() + mode },
		Open: func(t *testing.T, url string, now func() time.Time) *record.Store {
			t.Helper()
			s, err := record.Open(context.Background(), record.Options{Dir: t.TempDir(), Database: url, Now: now})
			if err != nil {
				t.Fatal(err)
			}
			return s
		},
	})
}
