package follow

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/record"
)

var who = auth.Local()

func store(t *testing.T) *record.Store {
	t.Helper()
	s, err := record.Open(t.Context(), record.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func put(t *testing.T, s *record.Store, from, to int) {
	t.Helper()
	_, err := s.Write(t.Context(), who, func(tx *record.Tx) error {
		for i := from; i < to; i++ {
			if err := record.Put(tx, &hansei.Service{Header: hansei.Header{ID: hansei.ID(fmt.Sprint("s", i))}, Name: "S"}, 0); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestOnce: however many follow at once, and whatever fails, each entry is
// acted on once, in the journal's order.
func TestOnce(t *testing.T) {
	s := store(t)
	put(t, s, 0, 95)
	var mu sync.Mutex
	var did []hansei.ID
	f := Follower{Records: s, Cursor: "x", Page: 10}
	fails := true
	step := func(_ context.Context, p record.Page) (func(*record.Tx) error, error) {
		if p.Changes[0].ID == "s30" {
			return nil, nil // nothing to do
		}
		return func(*record.Tx) error {
			mu.Lock()
			defer mu.Unlock()
			if fails && p.Changes[0].ID == "s50" {
				return errors.New("it fails")
			}
			for _, c := range p.Changes {
				did = append(did, c.ID)
			}
			return nil
		}, nil
	}
	if err := f.Run(t.Context(), who, step); err == nil || len(did) != 40 {
		t.Fatalf("%d done, %v; want the 40 before the failure but those of s30", len(did), err)
	}
	fails = false
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			if err := f.Run(t.Context(), who, step); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if len(did) != 85 {
		t.Errorf("%d done, want 85", len(did))
	}
	for i, id := range did {
		if i >= 30 {
			i += 10
		}
		if want := hansei.ID(fmt.Sprint("s", i)); id != want {
			t.Fatalf("%s was done where %s was due", id, want)
		}
	}
}

// TestWhereItBegins: one who comes after another goes as far as that one did;
// where the journal is another one, each begins again where they say.
func TestWhereItBegins(t *testing.T) {
	s := store(t)
	put(t, s, 0, 9)
	begins := 0
	first := Follower{Records: s, Cursor: "first", Page: 4, Begin: func(context.Context) (record.Seq, error) { begins++; return 5, nil }}
	after := Follower{Records: s, Cursor: "after", Page: 4, Behind: "first"}
	seen := map[string]int{}
	run := func(f Follower) {
		t.Helper()
		if err := f.Run(t.Context(), who, func(_ context.Context, p record.Page) (func(*record.Tx) error, error) {
			seen[f.Cursor] += len(p.Changes)
			return nil, nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	run(after)
	run(first)
	if seen["after"] != 0 || seen["first"] != 4 || begins != 1 {
		t.Errorf("saw %v, began %d times; want the last four of nine, and nothing before another one did", seen, begins)
	}
	put(t, s, 9, 11)
	run(after)
	if seen["after"] != 9 {
		t.Errorf("saw %v; want nine, as far as the other one came", seen)
	}
	if err := s.NewEpoch(t.Context(), who); err != nil {
		t.Fatal(err)
	}
	run(first)
	run(after)
	if seen["first"] != 4+6 || seen["after"] != 9+11 || begins != 2 {
		t.Errorf("another journal: saw %v, began %d times", seen, begins)
	}
}
