package record

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"sync"
)

// reads keeps the statements of readers prepared, where the database runs in
// this process: parsing one anew costs as much as running it.
type reads struct {
	db   *sql.DB
	mu   sync.Mutex
	made map[string]*sql.Stmt // nil keeps none
}

const (
	maxPrepared  = 256   // statements that are kept
	maxStatement = 2_000 // bytes of one; longer ones hardly come again
)

func newReads(db *sql.DB, keep bool) *reads {
	r := &reads{db: db}
	if keep {
		r.made = map[string]*sql.Stmt{}
	}
	return r
}

// prepared is a statement that is kept, or nil for one that is not.
func (r *reads) prepared(ctx context.Context, q string) (*sql.Stmt, error) {
	if r.made == nil || len(q) > maxStatement {
		return nil, nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if st, ok := r.made[q]; ok || len(r.made) >= maxPrepared {
		return st, nil
	}
	st, err := r.db.PrepareContext(ctx, q)
	if err != nil {
		return nil, err
	}
	r.made[q] = st
	return st, nil
}

// query runs a statement, in a transaction unless tx is nil.
func (r *reads) query(ctx context.Context, tx *sql.Tx, q string, args ...any) (*sql.Rows, error) {
	st, err := r.prepared(ctx, q)
	switch {
	case err != nil:
		return nil, err
	case st == nil && tx == nil:
		return r.db.QueryContext(ctx, q, args...)
	case st == nil:
		return tx.QueryContext(ctx, q, args...)
	case tx == nil:
		return st.QueryContext(ctx, args...)
	}
	return tx.StmtContext(ctx, st).QueryContext(ctx, args...)
}

func (r *reads) close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	var errs []error
	for _, st := range r.made {
		errs = append(errs, st.Close())
	}
	return errors.Join(append(errs, r.db.Close())...)
}

// Together has several reads done over one connection. In SQLite each commit
// empties the cache of every connection that reads after it; reads of one
// transaction share what they read. On a database with other servers each read
// is its own, so that one that meets a broken connection can be repeated: who
// needs one state of the journal asks within Write.
func (s *Store) Together(ctx context.Context, fn func(Reader) error) (err error) {
	if s.engine.shared() {
		return fn(s)
	}
	tx, err := s.read.db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return fmt.Errorf("read: %w", readable(err))
	}
	defer func() { err = errors.Join(err, tx.Rollback()) }()
	return fn(together{s, tx})
}

// together reads within one transaction.
type together struct {
	store *Store
	tx    *sql.Tx
}

func (t together) query(ctx context.Context, q string, args ...any) (*sql.Rows, error) {
	return t.store.read.query(ctx, t.tx, t.store.engine.text(q), clean(args)...)
}

// several fills a list up to the next power of two by repeating its last
// element, so that few different statements are made of lists.
func several[T any](list []T) []T {
	n := 1
	for n < len(list) {
		n *= 2
	}
	out := slices.Clip(list)
	for len(list) > 0 && len(out) < n {
		out = append(out, list[len(list)-1])
	}
	return out
}
