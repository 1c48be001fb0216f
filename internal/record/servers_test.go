package record_test

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
	"hansei/internal/record/pgtest"
	"hansei/internal/record/recordtest"
)

func deliver(t *testing.T, s *record.Store, from, to int) {
	t.Helper()
	if _, err := s.Deliver(t.Context(), auth.Local(), recordtest.Packed(t, "pager", from, to)); err != nil {
		t.Fatal(err)
	}
}

func waiting(t *testing.T, s *record.Store) []record.Waiting {
	t.Helper()
	list, err := s.Inbox(t.Context(), auth.Local().Scope(), 1000, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// finish writes that a list was understood.
func finish(s *record.Store, list []record.Waiting) error {
	var done []record.Finished
	for _, w := range list {
		done = append(done, record.Finished{ID: w.ID, State: record.DeliveryDone})
	}
	_, err := s.Write(context.Background(), auth.Local(), func(tx *record.Tx) error { return tx.FinishDeliveries(done) })
	return err
}

func states(t *testing.T, s *record.Store) string {
	t.Helper()
	got, err := s.DeliveryStates(t.Context(), auth.Local().Scope(), "pager")
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprint(got)
}

// TestArrivalsOfAnotherServer: what one server was given and has not understood
// yet is seen at another, and can be forgotten there, whatever the first is
// doing with it.
func TestArrivalsOfAnotherServer(t *testing.T) {
	url, _ := pgtest.Start(t)
	a, b := opened(t, url), opened(t, url)
	deliver(t, a, 0, 20)
	taken := waiting(t, a)
	if len(taken) != 20 {
		t.Fatalf("%d wait", len(taken))
	}
	if got := states(t, b); got != "map[received:20]" {
		t.Errorf("at the other server: %s", got)
	}
	if err := finish(a, taken); !errors.Is(err, hansei.ErrConflict) {
		t.Errorf("taken over, and yet finished from memory: %v", err)
	}
	deliver(t, a, 18, 30) // two of them again
	if err := finish(a, waiting(t, a)); err != nil {
		t.Error(err)
	}
	if got := states(t, b); got != "map[done:30]" || len(waiting(t, a))+len(waiting(t, b)) != 0 {
		t.Errorf("at the end: %s", got)
	}

	deliver(t, a, 30, 40)
	taken = waiting(t, a)
	if _, err := b.Write(t.Context(), auth.Local(), func(tx *record.Tx) error { return tx.ForgetDeliveries("pager") }); err != nil {
		t.Fatal(err)
	}
	if err := finish(a, taken); !errors.Is(err, hansei.ErrConflict) {
		t.Errorf("forgotten, and yet finished: %v", err)
	}
	if got := states(t, a); got != "map[]" || len(waiting(t, a))+len(waiting(t, b)) != 0 {
		t.Errorf("forgotten: %s", got)
	}
}

// TestServerThatHasEnded: what it was given is understood by another, or by the
// next that starts.
func TestServerThatHasEnded(t *testing.T) {
	url, _ := pgtest.Start(t)
	now := time.Now()
	b, err := record.Open(t.Context(), record.Options{Dir: t.TempDir(), Database: url, Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	end := func(from, to int) {
		t.Helper()
		a, err := record.Open(t.Context(), record.Options{Dir: t.TempDir(), Database: url})
		if err != nil {
			t.Fatal(err)
		}
		deliver(t, a, from, to)
		if err := a.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(waiting(t, b)); n != 0 {
		t.Fatalf("%d wait", n)
	}
	end(0, 10)
	now = now.Add(9 * time.Second)
	if n := len(waiting(t, b)); n != 0 {
		t.Errorf("%d are taken from a server that may be at work", n)
	}
	now = now.Add(9 * time.Second)
	if n := len(waiting(t, b)); n != 10 {
		t.Errorf("%d of 10 are taken over", n)
	}
	end(10, 15)
	if n := len(waiting(t, opened(t, url))); n != 15 {
		t.Errorf("%d of 15 wait at the next that starts", n)
	}
}

// TestArrivalsAreOnce: two servers are given the same and understand it at the
// same time, while one lists it and connections are cut.
func TestArrivalsAreOnce(t *testing.T) {
	url, server := pgtest.Start(t)
	stores := []*record.Store{opened(t, url), opened(t, url)}
	const rounds, each = 60, 7
	ctx := context.Background()
	var mu sync.Mutex
	times := map[string]int{}
	var giving, taking sync.WaitGroup
	until := make(chan bool)
	for k, s := range stores {
		giving.Go(func() {
			for i := range rounds {
				list := recordtest.Packed(t, "pager", i*each, (i+1)*each+2) // two come again
				for try := 0; ; try++ {
					if _, err := s.Deliver(ctx, auth.Local(), list); err == nil {
						break
					} else if try == 10 {
						t.Errorf("server %d: %v", k, err)
						return
					}
				}
			}
		})
		taking.Go(func() {
			for last := false; ; {
				list, err := s.Inbox(ctx, auth.Local().Scope(), 20, 1<<20)
				if err == nil {
					err = finish(s, list)
				}
				switch {
				case errors.Is(err, hansei.ErrConflict), errors.Is(err, record.ErrUnavailable):
				case err != nil:
					t.Errorf("server %d: %v", k, err)
					return
				case len(list) == 0 && last:
					return
				}
				mu.Lock()
				for _, w := range list {
					if err == nil {
						times[w.ID]++
					}
				}
				mu.Unlock()
				select {
				case <-until:
					last = true
				default:
				}
			}
		})
	}
	taking.Go(func() {
		for {
			select {
			case <-until:
				return
			case <-time.After(20 * time.Millisecond):
				_, _ = stores[0].Deliveries(ctx, auth.Local().Scope(), record.DeliveryFilter{Live: true}) // the connection may be cut
			}
		}
	})
	for range 10 {
		time.Sleep(10 * time.Millisecond)
		server.Exec("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'hansei'")
	}
	giving.Wait()
	close(until)
	taking.Wait()
	const want = rounds*each + 2
	if got := states(t, stores[1]); got != fmt.Sprintf("map[done:%d]", want) || len(times) != want {
		t.Errorf("%s, %d were understood; want %d", got, len(times), want)
	}
	for id, n := range times {
		if n != 1 {
			t.Errorf("%s was understood %d times", id, n)
		}
	}
}
