package spool

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"testing"
)

// memory is rows of a table, and an error for the next statement.
type memory struct {
	rows map[int64][]byte
	fail error
	said int // statements
}

func (m *memory) Delete(_ context.Context, through int64) error {
	m.said++
	for n := range m.rows {
		if n <= through {
			delete(m.rows, n)
		}
	}
	return nil
}

func (m *memory) Insert(_ context.Context, n int64, row []byte) (err error) {
	m.said++
	m.rows[n] = bytes.Clone(row) // it may be there although it failed
	err, m.fail = m.fail, nil
	return err
}

func (m *memory) left(t *testing.T) (out []string) {
	t.Helper()
	for n, row := range m.rows {
		entries, err := Entries(row)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, fmt.Sprintf("%d %s", n, entries))
	}
	slices.Sort(out)
	return out
}

// TestTable: entries that came together are one row, which stays until all of
// them have ended; a number whose fate is unknown is not used again.
func TestTable(t *testing.T) {
	m := &memory{rows: map[int64][]byte{}}
	s := NewTable(m)
	q := NewQueue[string, string](s)
	add := func(keys ...string) error {
		var list []Item[string, string]
		for _, k := range keys {
			list = append(list, thing(k))
		}
		_, err := q.Add(t.Context(), list)
		return err
	}
	left := func(want ...string) {
		t.Helper()
		if err := q.Tidy(t.Context()); err != nil {
			t.Error(err)
		}
		if got := m.left(t); !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	if err := errors.Join(add("a", "b"), add("c", "", "d")); err != nil {
		t.Fatal(err)
	}
	if v, n := q.Get("d"); n != 2 || v != "value of d" {
		t.Errorf("d is %q with the number %d", v, n)
	}
	left("1 [a b]", "2 [c  d]")
	q.End([]string{"a", "c"})
	left("1 [a b]", "2 [c  d]") // b waits
	q.End([]string{"b"})
	left("2 [c  d]")
	m.fail = errors.New("the connection is gone")
	if err := add("e"); err == nil {
		t.Error("no error")
	}
	if _, n := q.Get("e"); n != 0 {
		t.Error("e waits although it was refused")
	}
	if err := add("f"); err != nil {
		t.Fatal(err)
	}
	left("2 [c  d]", "3 [e]", "4 [f]")
	q.End([]string{"", "d"})
	before := m.said
	if err := add("g"); err != nil || m.said != before+1 {
		t.Errorf("%d statements for one append, %v", m.said-before, err)
	}
	left("3 [e]", "4 [f]", "5 [g]")
	q.End([]string{"f", "g"})
	left()
}

// TestRowCutShort: no damaged row is taken for a shorter one; those from before
// rows were compressed are read.
func TestRowCutShort(t *testing.T) {
	entries := [][]byte{[]byte("first"), []byte("x"), make([]byte, 300)}
	var plain []byte
	for _, e := range entries {
		plain = append(binary.AppendUvarint(plain, uint64(len(e))), e...)
	}
	for name, row := range map[string][]byte{"compressed": new(joiner).joined(entries), "plain": plain} {
		whole, err := Entries(row)
		if err != nil || !slices.EqualFunc(whole, entries, bytes.Equal) {
			t.Errorf("%s: %q, %v", name, whole, err)
		}
		for n := 1; n < len(row); n++ {
			if got, err := Entries(row[:n]); err == nil && (name == "compressed" || n != 6 && n != 8) {
				t.Errorf("of %d bytes, %s: %q", n, name, got)
			}
		}
	}
}

func FuzzEntries(f *testing.F) {
	f.Add(new(joiner).joined([][]byte{[]byte("first"), []byte("second")}))
	f.Add([]byte{compressed, 0xff, 0xff, 0xff, 0xff, 0x0f, 0})
	f.Add([]byte{3, 'a'})
	f.Fuzz(func(t *testing.T, row []byte) {
		entries, err := Entries(row)
		if err != nil {
			return
		}
		if again, err := Entries(new(joiner).joined(entries)); err != nil || !slices.EqualFunc(again, entries, bytes.Equal) {
			t.Errorf("%q became %q, %v", entries, again, err)
		}
	})
}
