package record

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/record/pgtest"
)

// explained reads as a Store does, and keeps how SQLite goes about it.
type explained struct {
	*Store
	plans []string
}

func (e *explained) query(ctx context.Context, q string, args ...any) (*sql.Rows, error) {
	rows, err := e.Store.query(ctx, "EXPLAIN QUERY PLAN "+q, args...)
	if err != nil {
		return nil, err
	}
	for rows.Next() {
		var id, parent, unused int
		var step string
		if err := rows.Scan(&id, &parent, &unused, &step); err != nil {
			return nil, err
		}
		e.plans = append(e.plans, step)
	}
	if err := rows.Close(); err != nil {
		return nil, err
	}
	return e.Store.query(ctx, q, args...)
}

// TestNamesAreLookedUpByTheKey: what every batch of webhooks asks costs as much
// as it asks about, and not as much as there are names.
func TestNamesAreLookedUpByTheKey(t *testing.T) {
	s, who := opened(t, t.TempDir()), auth.Local()
	for _, n := range []int{1, 2, 100, maxIDs} {
		names := make([]string, n)
		for i := range names {
			names[i] = fmt.Sprint("name-", i)
		}
		for what, ask := range map[string]func(context.Context, Reader, auth.Scope, []string) ([]Naming, error){"name": Named, "mention": Mentioning} {
			e := &explained{Store: s}
			if _, err := ask(t.Context(), e, who.Scope(), names); err != nil {
				t.Fatal(err)
			}
			if len(e.plans) == 0 || !strings.Contains(e.plans[0], "SEARCH "+what+" USING COVERING INDEX") || !strings.Contains(e.plans[0], "name=?") {
				t.Errorf("%d of %s: %q", n, what, e.plans)
			}
		}
		e := &explained{Store: s}
		if _, err := Linked(t.Context(), e, who.Scope(), Ref{}, names, names, Ref{}); err != nil {
			t.Fatal(err)
		}
		for _, what := range []string{"name", "mention"} {
			if !slices.ContainsFunc(e.plans, func(step string) bool {
				return strings.Contains(step, "SEARCH "+what+" USING COVERING INDEX") && strings.Contains(step, "name=?")
			}) {
				t.Errorf("what is linked by %d names: %q", n, e.plans)
			}
		}
		ids := make([]hansei.ID, n)
		for i := range ids {
			ids[i] = hansei.ID(names[i])
		}
		e = &explained{Store: s}
		if _, err := Load(t.Context(), e, who.Scope(), hansei.KindIncident, ids); err != nil {
			t.Fatal(err)
		}
		if len(e.plans) == 0 || !strings.Contains(e.plans[0], "id=?") {
			t.Errorf("%d records: %q", n, e.plans)
		}
	}
}

// TestRecordsOfASourceAreReadByTheKey: a page of them begins where the one
// before ended, in either database, and is sorted by neither.
func TestRecordsOfASourceAreReadByTheKey(t *testing.T) {
	sqlite := &explained{Store: opened(t, t.TempDir())}
	place := strings.Join([]string{"incident", "pd:1", "pd:1"}, "\x00")
	if _, _, err := OfSource(t.Context(), sqlite, auth.Local().Scope(), "pd", place, 200); err != nil {
		t.Fatal(err)
	}
	if len(sqlite.plans) != 1 || !strings.Contains(sqlite.plans[0], "SEARCH name USING COVERING INDEX") || !strings.Contains(sqlite.plans[0], "(name,kind,id)>(?,?,?)") {
		t.Errorf("%q", sqlite.plans)
	}
	url, _ := pgtest.Start(t)
	s, err := Open(t.Context(), Options{Dir: t.TempDir(), Database: url})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	server := &explainedByServer{Store: s}
	if _, _, err := OfSource(t.Context(), server, auth.Local().Scope(), "pd", place, 200); err != nil {
		t.Fatal(err)
	}
	plan := strings.Join(server.plan, "\n")
	_, cond, _ := strings.Cut(plan, "Index Cond:")
	if cond, _, _ = strings.Cut(cond, "\n"); !strings.Contains(cond, "ROW(name, kind, id) > ROW(") || strings.Contains(plan, "Sort") || strings.Contains(plan, "Filter:") {
		t.Errorf("PostgreSQL reads them so:\n%s", plan)
	}
}

// explainedByServer does so with PostgreSQL.
type explainedByServer struct {
	*Store
	plan []string
}

