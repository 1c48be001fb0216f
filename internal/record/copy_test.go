package record

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/record/pack"
	"hansei/internal/record/pgtest"
)

// everything puts something into every table.
func everything(t *testing.T, s *Store) {
	t.Helper()
	who, ctx := auth.Local(), t.Context()
	fill(t, s, who)
	if _, err := s.Write(ctx, who.As("a person"), teams("more", 2500)); err != nil {
		t.Fatal(err)
	}
	if _, err := s.PutBlob(ctx, who, "large", "x", strings.NewReader(strings.Repeat("0123456789", 300_000))); err != nil {
		t.Fatal(err)
	}
	packer, err := pack.New()
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.Write(ctx, who, func(tx *Tx) error {
		var packed []pack.Packed
		for i := range 450 {
			packed = append(packed, packer.Pack("hook", "event", "application/json", "", fmt.Appendf(nil, `{"n":%d}`, i)))
		}
		_, err := tx.AddDeliveries(packed)
		names := []Naming{{Ref{hansei.KindTeam, "a-00000"}, "ä"}, {Ref{hansei.KindTeam, "a-00001"}, "Z"}}
		return errors.Join(err,
			Put(tx, &hansei.Team{Header: hansei.Header{ID: "a-00000"}, Name: "again \u2028 ü"}, 1),
			tx.AddNames(names), tx.AddMentions(names),
			tx.PutSecret("hook", "token", []byte{0, 255, 1}),
			tx.PutPull(PullState{Source: "hook", Stream: "all", Cursor: "c", At: time.Now()}),
			tx.AddCount(Count{Source: "hook", Name: "received", Day: time.Now(), N: 3}),
			tx.AddNotice(Notice{ID: "n", Event: "due", Person: "ann", Doc: []byte("{}")}),
			tx.PutCursor(Cursor{Name: "watch", Seq: 7}),
			func() error { _, err := tx.Tell("due/x", ""); return err }())
	})
	if err != nil {
		t.Fatal(err)
	}
}

// contents are all rows of all tables that are copied.
func contents(t *testing.T, s *Store) map[string]string {
	t.Helper()
	source, err := s.snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = source.tx.Rollback() }()
	c, out := copying{ctx: t.Context(), from: source}, map[string]string{}
	for _, table := range installation {
		values, err := c.page("SELECT "+strings.Join(table.columns, ", ")+" FROM "+table.name+" ORDER BY "+strings.Join(table.columns[:table.key], ", "), len(table.columns), nil)
		if err != nil || len(values) == 0 {
			t.Fatalf("table %s: %d values, %v", table.name, len(values), err)
		}
		out[table.name] = fmt.Sprintf("%q", values)
	}
	return out
}

// TestCopy copies an installation from one engine to the other and back.
func TestCopy(t *testing.T) {
	url, _ := pgtest.Start(t)
	first, last := opened(t, t.TempDir()), opened(t, t.TempDir())
	server, err := Open(t.Context(), Options{Dir: t.TempDir(), Database: url})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	}()
	everything(t, first)
	want := contents(t, first)
	head, err := first.Head(t.Context(), auth.Local().Scope())
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct{ from, to *Store }{{first, server}, {server, last}} {
		stopped, cancel := context.WithCancel(t.Context())
		if err := Copy(stopped, step.from, step.to, func(Seq, Seq) { cancel() }); !errors.Is(err, context.Canceled) {
			t.Errorf("given up half-way: got %v", err)
		}
		var told []Seq
		if err := Copy(t.Context(), step.from, step.to, func(done, total Seq) { told = append(told, done, total) }); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(told[len(told)-2:], []Seq{head.Seq, head.Seq}) || len(told) < 6 {
			t.Errorf("progress: got %v", told)
		}
		for table, rows := range contents(t, step.to) {
			if rows != want[table] {
				t.Errorf("table %s differs", table)
			}
		}
		if got, err := step.to.Head(t.Context(), auth.Local().Scope()); err != nil || got != head {
			t.Errorf("got head %v, %v; want %v", got, err, head)
		}
		if err := Copy(t.Context(), step.from, step.to, nil); err == nil || !strings.Contains(err.Error(), "not empty") {
			t.Errorf("into one that is not empty: got %v", err)
		}
	}
	if seq, err := last.Write(t.Context(), auth.Local(), teams("after", 1)); err != nil || seq != head.Seq+1 {
		t.Errorf("a write to the copy: got %d, %v", seq, err)
	}
}

// TestCopyKnowsEveryTable: a table or a column that a migration adds is copied.
func TestCopyKnowsEveryTable(t *testing.T) {
	s := opened(t, t.TempDir())
	known := []string{"writer", "arrived"}
	for _, table := range installation {
		known = append(known, table.name)
		rows, err := s.query(t.Context(), "SELECT * FROM "+table.name)
		if err != nil {
			t.Fatal(err)
		}
		columns, err := rows.Columns()
		if err = errors.Join(err, rows.Err(), rows.Close()); err != nil {
			t.Fatal(err)
		}
		if got := slices.Sorted(slices.Values(table.columns)); !slices.Equal(got, slices.Sorted(slices.Values(columns))) {
			t.Errorf("%s: %v are copied of %v", table.name, table.columns, columns)
		}
	}
	var names string
	if err := s.queryRow(t.Context(), "SELECT group_concat(name) FROM (SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name) t", nil, &names); err != nil {
		t.Fatal(err)
	}
	slices.Sort(known)
	if got := strings.Join(known, ","); got != names {
		t.Errorf("got %s, want %s", got, names)
	}
}
