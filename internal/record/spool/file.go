package spool

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"sync"

	"hansei/internal/record/file"
)

// File is a Spool in a SQLite file of its own, so that whoever appends waits for
// the disk and never for those who write a larger database at that moment.
//
// An entry that was released may still be there after a crash, so whoever takes
// over what is left must be able to take an entry twice.
type File struct {
	released
	path string
	db   *sql.DB

	mu      sync.Mutex
	conn    *sql.Conn
	insert  map[int]file.Brief // by how many rows
	remove  file.Brief
	last    int64 // number of the newest entry
	removed int64 // and are gone up to this one
}

const (
	applicationID = 0x48_4e_53_51 // "HNSQ"
	rows          = 64            // in one statement
)

// Open opens the queue in a file, which is made if it is not there. A file that
// is damaged or not a queue is an error and stays as it is.
func Open(ctx context.Context, path string) (*File, error) {
	const what = "%s, which holds what was received and is not in the database yet: %w; move it away to start without that"
	// Before it is opened, for that alone would make another program's a file with a log.
	if err := file.Inspect(ctx, path, file.Ours{ID: applicationID}); err != nil {
		return nil, fmt.Errorf(what, path, err)
	}
	db := file.Open(path, file.ReadWrite, "busy_timeout = 5000", "journal_mode = wal", "synchronous = full", "cache_size = -4096")
	s := &File{path: path, db: db, insert: map[int]file.Brief{}}
	if err := s.open(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf(what, path, err), s.Close())
	}
	return s, nil
}

func (s *File) open(ctx context.Context) (err error) {
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
	s.remove, err = file.Prepare(ctx, s.conn, "DELETE FROM entry WHERE n <= ?")
	return err
}

// Left calls fn, which must not use the spool, with every entry that was not
// removed, in their order, and returns the number of the last.
func (s *File) Left(ctx context.Context, fn func(n int64, entry []byte) error) (last int64, err error) {
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

// Append implements Spool. Each entry has a number of its own.
func (s *File) Append(ctx context.Context, entries [][]byte) (numbers []int64, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	through := s.through.Load()
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
				args, numbers = append(args, n, e), append(numbers, n)
			}
			if _, err := st.ExecContext(ctx, args...); err != nil {
				return err
			}
			rest = rest[k:]
		}
		return s.clear(ctx, through)
	})
	if err != nil {
		return nil, err
	}
	s.last, s.removed = s.last+int64(len(entries)), through
	return numbers, nil
}

// within runs the connection's statements, all or none.
func (s *File) within(ctx context.Context, fn func() error) error {
	tx, err := s.conn.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := fn(); err != nil {
		return errors.Join(err, tx.Rollback())
	}
	return tx.Commit()
}

func (s *File) inserting(ctx context.Context, n int) (file.Brief, error) {
	if st, ok := s.insert[n]; ok {
		return st, nil
	}
	st, err := file.Prepare(ctx, s.conn, "INSERT INTO entry (n, bytes) VALUES (?, ?)"+strings.Repeat(", (?, ?)", n-1))
	if err == nil {
		s.insert[n] = st
	}
	return st, err
}

// clear removes what was released.
func (s *File) clear(ctx context.Context, through int64) error {
	if through <= s.removed {
		return nil
	}
	_, err := s.remove.ExecContext(ctx, through)
	return err
}

// Tidy implements Spool.
func (s *File) Tidy(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	through := s.through.Load()
	if err := s.clear(ctx, through); err != nil {
		return err
	}
	s.removed = through
	return nil
}

// Compact implements Spool.
func (s *File) Compact(ctx context.Context) error {
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

// Close implements Spool.
func (s *File) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var errs []error
	for _, st := range s.insert {
		errs = append(errs, st.Close())
	}
	if s.remove.Stmt != nil {
		errs = append(errs, s.remove.Close())
	}
	if s.conn != nil {
		errs = append(errs, s.conn.Close())
	}
	return errors.Join(append(errs, s.db.Close())...)
}
