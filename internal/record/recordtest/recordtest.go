// Package recordtest is the behaviour that every engine under the record
// store must have. An engine's own test hands Run a way to open an empty
// store and to open it again as a new process would.
package recordtest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/record"
)

// Engine opens stores for the suite.
type Engine struct {
	// Open opens the store of a place, empty at first. The clock is the
	// store's; the suite closes what it opens.
	Open func(t *testing.T, place string, now func() time.Time) *record.Store
	// Place makes a place for a new, empty store.
	Place func(t *testing.T) string
}

var who = auth.Local()

// Run runs the whole suite.
func Run(t *testing.T, e Engine) {
	for name, test := range map[string]func(*testing.T, Engine){
		"SequenceHasNoGaps":         sequenceHasNoGaps,
		"WebhooksAreOnce":           webhooksAreOnce,
		"HeldWhileItsSourceIs":      heldWhileItsSourceIs,
		"NothingLeftToReopen":       nothingLeftToReopen,
		"NobodyNeedLook":            nobodyNeedLook,
		"ALaterOneTellsAll":         aLaterOneTellsAll,
		"SlowerWriterConflicts":     slowerWriterConflicts,
		"FailureUndoesItselfOnly":   failureUndoesItselfOnly,
		"AppendWithKeyRepeats":      appendWithKeyRepeats,
		"OneOfAGroupFails":          oneOfAGroupFails,
		"AloneRunsOnce":             aloneRunsOnce,
		"OddTextsAreKept":           oddTextsAreKept,
		"EveryRevisionIsReadable":   everyRevisionIsReadable,
		"EveryPutIsChecked":         everyPutIsChecked,
		"ReadersSeeWhatIsCommitted": readersSeeWhatIsCommitted,
		"ReadsMayGoTogether":        readsMayGoTogether,
		"WaitingWriterMayGiveUp":    waitingWriterMayGiveUp,
		"WaitEndsWithTheNextEntry":  waitEndsWithTheNextEntry,
		"ClockMayJumpBack":          clockMayJumpBack,
		"FeedPagesFromAnywhere":     feedPagesFromAnywhere,
		"FeedHasOddEnds":            feedHasOddEnds,
		"EpochChanges":              epochChanges,
		"DeliveriesAreOnce":         deliveriesAreOnce,
		"DeliveriesArePaged":        deliveriesArePaged,
		"RecordsOfASourceArePaged":  recordsOfASourceArePaged,
		"WorkGoesOn":                workGoesOn,
		"SessionsExpire":            sessionsExpire,
		"NoticesAreToldOnce":        noticesAreKeptAndToldOnce,
		"NobodySeesAnything":        nobodySeesAnything,
	} {
		t.Run(name, func(t *testing.T) { test(t, e) })
	}
}

func open(t *testing.T, e Engine) *record.Store {
	t.Helper()
	s := e.Open(t, e.Place(t), time.Now)
	t.Cleanup(func() { closed(t, s) })
	return s
}

func closed(t *testing.T, s *record.Store) {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

func service(id, name string) *hansei.Service {
	return &hansei.Service{Header: hansei.Header{ID: hansei.ID(id)}, Name: name}
}

func put(t *testing.T, s *record.Store, rec hansei.Record, read record.Revision) record.Seq {
	t.Helper()
	seq, err := s.Write(context.Background(), who, func(tx *record.Tx) error { return record.Put(tx, rec, read) })
	if err != nil {
		t.Fatal(err)
	}
	return seq
}

func sequenceHasNoGaps(t *testing.T, e Engine) {
	s, ctx := open(t, e), context.Background()
	const writers, each = 32, 20
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for i := range each {
				_, err := s.Write(ctx, who, func(tx *record.Tx) error {
					if i%5 == 4 {
						return errors.New("changed my mind")
					}
					return record.Put(tx, service(fmt.Sprintf("s-%d-%d", w, i), "x"), 0)
				})
				if (err != nil) != (i%5 == 4) {
					t.Errorf("writer %d, %d: %v", w, i, err)
				}
			}
		})
	}
	written := make(chan struct{})
	go func() { wg.Wait(); close(written) }()
	for reading := true; reading; {
		select {
		case <-written:
			reading = false
		default:
		}
		page, err := s.Feed(ctx, who.Scope(), 0, 10_000)
		if err != nil {
			t.Fatal(err)
		}
		if record.Seq(len(page.Changes)) != page.Head {
			t.Fatalf("beside the writers, a page has %d entries and a head of %d", len(page.Changes), page.Head)
		}
	}
	page, err := s.Feed(ctx, who.Scope(), 0, 10_000)
	if err != nil {
		t.Fatal(err)
	}
	if len(page.Changes) != writers*each*4/5 || page.Head != record.Seq(len(page.Changes)) {
		t.Errorf("got %d entries up to %d, want %d", len(page.Changes), page.Head, writers*each*4/5)
	}
	for i, c := range page.Changes {
		if c.Seq != record.Seq(i+1) {
			t.Fatalf("entry %d has sequence %d", i, c.Seq)
		}
	}
}

