package record

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"hansei"
	"hansei/internal/auth"
)

// TestFullDisk: a write for which there is no room fails whole, says why, and
// the store goes on once there is room. The engine's own limit of pages
// stands in for the disk's.
func TestFullDisk(t *testing.T) {
	ctx, who := context.Background(), auth.Local()
	s, err := Open(ctx, Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}()
	put := func(prefix string, n int) error {
		_, err := s.Write(ctx, who, func(tx *Tx) error {
			for i := range n {
				id := hansei.ID(fmt.Sprintf("%s-%05d", prefix, i))
				if err := Put(tx, &hansei.Team{Header: hansei.Header{ID: id}, Name: strings.Repeat("x", 300)}, 0); err != nil {
					return err
				}
			}
			return nil
		})
		return err
	}
	if err := put("before", 10); err != nil {
		t.Fatal(err)
	}
	var pages int
	if err := s.write.QueryRowContext(ctx, "PRAGMA page_count").Scan(&pages); err != nil {
		t.Fatal(err)
	}
	room := func(pages int) {
		t.Helper()
		var now int
		if err := s.write.QueryRowContext(ctx, fmt.Sprintf("PRAGMA max_page_count = %d", pages)).Scan(&now); err != nil {
			t.Fatal(err)
		}
	}
	room(pages + 20)
	if err := put("large", 5000); err == nil || !strings.Contains(err.Error(), "the disk is full") {
		t.Errorf("got %v, want it to say that the disk is full", err)
	}
	head, err := s.Head(ctx, who.Scope())
	if err != nil || head.Seq != 10 {
		t.Errorf("after the failure the head is %d, %v; want 10", head.Seq, err)
	}
	if err := put("small", 3); err != nil {
		t.Errorf("a small write beside it: %v", err)
	}
	room(1 << 20)
	if err := put("large", 5000); err != nil {
		t.Errorf("with room again: %v", err)
	}
	if head, err = s.Head(ctx, who.Scope()); err != nil || head.Seq != 5013 {
		t.Errorf("got head %d, %v; want 5013", head.Seq, err)
	}
}

// TestFailedCommit: what was not committed after all is in no feed, not even in
// memory, and what is written next takes its numbers.
func TestFailedCommit(t *testing.T) {
	who, s := auth.Local(), opened(t, t.TempDir())
	put := func(id hansei.ID, spoil bool) error {
		_, err := s.Write(t.Context(), who, func(tx *Tx) error {
			err := Put(tx, &hansei.Team{Header: hansei.Header{ID: id}, Name: "x"}, 0)
			for _, q := range []string{
				"CREATE TABLE parent (x INTEGER PRIMARY KEY)",
				"CREATE TABLE child (x REFERENCES parent DEFERRABLE INITIALLY DEFERRED)",
				"INSERT INTO child VALUES (1)", // is only found out by the commit
			} {
				if spoil && err == nil {
					_, err = tx.SQL().ExecContext(t.Context(), q)
				}
			}
			return err
		})
		return err
	}
	if _, err := s.write.ExecContext(t.Context(), "PRAGMA foreign_keys = on"); err != nil {
		t.Fatal(err)
	}
	if err := put("first", false); err != nil {
		t.Fatal(err)
	}
	if err := put("lost", true); err == nil || !strings.Contains(err.Error(), "commit") {
		t.Fatalf("got %v; the commit was to fail", err)
	}
	head, err := s.Head(t.Context(), who.Scope())
	if err != nil {
		t.Fatal(err)
	}
	if list, ok := s.recent.Between([2]string{string(auth.Main), string(head.Epoch)}, 2, 2); ok {
		t.Errorf("%s is in memory, and was not committed", list[0].ID)
	}
	if err := put("second", false); err != nil {
		t.Fatal(err)
	}
	if list, err := feed(t, s, 0); err != nil || len(list) != 2 || list[1].ID != "second" {
		t.Errorf("the feed is %v, %v; want the first and the second", list, err)
	}
}
