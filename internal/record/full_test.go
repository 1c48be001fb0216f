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