func slowerWriterConflicts(t *testing.T, e Engine) {
	s, ctx := open(t, e), context.Background()
	put(t, s, service("a", "one"), 0)
	put(t, s, service("a", "two"), 1)
	for _, read := range []record.Revision{0, 1, 3} {
		_, err := s.Write(ctx, who, func(tx *record.Tx) error { return record.Put(tx, service("a", "late"), read) })
		if !errors.Is(err, hansei.ErrConflict) {
			t.Errorf("read %d: got %v, want a conflict", read, err)
		}
	}
	got, rev, err := record.Get[*hansei.Service](ctx, s, who.Scope(), "a")
	if err != nil || rev != 2 || got.Name != "two" {
		t.Errorf("got %+v at %d, %v", got, rev, err)
	}
}

func failureUndoesItselfOnly(t *testing.T, e Engine) {
	s, ctx := open(t, e), context.Background()
	var wg sync.WaitGroup
	for i := range 40 {
		wg.Go(func() {
			_, err := s.Write(ctx, who, func(tx *record.Tx) error {
				if err := record.Put(tx, service(fmt.Sprintf("s-%02d", i), "x"), 0); err != nil {
					return err
				}
				if _, err := record.Load(ctx, tx, who.Scope(), hansei.KindService, []hansei.ID{"s-00"}); err != nil {
					return err // forces what was gathered to be written
				}
				if i%2 == 1 {
					return errors.New("no")
				}
				if i == 2 {
					panic("somebody's mistake")
				}
				return nil
			})
			if (err != nil) != (i%2 == 1 || i == 2) {
				t.Errorf("%d: %v", i, err)
			}
		})
	}
	wg.Wait()
	list, err := s.List(ctx, who.Scope(), hansei.KindService, "", 100)
	if err != nil || len(list) != 19 {
		t.Errorf("got %d records, %v; want the 19 that succeeded", len(list), err)
	}
	head, err := s.Head(ctx, who.Scope())
	if err != nil || head.Seq != 19 {
		t.Errorf("head %d, %v", head.Seq, err)
	}
}

func appendWithKeyRepeats(t *testing.T, e Engine) {
	s, ctx := open(t, e), context.Background()
	runs := 0
	add := func() (record.Seq, error) {
		return s.WriteOnce(ctx, who, "key 1", func(tx *record.Tx) error {
			runs++
			return record.Put(tx, service("once", "x"), 0)
		})
	}
	first, err := add()
	if err != nil {
		t.Fatal(err)
	}
	put(t, s, service("other", "y"), 0)
	again, err := add()
	if err != nil || again != first || runs != 1 {
		t.Errorf("got %d, %v after %d runs; want %d after one", again, err, runs, first)
	}
}

func everyRevisionIsReadable(t *testing.T, e Engine) {
	s, ctx := open(t, e), context.Background()
	var seqs []record.Seq
	for i := range 5 {
		seqs = append(seqs, put(t, s, service("a", fmt.Sprint("name ", i)), record.Revision(i)))
		put(t, s, service(fmt.Sprint("noise ", i), "x"), 0)
	}
	history, err := s.History(ctx, who.Scope(), hansei.KindService, "a")
	if err != nil || len(history) != 5 || history[0].Revision != 5 || history[4].Seq != seqs[0] || history[0].Who != "local" {
		t.Errorf("got %+v, %v", history, err)
	}
	for i, seq := range seqs {
		for _, at := range []record.Seq{seq, seq + 1} { // its own entry, and the one after it
			got, err := record.GetAt(ctx, s, who.Scope(), hansei.KindService, "a", at)
			if err != nil || got.Record.(*hansei.Service).Name != fmt.Sprint("name ", i) {
				t.Errorf("at %d: got %+v, %v", at, got.Record, err)
			}
		}
	}
	if _, err := record.GetAt(ctx, s, who.Scope(), hansei.KindService, "noise 3", seqs[0]); !errors.Is(err, hansei.ErrNotFound) {
		t.Errorf("before it existed: got %v", err)
	}
}

