package record

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/klauspost/compress/zstd"

	"hansei"
	"hansei/internal/auth"
)

// DeliveryUnused marks a delivery that was understood and told nothing of
// interest.
const DeliveryUnused = "unused"

// DeliveryHeld marks a delivery of a source that is paused.
const DeliveryHeld = "held"

const (
	deliveryInsert = `INSERT INTO delivery (journal, id, source, name, media, size, received, state, body, error, options, summary, seq) VALUES `
	deliveryRow    = "(?, ?, ?, ?, ?, ?, ?, ?, ?, '', '', '', 0)"
	deliveryRows   = 64 // in one statement
)

// insertDeliveries is the statement that stores payloads and returns the ids
// of those that were new.
func insertDeliveries(journal auth.Journal, at time.Time, list []Packed) (q string, args []any) {
	args = make([]any, 0, len(list)*9)
	for _, p := range list {
		state := DeliveryReceived
		if p.Held {
			state = DeliveryHeld
		}
		args = append(args, string(journal), p.ID, p.Source, p.Name, p.Media, p.Size, at.UnixMicro(), state, p.body)
	}
	return deliveryInsert + deliveryRow + strings.Repeat(", "+deliveryRow, len(list)-1) + " ON CONFLICT (journal, id) DO NOTHING RETURNING id", args
}

// Deliver is AddDeliveries on its own. It touches no record, so on a database
// that lets several write at a time it does not queue behind those who do.
func (s *Store) Deliver(ctx context.Context, who auth.Actor, list []Packed) (isNew map[string]bool, err error) {
	large := slices.ContainsFunc(list, func(p Packed) bool { return len(p.parts) > 0 })
	if !s.engine.shared() || large {
		_, err = s.Write(ctx, who, func(tx *Tx) (err error) {
			isNew, err = tx.AddDeliveries(list)
			return err
		})
		return isNew, err
	}
	journal, err := who.MayWrite()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, s.patience)
	defer cancel()
	isNew = make(map[string]bool, len(list))
	for rest := list; len(rest) > 0; {
		n := min(deliveryRows, len(rest))
		// One statement is one transaction, and may be repeated.
		q, args := insertDeliveries(journal, s.now(), rest[:n])
		rows, err := s.query(ctx, q, args...)
		if err == nil {
			err = ids(rows, isNew)
		}
		if err != nil {
			return nil, fmt.Errorf("deliveries: %w", readable(err))
		}
		rest = rest[n:]
	}
	return isNew, nil
}

// AddDeliveries stores payloads of live sources, to be understood later. One
// that is there already is stored once: the result says which were new.
func (tx *Tx) AddDeliveries(list []Packed) (isNew map[string]bool, err error) {
	isNew = make(map[string]bool, len(list))
	for rest := list; len(rest) > 0; {
		n := min(deliveryRows, len(rest))
		q, args := insertDeliveries(tx.journal, tx.Now(), rest[:n])
		if err := tx.returned(q, args, isNew); err != nil {
			return nil, fmt.Errorf("deliveries: %w", err)
		}
		rest = rest[n:]
	}
	for _, p := range list {
		if !isNew[p.ID] {
			continue
		}
		for n, part := range p.parts {
			if _, err := tx.added("INSERT INTO part (journal, owner, n, bytes) VALUES (?, ?, ?, ?) ON CONFLICT (journal, owner, n) DO NOTHING",
				string(tx.journal), "delivery-"+p.ID, n, part); err != nil {
				return nil, fmt.Errorf("deliveries: %w", err)
			}
		}
	}
	return isNew, nil
}

// returned runs a statement of a fixed set and gathers the texts it returns.
func (tx *Tx) returned(q string, args []any, into map[string]bool) error {
	if tx.ended {
		return errEnded
	}
	tx.touched = true
	rows, err := tx.store.stmts.query(tx.ctx, q, args...)
	if err == nil {
		err = ids(rows, into)
	}
	if err != nil {
		return tx.fail(err)
	}
	return nil
}

// ids reads one column of texts to the end.
func ids(rows *sql.Rows, into map[string]bool) (err error) {
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return err
		}
		into[id] = true
	}
	return rows.Err()
}

