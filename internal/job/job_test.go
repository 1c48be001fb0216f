package job

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"hansei/internal/auth"
	"hansei/internal/record"
)

var who = auth.Local()

func queue(t *testing.T) (*Queue, *record.Store) {
	t.Helper()
	store := open(t, t.TempDir())
	return queueOf(t, store, nil), store
}

func open(t *testing.T, dir string) *record.Store {
	t.Helper()
	store, err := record.Open(t.Context(), record.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { check(t, store.Close()) })
	return store
}

// queueOf makes a queue that waits for nothing longer than it must.
func queueOf(t *testing.T, store *record.Store, now func() time.Time) *Queue {
	t.Helper()
	q, err := Open(t.Context(), store, Options{Now: now, Log: slog.New(slog.NewTextHandler(t.Output(), nil))})
	if err != nil {
		t.Fatal(err)
	}
	q.config.FetchPollInterval, q.config.FetchCooldown, q.config.TestOnly = 20*time.Millisecond, 10*time.Millisecond, true
	t.Cleanup(func() { check(t, q.Close()) })
	return q
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Error(err)
	}
}

// running runs the queue until the test ends or stop is called.
func running(t *testing.T, q *Queue) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- q.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		check(t, <-ended)
	})
	t.Cleanup(stop)
	return stop
}

func enqueue(t *testing.T, q *Queue, s *record.Store, j Job) {
	t.Helper()
	if _, err := s.Write(t.Context(), who, func(tx *record.Tx) error { return q.Enqueue(tx, j) }); err != nil {
		t.Fatal(err)
	}
}

// only returns the one job there is.
func only(t *testing.T, q *Queue) State {
	t.Helper()
	list, err := q.List(t.Context(), who.Scope(), Filter{})
	if err != nil || len(list) != 1 {
		t.Fatalf("got %d jobs, %v; want one", len(list), err)
	}
	return list[0]
}

