package record

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"time"

	"hansei/internal/auth"
	"hansei/internal/record/verdict"
)

// Count is how often something happened at a source on a day.
type Count struct {
	Source string
	Day    time.Time // its midnight, UTC
	Name   string    // CountReceived, "refused: signature", …
	N      int64
}

// What is counted of webhooks that were taken.
const (
	CountReceived = "received"
	CountRepeated = "repeated" // they had been received before
)

const day = 24 * time.Hour

// AddCount counts.
func (tx *Tx) AddCount(c Count) error {
	return tx.exec(`INSERT INTO counter (journal, source, day, name, n) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (journal, source, day, name) DO UPDATE SET n = counter.n + excluded.n`,
		string(tx.journal), c.Source, c.Day.Truncate(day).Unix(), c.Name, c.N)
}

// DropCounts forgets what was counted of a source.
func (tx *Tx) DropCounts(source string) error {
	return tx.exec("DELETE FROM counter WHERE journal = ? AND source = ?", string(tx.journal), source)
}

// Counts reads what was counted since a day.
func (s *Store) Counts(ctx context.Context, who auth.Scope, since time.Time) (out []Count, err error) {
	journal, err := who.MayRead()
	if err != nil {
		return nil, err
	}
	rows, err := s.query(ctx, "SELECT source, day, name, n FROM counter WHERE journal = ? AND day >= ? ORDER BY source, day, name", string(journal), since.Truncate(day).Unix())
	if err := each(rows, err, func(rows *sql.Rows) error {
		var c Count
		var at int64
		err := rows.Scan(&c.Source, &at, &c.Name, &c.N)
		c.Day = time.Unix(at, 0).UTC()
		out = append(out, c)
		return err
	}); err != nil {
		return nil, fmt.Errorf("counts: %w", err)
	}
	return out, nil
}

// DeliveryStats is what came from a source.
type DeliveryStats struct {
	Waiting int64     // received and not yet understood
	Failed  int64     // that a person must look at
	Last    time.Time // when the newest was received
	Oldest  time.Time // when the oldest of those that wait was received
}

// DeliveryStats reads what came from live sources.
func (s *Store) DeliveryStats(ctx context.Context, who auth.Scope, source string) (st DeliveryStats, err error) {
	journal, err := who.MayRead()
	if err != nil {
		return st, err
	}
	waits := s.waits(journal, DeliveryFilter{Source: source, Live: true, Limit: math.MaxInt})
	rows, err := s.query(ctx, `SELECT coalesce(sum(CASE WHEN state = 'received' THEN 1 ELSE 0 END), 0), coalesce(sum(CASE WHEN state = 'failed' THEN 1 ELSE 0 END), 0),
		coalesce((SELECT max(received) FROM delivery WHERE journal = ? AND source = ?), 0), coalesce(min(CASE WHEN state = 'received' THEN received END), 0)
		FROM delivery WHERE journal = ? AND state IN ('received', 'failed') AND source = ?`, string(journal), source, string(journal), source)
	if err != nil {
		return st, fmt.Errorf("deliveries: %w", verdict.Readable(err))
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	if rows.Next() {
		var last, oldest int64
		if err := rows.Scan(&st.Waiting, &st.Failed, &last, &oldest); err != nil {
			return st, fmt.Errorf("deliveries: %w", err)
		}
		st.Last, st.Oldest = ofMicro(last), ofMicro(oldest)
	}
	if err := rows.Err(); err != nil {
		return st, verdict.Readable(err)
	}
	if len(waits) > 0 && waits[0].Received.After(st.Last) {
		st.Last = waits[0].Received
	}
	waits, err = s.withoutRow(ctx, journal, waits)
	st.Waiting += int64(len(waits))
	if n := len(waits); n > 0 && (st.Oldest.IsZero() || waits[n-1].Received.Before(st.Oldest)) {
		st.Oldest = waits[n-1].Received
	}
	return st, err
}
