package record

import (
	"bytes"
	"context"
	"testing"

	"hansei/internal/auth"
	"hansei/internal/record/pgtest"
	"hansei/internal/record/words"
)

// TestRowsAreAddedAsTheyAre: bytes may be absent, on either engine. A value of
// another sort than the rest of its column never becomes something else.
func TestRowsAreAddedAsTheyAre(t *testing.T) {
	url, _ := pgtest.Start(t)
	for engine, o := range map[string]Options{"sqlite": {Dir: t.TempDir()}, "postgres": {Dir: t.TempDir(), Database: url}} {
		t.Run(engine, func(t *testing.T) {
			s, err := Open(t.Context(), o)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = s.Close() })
			add := func(rows ...[]any) error {
				into, _ := insertDeliveries(auth.Main, nil, "")
				var values []any
				for _, r := range rows {
					values = append(values, "main", r[0], "s", "n", "m", 1, 2, "done", r[1], "", "", "", 3)
				}
				_, err := s.Write(t.Context(), auth.Local(), func(tx *Tx) error { return tx.insert(into, values) })
				return err
			}
			if err := add([]any{"a", nil}, []any{"b", []byte("x")}, []any{"c", []byte{}}); err != nil {
				t.Error(err)
			}
			if err := add([]any{"d", []byte("y")}, []any{"e", nil}); err != nil {
				t.Error(err)
			}
			for id, want := range map[string][]byte{"a": nil, "b": []byte("x"), "c": {}, "d": []byte("y"), "e": nil} {
				var body []byte
				if err := s.queryRow(context.Background(), "SELECT body FROM delivery WHERE journal = ? AND id = ?", []any{"main", id}, &body); err != nil || !bytes.Equal(body, want) || (body == nil) != (want == nil) {
					t.Errorf("%s: %q, %v; want %q", id, body, err, want)
				}
			}
		})
	}
	into := words.Insert{Table: "t", Columns: []string{"x", "y"}}
	for _, args := range into.Arrays([]any{"a", int64(1), 7, "b"}) {
		x, isText := args[0].([]any)
		y, isNumber := args[1].([]any)
		if !isText || !isNumber || x[1] != 7 || y[1] != "b" {
			t.Errorf("got %#v", args)
		}
	}
}
