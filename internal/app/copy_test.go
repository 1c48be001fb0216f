package app

import (
	"path/filepath"
	"testing"

	"hansei/internal/auth"
	"hansei/internal/record/pgtest"
)

// TestCopyThereAndBack copies the demo to PostgreSQL and back; all three have
// one digest, and what was copied can be served.
func TestCopyThereAndBack(t *testing.T) {
	dir, back := t.TempDir(), filepath.Join(t.TempDir(), "back")
	url, _ := pgtest.Start(t)
	a, err := New(t.Context(), Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Demo(t.Context()); err != nil {
		t.Error(err)
	}
	want, seq, err := a.records.Digest(t.Context(), auth.Local().Scope())
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	for _, step := range [][2]string{{dir, url}, {url, back}} {
		got, n, err := Copy(t.Context(), step[0], step[1], nil, func(int64, int64) {})
		if err != nil || got != want || n != int64(seq) {
			t.Fatalf("%s to %s: %d entries, %v", step[0], step[1], n, err)
		}
	}
	if _, _, err := Copy(t.Context(), dir, back, nil, func(int64, int64) {}); err == nil {
		t.Error("a place that is not empty was written over")
	}
	b := open(t, Config{Dir: back})
	if err := b.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	rows, err := b.facts.SQL(t.Context(), "SELECT count(*) FROM incident", 1)
	if err != nil || rows.Rows[0][0].(int64) < 800 {
		t.Errorf("the copy has %v, %v", rows.Rows, err)
	}
}