func (e *explainedByServer) query(ctx context.Context, q string, args ...any) (*sql.Rows, error) {
	rows, err := e.Store.query(ctx, "EXPLAIN "+q, args...)
	if err != nil {
		return nil, err
	}
	for rows.Next() {
		var step string
		if err := rows.Scan(&step); err != nil {
			return nil, err
		}
		e.plan = append(e.plan, step)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return nil, err
	}
	return e.Store.query(ctx, q, args...)
}

// TestListsAreLookedUpByTheKey: PostgreSQL looks up each of a list by the whole
// key, also in tables of which it has no statistics yet. It read them whole.
func TestListsAreLookedUpByTheKey(t *testing.T) {
	url, _ := pgtest.Start(t, "autovacuum=off")
	s, err := Open(t.Context(), Options{Dir: t.TempDir(), Database: url})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	who, names, ids := auth.Local(), []string{}, []hansei.ID{}
	for i := range 3000 {
		names, ids = append(names, fmt.Sprint("name-", i)), append(ids, hansei.ID(fmt.Sprint("s-", i)))
	}
	if _, err := s.Write(t.Context(), who, func(tx *Tx) error {
		var list []Naming
		for i, id := range ids {
			list = append(list, Naming{Ref{hansei.KindService, id}, names[i]})
			if err := Put(tx, &hansei.Service{Header: hansei.Header{ID: id}, Name: names[i]}, 0); err != nil {
				return err
			}
		}
		return tx.NoteNew(list, list)
	}); err != nil {
		t.Fatal(err)
	}
	few := maxIDs
	for key, ask := range map[string]func(r Reader) (int, error){
		"name_pkey on name (journal name)": func(r Reader) (int, error) {
			list, err := Named(t.Context(), r, who.Scope(), names[:few])
			return len(list), err
		},
		"mention_pkey on mention (journal name)": func(r Reader) (int, error) {
			list, err := Mentioning(t.Context(), r, who.Scope(), names[:few])
			return len(list), err
		},
		"current_pkey on current c (journal kind id)": func(r Reader) (int, error) {
			list, err := LoadRaw(t.Context(), r, who.Scope(), hansei.KindService, ids[:few])
			return len(list), err
		},
	} {
		e := &explainedByServer{Store: s}
		found, err := ask(e)
		if err != nil || found != few {
			t.Errorf("%s: found %d of %d, %v", key, found, few, err)
		}
		plan := strings.Join(e.plan, "\n")
		index, columns, _ := strings.Cut(strings.TrimSuffix(key, ")"), " (")
		_, after, scans := strings.Cut(plan, index)
		cond, _, _ := strings.Cut(after[strings.Index(after, "Index Cond:")+1:], "\n")
		for _, c := range strings.Fields(columns) {
			if !scans || !strings.Contains(cond, c+" = ") {
				t.Errorf("%s is not asked by %s:\n%s", index, c, plan)
			}
		}
		if strings.Contains(plan, "Filter:") {
			t.Errorf("rows are read to be left out:\n%s", plan)
		}
	}
}

// TestNewRecordsNamesAreThereAlready: who notes names of a new record that are
// there, against all expectation, is told of a conflict, and the next time not.
func TestNewRecordsNamesAreThereAlready(t *testing.T) {
	url, _ := pgtest.Start(t)
	for engine, o := range map[string]Options{"sqlite": {Dir: t.TempDir()}, "postgres": {Dir: t.TempDir(), Database: url}} {
		t.Run(engine, func(t *testing.T) {
			s, err := Open(t.Context(), o)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = s.Close() })
			who, one := auth.Local(), []Naming{{Ref{hansei.KindIncident, "i"}, "one"}}
			two := append(slices.Clone(one), Naming{Ref{hansei.KindIncident, "i"}, "two"})
			note := func(list []Naming) error {
				_, err := s.Write(t.Context(), who, func(tx *Tx) error { return tx.NoteNew(list, nil) })
				return err
			}
			if err := note(one); err != nil {
				t.Fatal(err)
			}
			if err := note(two); !errors.Is(err, hansei.ErrConflict) {
				t.Errorf("got %v, want a conflict", err)
			}
			if err := note(two); err != nil {
				t.Errorf("asked again: %v", err)
			}
			if list, err := Named(t.Context(), s, who.Scope(), []string{"one", "two"}); err != nil || len(list) != 2 {
				t.Errorf("noted are %v, %v", list, err)
			}
		})
	}
}
