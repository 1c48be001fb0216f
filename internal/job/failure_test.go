package job

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/record"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv("HANSEI_JOB_DIR"); dir != "" {
		if err := workUntilKilled(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

func TestFailureIsRepeatedThenGivenUp(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	began := time.Now()
	var ahead, tries atomic.Int64
	q := queueOf(t, s, func() time.Time { return began.Add(time.Duration(ahead.Load())) })
	var log bytes.Buffer
	q.config.ErrorHandler = mourner{slog.New(slog.NewTextHandler(&log, nil))}
	q.Handle("fail", time.Minute, func(context.Context, json.RawMessage) error {
		switch tries.Add(1) {
		case 1:
			panic("a bug")
		case 2:
			return errors.New("the tool is away")
		default:
			return nil
		}
	})
	enqueue(t, q, s, Job{Kind: "fail", Attempts: 2})
	stop := running(t, q)
	eventually(t, "it failed once", func() bool { return only(t, q).Error != "" })
	if state := only(t, q); state.Attempt != 1 || !state.Next.After(began) || state.Error != "a bug" {
		t.Errorf("after a panic: got %+v; want it later again", state)
	}
	ahead.Store(int64(time.Minute))
	state := eventuallyIn(t, q, "discarded")
	if state.Attempt != 2 || state.Attempts != 2 || state.Error != "the tool is away" || state.Ended.IsZero() {
		t.Errorf("got %+v", state)
	}
	if counts, err := q.Counts(t.Context(), who.Scope()); err != nil || counts["discarded"] != 1 || counts["completed"] != 0 {
		t.Errorf("got %v, %v", counts, err)
	}
	check(t, q.Retry(t.Context(), who, state.ID))
	if state := eventuallyIn(t, q, "completed"); state.Attempt != 3 {
		t.Errorf("done once more: got %+v", state)
	}
	stop()
	for _, want := range []string{`msg="a job panicked" kind=fail`, `msg="a job was given up" kind=fail`} {
		if strings.Count(log.String(), want) != 1 {
			t.Errorf("the log does not say once %s:\n%s", want, &log)
		}
	}
}

func TestPausesGrow(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	began := time.Now()
	var ahead atomic.Int64
	q := queueOf(t, s, func() time.Time { return began.Add(time.Duration(ahead.Load())) })
	q.Handle("fail", 0, func(context.Context, json.RawMessage) error { return errors.New("away") })
	enqueue(t, q, s, Job{Kind: "fail"})
	running(t, q)
	eventually(t, "it failed once", func() bool { return only(t, q).Error != "" })
	ahead.Store(int64(10 * time.Second))
	state := eventuallyIn(t, q, "retryable")
	if pause := state.Next.Sub(began) - 10*time.Second; state.Attempt != 2 || pause < 12*time.Second || pause > 20*time.Second {
		t.Errorf("got attempt %d, again after %v; want 2, about 16 s", state.Attempt, pause)
	}
}

func TestHandlerDecides(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		first   error
		state   string
		attempt int
		error   string
	}{
		{"snooze", Snooze(10 * time.Millisecond), "completed", 1, ""},
		{"wrapped", fmt.Errorf("rate limit: %w", Snooze(0)), "completed", 1, ""},
		{"cancel", Cancel(errors.New("the source is gone")), "cancelled", 1, "JobCancelError: the source is gone"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			q, s := queue(t)
			var tries atomic.Int64
			q.Handle("try", 0, func(context.Context, json.RawMessage) error {
				if tries.Add(1) == 1 {
					return c.first
				}
				return nil
			})
			enqueue(t, q, s, Job{Kind: "try"})
			running(t, q)
			if got := eventuallyIn(t, q, c.state); got.Attempt != c.attempt || got.Error != c.error {
				t.Errorf("got %+v", got)
			}
		})
	}
}

func TestTimeEndsAJob(t *testing.T) {
	t.Parallel()
	q, s := queue(t)
	q.Handle("long", 20*time.Millisecond, func(ctx context.Context, _ json.RawMessage) error {
		<-ctx.Done()
		return ctx.Err()
	})
	enqueue(t, q, s, Job{Kind: "long", Attempts: 1})
	running(t, q)
	if got := eventuallyIn(t, q, "discarded"); got.Error != context.DeadlineExceeded.Error() {
		t.Errorf("got %+v", got)
	}
}

func TestPeopleCancelAndRetry(t *testing.T) {
	t.Parallel()
	q, s := queue(t)
	q.config.SoftStopTimeout = 10 * time.Millisecond
	began := make(chan bool, 1)
	q.Handle("long", time.Hour, func(ctx context.Context, _ json.RawMessage) error {
		began <- true
		<-ctx.Done()
		return ctx.Err()
	})
	enqueue(t, q, s, Job{Kind: "long", Unique: true})
	running(t, q)
	<-began
	ctx, id := t.Context(), only(t, q).ID
	for _, c := range []struct {
		name string
		got  error
		want error
	}{
		{"a job that runs", q.Retry(ctx, who, id), hansei.ErrConflict},
		{"none", q.Retry(ctx, who, 4711), hansei.ErrNotFound},
		{"cancel none", q.Cancel(ctx, who, 4711), hansei.ErrNotFound},
		{"nobody", q.Retry(ctx, auth.Actor{}, id), hansei.ErrForbidden},
		{"nobody cancels", q.Cancel(ctx, auth.Actor{}, id), hansei.ErrForbidden},
		{"cancel", q.Cancel(ctx, who, id), nil},
	} {
		if !errors.Is(c.got, c.want) {
			t.Errorf("%s: got %v, want %v", c.name, c.got, c.want)
		}
	}
	eventuallyIn(t, q, "cancelled")
	enqueue(t, q, s, Job{Kind: "long", Unique: true})
	<-began
	if err := q.Retry(ctx, who, id); !errors.Is(err, hansei.ErrConflict) {
		t.Errorf("beside its unique follower: got %v", err)
	}
}

