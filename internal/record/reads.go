package record

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"hansei/internal/record/verdict"
	"hansei/internal/record/words"
)

// Together has several reads done over one connection. In SQLite each commit
// empties the cache of every connection that reads after it; reads of one
// transaction share what they read. On a database with other servers each read
// is its own, so that one that meets a broken connection can be repeated: who
// needs one state of the journal asks within Write.
func (s *Store) Together(ctx context.Context, fn func(Reader) error) (err error) {
	if s.engine.shared() {
		return fn(s)
	}
	tx, err := s.read.DB.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return fmt.Errorf("read: %w", verdict.Readable(err))
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
	return t.store.read.Query(ctx, t.tx, t.store.engine.text(q), words.Clean(args)...)
}

func (t together) on() engine { return t.store.engine }

// lookUp asks for what keys name.
func lookUp(ctx context.Context, r Reader, l words.Lookup, scope []any, keys []string, then ...any) (*sql.Rows, error) {
	q, args := r.on().lookUp(l, scope, keys)
	return r.query(ctx, q, append(args, then...)...)
}
