package record

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"time"

	"hansei/internal/auth"
)

// request is one writer waiting for its turn in a group.
type request struct {
	ctx     context.Context
	who     auth.Actor
	journal auth.Journal
	key     string
	fn      func(*Tx) error
	head    Seq
	err     error
	done    chan struct{}
}

var errClosed = errors.New("the record store is closed")

// Write runs fn in the next group commit and returns once it is durable, with
// the journal's head after it. When fn fails, its own effects are undone and
// those of others in the group are not. fn runs on the store's writer: it must
// not wait for another Write.
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
	s.requests <- r
	s.gate.RUnlock()
	<-r.done
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
		s.commit(group)
		for _, r := range group {
			close(r.done)
		}
	}
}

// commit runs a group in one transaction.
func (s *Store) commit(group []*request) {
	ctx := context.Background() // a commit that was begun is not given up half-way
	fail := func(err error) {
		for _, r := range group {
			if r.err == nil {
				r.head, r.err = 0, readable(err)
			}
		}
	}
	if _, err := s.write.ExecContext(ctx, "BEGIN IMMEDIATE"); err != nil {
		fail(fmt.Errorf("begin: %w", err))
		return
	}
	heads := map[auth.Journal]*journalHead{}
	for _, r := range group {
		if r.err = r.ctx.Err(); r.err != nil {
			continue
		}
		if err := s.run(ctx, r, heads); err != nil {
			// Not fn's own error: the whole transaction is in doubt.
			fail(err)
			_, rollback := s.write.ExecContext(ctx, "ROLLBACK")
			if rollback != nil {
				s.log.Error("rollback", "error", rollback)
			}
			return
		}
	}
	for j, h := range heads {
		if _, err := s.write.ExecContext(ctx, "UPDATE journal SET head = ?, at = ? WHERE journal = ?", h.seq, h.at, string(j)); err != nil {
			fail(fmt.Errorf("move the head: %w", err))
			_, rollback := s.write.ExecContext(ctx, "ROLLBACK")
			if rollback != nil {
				s.log.Error("rollback", "error", rollback)
			}
			return
		}
	}
	if _, err := s.write.ExecContext(ctx, "COMMIT"); err != nil {
		fail(fmt.Errorf("commit: %w", err))
		if _, rollback := s.write.ExecContext(ctx, "ROLLBACK"); rollback != nil {
			s.log.Error("rollback", "error", rollback)
		}
		return
	}
	s.mu.Lock()
	close(s.moved)
	s.moved = make(chan struct{})
	s.mu.Unlock()
	s.shrink(ctx)
}

// journalHead is the head of one journal inside a transaction.
type journalHead struct {
	seq Seq
	at  int64 // of the last entry, microseconds
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
		err := s.write.QueryRowContext(ctx, "SELECT head FROM append_key WHERE journal = ? AND key = ?", string(r.journal), r.key).Scan(&head)
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
	if _, err := s.write.ExecContext(ctx, "SAVEPOINT w"); err != nil {
		return fmt.Errorf("savepoint: %w", err)
	}
	tx := newTx(ctx, s, r, h)
	err := tx.call(r.fn)
	tx.close()
	if err == nil && r.key != "" {
		_, err = s.write.ExecContext(ctx, "INSERT INTO append_key (journal, key, head) VALUES (?, ?, ?)", string(r.journal), r.key, h.seq)
	}
	if err != nil {
		*h = before
		r.err = readable(err)
		if _, err := s.write.ExecContext(ctx, "ROLLBACK TO w"); err != nil {
			return fmt.Errorf("roll back: %w", err)
		}
	}
	if _, err := s.write.ExecContext(ctx, "RELEASE w"); err != nil {
		return fmt.Errorf("release: %w", err)
	}
	r.head = h.seq
	return nil
}

// head takes the journal's row, which also locks it against other servers on
// engines that have them, and makes the journal if it is new.
func (s *Store) head(ctx context.Context, j auth.Journal) (*journalHead, error) {
	var h journalHead
	err := s.write.QueryRowContext(ctx, "UPDATE journal SET head = head WHERE journal = ? RETURNING head, at", string(j)).Scan(&h.seq, &h.at)
	if errors.Is(err, sql.ErrNoRows) {
		_, err = s.write.ExecContext(ctx, "INSERT INTO journal (journal, head, at, epoch) VALUES (?, 0, 0, ?)", string(j), random())
	}
	if err != nil {
		return nil, fmt.Errorf("head of the journal: %w", err)
	}
	return &h, nil
}

// NewEpoch is for the operator who restored a backup or promoted a replica:
// views of the journal will be rebuilt.
func (s *Store) NewEpoch(ctx context.Context, who auth.Actor) error {
	_, err := s.Write(ctx, who, func(tx *Tx) error {
		_, err := s.write.ExecContext(ctx, "UPDATE journal SET epoch = ? WHERE journal = ?", random(), string(tx.journal))
		return err
	})
	return err
}

const (
	walLimit       = 64 << 20
	shrinkDeadline = 30 * time.Second
)

// shrink gives back what a large transaction left in the log beside the file.
func (s *Store) shrink(ctx context.Context) {
	info, err := os.Stat(s.path() + "-wal")
	if err != nil || info.Size() < walLimit {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, shrinkDeadline)
	defer cancel()
	for _, q := range []string{"PRAGMA wal_checkpoint(TRUNCATE)", "PRAGMA shrink_memory"} {
		if _, err := s.write.ExecContext(ctx, q); err != nil {
			s.log.Warn("the write-ahead log could not be shortened; it is tried again", "error", err)
			return
		}
	}
}
