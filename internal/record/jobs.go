package record

import "database/sql"

// SQL is the database transaction that this one is part of. It is for package
// job alone, whose queue must write in it, so that a job is there exactly when
// the record is that asks for it.
func (tx *Tx) SQL() *sql.Tx {
	tx.touched = true
	return tx.store.stmts.tx
}

// Jobs opens a handle for the queue of jobs, and says whether it leads to
// PostgreSQL. Whoever asks for it closes it, before the store.
func (s *Store) Jobs() (db *sql.DB, postgres bool, err error) {
	db, err = s.engine.jobs()
	return db, s.engine.shared(), err
}
