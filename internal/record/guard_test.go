package record

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hansei/internal/auth"
	"hansei/internal/record/file"
	"hansei/internal/record/tables"
)

// files are the contents of a store's database and its log, as far as they are there.
func files(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	out := map[string][]byte{}
	for _, name := range []string{"hansei.db", "hansei.db-wal"} {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
		if err == nil {
			out[name] = b
		}
	}
	return out
}

// refused checks that a directory cannot be opened, why, and that it was left
// as it is.
func refused(t *testing.T, dir, says string) {
	t.Helper()
	before := files(t, dir)
	s, err := Open(t.Context(), Options{Dir: dir})
	if err == nil {
		t.Fatal(errors.Join(errors.New("it was opened"), s.Close()))
	}
	if !strings.Contains(err.Error(), says) {
		t.Errorf("got %v, want %q in it", err, says)
	}
	for name, b := range before {
		if now := files(t, dir)[name]; !bytes.Equal(now, b) {
			t.Errorf("%s was changed", name)
		}
	}
}

// TestWhatOnlyTheLogKnows: commits that are still in the log beside the file
// count when the file is judged.
func TestWhatOnlyTheLogKnows(t *testing.T) {
	s := opened(t, t.TempDir())
	if _, err := s.Write(t.Context(), auth.Local(), teams("a", 3)); err != nil {
		t.Fatal(err)
	}
	if _, err := s.write.ExecContext(t.Context(), "PRAGMA user_version = 99"); err != nil {
		t.Fatal(err)
	}
	t.Run("a newer version", func(t *testing.T) { refused(t, crashed(t, s), "newer version") })
	if _, err := s.write.ExecContext(t.Context(), fmt.Sprintf("PRAGMA user_version = %d", tables.Version)); err != nil {
		t.Fatal(err)
	}
	t.Run("the file is empty", func(t *testing.T) {
		dir := crashed(t, s)
		if err := os.Truncate(filepath.Join(dir, "hansei.db"), 0); err != nil {
			t.Fatal(err)
		}
		refused(t, dir, "missing or empty")
	})
	t.Run("the file is gone", func(t *testing.T) {
		dir := crashed(t, s)
		if err := os.Remove(filepath.Join(dir, "hansei.db")); err != nil {
			t.Fatal(err)
		}
		refused(t, dir, "missing or empty")
	})
	t.Run("everything", func(t *testing.T) {
		again := opened(t, crashed(t, s))
		if head, err := again.Head(t.Context(), auth.Local().Scope()); err != nil || head.Seq != 3 {
			t.Errorf("got head %d, %v; want 3", head.Seq, err)
		}
	})
}

// TestCrashBeforeTheFirstCommit: a file that has no tables yet is finished,
// one that has others' tables is not ours.
func TestCrashBeforeTheFirstCommit(t *testing.T) {
	begin := func(t *testing.T, stmts ...string) string {
		t.Helper()
		dir := t.TempDir()
		db := file.Open(filepath.Join(dir, "hansei.db"), file.ReadWrite, "journal_mode = wal")
		for _, q := range append(stmts, "PRAGMA user_version") {
			if _, err := db.ExecContext(t.Context(), q); err != nil {
				t.Fatal(err)
			}
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		return dir
	}
	dir := begin(t)
	if len(files(t, dir)["hansei.db"]) == 0 {
		t.Fatal("the file is empty; the test tried nothing")
	}
	if _, err := opened(t, dir).Write(t.Context(), auth.Local(), teams("a", 3)); err != nil {
		t.Error(err)
	}
	t.Run("another program's", func(t *testing.T) {
		refused(t, begin(t, "CREATE TABLE theirs (a TEXT)"), "another program")
	})
}
