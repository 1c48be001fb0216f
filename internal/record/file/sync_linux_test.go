package file

import (
	"debug/elf"
	"os"
	"slices"
	"testing"
)

// TestSyncsData: SQLite's fsync is ours, so that of libc's only fdatasync is
// asked for.
func TestSyncsData(t *testing.T) {
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	f, err := elf.Open(program)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	list, err := f.ImportedSymbols()
	if err != nil {
		t.Fatal(err)
	}
	asks := func(name string) bool {
		return slices.ContainsFunc(list, func(s elf.ImportedSymbol) bool { return s.Name == name })
	}
	if asks("fsync") || !asks("fdatasync") {
		t.Errorf("libc is asked for fsync: %t, fdatasync: %t", asks("fsync"), asks("fdatasync"))
	}
}
