package record

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"hansei/internal/record/words"
)

// statement is a prepared statement of the writer.
type statement interface {
	ExecContext(ctx context.Context, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, args ...any) *sql.Row
	Close() error
}

// statements keeps the writer's statements prepared from one transaction to
// the next: parsing them anew was half of the cost of a short append. Only
// texts from a fixed set belong here, for none is ever dropped. The writer's
// goroutine alone uses it.
type statements struct {
	engine engine
	conn   *sql.Conn
	tx     *sql.Tx // of the connection, while a group is committed
	made   map[string]statement
}

// session runs texts: a connection, or the transaction on it.
type session interface {
	ExecContext(ctx context.Context, q string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, q string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, q string, args ...any) *sql.Row
}

// session is the transaction where there is one: a connection that finds itself
// broken waits for its transaction to end.
func (c *statements) session() session {
	if c.tx != nil {
		return c.tx
	}
	return c.conn
}

func (c *statements) prepare(ctx context.Context, q string) (statement, error) {
	if st, ok := c.made[q]; ok {
		return st, nil
	}
	st, err := c.engine.prepare(ctx, c, q)
	if err != nil {
		return nil, fmt.Errorf("prepare: %w", err)
	}
	c.made[q] = st
	return st, nil
}

func (c *statements) exec(ctx context.Context, q string, args ...any) (sql.Result, error) {
	st, err := c.prepare(ctx, q)
	if err != nil {
		return nil, err
	}
	return st.ExecContext(ctx, words.Clean(args)...)
}

// query runs a statement for its rows.
func (c *statements) query(ctx context.Context, q string, args ...any) (*sql.Rows, error) {
	st, err := c.prepare(ctx, q)
	if err != nil {
		return nil, err
	}
	return st.QueryContext(ctx, words.Clean(args)...)
}

// scan runs a statement for its one row, or returns sql.ErrNoRows.
func (c *statements) scan(ctx context.Context, q string, args []any, to ...any) error {
	st, err := c.prepare(ctx, q)
	if err != nil {
		return err
	}
	return st.QueryRowContext(ctx, words.Clean(args)...).Scan(to...)
}

// close closes every statement; it must come before the connection's own.
func (c *statements) close() error {
	var errs []error
	for _, st := range c.made {
		errs = append(errs, st.Close())
	}
	return errors.Join(errs...)
}
