package spool

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
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

	mu             sync.Mutex
	conn           *sql.Conn
	insert, remove file.Brief
	joiner
	last    int64 // number of the newest row
	removed int64 // and are gone up to this one
}

const applicationID = 0x48_4e_53_51 // "HNSQ"

// Open opens the queue in a file, which is made if it is not there. A file that
// is damaged or not a queue is an error and stays as it is.
func Open(ctx context.Context, path string) (*File, error) {
	const what = "%s, which holds what was received and is not in the database yet: %w; move it away to start without that"
	// Before it is opened, for that alone would make another program's a file with a log.
	if err := file.Inspect(ctx, path, file.Ours{ID: applicationID}); err != nil {
		return nil, fmt.Errorf(what, path, err)
	}
	db := file.Open(path, file.ReadWrite, "busy_timeout = 5000", "journal_mode = wal", "synchronous = full", "cache_size = -4096")
	s := &File{path: path, db: db}
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
	if s.insert, err = file.Prepare(ctx, s.conn, "INSERT INTO entry (n, bytes) VALUES (?, ?)"); err != nil {
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
		var row []byte
		if err := list.Scan(&last, &row); err != nil {
			return 0, err
		}
		entries := [][]byte{row}
		if !alone(row) {
			if entries, err = Entries(row); err != nil {
				return 0, fmt.Errorf("%s: row %d: %w", s.path, last, err)
			}
		}
		for _, e := range entries {
			if err := fn(last, e); err != nil {
				return 0, err
			}
		}
	}
	return last, list.Err()
}

// alone says that a row is one entry as it is: it was written when each had a
// row of its own.
func alone(row []byte) bool { return len(row) == 0 || row[0] != compressed }

// Append implements Spool.
func (s *File) Append(ctx context.Context, entries [][]byte) ([]int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	row := s.joined(entries)
	through, n := s.through.Load(), s.last+1
	err := s.within(ctx, func() error {
		if _, err := s.insert.ExecContext(ctx, n, row); err != nil {
			return err
		}
		return s.clear(ctx, through)
	})
	if err != nil {
		return nil, err
	}
	s.last, s.removed = n, through
	return slices.Repeat([]int64{n}, len(entries)), nil
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
	for _, st := range []file.Brief{s.insert, s.remove} {
		if st.Stmt != nil {
			errs = append(errs, st.Close())
		}
	}
	if s.conn != nil {
		errs = append(errs, s.conn.Close())
	}
	return errors.Join(append(errs, s.db.Close())...)
}
