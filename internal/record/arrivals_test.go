package record

import (
	"errors"
	"fmt"
	"reflect"
	"testing"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/record/pack"
)

func packed(t *testing.T, n int) (out []pack.Packed) {
	t.Helper()
	p, err := pack.New()
	if err != nil {
		t.Fatal(err)
	}
	for i := range n {
		out = append(out, p.Pack("pager", "event", "application/json", fmt.Sprint(i), fmt.Appendf(nil, `{"event":%d}`, i)))
	}
	return out
}

func received(t *testing.T, s *Store) []Waiting {
	t.Helper()
	list, err := s.Inbox(t.Context(), auth.Local().Scope(), 10_000, 1<<30)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func finish(list []Waiting) func(*Tx) error {
	return func(tx *Tx) error {
		var done []Finished
		for _, w := range list {
			done = append(done, Finished{ID: w.ID, State: DeliveryDone})
		}
		return tx.FinishDeliveries(done)
	}
}

func stateOf(t *testing.T, s *Store) string {
	t.Helper()
	states, err := s.DeliveryStates(t.Context(), auth.Local().Scope(), "pager")
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprint(states)
}

// TestArrivalsAfterACrash: what was acknowledged is there once, whether it was
// understood or not, and whether the spool knew of that.
func TestArrivalsAfterACrash(t *testing.T) {
	who, s := auth.Local(), opened(t, t.TempDir())
	if _, err := s.Deliver(t.Context(), who, packed(t, 3)); err != nil {
		t.Fatal(err)
	}
	n := 0
	if err := s.write.QueryRowContext(t.Context(), "SELECT count(*) FROM delivery").Scan(&n); err != nil || n != 0 {
		t.Errorf("%d rows, %v: the test tries nothing", n, err)
	}
	before := received(t, s)
	again := opened(t, crashed(t, s))
	if got := received(t, again); len(got) != 3 || string(got[0].Body) != `{"event":0}` || !got[0].Received.Equal(before[0].Received) || stateOf(t, again) != "map[received:3]" {
		t.Errorf("before they were understood: %d, %s", len(got), stateOf(t, again))
	}
	// The spool is held as it was while two of them get their row.
	kept := crashed(t, s)
	if _, err := s.Write(t.Context(), who, finish(before[:2])); err != nil {
		t.Fatal(err)
	}
	if got := received(t, s); len(got) != 1 || stateOf(t, s) != "map[done:2 received:1]" {
		t.Errorf("understood: %d wait, %s", len(got), stateOf(t, s))
	}
	mixed := crashed(t, s)
	for _, end := range []string{"", "-wal"} {
		duplicate(t, kept+"/arrivals.db"+end, mixed+"/arrivals.db"+end)
	}
	third := opened(t, mixed)
	if got := received(t, third); len(got) != 1 || got[0].ID != before[2].ID || stateOf(t, third) != "map[done:2 received:1]" {
		t.Errorf("the spool was behind: %d wait, %s", len(got), stateOf(t, third))
	}
	if _, err := third.Write(t.Context(), who, finish(received(t, third))); err != nil || stateOf(t, third) != "map[done:3]" {
		t.Errorf("at the end: %s, %v", stateOf(t, third), err)
	}
}

// TestArrivalsOfAWriterThatFails: what was undone waits still.
func TestArrivalsOfAWriterThatFails(t *testing.T) {
	who, s := auth.Local(), opened(t, t.TempDir())
	if _, err := s.Deliver(t.Context(), who, packed(t, 2)); err != nil {
		t.Fatal(err)
	}
	list, no, runs := received(t, s), errors.New("no"), 0
	_, err := s.Write(t.Context(), who, func(tx *Tx) error {
		runs++
		tx.after(func() { t.Error("a writer that failed has something done after it") })
		return errors.Join(finish(list)(tx), no)
	})
	if !errors.Is(err, no) || len(received(t, s)) != 2 {
		t.Errorf("%v, and %d wait", err, len(received(t, s)))
	}
	after := 0
	if _, err := s.Write(t.Context(), who, func(tx *Tx) error {
		tx.after(func() { after++ })
		return finish(list)(tx)
	}); err != nil || after != 1 || len(received(t, s)) != 0 || stateOf(t, s) != "map[done:2]" {
		t.Errorf("%v, %d times after, %s", err, after, stateOf(t, s))
	}
}

// TestMoreArrivalsThanHaveRoom: what the spool has no room for goes into the
// table at once; all of it waits, once.
func TestMoreArrivalsThanHaveRoom(t *testing.T) {
	who, s, all := auth.Local(), opened(t, t.TempDir()), packed(t, 4500)
	for from := 0; from < len(all); from += 250 {
		isNew, err := s.Deliver(t.Context(), who, all[max(0, from-10):from+250])
		if err != nil || len(isNew) != 250 {
			t.Fatalf("%d of 250 and 10 repeats are new, %v", len(isNew), err)
		}
	}
	seen := map[string]bool{}
	for list := received(t, s); len(list) > 0; list = received(t, s) {
		for _, w := range list {
			if seen[w.ID] {
				t.Fatalf("%s waits twice", w.ID)
			}
			seen[w.ID] = true
		}
		if _, err := s.Write(t.Context(), who, finish(list)); err != nil {
			t.Fatal(err)
		}
	}
	if len(seen) != len(all) || stateOf(t, s) != fmt.Sprintf("map[done:%d]", len(all)) {
		t.Errorf("%d were understood; %s", len(seen), stateOf(t, s))
	}
}

// TestFeedFromMemory: what a follower reads from memory is what stands in the
// database, also beside a writer of the same group that failed.
func TestFeedFromMemory(t *testing.T) {
	who, s := auth.Local(), opened(t, t.TempDir())
	var want []Change
	if _, err := s.Write(t.Context(), who, func(tx *Tx) error { // an id that no engine keeps as it is
		return Put(tx, &hansei.Team{Header: hansei.Header{ID: "odd\x00"}, Name: "odd"}, 0)
	}); err != nil {
		t.Fatal(err)
	}
	for i := range 20 {
		held, release := make(chan bool), make(chan bool)
		go func() {
			_, err := s.Write(t.Context(), who, func(*Tx) error { close(held); <-release; return nil })
			if err != nil {
				t.Error(err)
			}
		}()
		<-held // what comes now is one group
		ended := make(chan error, 3)
		for k := range 3 {
			go func() {
				_, err := s.Write(t.Context(), who, func(tx *Tx) error {
					if err := teams(fmt.Sprintf("%d-%d", i, k), 1+(i+k)%3)(tx); err != nil || k != 1 {
						return err
					}
					return hansei.ErrNotFound
				})
				if k == 1 && errors.Is(err, hansei.ErrNotFound) {
					err = nil
				}
				ended <- err
			}()
		}
		close(release)
		for range 3 {
			if err := <-ended; err != nil {
				t.Fatal(err)
			}
		}
	}
	head, err := s.Head(t.Context(), who.Scope())
	if err != nil {
		t.Fatal(err)
	}
	if _, here := s.recent.Between([2]string{string(auth.Main), string(head.Epoch)}, 1, int64(head.Seq)); !here {
		t.Fatal("nothing is in memory; the test tries nothing")
	}
	fresh := opened(t, crashed(t, s)) // reads from the database
	for after := Seq(0); after < head.Seq; after += 7 {
		want, err = feed(t, fresh, after)
		got, gotErr := feed(t, s, after)
		if err != nil || gotErr != nil || fmt.Sprint(got) != fmt.Sprint(want) || len(want) == 0 {
			t.Fatalf("after %d: %d entries from memory, %d from the database, %v, %v", after, len(got), len(want), gotErr, err)
		}
	}
	// After a person was forgotten memory has no part in it.
	if _, err := s.Write(t.Context(), who, func(tx *Tx) error {
		return tx.Renew(hansei.KindTeam, "0-0-00000", "renewed", []byte(`{"id":"renewed","name":"x"}`))
	}); err != nil {
		t.Fatal(err)
	}
	got, err := feed(t, s, 0) // the first group's entries, in the order its writers came
	if err != nil {
		t.Fatal(err)
	}
	renewed := false
	for _, c := range got {
		if c.ID == "0-0-00000" {
			t.Errorf("forgotten, and yet %v", c)
		}
		renewed = renewed || c.ID == "renewed" && string(c.Doc) == `{"id":"renewed","name":"x"}`
	}
	if !renewed {
		t.Errorf("no entry is renewed: %v", got)
	}
}

// feed is what the feed gives. Whether the record of a change was decoded for
// another one makes no difference.
func feed(t *testing.T, s *Store, after Seq) ([]Change, error) {
	t.Helper()
	page, err := s.Feed(t.Context(), auth.Local().Scope(), after, 7)
	for i, c := range page.Changes {
		shared, err := Decode(c)
		own, ownErr := DecodeDoc(c.Kind, c.Doc)
		if err != nil || ownErr != nil || !reflect.DeepEqual(shared, own) {
			t.Errorf("entry %d is %v, decoded alone %v, %v, %v", c.Seq, shared, own, err, ownErr)
		}
		page.Changes[i].read = nil
	}
	return page.Changes, err
}
