package fact

import (
	"context"
	"errors"
	"time"

	"hansei"
	"hansei/internal/fact/duck"
)

// Limits of a person's SQL.
const (
	SQLTimeout  = 30 * time.Second
	SQLMaxRows  = 10_000
	sqlMaxBytes = 100_000
)

// Rows is the answer to a person's SQL.
type Rows struct {
	Columns []string `json:"columns"`
	Rows    [][]any  `json:"rows"`
	// Truncated says that there were more rows than the limit.
	Truncated bool `json:"truncated"`
}

// SQL runs one statement that a person wrote: it may only read, reaches no
// file and no network, and is stopped at a time and at a number of rows
// (limit, at most SQLMaxRows).
func (v *View) SQL(ctx context.Context, text string, limit int) (Rows, error) {
	if len(text) > sqlMaxBytes {
		return Rows{}, hansei.Invalid("sql", "%d bytes are too long; at most %d", len(text), sqlMaxBytes)
	}
	if limit <= 0 || limit > SQLMaxRows {
		limit = SQLMaxRows
	}
	ctx, cancel := context.WithTimeout(ctx, SQLTimeout)
	defer cancel()
	out := Rows{Rows: [][]any{}}
	err := v.reading(ctx, func(c *duck.Conn) error { return run(ctx, c, text, limit, &out) })
	var bad *duck.Error
	switch {
	case errors.As(err, &bad):
		return Rows{}, hansei.Invalid("sql", "%s", bad.Message)
	case errors.Is(err, context.DeadlineExceeded):
		return Rows{}, hansei.Invalid("sql", "stopped after %s; narrow it down or aggregate", SQLTimeout)
	}
	return out, err
}

func run(ctx context.Context, c *duck.Conn, text string, limit int, out *Rows) (err error) {
	// A read-only transaction is a second lock beside the check of the
	// statement's type.
	if err := c.Exec(ctx, "BEGIN TRANSACTION READ ONLY"); err != nil {
		return err
	}
	defer func() {
		err = errors.Join(err, c.Exec(context.WithoutCancel(ctx), "ROLLBACK"))
	}()
	p, err := c.Describe(text)
	if err != nil {
		return err
	}
	if p.Statements != 1 || !p.ReadOnly {
		return hansei.Invalid("sql", "expected one statement that only reads, such as SELECT count(*) FROM incident")
	}
	r, err := c.Query(ctx, p.Readable(text))
	if err != nil {
		return err
	}
	defer r.Close()
	out.Columns = p.Names
	if len(out.Columns) == 0 {
		out.Columns = r.Names
	}
	for r.Next() {
		cols := make([][]any, len(r.Names))
		for i := range cols {
			cols[i] = r.Values(i)
		}
		for row := range r.Rows() {
			if len(out.Rows) == limit {
				out.Truncated = true
				return nil
			}
			vals := make([]any, len(cols))
			for i := range cols {
				vals[i] = cols[i][row]
			}
			out.Rows = append(out.Rows, vals)
		}
	}
	return nil
}
