package record

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"hansei/internal/auth"
	"hansei/internal/record/verdict"
)

// request is one writer waiting for its turn in a group.
type request struct {
	ctx     context.Context
	who     auth.Actor
	journal auth.Journal
	key     string
	fn      func(*Tx) error
	once    bool        // fn cannot run again
	at      time.Time   // when it came
	taken   atomic.Bool // by the writer, or by its caller who gave up waiting
	ours    bool        // the writer's
	head    Seq
	err     error
	after   []func() // to be run once it is committed
	done    chan struct{}
}

// take says whether the writer has the request: its caller has not given up.
func (r *request) take() bool {
	r.ours = r.ours || r.taken.CompareAndSwap(false, true)
	return r.ours
}

var errClosed = errors.New("the record store is closed")

// Write runs fn in the next group commit and returns once it is durable, with
// the journal's head after it. When fn fails, its own effects are undone and
// those of others in the group are not. fn runs on the store's writer: it must
// not wait for another Write.
//
// fn may run more than once, when another of its group fails or the connection
// to the database is lost; only the last run counts. What it leaves in
// variables outside of itself it therefore sets anew in each run. A statement
// that fails fails the Tx, also when fn passes over its error.
//
// When ctx ends before fn's turn has come, behind a large import perhaps, Write
// returns its error and fn never runs. Once fn runs, Write waits for the
// outcome: a commit given up half-way is one that nobody knows of. A long fn
// looks at ctx itself.
func (s *Store) Write(ctx context.Context, who auth.Actor, fn func(*Tx) error) (Seq, error) {
	return s.submit(ctx, who, &request{fn: fn})
}

// WriteOnce is Write once per key: a repeat with the key returns the head that
// the first run returned and does not run fn.
func (s *Store) WriteOnce(ctx context.Context, who auth.Actor, key string, fn func(*Tx) error) (Seq, error) {
	return s.submit(ctx, who, &request{key: key, fn: fn})
}

// WriteAlone is Write for an fn that cannot be repeated, such as one that reads
// a stream: it runs at most once, in a transaction of its own. When the
// connection is lost while it runs, WriteAlone returns ErrUnavailable and
// nothing was written.
func (s *Store) WriteAlone(ctx context.Context, who auth.Actor, fn func(*Tx) error) (Seq, error) {
	return s.submit(ctx, who, &request{fn: fn, once: true})
}

func (s *Store) submit(ctx context.Context, who auth.Actor, r *request) (Seq, error) {
	journal, err := who.MayWrite()
	if err != nil {
		return 0, err
	}
	r.ctx, r.who, r.journal, r.at, r.done = ctx, who, journal, time.Now(), make(chan struct{})
	s.gate.RLock()
	if s.closed {
		s.gate.RUnlock()
		return 0, errClosed
	}
	select {
	case s.requests <- r:
		s.gate.RUnlock()
	case <-ctx.Done():
		s.gate.RUnlock()
		return 0, ctx.Err()
	}
	select {
	case <-r.done:
	case <-ctx.Done():
		if r.taken.CompareAndSwap(false, true) {
			return 0, ctx.Err()
		}
		<-r.done
	}
	return r.head, r.err
}

// maxGroup bounds how many writers share one commit.
const maxGroup = 256

func (s *Store) writer() {
	defer close(s.stopped)
	for first, open := <-s.requests; open; {
		var g *group
		g, first = s.gather(first)
		err := s.commit(g)
		for _, r := range g.requests {
			if err != nil && r.err == nil {
				r.head, r.err = 0, verdict.Readable(err)
			}
			close(r.done)
		}
		if first == nil {
			first, open = <-s.requests
		}
	}
}

// gather makes a group of a request and those that wait behind it. The next
// one is returned, too, if it was taken out of the line and is to be alone.
func (s *Store) gather(first *request) (g *group, next *request) {
	g = &group{requests: []*request{first}, mark: random()}
	for !first.once && len(g.requests) < maxGroup {
		select {
		case r, open := <-s.requests:
			if !open {
				return g, nil
			}
			if r.once {
				return g, r
			}
			g.requests = append(g.requests, r)
		default:
			return g, nil
		}
	}
	return g, nil
}

const (
	patience   = 30 * time.Second // before a write fails for want of a database
	firstPause = 20 * time.Millisecond
	lastPause  = time.Second
)

// commit runs a group until it is committed or an answer says that it cannot
// be. An error is one of the whole group.
func (s *Store) commit(g *group) error {
	var since time.Time // of the trouble
	if s.write == nil { // which began before they came
		since = g.requests[len(g.requests)-1].at
	}
	for pause := time.Duration(0); ; pause = min(max(2*pause, firstPause), lastPause) {
		err := s.attempt(g)
		switch {
		case err == nil:
			for _, r := range g.requests {
				for _, fn := range r.after {
					fn()
				}
			}
			s.wake()
			s.engine.settle(context.Background(), s.write)
			if s.compact.Swap(false) {
				return errors.Join(s.arrivals.Compact(context.Background()), s.engine.compact(context.Background(), s.write))
			}
			return nil
		case errors.Is(err, errUndone):
			return nil
		case errors.Is(err, errApart):
			g.apart = true
			continue
		}
		v := verdict.Judge(err)
		if !s.engine.shared() || v == verdict.Answer {
			return err
		}
		if v == verdict.Lost {
			s.disconnect()
		}
		if since.IsZero() {
			since = time.Now()
		}
		s.log.Warn("the database did not take a write; it is tried again", "error", err, "writers", len(g.requests))
		if sleep(s.ctx, pause); s.ctx.Err() != nil || time.Since(since) > s.patience {
			return fmt.Errorf("%w: %w", ErrUnavailable, err)
		}
	}
}

// wake lets go who waits for the journal to grow.
func (s *Store) wake() {
	s.mu.Lock()
	close(s.moved)
	s.moved = make(chan struct{})
	s.mu.Unlock()
}

// NewEpoch is for the operator who restored a backup or promoted a replica:
// views of the journal will be rebuilt.
func (s *Store) NewEpoch(ctx context.Context, who auth.Actor) error {
	_, err := s.Write(ctx, who, func(tx *Tx) error {
		return tx.exec("UPDATE journal SET epoch = ? WHERE journal = ?", random(), string(tx.journal))
	})
	return err
}

func sleep(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