func TestListIsPaged(t *testing.T) {
	t.Parallel()
	q, s := queue(t)
	for _, kind := range []string{"odd", "even"} {
		q.Handle(kind, 0, func(context.Context, json.RawMessage) error { return nil })
	}
	for i := range 10 {
		enqueue(t, q, s, Job{Kind: []string{"even", "odd"}[i%2], Args: map[string]int{"i": i}})
	}
	var got []string
	f := Filter{Kind: "odd", State: "available", Limit: 2}
	for {
		page, err := q.List(t.Context(), who.Scope(), f)
		if err != nil {
			t.Fatal(err)
		}
		if len(page) == 0 {
			break
		}
		for _, j := range page {
			got = append(got, string(j.Args))
		}
		f.Before = page[len(page)-1].ID
	}
	if want := `{"i":9} {"i":7} {"i":5} {"i":3} {"i":1}`; strings.Join(got, " ") != want {
		t.Errorf("got %s, want %s", got, want)
	}
	var invalid *hansei.InvalidError
	if _, err := q.List(t.Context(), who.Scope(), Filter{State: "lost"}); !errors.As(err, &invalid) {
		t.Errorf("a state there is not: got %v", err)
	}
	if _, err := q.List(t.Context(), auth.Scope{}, Filter{}); !errors.Is(err, hansei.ErrForbidden) {
		t.Errorf("nobody lists: got %v", err)
	}
	if _, err := q.Counts(t.Context(), auth.Scope{}); !errors.Is(err, hansei.ErrForbidden) {
		t.Errorf("nobody counts: got %v", err)
	}
}

func TestStopLetsJobsFinish(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		soft    time.Duration
		state   string
		attempt int
	}{
		{"in time", 20 * time.Second, "completed", 1},
		{"told to stop", 20 * time.Millisecond, "available", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			q, s := queue(t)
			q.config.SoftStopTimeout = c.soft
			// The more lines start, the likelier one runs before all have.
			for l := range workers {
				q.In(l, "nothing in "+string(l))
			}
			began := make(chan bool, 1)
			q.Handle("work", time.Minute, func(ctx context.Context, _ json.RawMessage) error {
				began <- true
				select {
				case <-ctx.Done():
					return ctx.Err()
				case <-time.After(200 * time.Millisecond):
					return nil
				}
			})
			enqueue(t, q, s, Job{Kind: "work"})
			stop := running(t, q)
			<-began
			stop()
			if got := only(t, q); got.State != c.state || got.Attempt != c.attempt {
				t.Errorf("got %+v", got)
			}
		})
	}
}

// An import holds the writer: people see the queue nevertheless, and the jobs
// go on when it ends.
func TestLongImport(t *testing.T) {
	t.Parallel()
	q, s := queue(t)
	q.Handle("work", 0, func(context.Context, json.RawMessage) error { return nil })
	enqueue(t, q, s, Job{Kind: "work"})
	_, err := s.Write(t.Context(), who, func(*record.Tx) error {
		running(t, q)
		fastest := time.Hour // a busy machine may make one wait
		for began := time.Now(); time.Since(began) < 2*time.Second; time.Sleep(50 * time.Millisecond) {
			asking, stop := context.WithTimeout(t.Context(), 30*time.Second) // who waits for the writer waits for ever
			asked := time.Now()
			counts, err := q.Counts(asking, who.Scope())
			fastest = min(fastest, time.Since(asked))
			if stop(); err != nil || counts["available"] != 1 {
				return fmt.Errorf("meanwhile %v: %w", counts, err)
			}
		}
		if fastest > time.Second {
			return fmt.Errorf("looking took %v", fastest)
		}
		return nil
	})
	check(t, err)
	eventuallyIn(t, q, "completed")
}

// workUntilKilled begins a job that never ends.
func workUntilKilled(dir string) error {
	ctx := context.Background()
	s, err := record.Open(ctx, record.Options{Dir: dir})
	if err != nil {
		return err
	}
	q, err := Open(ctx, s, Options{})
	if err != nil {
		return err
	}
	q.Handle("pull", 6*time.Hour, func(context.Context, json.RawMessage) error {
		fmt.Println("began")
		select {}
	})
	if _, err := s.Write(ctx, who, func(tx *record.Tx) error { return q.Enqueue(tx, Job{Kind: "pull", Unique: true}) }); err != nil {
		return err
	}
	return q.Run(ctx)
}

func TestJobOfAKilledServerIsBegunAnew(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), "HANSEI_JOB_DIR="+dir)
	child.Stderr = os.Stderr
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	check(t, child.Process.Kill())
	_ = child.Wait() // says that it was killed
	if err != nil || line != "began\n" {
		t.Fatalf("the child said %q, %v", line, err)
	}
	s := open(t, dir)
	// A minute later, so that nobody waits for the lease of the dead leader.
	q := queueOf(t, s, func() time.Time { return time.Now().Add(time.Minute) })
	q.config.JobTimeout, q.config.RescueStuckJobsAfter = time.Millisecond, time.Millisecond
	q.Handle("pull", 6*time.Hour, func(context.Context, json.RawMessage) error { return nil })
	if got := only(t, q); got.State != "running" {
		t.Fatalf("got %+v", got)
	}
	running(t, q)
	got := eventuallyIn(t, q, "completed")
	if got.Attempt != 2 || got.Server != q.config.ID || !strings.Contains(got.Error, "rescued") {
		t.Errorf("got %+v", got)
	}
}
