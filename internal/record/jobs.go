package record

import (
	"database/sql"
	"fmt"
)

// SQL is the database transaction that this one is part of. It is for package
// job alone, whose queue must write in it, so that a job is there exactly when
// the record is that asks for it.
func (tx *Tx) SQL() *sql.Tx { return tx.store.tx }

// Jobs opens a handle for the queue of jobs, and says whether it leads to
// PostgreSQL. Whoever asks for it closes it, before the store.
func (s *Store) Jobs() (db *sql.DB, postgres bool, err error) {
	// The queue waits while a large import holds the file.
	db, err = sql.Open("sqlite", "file:"+s.path()+"?_txlock=immediate&_pragma=busy_timeout(60000)&_pragma=journal_mode(wal)&_pragma=synchronous(normal)&_pragma=cache_size(-2048)")
	if err != nil {
		return nil, false, fmt.Errorf("open %s for jobs: %w", s.path(), err)
	}
	db.SetMaxOpenConns(1)
	return db, false, nil
}