// AddPage is AddDeliveries of a page that was pulled. The same page again is
// news only when another page of its stream came between: then it is
// understood once more, as of now.
func (tx *Tx) AddPage(p Packed) error {
	isNew, err := tx.AddDeliveries([]Packed{p})
	if err != nil || isNew[p.ID] {
		return err
	}
	list, err := scanDeliveries(tx.ctx, tx, deliveryColumns+" WHERE journal = ? AND source = ? AND name = ? ORDER BY received DESC, id LIMIT 1",
		string(tx.journal), p.Source, p.Name)
	if err != nil || (len(list) > 0 && list[0].ID == p.ID) {
		return err
	}
	return tx.exec("UPDATE delivery SET state = 'received', error = '', received = ? WHERE journal = ? AND id = ?", tx.Now().UnixMicro(), string(tx.journal), p.ID)
}

// Waiting is a delivery of a live source with its payload.
type Waiting struct {
	Delivery
	Body []byte
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
	return s.withBodies(ctx, journal, waiting+" ORDER BY received, id LIMIT ?", []any{string(journal), limit}, maxBytes)
}

// Bodies reads the payloads of deliveries.
func (s *Store) Bodies(ctx context.Context, who auth.Scope, list []Delivery) ([]Waiting, error) {
	journal, err := who.MayRead()
	if err != nil || len(list) == 0 {
		return nil, err
	}
	args := []any{string(journal)}
	for _, d := range list {
		args = append(args, d.ID)
	}
	out, err := s.withBodies(ctx, journal, " WHERE journal = ? AND id IN ("+marks(len(list))+")", args, math.MaxInt64)
	if err != nil {
		return nil, err
	}
	at := map[string]int{}
	for i, d := range list {
		at[d.ID] = i
	}
	slices.SortFunc(out, func(a, b Waiting) int { return at[a.ID] - at[b.ID] })
	return out, nil
}

// withBodies reads deliveries and their payloads, the first ones until there
// are maxBytes.
func (s *Store) withBodies(ctx context.Context, journal auth.Journal, where string, args []any, maxBytes int64) (out []Waiting, err error) {
	dec, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1))
	if err != nil {
		return nil, err
	}
	defer dec.Close()
	if out, err = s.inRows(ctx, dec, where, args, maxBytes); err != nil {
		return nil, err
	}
	return out, s.inParts(ctx, journal, dec, out)
}

// inRows reads deliveries with the payloads that stand in their row.
func (s *Store) inRows(ctx context.Context, dec *zstd.Decoder, where string, args []any, maxBytes int64) (out []Waiting, err error) {
	rows, err := s.query(ctx, deliveryFields+", body FROM delivery"+where, args...)
	if err != nil {
		return nil, fmt.Errorf("deliveries: %w", readable(err))
	}
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
		if w.Body, err = dec.DecodeAll(packed, nil); err != nil {
			return nil, fmt.Errorf("payload of delivery %s: %w", w.ID, err)
		}
		out = append(out, w)
	}
	return out, readable(rows.Err())
}

// inParts reads the payloads that are too large to stand in their row.
func (s *Store) inParts(ctx context.Context, journal auth.Journal, dec *zstd.Decoder, list []Waiting) (err error) {
	at, owners := map[string]int{}, []any{string(journal)}
	for i, w := range list {
		if w.Size > 0 && len(w.Body) == 0 {
			owner := "delivery-" + w.ID
			at[owner], owners = i, append(owners, owner)
		}
	}
	if len(at) == 0 {
		return nil
	}
	rows, err := s.query(ctx, "SELECT owner, bytes FROM part WHERE journal = ? AND owner IN ("+marks(len(at))+") ORDER BY owner, n", owners...)
	if err != nil {
		return fmt.Errorf("payloads: %w", readable(err))
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var owner string
		var packed sql.RawBytes
		if err := rows.Scan(&owner, &packed); err != nil {
			return fmt.Errorf("payloads: %w", err)
		}
		w := &list[at[owner]]
		if w.Body, err = dec.DecodeAll(packed, w.Body); err != nil {
			return fmt.Errorf("payload of delivery %s: %w", w.ID, err)
		}
	}
	return readable(rows.Err())
}

