// Package prepared keeps the statements of readers prepared.
package prepared

import (
	"context"
	"database/sql"
	"errors"
	"sync"
)

// Reads keeps the statements of readers prepared, where the database runs in
// this process: parsing one anew costs as much as running it.
type Reads struct {
	DB *sql.DB

	mu   sync.Mutex
	made map[string]*sql.Stmt // nil keeps none
}

const (
	maxPrepared  = 256   // statements that are kept
	maxStatement = 2_000 // bytes of one; longer ones hardly come again
)

// New begins to keep the statements of a database, if asked to.
func New(db *sql.DB, keep bool) *Reads {
	r := &Reads{DB: db}
	if keep {
		r.made = map[string]*sql.Stmt{}
	}
	return r
}

// prepared is a statement that is kept, or nil for one that is not.
func (r *Reads) prepared(ctx context.Context, q string) (*sql.Stmt, error) {
	if r.made == nil || len(q) > maxStatement {
		return nil, nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if st, ok := r.made[q]; ok || len(r.made) >= maxPrepared {
		return st, nil
	}
	st, err := r.DB.PrepareContext(ctx, q)
	if err != nil {
		return nil, err
	}
	r.made[q] = st
	return st, nil
}

// Query runs a statement, in a transaction unless tx is nil.
func (r *Reads) Query(ctx context.Context, tx *sql.Tx, q string, args ...any) (*sql.Rows, error) {
	st, err := r.prepared(ctx, q)
	switch {
	case err != nil:
		return nil, err
	case st == nil && tx == nil:
		return r.DB.QueryContext(ctx, q, args...)
	case st == nil:
		return tx.QueryContext(ctx, q, args...)
	case tx == nil:
		return st.QueryContext(ctx, args...)
	}
	return tx.StmtContext(ctx, st).QueryContext(ctx, args...)
}

// Close closes the statements and the database.
func (r *Reads) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	var errs []error
	for _, st := range r.made {
		errs = append(errs, st.Close())
	}
	return errors.Join(append(errs, r.DB.Close())...)
}