func clockMayJumpBack(t *testing.T, e Engine) {
	now := time.Date(2025, 1, 1, 12, 0, 0, 0, time.UTC)
	s, ctx := e.Open(t, e.Place(t), func() time.Time { return now }), context.Background()
	defer closed(t, s)
	a := put(t, s, service("a", "x"), 0)
	noon := now
	now = now.Add(-3 * time.Hour)
	b := put(t, s, service("b", "x"), 0)
	now = noon.Add(time.Hour)
	c := put(t, s, service("c", "x"), 0)
	times := map[record.Seq]time.Time{}
	for _, seq := range []record.Seq{a, b, c} {
		at, err := s.TimeOf(ctx, who.Scope(), seq)
		if err != nil {
			t.Fatal(err)
		}
		times[seq] = at
	}
	if times[b].Before(times[a]) || times[c].Before(times[b]) {
		t.Errorf("the journal's times go back: %v", times)
	}
	for at, want := range map[time.Time]record.Seq{noon.Add(-time.Minute): 0, noon.Add(time.Minute): b, noon.Add(2 * time.Hour): c} {
		if got, err := s.SeqAt(ctx, who.Scope(), at); err != nil || got != want {
			t.Errorf("sequence at %s: got %d, %v; want %d", at, got, err, want)
		}
	}
}

func feedPagesFromAnywhere(t *testing.T, e Engine) {
	s, ctx := open(t, e), context.Background()
	_, err := s.Write(ctx, who, func(tx *record.Tx) error {
		for i := range 1234 {
			if err := record.Put(tx, service(fmt.Sprintf("s-%04d", i), "x"), 0); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	seen := record.Seq(0)
	for {
		page, err := s.Feed(ctx, who.Scope(), seen, 100)
		if err != nil {
			t.Fatal(err)
		}
		if len(page.Changes) == 0 {
			break
		}
		if page.Changes[0].Seq != seen+1 {
			t.Fatalf("after %d comes %d", seen, page.Changes[0].Seq)
		}
		seen = page.Changes[len(page.Changes)-1].Seq
	}
	if seen != 1234 {
		t.Errorf("the feed ends at %d", seen)
	}
}

func epochChanges(t *testing.T, e Engine) {
	place := e.Place(t)
	s, ctx := e.Open(t, place, time.Now), context.Background()
	put(t, s, service("a", "x"), 0)
	before, err := s.Head(ctx, who.Scope())
	if err != nil {
		t.Fatal(err)
	}
	digest, _, err := s.Digest(ctx, who.Scope())
	if err != nil {
		t.Fatal(err)
	}
	closed(t, s)
	s = e.Open(t, place, time.Now)
	defer closed(t, s)
	after, err := s.Head(ctx, who.Scope())
	if err != nil || after != before {
		t.Errorf("opened again: got %+v, %v; want %+v", after, err, before)
	}
	if again, _, err := s.Digest(ctx, who.Scope()); err != nil || again != digest {
		t.Errorf("the digest changed: %v", err)
	}
	if err := s.NewEpoch(ctx, who); err != nil {
		t.Fatal(err)
	}
	if after, err = s.Head(ctx, who.Scope()); err != nil || after.Epoch == before.Epoch || after.Seq != before.Seq {
		t.Errorf("got %+v, %v; want another epoch", after, err)
	}
}

func nobodySeesAnything(t *testing.T, e Engine) {
	s, ctx := open(t, e), context.Background()
	put(t, s, service("a", "x"), 0)
	var none auth.Scope
	if _, err := s.Feed(ctx, none, 0, 10); !errors.Is(err, hansei.ErrForbidden) {
		t.Errorf("feed: got %v", err)
	}
	if _, _, err := record.Get[*hansei.Service](ctx, s, none, "a"); !errors.Is(err, hansei.ErrForbidden) {
		t.Errorf("get: got %v", err)
	}
	if _, err := s.Write(ctx, auth.Actor{}, func(*record.Tx) error { return nil }); !errors.Is(err, hansei.ErrForbidden) {
		t.Errorf("write: got %v", err)
	}
}
