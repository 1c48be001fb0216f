package record

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync/atomic"

	"hansei/internal/auth"
)

// request is one writer waiting for its turn in a group.
type request struct {
	ctx     context.Context
	who     auth.Actor
	journal auth.Journal
	key     string
	fn      func(*Tx) error
	taken   atomic.Bool // by the writer, or by its caller who gave up waiting
	head    Seq
	err     error
	done    chan struct{}
}

var errClosed = errors.New("the record store is closed")

// Write runs fn in the next group commit and returns once it is durable, with
// the journal's head after it. When fn fails, its own effects are undone and
// those of others in the group are not. fn runs on the store's writer: it must
// not wait for another Write.
//
// When ctx ends before fn's turn has come, behind a large import perhaps, Write
// returns its error and fn never runs. Once fn runs, Write waits for the
// outcome: a commit given up half-way is one that nobody knows of. A long fn
// looks at ctx itself.
func (s *Store) Write(ctx context.Context, who auth.Actor, fn func(*Tx) error) (Seq, error) {
	return s.submit(ctx, who, "", fn)
}

// WriteOnce is Write once per key: a repeat with the key returns the head that
// the first run returned and does not run fn.
func (s *Store) WriteOnce(ctx context.Context, who auth.Actor, key string, fn func(*Tx) error) (Seq, error) {
	return s.submit(ctx, who, key, fn)
}

func (s *Store) submit(ctx context.Context, who auth.Actor, key string, fn func(*Tx) error) (Seq, error) {
	journal, err := who.MayWrite()
	if err != nil {
		return 0, err
	}
	r := &request{ctx: ctx, who: who, journal: journal, key: key, fn: fn, done: make(chan struct{})}
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
	for first := range s.requests {
		group := []*request{first}
		for more := true; more && len(group) < maxGroup; {
			select {
			case r, ok := <-s.requests:
				if more = ok; ok {
					group = append(group, r)
				}
			default:
				more = false
			}
		}
		if err := s.commit(group); err != nil {
			for _, r := range group {
				if r.err == nil {
					r.head, r.err = 0, readable(err)
				}
			}
		}
		for _, r := range group {
			close(r.done)
		}
	}
}

// commit runs a group in one transaction. An error is one of the whole
// transaction: nothing of the group was written.
func (s *Store) commit(group []*request) error {
	ctx := context.Background() // a commit that was begun is not given up half-way
	// Statements of the connection run in its transaction; the Tx is there for
	// the queue of jobs, which writes in it too.
	tx, err := s.write.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	s.tx = tx
	if err := s.fill(ctx, group); err != nil {
		// A full disk may have ended the transaction already.
		if undo := tx.Rollback(); undo != nil && !errors.Is(undo, sql.ErrTxDone) {
			s.log.Warn("roll back", "error", undo)
		}
		return err
	}
	s.mu.Lock()
	close(s.moved)
	s.moved = make(chan struct{})
	s.mu.Unlock()
	s.engine.settle(ctx, s.write)
	return nil
}

// fill runs the requests of a transaction, moves the heads and commits.
func (s *Store) fill(ctx context.Context, group []*request) error {
	heads := map[auth.Journal]*journalHead{}
	for _, r := range group {
		if !r.taken.CompareAndSwap(false, true) {
			continue // its caller gave up waiting
		}
		if r.err = r.ctx.Err(); r.err != nil {
			continue
		}
		if err := s.run(ctx, r, heads); err != nil {
			return err
		}
	}
	for j, h := range heads {
		if h.seq == h.from {
			continue // no entry was written
		}
		if _, err := s.stmts.exec(ctx, "UPDATE journal SET head = ?, at = ? WHERE journal = ?", h.seq, h.at, string(j)); err != nil {
			return fmt.Errorf("move the head: %w", err)
		}
	}
	if err := s.tx.Commit(); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}

// journalHead is the head of one journal inside a transaction.
type journalHead struct {
	from Seq // the head when the transaction began
	seq  Seq
	at   int64 // of the last entry, microseconds; while a Tx runs, of its entries
}

// run runs one request inside the group's transaction.
func (s *Store) run(ctx context.Context, r *request, heads map[auth.Journal]*journalHead) error {
	h, ok := heads[r.journal]
	if !ok {
		var err error
		if h, err = s.head(ctx, r.journal); err != nil {
			return err
		}
		heads[r.journal] = h
	}
	if r.key != "" {
		var head Seq
		err := s.stmts.scan(ctx, "SELECT head FROM append_key WHERE journal = ? AND key = ?", []any{string(r.journal), r.key}, &head)
		if err == nil {
			r.head = head
			return nil
		}
		if !errors.Is(err, sql.ErrNoRows) {
			return fmt.Errorf("look up the key: %w", err)
		}
	}
	before := *h
	// A clock that jumps back does not make the journal's times go back.
	h.at = max(h.at, s.now().UnixMicro())
	if _, err := s.stmts.exec(ctx, "SAVEPOINT w"); err != nil {
		return fmt.Errorf("savepoint: %w", err)
	}
	tx := newTx(ctx, s, r, h)
	err := tx.call(r.fn)
	if err == nil && r.key != "" {
		_, err = s.stmts.exec(ctx, "INSERT INTO append_key (journal, key, head) VALUES (?, ?, ?)", string(r.journal), r.key, h.seq)
	}
	if err != nil {
		*h = before
		r.err = readable(err)
		if _, err := s.stmts.exec(ctx, "ROLLBACK TO w"); err != nil {
			return fmt.Errorf("roll back: %w", err)
		}
	}
	if _, err := s.stmts.exec(ctx, "RELEASE w"); err != nil {
		return fmt.Errorf("release: %w", err)
	}
	if h.seq == before.seq {
		h.at = before.at // of the last entry still
	}
	r.head = h.seq
	return nil
}

// head takes the journal's row, which also locks it against other servers on
// engines that have them, and makes the journal if it is new.
func (s *Store) head(ctx context.Context, j auth.Journal) (*journalHead, error) {
	var h journalHead
	for {
		err := s.stmts.scan(ctx, "UPDATE journal SET head = head WHERE journal = ? RETURNING head, at", []any{string(j)}, &h.seq, &h.at)
		if err == nil {
			break
		}
		if errors.Is(err, sql.ErrNoRows) { // another server may make it at this moment
			_, err = s.stmts.exec(ctx, "INSERT INTO journal (journal, head, at, epoch) VALUES (?, 0, 0, ?) ON CONFLICT (journal) DO NOTHING", string(j), random())
		}
		if err != nil {
			return nil, fmt.Errorf("head of the journal: %w", err)
		}
	}
	h.from = h.seq
	return &h, nil
}

// NewEpoch is for the operator who restored a backup or promoted a replica:
// views of the journal will be rebuilt.
func (s *Store) NewEpoch(ctx context.Context, who auth.Actor) error {
	_, err := s.Write(ctx, who, func(tx *Tx) error {
		return tx.exec("UPDATE journal SET epoch = ? WHERE journal = ?", random(), string(tx.journal))
	})
	return err
}
