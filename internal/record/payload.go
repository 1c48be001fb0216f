package record

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/klauspost/compress/zstd"

	"hansei/internal/auth"
	"hansei/internal/record/pack"
	"hansei/internal/record/verdict"
	"hansei/internal/record/words"
)

// Waiting is a delivery of a live source with its payload.
type Waiting struct {
	Delivery
	Body []byte
	Bad  error // what is stored of it is damaged
}

// waiting repeats the condition of the index delivery_waiting word for word,
// for SQLite uses a partial index only then.
const waiting = " WHERE journal = ? AND state IN ('received', 'failed') AND state = 'received' AND options = ''"

// Inbox reads the oldest deliveries of live sources that were not understood
// yet: at most limit, and no more than about maxBytes of payload.
func (s *Store) Inbox(ctx context.Context, who auth.Scope, limit int, maxBytes int64) ([]Waiting, error) {
	journal, err := who.MayRead()
	if err != nil {
		return nil, err
	}
	if s.engine.shared() {
		if err := s.takeOverLate(ctx); err != nil {
			return nil, err
		}
	}
	fresh, err := s.fresh(ctx, journal, limit, maxBytes)
	if err != nil {
		return nil, err
	}
	// What waits in the table, lists that were pulled perhaps, has half of it.
	out, err := s.fromTable(ctx, journal, limit-min(len(fresh), limit/2), maxBytes/2)
	if err != nil || len(out) == 0 {
		return fresh, err
	}
	has := make(map[string]bool, len(out))
	for _, w := range out {
		has[w.ID], maxBytes = true, maxBytes-w.Size
	}
	for _, w := range fresh {
		if maxBytes -= w.Size; len(out) == limit || (maxBytes < 0 && len(out) > 0) {
			break
		}
		if !has[w.ID] {
			out = append(out, w)
		}
	}
	return out, nil
}

func (s *Store) fromTable(ctx context.Context, journal auth.Journal, limit int, maxBytes int64) ([]Waiting, error) {
	rows, err := s.query(ctx, "SELECT "+deliveryFields+", body FROM delivery"+waiting+" ORDER BY received, id LIMIT ?", string(journal), limit)
	return s.withBodies(ctx, journal, rows, err, maxBytes)
}

// Bodies reads the payloads of deliveries.
func (s *Store) Bodies(ctx context.Context, who auth.Scope, list []Delivery) ([]Waiting, error) {
	journal, err := who.MayRead()
	if err != nil || len(list) == 0 {
		return nil, err
	}
	var ids []string
	waits := map[string][]byte{}
	for _, d := range list {
		ids = append(ids, d.ID)
		if p, n := s.arrivals.Get(arrivalKey{journal, d.ID}); n > 0 {
			waits[d.ID] = p.Raw
		}
	}
	rows, err := lookUp(ctx, s, words.Lookup{Columns: deliveryFields + ", body", From: "delivery", Where: "journal = ?", Key: "id"}, []any{string(journal)}, ids)
	out, err := s.withBodies(ctx, journal, rows, err, math.MaxInt64)
	if err != nil {
		return nil, err
	}
	for _, w := range out {
		delete(waits, w.ID) // the table knows more of it
	}
	at := map[string]int{}
	for i, d := range list {
		at[d.ID] = i
		if raw, ok := waits[d.ID]; ok {
			out = append(out, Waiting{Delivery: d, Body: raw})
		}
	}
	slices.SortFunc(out, func(a, b Waiting) int { return at[a.ID] - at[b.ID] })
	return out, nil
}

// withBodies reads deliveries and their payloads, the first ones until there
// are maxBytes.
func (s *Store) withBodies(ctx context.Context, journal auth.Journal, rows *sql.Rows, asked error, maxBytes int64) (out []Waiting, err error) {
	if asked != nil {
		return nil, fmt.Errorf("deliveries: %w", verdict.Readable(asked))
	}
	dec, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1))
	if err != nil {
		return nil, errors.Join(err, rows.Close())
	}
	defer dec.Close()
	if out, err = inRows(dec, rows, maxBytes); err != nil {
		return nil, err
	}
	return out, s.inParts(ctx, journal, dec, out)
}

// inRows reads deliveries with the payloads that stand in their row.
func inRows(dec *zstd.Decoder, rows *sql.Rows, maxBytes int64) (out []Waiting, err error) {
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var packed sql.RawBytes
		d, err := scanDelivery(rows, &packed)
		if err != nil {
			return nil, fmt.Errorf("deliveries: %w", err)
		}
		if maxBytes -= d.Size; maxBytes < 0 && len(out) > 0 {
			break
		}
		w := Waiting{Delivery: d}
		if w.Body, err = pack.Unpack(dec, packed); err != nil {
			w.Body, w.Bad = nil, fmt.Errorf("%w: %w", errDamaged, err)
		}
		out = append(out, w)
	}
	return out, verdict.Readable(rows.Err())
}

// inParts reads the payloads that are too large to stand in their row.
func (s *Store) inParts(ctx context.Context, journal auth.Journal, dec *zstd.Decoder, list []Waiting) (err error) {
	at, owners := map[string]int{}, []any{string(journal)}
	for i, w := range list {
		if w.Size > 0 && len(w.Body) == 0 && w.Bad == nil {
			owner := "delivery-" + w.ID
			at[owner], owners = i, append(owners, owner)
		}
	}
	if len(at) == 0 {
		return nil
	}
	rows, err := s.query(ctx, "SELECT owner, bytes FROM part WHERE journal = ? AND owner IN ("+words.Marks(len(at))+") ORDER BY owner, n", owners...)
	if err := each(rows, err, func(rows *sql.Rows) error {
		var owner string
		var packed sql.RawBytes
		if err := rows.Scan(&owner, &packed); err != nil {
			return err
		}
		if w := &list[at[owner]]; w.Bad == nil { // what comes after the damage is no payload
			if w.Body, err = dec.DecodeAll(packed, w.Body); err != nil {
				w.Body, w.Bad = nil, fmt.Errorf("%w: %w", errDamaged, err)
			}
		}
		return nil
	}); err != nil {
		return fmt.Errorf("payloads: %w", err)
	}
	return nil
}
