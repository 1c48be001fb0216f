package record

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"hansei/internal/record/verdict"
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
	return t.store.read.Query(ctx, t.tx, t.store.engine.text(q), clean(args)...)
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

// with adds texts to arguments.
func with[T ~string](args []any, list []T) []any {
	for _, x := range list {
		args = append(args, string(x))
	}
	return args
}
