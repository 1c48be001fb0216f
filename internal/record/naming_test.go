package record

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"testing"

	"hansei"
	"hansei/internal/auth"
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
