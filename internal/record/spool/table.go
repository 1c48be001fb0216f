package spool

import (
	"context"
	"slices"
	"sync"
)

// Table is a Spool in a table of a database that several servers share, each
// with rows of its own.
//
// Entries belong to whoever holds the row: another server that gives them their
// place, because this one seems to have ended perhaps, deletes it in the same
// transaction. So before its own transaction does the same, the owner looks
// whether its rows are there still.
type Table struct {
	released
	rows Rows

	appending sync.Mutex
	joiner
	last int64 // number of the newest row

	tidying sync.Mutex // apart, for it may have to wait for one who takes over
	removed int64      // rows are gone up to this one
}

// Rows are the rows of one server in the table. Each method is one statement
// that may be repeated.
type Rows interface {
	// Insert must not keep the row.
	Insert(ctx context.Context, n int64, row []byte) error
	// Delete deletes those up to a number.
	Delete(ctx context.Context, through int64) error
}

// NewTable makes a spool of a server that has no rows yet.
func NewTable(rows Rows) *Table { return &Table{rows: rows} }

// Append implements Spool.
func (t *Table) Append(ctx context.Context, entries [][]byte) ([]int64, error) {
	t.appending.Lock()
	defer t.appending.Unlock()
	// When this fails nobody knows whether the row is there: its number is not
	// used again.
	t.last++
	if err := t.rows.Insert(ctx, t.last, t.joined(entries)); err != nil {
		return nil, err
	}
	return slices.Repeat([]int64{t.last}, len(entries)), nil
}

// Tidy implements Spool.
func (t *Table) Tidy(ctx context.Context) error {
	t.tidying.Lock()
	defer t.tidying.Unlock()
	through := t.through.Load()
	if through <= t.removed {
		return nil
	}
	if err := t.rows.Delete(ctx, through); err != nil {
		return err
	}
	t.removed = through
	return nil
}

// Compact implements Spool. The traces are in the database's own files.
func (t *Table) Compact(ctx context.Context) error { return t.Tidy(ctx) }

// Close implements Spool.
func (t *Table) Close() error { return nil }
