package recordtest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/record"
)

// readersSeeWhatIsCommitted: while a transaction runs, others read on and see
// nothing of it; it sees itself.
func readersSeeWhatIsCommitted(t *testing.T, e Engine) {
	s, ctx := open(t, e), context.Background()
	put(t, s, service("old", "one"), 0)
	_, err := s.Write(ctx, who, func(tx *record.Tx) error {
		if err := record.Put(tx, service("old", "two"), 1); err != nil {
			return err
		}
		for i := range 1500 { // more than is gathered before rows are written
			if err := record.Put(tx, service(fmt.Sprintf("new-%04d", i), "x"), 0); err != nil {
				return err
			}
		}
		if err := record.Put(tx, service("new-1499", "again"), 1); err != nil {
			return err
		}
		mine, rev, err := record.Get[*hansei.Service](ctx, tx, who.Scope(), "new-1499")
		if err != nil || rev != 2 || mine.Name != "again" || tx.Head() != 1503 {
			t.Errorf("within: got %+v at %d, head %d, %v", mine, rev, tx.Head(), err)
		}
		if was, err := record.GetAt(ctx, tx, who.Scope(), hansei.KindService, "new-1499", tx.Head()-1); err != nil || was.Revision != 1 {
			t.Errorf("within, as of before: got %+v, %v", was, err)
		}
		page, err := s.Feed(ctx, who.Scope(), 0, 5000)
		if err != nil || page.Head != 1 || len(page.Changes) != 1 {
			t.Errorf("beside it the feed has %d changes, head %d, %v; want 1", len(page.Changes), page.Head, err)
		}
		theirs, rev, err := record.Get[*hansei.Service](ctx, s, who.Scope(), "old")
		if err != nil || rev != 1 || theirs.Name != "one" {
			t.Errorf("beside it: got %+v at %d, %v", theirs, rev, err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	page, err := s.Feed(ctx, who.Scope(), 0, 5000)
	if err != nil || page.Head != 1503 || len(page.Changes) != 1503 {
		t.Errorf("after it the feed has %d changes, head %d, %v; want 1503", len(page.Changes), page.Head, err)
	}
}

// readsMayGoTogether: reads over one connection see what was committed before,
// lists of any length find each of their records once, and the error of the
// reading comes through.
func readsMayGoTogether(t *testing.T, e Engine) {
	s, ctx := open(t, e), context.Background()
	var ids []hansei.ID
	if _, err := s.Write(ctx, who, func(tx *record.Tx) error {
		for i := range 1100 {
			ids = append(ids, hansei.ID(fmt.Sprintf("s-%04d", i)))
			if err := record.Put(tx, service(string(ids[i]), "x"), 0); err != nil {
				return err
			}
		}
		seven, nine := record.Ref{Kind: hansei.KindService, ID: "s-0007"}, record.Ref{Kind: hansei.KindService, ID: "s-0009"}
		return errors.Join(tx.AddNames([]record.Naming{{Ref: seven, Name: "seven"}}), tx.AddMentions([]record.Naming{{Ref: nine, Name: "seven"}}))
	}); err != nil {
		t.Fatal(err)
	}
	for _, n := range []int{0, 1, 2, 3, 5, 511, 512, 513, 1100} {
		err := s.Together(ctx, func(r record.Reader) error {
			asked := ids[:n:n]
			found, err := record.Load(ctx, r, who.Scope(), hansei.KindService, asked)
			if err != nil || len(found) != n {
				t.Errorf("of %d records %d were found, %v", n, len(found), err)
			}
			named, err := record.Named(ctx, r, who.Scope(), []string{"six", "seven", "eight"})
			if err != nil || len(named) != 1 || named[0].ID != "s-0007" {
				t.Errorf("got the names %v, %v", named, err)
			}
			return errors.Join(err, linked(ctx, t, r, who.Scope()))
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Together(ctx, func(record.Reader) error { return errOwn }); !errors.Is(err, errOwn) {
		t.Errorf("got %v, want the reading's own error", err)
	}
}

// linked: s-0009 mentions s-0007, and is found from both sides.
func linked(ctx context.Context, t *testing.T, r record.Reader, who auth.Scope) error {
	t.Helper()
	seven, nine := record.Ref{Kind: hansei.KindService, ID: "s-0007"}, record.Ref{Kind: hansei.KindService, ID: "s-0009"}
	for _, c := range []struct {
		of               record.Ref
		called, mentions []string
		after            record.Ref
		want             []record.Ref
	}{
		{seven, []string{"seven", "7"}, nil, record.Ref{}, []record.Ref{nine}},
		{nine, nil, []string{"seven"}, record.Ref{}, []record.Ref{seven}},
		{nine, []string{"seven"}, []string{"seven"}, record.Ref{}, []record.Ref{seven}}, // not itself
		{seven, []string{"seven"}, nil, nine, nil},
		{seven, nil, nil, record.Ref{}, nil},
	} {
		got, err := record.Linked(ctx, r, who, c.of, c.called, c.mentions, c.after)
		if err != nil {
			return err
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("linked with %v, called %q and mentioning %q, after %v: %v; want %v", c.of, c.called, c.mentions, c.after, got, c.want)
		}
	}
	return nil
}

// recordsOfASourceArePaged: each comes once, however many go by one name and
// wherever a page ends, and none of another source whose name is alike.
func recordsOfASourceArePaged(t *testing.T, e Engine) {
	s, ctx := open(t, e), context.Background()
	var list, want []record.Naming
	for i := range 10 {
		for _, kind := range []hansei.Kind{hansei.KindAlert, hansei.KindIncident, hansei.KindTicket} {
			id := fmt.Sprintf("pd:%d", i)
			want = append(want, record.Naming{Ref: record.Ref{Kind: kind, ID: hansei.ID(id)}, Name: id})
		}
	}
	for _, name := range []string{"pc:1", "pd", "pd-2:1", "pda:1", "pd;1", "PD:1"} {
		list = append(list, record.Naming{Ref: record.Ref{Kind: hansei.KindAlert, ID: hansei.ID(name)}, Name: name})
	}
	if _, err := s.Write(ctx, who, func(tx *record.Tx) error { return tx.AddNames(append(list, want...)) }); err != nil {
		t.Fatal(err)
	}
	for _, limit := range []int{1, 2, 3, 4, 7, 30, 31} {
		var got []record.Ref
		for after := ""; ; {
			page, next, err := record.OfSource(ctx, s, who.Scope(), "pd", after, limit)
			if err != nil {
				t.Fatal(err)
			}
			if got, after = append(got, page...), next; next == "" || len(got) > len(want) {
				break
			}
		}
		if !slices.EqualFunc(got, want, func(a record.Ref, b record.Naming) bool { return a == b.Ref }) {
			t.Errorf("%d at a time: got %v", limit, got)
		}
	}
}

var errOwn = errors.New("the reading's own")

// waitingWriterMayGiveUp: a write whose context ends while another one runs
// returns at once and is never done.
func waitingWriterMayGiveUp(t *testing.T, e Engine) {
	s := open(t, e)
	_, err := s.Write(context.Background(), who, func(*record.Tx) error {
		for range 20 { // some give up before they are queued, some after
			ctx, cancel := context.WithCancel(context.Background())
			given := make(chan error)
			go func() {
				_, err := s.Write(ctx, who, func(tx *record.Tx) error {
					t.Error("a write that was given up was done")
					return record.Put(tx, service("late", "x"), 0)
				})
				given <- err
			}()
			cancel()
			if err := <-given; !errors.Is(err, context.Canceled) {
				t.Errorf("got %v, want it canceled", err)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	put(t, s, service("next", "x"), 0)
	if list, err := s.List(context.Background(), who.Scope(), hansei.KindService, "", 10); err != nil || len(list) != 1 {
		t.Errorf("got %+v, %v; want the next write alone", list, err)
	}
}

func waitEndsWithTheNextEntry(t *testing.T, e Engine) {
	s := open(t, e)
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	seq := put(t, s, service("a", "x"), 0)
	for name, after := range map[string]record.Seq{"there is more": seq - 1, "the journal is another one": seq + 5} {
		if err := s.Wait(ctx, who.Scope(), after); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	waited := make(chan error)
	go func() { waited <- s.Wait(ctx, who.Scope(), seq) }()
	put(t, s, service("b", "x"), 0)
	if err := <-waited; err != nil {
		t.Error(err)
	}
	cancel()
	if err := s.Wait(ctx, who.Scope(), seq+1); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want it canceled", err)
	}
}

// everyPutIsChecked: what cannot be a record's next revision is refused.
func everyPutIsChecked(t *testing.T, e Engine) {
	s, ctx := open(t, e), context.Background()
	put(t, s, service("a", "x"), 0)
	for name, tc := range map[string]struct {
		fn func(*record.Tx) error
		is func(error) bool
	}{
		"no name":             {func(tx *record.Tx) error { return record.Put(tx, service("b", ""), 0) }, invalid},
		"no id":               {func(tx *record.Tx) error { return record.PutEncoded(tx, &hansei.Team{}, []byte("{}"), 0) }, invalid},
		"a negative revision": {func(tx *record.Tx) error { return record.Put(tx, service("a", "y"), -1) }, conflicts},
		"twice new": {func(tx *record.Tx) error {
			return errors.Join(record.Put(tx, service("c", "x"), 0), record.Put(tx, service("c", "x"), 0))
		}, conflicts},
		"a conflict that was passed over": {func(tx *record.Tx) error {
			if err := record.Put(tx, service("a", "y"), 0); err != nil {
				return err
			}
			if _, err := record.Load(ctx, tx, who.Scope(), hansei.KindService, []hansei.ID{"a"}); err == nil {
				t.Error("read through a conflict")
			}
			return nil
		}, conflicts},
	} {
		if _, err := s.Write(ctx, who, tc.fn); !tc.is(err) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if _, err := s.Write(ctx, who.As("import"), func(tx *record.Tx) error { return record.Put(tx, service("a", "z"), 1) }); err != nil {
		t.Error(err)
	}
	history, err := s.History(ctx, who.Scope(), hansei.KindService, "a")
	if err != nil || len(history) != 2 || history[0].Who != "import" || history[0].Seq != 2 {
		t.Errorf("got %+v, %v; want the two that were right", history, err)
	}
}

func conflicts(err error) bool { return errors.Is(err, hansei.ErrConflict) }

func invalid(err error) bool {
	var in *hansei.InvalidError
	return errors.As(err, &in)
}

// feedHasOddEnds: pages at and beyond both ends of the journal are empty or
// whole, never an error.
func feedHasOddEnds(t *testing.T, e Engine) {
	s, ctx := open(t, e), context.Background()
	for _, tc := range []struct {
		entries, want int
		after         record.Seq
		limit         int
	}{
		{entries: 0, want: 0, after: 0, limit: 10},
		{entries: 3, want: 3, after: 0, limit: 1 << 40},
		{entries: 3, want: 3, after: -7, limit: 10},
		{entries: 3, want: 0, after: 3, limit: 10},
		{entries: 3, want: 0, after: 9, limit: 10},
		{entries: 3, want: 0, after: 0, limit: 0},
		{entries: 3, want: 0, after: 0, limit: -1},
		{entries: 3, want: 1, after: 2, limit: 1},
	} {
		for head, err := s.Head(ctx, who.Scope()); head.Seq < record.Seq(tc.entries); head, err = s.Head(ctx, who.Scope()) {
			if err != nil {
				t.Fatal(err)
			}
			put(t, s, service(fmt.Sprint("s-", head.Seq), "x"), 0)
		}
		page, err := s.Feed(ctx, who.Scope(), tc.after, tc.limit)
		if err != nil || len(page.Changes) != tc.want || page.Head != record.Seq(tc.entries) {
			t.Errorf("after %d, limit %d: got %d changes, head %d, %v; want %d", tc.after, tc.limit, len(page.Changes), page.Head, err, tc.want)
		}
	}
	if _, err := s.Feed(ctx, auth.Scope{}, 0, 0); !errors.Is(err, hansei.ErrForbidden) {
		t.Errorf("without a scope: got %v", err)
	}
}
