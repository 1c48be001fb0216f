package recordtest

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

// oneOfAGroupFails: writers that wait together share a transaction; one that
// fails after it has written, or finds its new record taken, undoes itself and
// nobody else, whatever comes before and after it.
func oneOfAGroupFails(t *testing.T, e Engine) {
	s, ctx := open(t, e), context.Background()
	put(t, s, service("a", "one"), 0)
	mind := errors.New("changed my mind")
	for round := range 4 {
		var wg sync.WaitGroup
		got := make([]error, 12)
		_, err := s.Write(ctx, who, func(tx *record.Tx) error {
			for i := range got {
				queued := make(chan struct{})
				wg.Go(func() {
					close(queued)
					_, got[i] = s.Write(ctx, who, func(tx *record.Tx) error { return oneOf(tx, round, i, mind) })
				})
				<-queued
			}
			return nil
		})
		wg.Wait()
		if err != nil {
			t.Fatal(err)
		}
		for i, err := range got {
			switch {
			case i%6 == 1 && !errors.Is(err, mind), i%6 == 3 && !errors.Is(err, hansei.ErrConflict), i%6 != 1 && i%6 != 3 && err != nil:
				t.Errorf("round %d, writer %d: got %v", round, i, err)
			}
		}
	}
	list, err := s.List(ctx, who.Scope(), hansei.KindService, "", 1000)
	if err != nil || len(list) != 1+4*8 {
		t.Errorf("got %d records, %v; want %d", len(list), err, 1+4*8)
	}
	page, err := s.Feed(ctx, who.Scope(), 0, 1000)
	if err != nil || len(page.Changes) != 1+4*8 || page.Head != record.Seq(len(page.Changes)) {
		t.Errorf("got %d entries, head %d, %v", len(page.Changes), page.Head, err)
	}
	if rejects, err := s.Rejects(ctx, who.Scope(), "none", 0, 100); err != nil || len(rejects) != 0 {
		t.Errorf("what was undone is there: %v, %v", rejects, err)
	}
}

func oneOf(tx *record.Tx, round, i int, mind error) error {
	switch i % 6 {
	case 1: // has written, and read what it wrote
		err := errors.Join(record.Put(tx, service(fmt.Sprintf("undone-%d-%d", round, i), "x"), 0), record.Put(tx, service("a", "two"), 1),
			tx.PutRejects("none", []record.Reject{{Line: i}}))
		if _, rev, getErr := record.Get[*hansei.Service](context.Background(), tx, who.Scope(), "a"); getErr != nil || rev != 2 {
			return fmt.Errorf("revision %d: %w", rev, errors.Join(err, getErr))
		}
		return errors.Join(err, mind)
	case 3:
		return record.Put(tx, service("a", "taken"), 0)
	}
	return record.Put(tx, service(fmt.Sprintf("s-%d-%d", round, i), "x"), 0)
}

// aloneRunsOnce: what cannot be repeated is not, whoever fails beside it.
func aloneRunsOnce(t *testing.T, e Engine) {
	s, ctx := open(t, e), context.Background()
	stream := make(chan string, 100)
	for i := range cap(stream) {
		stream <- fmt.Sprint("s-", i)
	}
	close(stream)
	var wg sync.WaitGroup
	_, err := s.Write(ctx, who, func(tx *record.Tx) error {
		for i := range 20 {
			queued := make(chan struct{})
			wg.Go(func() {
				close(queued)
				if i == 10 {
					if _, err := s.WriteAlone(ctx, who, func(tx *record.Tx) error {
						for id := range stream {
							if err := record.Put(tx, service(id, "x"), 0); err != nil {
								return err
							}
						}
						return nil
					}); err != nil {
						t.Error(err)
					}
					return
				}
				_, err := s.Write(ctx, who, func(tx *record.Tx) error {
					return errors.Join(tx.PutRejects("none", []record.Reject{{Line: i}}), errors.New("fails"))
				})
				if err == nil {
					t.Error("a write did not fail")
				}
			})
			<-queued
		}
		return nil
	})
	wg.Wait()
	if head, headErr := s.Head(ctx, who.Scope()); err != nil || headErr != nil || head.Seq != 100 {
		t.Errorf("got head %d, %v, %v; want 100", head.Seq, err, headErr)
	}
}

// oddTextsAreKept: a text that no engine need be able to keep is changed to one
// that each can, and found by what it was.
func oddTextsAreKept(t *testing.T, e Engine) {
	s, ctx := open(t, e), context.Background()
	for odd, want := range map[string]string{"a\x00b": "a\uFFFDb", "a\xff\xfeb": "a\uFFFDb", "ü€😀": "ü€😀"} {
		_, err := s.Write(ctx, auth.Local().As(odd), func(tx *record.Tx) error {
			if err := tx.PutRejects(odd, []record.Reject{{Line: 1, Column: odd, Value: odd, Expected: odd}}); err != nil {
				return err
			}
			return record.Put(tx, service(fmt.Sprintf("%x", odd), "x"), 0)
		})
		if err != nil {
			t.Fatalf("%q: %v", odd, err)
		}
		got, err := s.Rejects(ctx, who.Scope(), odd, 0, 10)
		if err != nil || len(got) != 1 || got[0].Value != want || got[0].Column != want {
			t.Errorf("%q: got %+v, %v", odd, got, err)
		}
		if _, err := s.GetDelivery(ctx, who.Scope(), odd); !errors.Is(err, hansei.ErrNotFound) {
			t.Errorf("%q: got %v, want it not found", odd, err)
		}
	}
}
