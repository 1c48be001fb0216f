package record

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// statement is a prepared statement of the writer.
type statement interface {
	ExecContext(ctx context.Context, args ...any) (sql.Result, error)
	QueryRowContext(ctx context.Context, args ...any) *sql.Row
}

// statements keeps the writer's statements prepared from one transaction to
// the next: parsing them anew was half of the cost of a short append. Only
// texts from a fixed set belong here, for none is ever dropped. The writer's
// goroutine alone uses it.
type statements struct {
	conn *sql.Conn
	made map[string]*sql.Stmt
}

func (c *statements) prepare(ctx context.Context, q string) (statement, error) {
	if st, ok := c.made[q]; ok {
		return st, nil
	}
	st, err := c.conn.PrepareContext(ctx, q)
	if err != nil {
		return nil, fmt.Errorf("prepare: %w", err)
	}
	c.made[q] = st
	return st, nil
}

func (c *statements) exec(ctx context.Context, q string, args ...any) error {
	st, err := c.prepare(ctx, q)
	if err != nil {
		return err
	}
	_, err = st.ExecContext(ctx, args...)
	return err
}

// close closes every statement; it must come before the connection's own.
func (c *statements) close() error {
	var errs []error
	for _, st := range c.made {
		errs = append(errs, st.Close())
	}
	return errors.Join(errs...)
}