// Finished is what became of a delivery.
type Finished struct {
	ID, State, Error, Summary string
}

// FinishDeliveries is FinishDelivery of many that wait. ErrConflict says that
// somebody else understood some of them meanwhile.
func (tx *Tx) FinishDeliveries(list []Finished) error {
	for len(list) > 0 {
		n := min(deliveryRows, len(list))
		args := []any{int64(tx.head.seq)}
		for _, f := range list[:n] {
			args = append(args, f.ID, f.State, f.Error, f.Summary)
		}
		// column1 … are the names both engines give to the columns of VALUES.
		// NOT IN, for "= 'received'" leads PostgreSQL to the index of what waits.
		q := "UPDATE delivery SET seq = ?, state = v.column2, error = v.column3, summary = v.column4 FROM (VALUES (?, ?, ?, ?)" +
			strings.Repeat(", (?, ?, ?, ?)", n-1) + ") AS v WHERE delivery.journal = ? AND delivery.id = v.column1 AND delivery.state NOT IN ('done', 'unused', 'failed', 'held')"
		switch changed, err := tx.changed(q, append(args, string(tx.journal))...); {
		case err != nil:
			return fmt.Errorf("deliveries: %w", err)
		case changed != int64(n):
			return fmt.Errorf("deliveries: %w", hansei.ErrConflict)
		}
		list = list[n:]
	}
	return nil
}

// ReleaseDeliveries lets what came while a source was paused be understood.
func (tx *Tx) ReleaseDeliveries(source string) (int64, error) {
	return tx.changed("UPDATE delivery SET state = 'received' WHERE journal = ? AND source = ? AND options = '' AND state = 'held'", string(tx.journal), source)
}

// ForgetDeliveries drops every payload of a live source.
func (tx *Tx) ForgetDeliveries(source string) error {
	if err := tx.exec("DELETE FROM part WHERE journal = ? AND owner IN (SELECT 'delivery-' || id FROM delivery WHERE journal = ? AND source = ? AND options = '')",
		string(tx.journal), string(tx.journal), source); err != nil {
		return err
	}
	return tx.exec("DELETE FROM delivery WHERE journal = ? AND source = ? AND options = ''", string(tx.journal), source)
}

// ReopenDeliveries makes every delivery of live sources received since a time
// wait to be understood again: of one source, or of all when it is empty; only
// those that failed if asked so.
func (tx *Tx) ReopenDeliveries(source string, since time.Time, failedOnly bool) (n int64, err error) {
	q, args := "UPDATE delivery SET state = 'received', error = '' WHERE journal = ? AND options = '' AND state <> 'held' AND received >= ?", []any{string(tx.journal), since.UnixMicro()}
	if failedOnly {
		q += " AND state = 'failed'"
	}
	if source != "" {
		q, args = q+" AND source = ?", append(args, source)
	}
	return tx.changed(q, args...)
}

// DropDeliveries deletes payloads of live sources that were understood and
// received before a time, at most limit of them. What failed is never among
// them, nor what still waits.
func (tx *Tx) DropDeliveries(source string, before time.Time, limit int) (n int64, err error) {
	where, args := "journal = ? AND options = '' AND state IN ('done', 'unused') AND received < ?", []any{string(tx.journal), before.UnixMicro()}
	if source != "" {
		where, args = where+" AND source = ?", append(args, source)
	}
	list, err := scanDeliveries(tx.ctx, tx, deliveryColumns+" WHERE "+where+" ORDER BY received LIMIT ?", append(args, limit)...)
	if err != nil {
		return 0, err
	}
	for _, d := range list {
		if err := tx.exec("DELETE FROM part WHERE journal = ? AND owner = ?", string(tx.journal), "delivery-"+d.ID); err != nil {
			return n, err
		}
		if err := tx.exec("DELETE FROM delivery WHERE journal = ? AND id = ?", string(tx.journal), d.ID); err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

// marks are n placeholders.
func marks(n int) string {
	b := make([]byte, 0, 3*n)
	for i := range n {
		if i > 0 {
			b = append(b, ", "...)
		}
		b = append(b, '?')
	}
	return string(b)
}
