package record

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/record/pack"
	"hansei/internal/record/spool"
	"hansei/internal/record/verdict"
)

// databaseNow is the time that all servers agree on, in microseconds.
const databaseNow = "CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT)"

// allOfThem is an age that everything has.
const allOfThem = -1000 * day

// takenTogether bounds the rows of the spool that are in memory at a time; each
// may hold some megabytes.
const takenTogether = 16

// takeOver gives their rows to arrivals of all servers but one that have waited
// for a time, and takes them out of the spool. There may be more.
func (tx *Tx) takeOver(but string, age time.Duration) (more bool, err error) {
	groups, err := tx.unqueue(but, age)
	if err != nil {
		return false, fmt.Errorf("deliveries: %w", tx.fail(err))
	}
	var keys []arrivalKey
	for _, g := range groups {
		list, bad := g.read()
		for _, p := range list {
			keys = append(keys, arrivalKey{tx.journal, p.ID})
		}
		if _, err := tx.AddDeliveries(list); err != nil {
			return false, err
		}
		if bad != nil {
			if err := tx.keepDamaged(g, bad); err != nil {
				return false, err
			}
		}
	}
	tx.after(func() { tx.store.arrivals.End(keys) })
	return len(groups) == takenTogether, nil
}

// arrivedRow is a row of the spool.
type arrivedRow struct {
	server string
	n      int64
	bytes  []byte
}

func (tx *Tx) unqueue(but string, age time.Duration) (out []arrivedRow, err error) {
	rows, err := tx.query(tx.ctx, `DELETE FROM arrived WHERE journal = ? AND (server, n) IN (SELECT server, n FROM arrived WHERE journal = ? AND server <> ? AND at < `+databaseNow+` - ? LIMIT ?)
		RETURNING server, n, bytes`, string(tx.journal), string(tx.journal), but, age.Microseconds(), takenTogether)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var g arrivedRow
		if err := rows.Scan(&g.server, &g.n, &g.bytes); err != nil {
			return nil, err
		}
		out = append(out, g)
	}
	return out, rows.Err()
}

// read is what can be read of it.
func (g arrivedRow) read() (list []pack.Packed, err error) {
	entries, err := spool.Entries(g.bytes)
	for _, e := range entries {
		_, p, bad := pack.FromEntry(e)
		if bad != nil {
			err = errors.Join(err, bad)
			continue
		}
		list = append(list, p)
	}
	return list, err
}

// keepDamaged keeps what cannot be read as a failed delivery, for a person to see.
func (tx *Tx) keepDamaged(g arrivedRow, why error) error {
	packer, err := pack.New()
	if err != nil {
		return err
	}
	tx.store.log.Error("what a server received cannot be read whole; it is kept as a failed delivery", "server", g.server, "number", g.n, "error", why)
	p := packer.Pack("", "arrived", "application/octet-stream", fmt.Sprint(g.server, "/", g.n), g.bytes)
	if _, err := tx.AddDeliveries([]pack.Packed{p}); err != nil {
		return err
	}
	return tx.FinishDelivery(p.ID, DeliveryFailed, fmt.Sprintf("row %d of server %s in the table arrived is damaged: %v", g.n, g.server, why), "")
}

// takeOver does so with those of other servers, if there are any.
func (s *Store) takeOver(ctx context.Context, age time.Duration) error {
	var n int
	if err := s.queryRow(ctx, "SELECT count(*) FROM arrived WHERE journal = ? AND server <> ? AND at < "+databaseNow+" - ?", []any{string(auth.Main), s.id, age.Microseconds()}, &n); err != nil {
		return verdict.Readable(err)
	}
	for more := n > 0; more; {
		if _, err := s.Write(ctx, courier(), func(tx *Tx) (err error) {
			more, err = tx.takeOver(s.id, age)
			return err
		}); err != nil {
			return err
		}
	}
	return nil
}

// late is how long a server that is at work leaves what it received at most.
const late = 10 * time.Second

// takeOverLate does so, now and then, with those of servers that seem to have
// ended; the first time with all, for one of them may have been this one.
func (s *Store) takeOverLate(ctx context.Context) error {
	a := s.arrivals
	a.looking.Lock()
	first, due := a.looked.IsZero(), time.Since(a.looked) > s.late/2
	if due {
		a.looked = time.Now()
	}
	a.looking.Unlock()
	switch {
	case first:
		return s.takeOver(ctx, allOfThem)
	case due:
		return s.takeOver(ctx, s.late)
	}
	return nil
}

// arrivedRows are the rows of this server in the table that is its spool.
type arrivedRows struct{ *Store }

// Delete implements spool.Rows.
func (r arrivedRows) Delete(ctx context.Context, through int64) error {
	return r.alone(ctx, "DELETE FROM arrived WHERE journal = ? AND server = ? AND n <= ?", string(auth.Main), r.id, through)
}

// Insert implements spool.Rows. A repeat changes the row, or it would not wait
// for a replica that has not confirmed the first.
func (r arrivedRows) Insert(ctx context.Context, n int64, row []byte) error {
	return r.alone(ctx, "INSERT INTO arrived (journal, server, n, at, bytes) VALUES (?, ?, ?, "+databaseNow+", ?) ON CONFLICT (journal, server, n) DO UPDATE SET at = excluded.at",
		string(auth.Main), r.id, n, row)
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

// stillOurs looks whether another server took some over, and lets go of those:
// whatever becomes of this transaction, what is gone was committed. Nobody can
// take over more before this one ends, it holds the journal's head.
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
