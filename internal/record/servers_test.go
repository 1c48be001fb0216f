package record_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
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
// yet can be forgotten at another, whatever the first is doing with it.
func TestArrivalsOfAnotherServer(t *testing.T) {
	url, _ := pgtest.Start(t)
	a, b := opened(t, url), opened(t, url)
	deliver(t, a, 0, 20)
	taken := waiting(t, a)
	if len(taken) != 20 {
		t.Fatalf("%d wait", len(taken))
	}
	if err := b.Unspool(t.Context(), auth.Local()); err != nil {
		t.Fatal(err)
	}
	if got := states(t, b); got != "map[received:20]" {
		t.Errorf("at the other server: %s", got)
	}
	if err := finish(a, taken); !errors.Is(err, hansei.ErrConflict) {
		t.Errorf("taken over, and yet finished from memory: %v", err)
	}
	deliver(t, a, 18, 30) // two of them again
	for range 3 {         // until the repeats are known for what they are
		if err := finish(a, waiting(t, a)); err != nil && !errors.Is(err, hansei.ErrConflict) {
			t.Error(err)
		}
	}
	if got := states(t, b); got != "map[done:30]" || len(waiting(t, a))+len(waiting(t, b)) != 0 {
		t.Errorf("at the end: %s", got)
	}

	deliver(t, a, 30, 40)
	taken = waiting(t, a)
	if _, err := b.WriteAlone(t.Context(), auth.Local(), func(tx *record.Tx) error { return tx.ForgetDeliveries("pager") }); err != nil {
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
	url, server := pgtest.Start(t)
	b := opened(t, url)
	end := func(from, to int) {
		t.Helper()
		// Its clock is wrong.
		a, err := record.Open(t.Context(), record.Options{Dir: t.TempDir(), Database: url, Now: func() time.Time { return time.Now().Add(time.Hour) }})
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
	if n := len(waiting(t, b)); n != 0 {
		t.Errorf("%d are taken from a server that may be at work", n)
	}
	record.SetLate(b, 100*time.Millisecond)
	for began := time.Now(); len(waiting(t, b)) != 10; {
		if time.Since(began) > time.Minute {
			t.Fatalf("%d of 10 are taken over", len(waiting(t, b)))
		}
	}
	record.SetLate(b, time.Hour)
	end(10, 15)
	// A row that cannot be read holds up nobody, and is not lost.
	server.Exec(`INSERT INTO arrived (journal, server, n, at, bytes) VALUES ('main', 'gone', 7, 1, '\x05ff')`)
	s := opened(t, url)
	if n := len(waiting(t, s)); n != 15 {
		t.Errorf("%d of 15 wait at the next that starts", n)
	}
	failed, err := s.Deliveries(t.Context(), auth.Local().Scope(), record.DeliveryFilter{Live: true, State: record.DeliveryFailed})
	if err != nil || len(failed) != 1 || !strings.Contains(failed[0].Error, "row 7 of server gone") {
		t.Errorf("failed: %+v, %v", failed, err)
	}
}

// TestForgottenInAGroup: whoever forgets beside an inbox that finishes what it
// holds in memory loses nothing of the other sources, and nothing comes back.
func TestForgottenInAGroup(t *testing.T) {
	url, _ := pgtest.Start(t)
	for name, s := range map[string]*record.Store{"postgres": opened(t, url), "sqlite": opened(t, "")} {
		t.Run(name, func(t *testing.T) {
			deliver(t, s, 0, 5)
			list := waiting(t, s)
			hold, held := make(chan bool), make(chan bool)
			var wg sync.WaitGroup
			write := func(what string, fn func() error) {
				wg.Go(func() {
					if err := fn(); err != nil && !errors.Is(err, hansei.ErrConflict) {
						t.Errorf("%s: %v", what, err)
					}
				})
				time.Sleep(20 * time.Millisecond) // so that they queue in this order
			}
			write("hold", func() error {
				_, err := s.Write(context.Background(), auth.Local(), func(*record.Tx) error { close(held); <-hold; return nil })
				return err
			})
			<-held
			write("forget", func() error {
				_, err := s.WriteAlone(context.Background(), auth.Local(), func(tx *record.Tx) error { return tx.ForgetDeliveries("other") })
				return err
			})
			write("finish", func() error { return finish(s, list) })
			write("deliver", func() error { deliver(t, s, 5, 6); return nil })
			close(hold)
			wg.Wait()
			for range 3 {
				if err := finish(s, waiting(t, s)); err != nil && !errors.Is(err, hansei.ErrConflict) {
					t.Error(err)
				}
			}
			if got := states(t, s); got != "map[done:6]" {
				t.Errorf("6 were acknowledged: %s", got)
			}
			_, err := s.Write(t.Context(), auth.Local(), func(tx *record.Tx) error { return tx.ForgetDeliveries("pager") })
			if err == nil || !strings.Contains(err.Error(), "alone") {
				t.Errorf("in a group with others: %v", err)
			}
		})
	}
}

// TestNobodyWaitsForTheWriter: while somebody writes for long, webhooks are
// taken, and deliveries can be listed and read.
func TestNobodyWaitsForTheWriter(t *testing.T) {
	url, _ := pgtest.Start(t)
	for name, s := range map[string]*record.Store{"postgres": opened(t, url), "sqlite": opened(t, "")} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			who := auth.Local()
			_, err := s.WriteAlone(ctx, who, func(*record.Tx) error {
				deliver(t, s, 0, 3)
				list, err := s.Deliveries(ctx, who.Scope(), record.DeliveryFilter{Live: true})
				if err != nil || len(list) != 3 {
					return fmt.Errorf("%d are listed, %w", len(list), err)
				}
				one, err := s.GetDelivery(ctx, who.Scope(), list[1].ID)
				if err != nil || one.State != record.DeliveryReceived {
					return fmt.Errorf("%+v, %w", one, err)
				}
				bodies, err := s.Bodies(ctx, who.Scope(), list[:2])
				if err != nil || len(bodies) != 2 || string(bodies[0].Body) != `{"event":2}` && len(bodies[0].Body) == 0 {
					return fmt.Errorf("%+v, %w", bodies, err)
				}
				st, err := s.DeliveryStats(ctx, who.Scope(), "pager")
				if err != nil || st.Waiting != 3 || st.Last.IsZero() {
					return fmt.Errorf("%+v, %w", st, err)
				}
				if _, err := s.OpenDelivery(ctx, who.Scope(), "none"); !errors.Is(err, hansei.ErrNotFound) {
					return fmt.Errorf("one that is not there: %w", err)
				}
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
}

// TestUnspoolBesideWebhooks: what is acknowledged while the spool is emptied is
// not lost.
func TestUnspoolBesideWebhooks(t *testing.T) {
	url, _ := pgtest.Start(t)
	for name, s := range map[string]*record.Store{"postgres": opened(t, url), "sqlite": opened(t, "")} {
		t.Run(name, func(t *testing.T) {
			list := recordtest.Packed(t, "pager", 0, 800)
			given := make(chan error)
			go func() {
				for i := range list {
					if _, err := s.Deliver(context.Background(), auth.Local(), list[i:i+1]); err != nil {
						given <- err
						return
					}
				}
				given <- nil
			}()
			for going := true; going; {
				select {
				case err := <-given:
					if going = false; err != nil {
						t.Fatal(err)
					}
				default:
				}
				if err := s.Unspool(t.Context(), auth.Local()); err != nil {
					t.Fatal(err)
				}
			}
			if got := states(t, s); got != fmt.Sprintf("map[received:%d]", len(list)) {
				t.Errorf("%d were acknowledged: %s", len(list), got)
			}
		})
	}
}

// TestArrivalsAreOnce: two servers are given the same and understand it at the
// same time, while one empties the spools, connections are cut and the database is killed.
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
				_ = stores[0].Unspool(ctx, auth.Local()) // the connection may be cut
			}
		}
	})
	for i := range 10 {
		time.Sleep(10 * time.Millisecond)
		if i == 5 {
			server.Kill()
			server.Start()
		}
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
