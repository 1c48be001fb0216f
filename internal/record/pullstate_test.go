package record

import (
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"hansei/internal/auth"
	"hansei/internal/record/file"
	"hansei/internal/record/tables"
)

// TestPullsOfAnOlderStore: a stream that was followed already counts as whole
// after the update, one whose history was being read does not; both go on.
func TestPullsOfAnOlderStore(t *testing.T) {
	dir := t.TempDir()
	older := slices.IndexFunc(tables.Migrations, func(list []string) bool {
		return slices.Contains(list, "ALTER TABLE pull ADD COLUMN whole BIGINT NOT NULL DEFAULT 0")
	})
	db := file.Open(filepath.Join(dir, "hansei.db"), file.ReadWrite, "journal_mode = wal")
	for _, q := range append(slices.Concat(tables.Migrations[:older]...), fmt.Sprintf("PRAGMA application_id = %d", applicationID), fmt.Sprintf("PRAGMA user_version = %d", older)) {
		if _, err := db.ExecContext(t.Context(), q); err != nil {
			t.Fatal(err)
		}
	}
	now, who := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC), auth.Local()
	rows := []PullState{
		{Source: "a", Stream: "backwards", Cursor: "1", Began: now.AddDate(-1, 0, 0), At: now, Through: now.AddDate(0, -4, 0), Pages: 2},
		{Source: "a", Stream: "followed", Cursor: "2", Began: now.AddDate(-1, 0, 0), At: now, Through: now.Add(-2 * time.Minute), Pages: 2},
		{Source: "a", Stream: "untold", Cursor: "3", Began: now.AddDate(-1, 0, 0), At: now, Pages: 2},
	}
	for _, p := range rows {
		if _, err := db.ExecContext(t.Context(), "INSERT INTO pull (journal, source, stream, cursor, through, began, at, pages, failures, error) VALUES ('main', ?, ?, ?, ?, ?, ?, ?, 0, '')",
			p.Source, p.Stream, p.Cursor, micro(p.Through), micro(p.Began), micro(p.At), p.Pages); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	again := opened(t, dir)
	got, err := Pulls(t.Context(), again, who.Scope(), "a")
	rows[1].Whole, rows[1].Ended = true, now
	if err != nil || !slices.Equal(got, rows) {
		t.Errorf("got %+v, %v\nwant %+v", got, err, rows)
	}
	rows[0].Back, rows[0].Things, rows[0].Later, rows[0].Whole, rows[0].Ended = now.AddDate(0, -4, 0), 7, now.Add(time.Hour), true, now.Add(time.Minute)
	if _, err := again.Write(t.Context(), who, func(tx *Tx) error { return tx.PutPull(rows[0]) }); err != nil {
		t.Fatal(err)
	}
	if got, err := Pulls(t.Context(), again, who.Scope(), "a"); err != nil || !slices.Equal(got, rows) {
		t.Errorf("got %+v, %v\nwant %+v", got, err, rows)
	}
}
