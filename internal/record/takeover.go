package record

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/record/pack"
	"hansei/internal/record/spool"
	"hansei/internal/record/verdict"
)

// takeOver gives their rows to the arrivals of all servers but one that came
// before a time, in microseconds, and takes them out of the spool.
func (tx *Tx) takeOver(but string, before int64) error {
	rows, err := tx.query(tx.ctx, "DELETE FROM arrived WHERE journal = ? AND server <> ? AND at < ? RETURNING bytes", string(tx.journal), but, before)
	if err != nil {
		return fmt.Errorf("deliveries: %w", err)
	}
	groups := map[string]bool{}
	if err := column(rows, groups); err != nil {
		return fmt.Errorf("deliveries: %w", tx.fail(err))
	}
	var keys []arrivalKey
	for group := range groups {
		entries, err := spool.Entries([]byte(group))
		if err != nil {
			return fmt.Errorf("table arrived: %w", err)
		}
		list := make([]pack.Packed, len(entries))
		for i, e := range entries {
			if _, list[i], err = spooled(e); err != nil {
				return fmt.Errorf("table arrived: %w", err)
			}
			keys = append(keys, arrivalKey{tx.journal, list[i].ID})
		}
		if _, err := tx.AddDeliveries(list); err != nil {
			return err
		}
	}
	tx.after(func() { tx.store.arrivals.End(keys) })
	return nil
}

// takeOver does so with those of other servers, if there are any.
func (s *Store) takeOver(ctx context.Context, before int64) error {
	var n int
	if err := s.queryRow(ctx, "SELECT count(*) FROM arrived WHERE journal = ? AND server <> ? AND at < ?", []any{string(auth.Main), s.id, before}, &n); err != nil || n == 0 {
		return verdict.Readable(err)
	}
	_, err := s.Write(ctx, courier(), func(tx *Tx) error { return tx.takeOver(s.id, before) })
	return err
}

const (
	lookEvery = 5 * time.Second
	tooLong   = 10 * time.Second // for a server that is at work to leave what it received
)

// takeOverLate does so, now and then, with those of servers that seem to have
// ended; the first time with all, for one of them may have been this one.
func (s *Store) takeOverLate(ctx context.Context) error {
	now := s.now()
	last := s.arrivals.looked.Load()
	switch {
	case last > 0 && now.UnixNano()-last < int64(lookEvery), !s.arrivals.looked.CompareAndSwap(last, now.UnixNano()):
		return nil
	case last == 0:
		return s.takeOver(ctx, math.MaxInt64)
	}
	return s.takeOver(ctx, now.Add(-tooLong).UnixMicro())
}

// arrivedRows are the rows of this server in the table that is its spool.
type arrivedRows struct{ *Store }

const deleteArrived = "DELETE FROM arrived WHERE journal = ? AND server = ? AND n > ? AND n <= ?"

// Delete implements spool.Rows.
func (r arrivedRows) Delete(ctx context.Context, after, through int64) error {
	return r.alone(ctx, deleteArrived, string(auth.Main), r.id, after, through)
}

// Replace implements spool.Rows.
func (r arrivedRows) Replace(ctx context.Context, after, through, n int64, row []byte) error {
	return r.alone(ctx, "WITH gone AS ("+deleteArrived+") INSERT INTO arrived (journal, server, n, at, bytes) VALUES (?, ?, ?, ?, ?) ON CONFLICT (journal, server, n) DO NOTHING",
		string(auth.Main), r.id, after, through, string(auth.Main), r.id, n, r.now().UnixMicro(), row)
}

// alone runs a statement that is a transaction of its own and may be repeated.
func (r arrivedRows) alone(ctx context.Context, q string, args ...any) error {
	ctx, cancel := context.WithTimeout(ctx, r.patience)
	defer cancel()
	if e, ok := r.engine.(*postgresEngine); ok {
		args = append(e.planned(), args...)
	}
	rows, err := r.query(ctx, q, args...)
	if err != nil {
		return err
	}
	return column(rows, map[string]bool{}) // it returns none
}

// stillOurs looks whether another server took some over, and lets go of those.
// Nobody can do so before this transaction ends: it holds the journal's head.
func (tx *Tx) stillOurs(keys []arrivalKey, numbers []int64) error {
	if !tx.store.engine.shared() {
		return nil
	}
	ours := map[int64]bool{}
	rows, err := tx.query(tx.ctx, "SELECT n FROM arrived WHERE journal = ? AND server = ? AND n >= ? AND n <= ?",
		string(tx.journal), tx.store.id, slices.Min(numbers), slices.Max(numbers))
	if err == nil {
		err = column(rows, ours)
	}
	if err != nil {
		return fmt.Errorf("deliveries: %w", err)
	}
	var gone []arrivalKey
	for i, n := range numbers {
		if !ours[n] {
			gone = append(gone, keys[i])
		}
	}
	if len(gone) == 0 {
		return nil
	}
	tx.store.arrivals.End(gone)
	return fmt.Errorf("deliveries: %w", hansei.ErrConflict)
}
