package file

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestLargeFileCutShort: a file too large to be checked whole is still found
// to be shorter than it says.
func TestLargeFileCutShort(t *testing.T) {
	path, ours := filepath.Join(t.TempDir(), "x.db"), Ours{ID: 7, Version: 1}
	db := Open(path, ReadWrite)
	for _, q := range []string{"PRAGMA application_id = 7", "PRAGMA user_version = 1", "CREATE TABLE x (a BLOB)", "INSERT INTO x VALUES (zeroblob(100000))"} {
		if _, err := db.ExecContext(t.Context(), q); err != nil {
			t.Fatal(err)
		}
	}
	err := ours.check(t.Context(), path, false)
	if err := errors.Join(err, db.Close()); err != nil {
		t.Errorf("whole: %v", err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, info.Size()/2); err != nil {
		t.Fatal(err)
	}
	if err := ours.check(t.Context(), path, false); err == nil || !strings.Contains(err.Error(), "damaged") {
		t.Errorf("cut short: got %v, want it called damaged", err)
	}
}
