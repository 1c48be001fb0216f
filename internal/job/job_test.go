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

	"hansei"
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

// eventually waits for a state of things; the test's own deadline is the limit.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for began := time.Now(); !is(); {
		if time.Since(began) > 20*time.Second {
			t.Fatal("never: " + what)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func TestJobCommitsWithItsRecord(t *testing.T) {
	q, s := queue(t)
	var done atomic.Int64
	q.Handle("count", time.Minute, func(_ context.Context, args json.RawMessage) error {
		var n int64
		if err := json.Unmarshal(args, &n); err != nil {
			return err
		}
		done.Add(n)
		return nil
	})
	if _, err := s.Write(t.Context(), who, func(tx *record.Tx) error {
		if err := q.Enqueue(tx, Job{Kind: "count", Args: 1000}); err != nil {
			return err
		}
		return errors.New("changed my mind")
	}); err == nil {
		t.Fatal("an error was lost")
	}
	enqueue(t, q, s, Job{Kind: "count", Args: 1})
	running(t, q)
	eventually(t, "the job runs", func() bool { return done.Load() > 0 })
	list, err := q.List(t.Context(), who.Scope(), Filter{})
	if err != nil || len(list) != 1 || done.Load() != 1 {
		t.Errorf("got %+v, %v, counted %d; want the one that committed", list, err, done.Load())
	}
}

func TestFailureIsSeenAndRepeated(t *testing.T) {
	q, s := queue(t)
	var tries atomic.Int64
	q.Handle("fail", time.Minute, func(context.Context, json.RawMessage) error {
		if tries.Add(1) == 1 {
			panic("a bug")
		}
		return errors.New("the tool is away")
	})
	enqueue(t, q, s, Job{Kind: "fail"})
	running(t, q)
	var state State
	eventually(t, "it failed twice", func() bool {
		list, err := q.List(t.Context(), who.Scope(), Filter{Kind: "fail"})
		if err != nil || len(list) != 1 {
			t.Fatalf("got %v, %v", list, err)
		}
		state = list[0]
		return state.Attempt >= 2 && state.State == "retryable"
	})
	if state.Error != "the tool is away" || state.Next.IsZero() || state.Server == "" {
		t.Errorf("got %+v", state)
	}
	if err := q.Cancel(t.Context(), who, state.ID); err != nil {
		t.Error(err)
	}
	if list, err := q.List(t.Context(), who.Scope(), Filter{State: "cancelled"}); err != nil || len(list) != 1 {
		t.Errorf("cancelled: %v, %v", list, err)
	}
	if err := q.Retry(t.Context(), who, 4711); !errors.Is(err, hansei.ErrNotFound) {
		t.Errorf("a job that is not there: %v", err)
	}
	if err := q.Retry(t.Context(), auth.Actor{}, state.ID); !errors.Is(err, hansei.ErrForbidden) {
		t.Errorf("nobody: %v", err)
	}
}

func TestUnique(t *testing.T) {
	q, s := queue(t)
	q.Handle("pull", time.Minute, func(context.Context, json.RawMessage) error { return nil })
	for range 3 {
		enqueue(t, q, s, Job{Kind: "pull", Args: map[string]string{"source": "a"}, Unique: true})
	}
	enqueue(t, q, s, Job{Kind: "pull", Args: map[string]string{"source": "b"}, Unique: true})
	list, err := q.List(t.Context(), who.Scope(), Filter{})
	if err != nil || len(list) != 2 {
		t.Errorf("got %d jobs, %v; want one for each source", len(list), err)
	}
}

func TestEvery(t *testing.T) {
	q, _ := queue(t)
	var n atomic.Int64
	q.Handle("tick", time.Minute, func(context.Context, json.RawMessage) error { n.Add(1); return nil })
	q.Every("tick", time.Second, true)
	running(t, q)
	eventually(t, "it ran twice", func() bool { return n.Load() >= 2 })
}
