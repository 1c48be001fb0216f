package fact_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/fact"
	"hansei/internal/record"
)

var who = auth.Local()

func store(t testing.TB, dir string) *record.Store {
	t.Helper()
	s, err := record.Open(context.Background(), record.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func facts(t testing.TB, dir string) *fact.View {
	t.Helper()
	v, err := fact.Open(context.Background(), fact.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(v.Close)
	return v
}

func catchUp(t testing.TB, v *fact.View, s *record.Store) {
	t.Helper()
	if err := v.CatchUp(context.Background(), s, who.Scope(), nil); err != nil {
		t.Fatal(err)
	}
}

// write puts random versions of a few records: many revisions, deletions,
// merges, deployments and pull requests.
func write(t testing.TB, s *record.Store, from, to int) {
	t.Helper()
	ctx := context.Background()
	for i := from; i < to; i++ {
		at := time.Date(2025, 1, 1+i%28, i%24, 0, 0, 0, time.UTC)
		in := &hansei.Incident{Header: hansei.Header{ID: hansei.ID(fmt.Sprint("i", i%7)), Custom: map[string]string{"region": fmt.Sprint("r", i%3), "size": fmt.Sprint(i)}, Deleted: i%11 == 10},
			Title: fmt.Sprint("version ", i), Services: []hansei.ID{"web", hansei.ID(fmt.Sprint("s", i%4))}, Factors: []string{"config"}}
		in.Milestones.Set(hansei.RoleBegan, at)
		in.Milestones.Set("page sent", at.Add(time.Minute))
		if i%2 == 0 {
			in.Milestones.Set(hansei.RoleResolved, at.Add(time.Hour))
		}
		d := &hansei.Deployment{Header: hansei.Header{ID: hansei.ID(fmt.Sprint("d", i%5))}, Service: "web", Started: at, Finished: at.Add(time.Minute)}
		p := &hansei.PullRequest{Header: hansei.Header{ID: hansei.ID(fmt.Sprint("p", i%5))}, Service: "web", Created: at.Add(-48 * time.Hour), Merged: at.Add(-24 * time.Hour)}
		_, err := s.Write(ctx, who, func(tx *record.Tx) error {
			for _, rec := range []hansei.Record{in, d, p} {
				have, err := record.Load(ctx, tx, who.Scope(), rec.Kind(), []hansei.ID{rec.Head().ID})
				if err != nil {
					return err
				}
				if err := record.Put(tx, rec, have[rec.Head().ID].Revision); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// dump reads every row of every table, past ones too.
func dump(t testing.TB, v *fact.View) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, table := range fact.Schema() {
		r, err := v.SQL(context.Background(), "SELECT * FROM history."+table.Name+" ORDER BY ALL", 0)
		if err != nil {
			t.Fatal(err)
		}
		text, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		out[table.Name] = strings.ReplaceAll(string(text), "],", "],\n")
	}
	return out
}

func TestIncrementalEqualsRebuilt(t *testing.T) {
	dir := t.TempDir()
	s, v := store(t, dir), facts(t, dir)
	for i := 0; i < 60; i += 5 {
		write(t, s, i, i+5)
		catchUp(t, v, s)
	}
	grown := dump(t, v)
	if err := v.Reset(context.Background()); err != nil {
		t.Fatal(err)
	}
	catchUp(t, v, s)
	if d := cmp.Diff(grown, dump(t, v)); d != "" {
		t.Errorf("rebuilt facts differ (-grown +rebuilt):\n%s", d)
	}
	if !strings.Contains(grown["milestone"], "page sent") || !strings.Contains(grown["custom_field"], "region") {
		t.Error("the organization's own milestones and fields are not facts")
	}
}

func TestFactsRebuildThemselves(t *testing.T) {
	ctx := context.Background()
	for name, spoil := range map[string]func(t *testing.T, dir string, s *record.Store){
		"deleted": func(t *testing.T, dir string, _ *record.Store) {
			if err := os.Remove(filepath.Join(dir, "facts.duckdb")); err != nil {
				t.Fatal(err)
			}
		},
		"noise": func(t *testing.T, dir string, _ *record.Store) {
			if err := os.WriteFile(filepath.Join(dir, "facts.duckdb"), []byte(strings.Repeat("noise", 5000)), 0o600); err != nil {
				t.Fatal(err)
			}
		},
		"cut short": func(t *testing.T, dir string, _ *record.Store) {
			if err := os.Truncate(filepath.Join(dir, "facts.duckdb"), 5000); err != nil {
				t.Fatal(err)
			}
		},
		"another epoch": func(t *testing.T, _ string, s *record.Store) {
			if err := s.NewEpoch(ctx, who); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			s := store(t, dir)
			write(t, s, 0, 20)
			v, err := fact.Open(ctx, fact.Options{Dir: dir})
			if err != nil {
				t.Fatal(err)
			}
			catchUp(t, v, s)
			want := dump(t, v)
			v.Close()
			spoil(t, dir, s)
			again := facts(t, dir)
			catchUp(t, again, s)
			if d := cmp.Diff(want, dump(t, again)); d != "" {
				t.Errorf("facts differ:\n%s", d)
			}
		})
	}
}

func TestPersonsSQLOnlyReads(t *testing.T) {
	dir := t.TempDir()
	s, v := store(t, dir), facts(t, dir)
	write(t, s, 0, 5)
	catchUp(t, v, s)
	ctx := context.Background()
	for _, bad := range []string{
		"DELETE FROM history.incident", "DROP VIEW incident", "INSERT INTO history.meta VALUES (1,'',1)", "CREATE TABLE x(a int)",
		"SELECT 1; DELETE FROM history.incident", "COMMIT", "ATTACH 'x.db'", "COPY incident TO 'x.csv'", "SET memory_limit='1GB'",
		"SELECT * FROM read_csv('/etc/passwd')", "SELECT * FROM '/etc/passwd'", "INSTALL httpfs", "LOAD httpfs", "PRAGMA database_list; SELECT 1",
		"EXPLAIN ANALYZE DELETE FROM history.incident", "", "selec 1", "SELECT * FROM nowhere",
	} {
		if r, err := v.SQL(ctx, bad, 10); err == nil {
			t.Errorf("%s: answered %v", bad, r.Rows)
		}
	}
	if _, err := os.Stat("x.csv"); err == nil {
		t.Error("a file was written")
	}
	r, err := v.SQL(ctx, "SELECT id, customers_affected, start_at, [1,2] AS l, 1.5::DECIMAL(4,2) AS d FROM incident ORDER BY id;", 2)
	if err != nil || len(r.Rows) != 2 || !r.Truncated || r.Rows[0][3] != "[1, 2]" || r.Rows[0][4] != 1.5 {
		t.Errorf("got %+v, %v", r, err)
	}
	short, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
	defer cancel()
	if _, err := v.SQL(short, "SELECT count(*) FROM range(100000000000) a, range(1000) b WHERE a.range % 7 = b.range", 1); err == nil {
		t.Error("a query without end ended")
	}
	if r, err = v.SQL(ctx, "SELECT count(*) FROM incident", 1); err != nil || r.Rows[0][0] == int64(0) {
		t.Errorf("after all that: %v, %v", r.Rows, err)
	}
}

// BenchmarkRebuild builds the facts of 200,000 deployments from the journal.
func BenchmarkRebuild(b *testing.B) {
	dir := b.TempDir()
	s := store(b, dir)
	const n = 200_000
	_, err := s.Write(context.Background(), who, func(tx *record.Tx) error {
		for i := range n {
			at := time.Date(2025, 1, 1, 0, 0, i, 0, time.UTC)
			d := &hansei.Deployment{Header: hansei.Header{ID: hansei.ID(fmt.Sprintf("load:d-%08d", i)), From: []hansei.Observed{{Source: "load", External: fmt.Sprintf("d-%08d", i)}}},
				Service: hansei.ID(fmt.Sprintf("svc-%03d", i%200)), Team: "team-01", Environment: "production", Result: "success", Started: at, Finished: at.Add(time.Minute),
				Commit: "0123456789abcdef0123456789abcdef01234567", Ref: "main", Author: "dev001"}
			if err := record.Put(tx, d, 0); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	v := facts(b, dir)
	for b.Loop() {
		if err := v.Reset(context.Background()); err != nil {
			b.Fatal(err)
		}
		catchUp(b, v, s)
	}
	b.ReportMetric(n*float64(b.N)/b.Elapsed().Seconds(), "records/s")
}
