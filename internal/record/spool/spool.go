// Package spool keeps what has just come in until it has its place elsewhere: a
// queue in a SQLite file of its own, so that whoever appends waits for the disk
// and never for those who write a larger database at that moment.
//
// Entries are appended at the end and released from the front. An entry that
// was released may still be there after a crash, so whoever takes over what is
// left must be able to take an entry twice.
package spool

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"

	_ "modernc.org/sqlite" // the driver "sqlite"

	"hansei/internal/record/file"
)

// Spool is an open queue. It may be used by many goroutines.
type Spool struct {
	path string
	db   *sql.DB

	released atomic.Int64 // entries up to this one may go

	mu      sync.Mutex
	conn    *sql.Conn
	insert  map[int]*sql.Stmt // by how many rows
	remove  *sql.Stmt
	last    int64   // number of the newest entry
	removed int64   // and are gone up to this one
	others  []int64 // later ones that are to go
}

const (
	applicationID = 0x48_4e_53_51 // "HNSQ"
	rows          = 64            // in one statement
)

// Open opens the queue in a file, which is made if it is not there. A file that
// is damaged or not a queue is an error and stays as it is.
func Open(ctx context.Context, path string) (*Spool, error) {
	const what = "%s, which holds what was received and is not in the database yet: %w; move it away to start without that"
	// Before it is opened, for that alone would make another program's a file with a log.
	if _, err := file.Inspect(ctx, path, file.Ours{ID: applicationID}); err != nil {
		return nil, fmt.Errorf(what, path, err)
	}
	db, err := sql.Open("sqlite", "file:"+path+"?_txlock=immediate&_pragma=busy_timeout(5000)&_pragma=journal_mode(wal)&_pragma=synchronous(full)&_pragma=cache_size(-4096)")
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	s := &Spool{path: path, db: db, insert: map[int]*sql.Stmt{}}
	if err := s.open(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf(what, path, err), s.Close())
	}
	return s, nil
}

func (s *Spool) open(ctx context.Context) (err error) {
	if s.conn, err = s.db.Conn(ctx); err != nil {
		return err
	}
	for _, q := range []string{"CREATE TABLE IF NOT EXISTS entry (n INTEGER PRIMARY KEY, bytes BLOB NOT NULL)", fmt.Sprintf("PRAGMA application_id = %d", applicationID)} {
		if _, err := s.conn.ExecContext(ctx, q); err != nil {
			return err
		}
	}
	if err := s.conn.QueryRowContext(ctx, "SELECT coalesce(max(n), 0), coalesce(min(n), 1) - 1 FROM entry").Scan(&s.last, &s.removed); err != nil {
		return err
	}
	s.remove, err = s.conn.PrepareContext(ctx, "DELETE FROM entry WHERE n <= ?")
	return err
}

// Left calls fn, which must not use the spool, with every entry that was not
// removed, in their order, and returns the number of the last.
func (s *Spool) Left(ctx context.Context, fn func(n int64, entry []byte) error) (last int64, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	list, err := s.conn.QueryContext(ctx, "SELECT n, bytes FROM entry ORDER BY n")
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, list.Close()) }()
	for list.Next() {
		var entry []byte
		if err := list.Scan(&last, &entry); err != nil {
			return 0, err
		}
		if err := fn(last, entry); err != nil {
			return 0, err
		}
	}
	return last, list.Err()
}

// Append makes entries durable, all or none, and returns the number of the
// first; the others have the numbers after it.
func (s *Spool) Append(ctx context.Context, entries [][]byte) (first int64, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	released := s.released.Load()
	err = s.within(ctx, func() error {
		n := s.last
		for rest := entries; len(rest) > 0; {
			k := min(rows, len(rest))
			st, err := s.inserting(ctx, k)
			if err != nil {
				return err
			}
			args := make([]any, 0, 2*k)
			for _, e := range rest[:k] {
				n++
				args = append(args, n, e)
			}
			if _, err := st.ExecContext(ctx, args...); err != nil {
				return err
			}
			rest = rest[k:]
		}
		return s.clear(ctx, released)
	})
	if err != nil {
		return 0, err
	}
	first, s.last = s.last+1, s.last+int64(len(entries))
	s.removed, s.others = released, nil
	return first, nil
}

// within runs the connection's statements, all or none.
func (s *Spool) within(ctx context.Context, fn func() error) error {
	tx, err := s.conn.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := fn(); err != nil {
		return errors.Join(err, tx.Rollback())
	}
	return tx.Commit()
}

func (s *Spool) inserting(ctx context.Context, n int) (*sql.Stmt, error) {
	if st, ok := s.insert[n]; ok {
		return st, nil
	}
	st, err := s.conn.PrepareContext(ctx, "INSERT INTO entry (n, bytes) VALUES (?, ?)"+strings.Repeat(", (?, ?)", n-1))
	if err == nil {
		s.insert[n] = st
	}
	return st, err
}

// clear removes what was released.
func (s *Spool) clear(ctx context.Context, released int64) error {
	for _, n := range s.others {
		if _, err := s.conn.ExecContext(ctx, "DELETE FROM entry WHERE n = ?", n); err != nil {
			return err
		}
	}
	if released <= s.removed {
		return nil
	}
	_, err := s.remove.ExecContext(ctx, released)
	return err
}

// Remove removes entries wherever they stand, and what was released. What could
// not be removed now is with the next append, or by Tidy.
func (s *Spool) Remove(ctx context.Context, list []int64) error {
	s.mu.Lock()
	s.others = append(s.others, list...)
	s.mu.Unlock()
	return s.Tidy(ctx)
}

// Release says that nobody needs the entries up to one any more. They are
// removed with the next append, or by Tidy. It does not wait for an append that
// goes on.
func (s *Spool) Release(through int64) {
	for old := s.released.Load(); old < through && !s.released.CompareAndSwap(old, through); {
		old = s.released.Load()
	}
}

// Tidy removes what was released.
func (s *Spool) Tidy(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	released := s.released.Load()
	if released <= s.removed && len(s.others) == 0 {
		return nil
	}
	if err := s.within(ctx, func() error { return s.clear(ctx, released) }); err != nil {
		return err
	}
	s.removed, s.others = released, nil
	return nil
}

// Compact writes the file anew, so that what was removed is not in it any more.
func (s *Spool) Compact(ctx context.Context) error {
	if err := s.Tidy(ctx); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, q := range []string{"VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)"} {
		if _, err := s.conn.ExecContext(ctx, q); err != nil {
			return fmt.Errorf("compact %s: %w", s.path, err)
		}
	}
	return nil
}

// Close closes the file; what is in it stays.
func (s *Spool) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var errs []error
	for _, st := range s.insert {
		errs = append(errs, st.Close())
	}
	if s.remove != nil {
		errs = append(errs, s.remove.Close())
	}
	if s.conn != nil {
		errs = append(errs, s.conn.Close())
	}
	return errors.Join(append(errs, s.db.Close())...)
}
