package fact

import (
	"context"
	"fmt"
	"strings"
	"time"

	"hansei/internal/fact/duck"
	"hansei/internal/record"
)

// Read runs one of our own statements on a read connection and hands its
// result to fn, chunk by chunk.
func (v *View) Read(ctx context.Context, sql string, fn func(*duck.Result) error) error {
	return v.reading(ctx, func(c *duck.Conn) error {
		r, err := c.Query(ctx, sql)
		if err != nil {
			return fmt.Errorf("read the facts: %w", err)
		}
		defer r.Close()
		for r.Next() {
			if err := fn(r); err != nil {
				return err
			}
		}
		return nil
	})
}

func (v *View) reading(ctx context.Context, fn func(*duck.Conn) error) error {
	v.swap.RLock() // Reset replaces the connections
	defer v.swap.RUnlock()
	var c *duck.Conn
	select {
	case c = <-v.readers:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { v.readers <- c }()
	return fn(c)
}

// Holds is the predicate that picks, under an alias, the rows of a history
// table that held as of a sequence; 0 means now.
func Holds(asOf record.Seq) func(alias string) string {
	return func(alias string) string {
		if asOf == 0 {
			return fmt.Sprintf("%s.upto = %d", alias, int64(Forever))
		}
		return fmt.Sprintf("%s.seq <= %d AND %s.upto > %d", alias, asOf, alias, asOf)
	}
}

// Literal writes a string as an SQL literal.
func Literal(s string) string { return literal(s) }

// Literals writes strings as the list that an SQL IN takes.
func Literals[S ~string](list []S) string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = literal(string(s))
	}
	return strings.Join(out, ", ")
}

// Timestamp writes a time as an SQL literal, to the microsecond, in UTC.
func Timestamp(t time.Time) string {
	return "TIMESTAMP '" + t.UTC().Format("2006-01-02 15:04:05.000000") + "'"
}
