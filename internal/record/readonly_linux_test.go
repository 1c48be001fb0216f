package record

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// TestDirectoryThatCannotBeWritten runs as a user who may only read.
func TestDirectoryThatCannotBeWritten(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	s, err := Open(t.Context(), Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"hansei.db", "hansei.lock"} {
		if err := os.Chmod(filepath.Join(dir, name), 0o444); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(dir, 0o555); err != nil {
		t.Fatal(err)
	}
	before := files(t, dir)
	type result struct {
		path string
		err  error
	}
	results := make(chan result)
	go func() {
		defer close(results)
		// Rights go with the thread, and root has all: the thread becomes
		// somebody else for files, and ends with this goroutine.
		runtime.LockOSThread()
		if os.Geteuid() == 0 {
			if err := unix.Setfsuid(65534); err != nil {
				results <- result{"setfsuid", err}
				return
			}
		}
		for _, path := range []string{dir, filepath.Join(dir, "below")} {
			s, err := Open(t.Context(), Options{Dir: path})
			if err == nil {
				err = s.Close()
			}
			results <- result{path, err}
		}
	}()
	for r := range results {
		if r.err == nil || !strings.Contains(r.err.Error(), "data directory") || !strings.Contains(r.err.Error(), "permission denied") {
			t.Errorf("%s: got %v, want it to say that the data directory cannot be written", r.path, r.err)
		}
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if now := files(t, dir); string(now["hansei.db"]) != string(before["hansei.db"]) || len(now) != len(before) {
		t.Error("the files were changed")
	}
}