// eventually waits for a state of things.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for began := time.Now(); !is(); {
		if time.Since(began) > 40*time.Second {
			t.Fatal("never: " + what)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func eventuallyIn(t *testing.T, q *Queue, state string) State {
	t.Helper()
	eventually(t, state, func() bool { return only(t, q).State == state })
	return only(t, q)
}

func TestJobCommitsWithItsRecord(t *testing.T) {
	t.Parallel()
	q, s := queue(t)
	var done atomic.Int64
	q.Handle("count", time.Minute, func(_ context.Context, args json.RawMessage) error {
		var by struct{ N int64 }
		if err := json.Unmarshal(args, &by); err != nil {
			return err
		}
		done.Add(by.N)
		return nil
	})
	changed := errors.New("changed my mind")
	if _, err := s.Write(t.Context(), who, func(tx *record.Tx) error {
		if err := q.Enqueue(tx, Job{Kind: "count", Args: map[string]int{"N": 1000}}); err != nil {
			return err
		}
		return changed
	}); !errors.Is(err, changed) {
		t.Fatalf("got %v", err)
	}
	enqueue(t, q, s, Job{Kind: "count", Args: map[string]int{"N": 1}})
	running(t, q)
	state := eventuallyIn(t, q, "completed")
	if done.Load() != 1 || state.Attempt != 1 || string(state.Args) != `{"N":1}` || state.Began.IsZero() || state.Ended.IsZero() || state.Server != q.config.ID {
		t.Errorf("got %+v, counted %d; want the one that committed, once", state, done.Load())
	}
}

func TestKindsAreKnown(t *testing.T) {
	t.Parallel()
	q, s := queue(t)
	q.Handle("known", 0, func(context.Context, json.RawMessage) error { return nil })
	if _, err := s.Write(t.Context(), who, func(tx *record.Tx) error { return q.Enqueue(tx, Job{Kind: "unknown"}) }); err == nil {
		t.Error("a job that nobody does was taken")
	}
}

func TestJobWaitsForItsTime(t *testing.T) {
	t.Parallel()
	now := time.Now()
	var ahead atomic.Int64
	s := open(t, t.TempDir())
	q := queueOf(t, s, func() time.Time { return now.Add(time.Duration(ahead.Load())) })
	q.Handle("later", 0, func(context.Context, json.RawMessage) error { return nil })
	enqueue(t, q, s, Job{Kind: "later", At: now.Add(time.Hour)})
	running(t, q)
	if got := only(t, q); got.State != "scheduled" || got.Next.Sub(now).Round(time.Minute) != time.Hour {
		t.Errorf("got %+v", got)
	}
	ahead.Store(int64(2 * time.Hour))
	eventuallyIn(t, q, "completed")
}

func TestUniqueWaitsOrRunsOnce(t *testing.T) {
	t.Parallel()
	q, s := queue(t)
	began, end := make(chan bool), make(chan bool)
	q.Handle("pull", time.Minute, func(context.Context, json.RawMessage) error {
		began <- true
		<-end
		return nil
	})
	pull := func(source string) {
		enqueue(t, q, s, Job{Kind: "pull", Args: map[string]string{"source": source}, Unique: true})
	}
	counted := func(want int) {
		t.Helper()
		if list, err := q.List(t.Context(), who.Scope(), Filter{}); err != nil || len(list) != want {
			t.Errorf("got %d jobs, %v; want %d", len(list), err, want)
		}
	}
	pull("a")
	pull("a")
	counted(1)
	running(t, q)
	<-began
	pull("a")
	counted(1)
	end <- true
	eventuallyIn(t, q, "completed")
	pull("a")
	pull("b")
	counted(3)
	<-began
	<-began
	end <- true
	end <- true
}

func TestEveryIsOfOneQueue(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	var starts, ticks atomic.Int64
	queues := []*Queue{queueOf(t, s, nil), queueOf(t, s, nil)}
	for _, q := range queues {
		q.Handle("start", 0, func(context.Context, json.RawMessage) error { starts.Add(1); return nil })
		q.Handle("tick", 0, func(context.Context, json.RawMessage) error { ticks.Add(1); return nil })
		q.Every("start", 24*time.Hour, true)
		q.Every("tick", time.Second, false)
		running(t, q)
	}
	eventually(t, "three ticks", func() bool { return ticks.Load() >= 3 })
	if starts.Load() != 1 {
		t.Errorf("%d queues began what one leader begins at its start", starts.Load())
	}
	var all, times int
	row := queues[0].db.QueryRowContext(t.Context(), "SELECT count(*), count(DISTINCT scheduled_at) FROM river_job WHERE kind = 'tick'")
	if err := row.Scan(&all, &times); err != nil {
		t.Fatal(err)
	}
	if all != times {
		t.Errorf("%d jobs for %d ticks", all, times)
	}
}

func TestIntervalDoesNotDependOnTheStart(t *testing.T) {
	at := func(s string) time.Time {
		out, err := time.Parse(time.DateTime, s)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	for _, c := range []struct {
		every      time.Duration
		from, want string
	}{
		{6 * time.Hour, "2026-02-03 04:05:06", "2026-02-03 06:00:00"},
		{6 * time.Hour, "2026-02-03 05:59:59", "2026-02-03 06:00:00"},
		{6 * time.Hour, "2026-02-03 06:00:00", "2026-02-03 12:00:00"},
		{30 * time.Second, "2026-02-03 04:05:31", "2026-02-03 04:06:00"},
	} {
		if got := interval(c.every).Next(at(c.from)); !got.Equal(at(c.want)) {
			t.Errorf("every %v after %s: got %v, want %s", c.every, c.from, got, c.want)
		}
	}
}

// TestLines: what waits for others in one line holds up nobody in another.
func TestLines(t *testing.T) {
	q, store := queue(t)
	free, held, done := make(chan struct{}), make(chan struct{}, 100), make(chan string, 10)
	q.In(Bulk, "heavy")
	q.Handle("heavy", time.Minute, func(ctx context.Context, _ json.RawMessage) error {
		held <- struct{}{}
		select {
		case <-free:
		case <-ctx.Done():
		}
		return nil
	})
	q.Handle("light", time.Minute, func(context.Context, json.RawMessage) error { done <- "light"; return nil })
	_, err := store.Write(t.Context(), who, func(tx *record.Tx) error {
		for range 20 {
			if err := q.Enqueue(tx, Job{Kind: "heavy"}); err != nil {
				return err
			}
		}
		return q.Enqueue(tx, Job{Kind: "light"})
	})
	check(t, err)
	running(t, q)
	defer close(free)
	select {
	case <-done:
	case <-time.After(time.Minute):
		t.Fatal("it waits behind what it has nothing to do with")
	}
	if n := len(held); n > workers[Bulk] {
		t.Errorf("%d at a time, expected %d at most", n, workers[Bulk])
	}
}
