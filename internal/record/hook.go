package record

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/record/pack"
	"hansei/internal/record/words"
)

// What a delivery of a live source may be beside that.
const (
	DeliveryUnused = "unused" // understood; it told nothing of interest
	DeliveryHeld   = "held"   // its source is paused
	DeliveryAside  = "aside"  // it failed, and nobody need look at it any more
)

const deliveryRows = 64 // changed in one statement

const kept = " AND (size > 0 OR body IS NOT NULL)" // its payload was not taken away

// landing is a payload as it comes into the table.
type landing struct {
	pack.Packed
	Finished
	seq Seq
}

// insertDeliveries stores payloads.
func insertDeliveries(journal auth.Journal, list []landing, then string) (into words.Insert, values []any) {
	into = words.Insert{Table: "delivery", Columns: []string{"journal", "id", "source", "name", "media", "size", "received", "state", "body", "error", "options", "summary", "seq"}, Then: then}
	values = make([]any, 0, len(list)*len(into.Columns))
	for _, p := range list {
		values = append(values, string(journal), p.Packed.ID, p.Source, p.Name, p.Media, p.Size, p.Received.UnixMicro(), p.State, p.Body, p.Error, "", p.Summary, int64(p.seq))
	}
	return into, values
}

// insertNew stores payloads which wait, and returns the ids of those that were
// new.
func insertNew(journal auth.Journal, at time.Time, list []pack.Packed) (into words.Insert, values []any) {
	waiting := make([]landing, len(list))
	for i, p := range list {
		waiting[i] = landing{Packed: p, Finished: Finished{State: DeliveryReceived}}
		if p.Held {
			waiting[i].State = DeliveryHeld
		}
		if p.Received.IsZero() {
			waiting[i].Received = at
		}
	}
	return insertDeliveries(journal, waiting, " ON CONFLICT (journal, id) DO NOTHING RETURNING id")
}

// Deliver is AddDeliveries on its own. It touches no record, so it does not
// queue behind those who do: there is a spool. A repeat of what was understood
// already is called new; it is found out later.
func (s *Store) Deliver(ctx context.Context, who auth.Actor, list []pack.Packed) (isNew map[string]bool, err error) {
	journal, err := who.MayWrite()
	if err != nil {
		return nil, err
	}
	special := slices.ContainsFunc(list, func(p pack.Packed) bool { return len(p.Parts) > 0 || p.Held })
	if !special && !s.arrivals.Full() {
		return s.arrive(ctx, journal, list)
	}
	list = slices.DeleteFunc(slices.Clone(list), func(p pack.Packed) bool {
		_, n := s.arrivals.Get(arrivalKey{journal, p.ID})
		return n > 0 // it waits already
	})
	_, err = s.Write(ctx, who, func(tx *Tx) (err error) {
		isNew, err = tx.AddDeliveries(list)
		return err
	})
	return isNew, err
}

// AddDeliveries stores payloads of live sources, to be understood later. One
// that is there already is stored once: the result says which were new.
func (tx *Tx) AddDeliveries(list []pack.Packed) (isNew map[string]bool, err error) {
	if list, err = tx.stillHeld(list); err != nil {
		return nil, fmt.Errorf("deliveries: %w", err)
	}
	isNew = make(map[string]bool, len(list))
	for q, args := range tx.store.engine.insert(insertNew(tx.journal, tx.Now(), list)) {
		if err := tx.returned(q, args, isNew); err != nil {
			return nil, fmt.Errorf("deliveries: %w", err)
		}
	}
	for _, p := range list {
		if !isNew[p.ID] {
			continue
		}
		for n, part := range p.Parts {
			if _, err := tx.added("INSERT INTO part (journal, owner, n, bytes) VALUES (?, ?, ?, ?) ON CONFLICT (journal, owner, n) DO NOTHING",
				string(tx.journal), "delivery-"+p.ID, n, part); err != nil {
				return nil, fmt.Errorf("deliveries: %w", err)
			}
		}
	}
	return isNew, nil
}

// stillHeld holds no payload whose source was resumed, or removed with its data,
// since it came: nobody would release it.
func (tx *Tx) stillHeld(list []pack.Packed) ([]pack.Packed, error) {
	list = slices.Clone(list)
	for i := range list {
		if !list[i].Held {
			continue
		}
		src, _, err := Get[*hansei.Source](tx.ctx, tx, tx.who.Scope(), hansei.ID(list[i].Source))
		if err != nil && !errors.Is(err, hansei.ErrNotFound) {
			return nil, err
		}
		list[i].Held = err != nil || src.Paused && !src.Forget
	}
	return list, nil
}

// returned runs a statement of a fixed set and gathers the texts it returns.
func (tx *Tx) returned(q string, args []any, into map[string]bool) error {
	if tx.ended {
		return errEnded
	}
	tx.touched = true
	rows, err := tx.store.stmts.query(tx.ctx, q, args...)
	if err == nil {
		err = column(rows, into)
	}
	if err != nil {
		return tx.fail(err)
	}
	return nil
}

// column reads rows of one column to the end.
func column[T comparable](rows *sql.Rows, into map[T]bool) (err error) {
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var v T
		if err := rows.Scan(&v); err != nil {
			return err
		}
		into[v] = true
	}
	return rows.Err()
}

// AddPage is AddDeliveries of a page that was pulled. The same page again is
// news only when another page of its stream came between: then it is
// understood once more, as of now.
func (tx *Tx) AddPage(p pack.Packed) error {
	isNew, err := tx.AddDeliveries([]pack.Packed{p})
	if err != nil || isNew[p.ID] {
		return err
	}
	list, err := scanDeliveries(tx.ctx, tx, deliveryColumns+" WHERE journal = ? AND source = ? AND name = ? ORDER BY received DESC, id LIMIT 1",
		string(tx.journal), p.Source, p.Name)
	if err != nil || (len(list) > 0 && list[0].ID == p.ID) {
		return err
	}
	return tx.exec("UPDATE delivery SET state = 'received', error = '', received = ? WHERE journal = ? AND id = ?"+kept, tx.Now().UnixMicro(), string(tx.journal), p.ID)
}

// Finished is what became of a delivery.
type Finished struct {
	ID, State, Error, Summary string
}

// FinishDeliveries is FinishDelivery of many that wait. ErrConflict says that
// somebody else understood some of them meanwhile.
func (tx *Tx) FinishDeliveries(list []Finished) error {
	list, err := tx.finishArrivals(list)
	if err != nil {
		return err
	}
	for chunk := range slices.Chunk(list, deliveryRows) {
		args := []any{int64(tx.head.seq)}
		for _, f := range chunk {
			args = append(args, f.ID, f.State, f.Error, f.Summary)
		}
		// column1 … are the names both engines give to the columns of VALUES.
		// NOT IN, for "= 'received'" leads PostgreSQL to the index of what waits.
		q := "UPDATE delivery SET seq = ?, state = v.column2, error = v.column3, summary = v.column4 FROM (VALUES (?, ?, ?, ?)" +
			strings.Repeat(", (?, ?, ?, ?)", len(chunk)-1) + ") AS v WHERE delivery.journal = ? AND delivery.id = v.column1 AND delivery.state NOT IN ('done', 'unused', 'failed', 'held', 'aside')"
		switch changed, err := tx.changed(q, append(args, string(tx.journal))...); {
		case err != nil:
			return fmt.Errorf("deliveries: %w", err)
		case changed != int64(len(chunk)):
			return fmt.Errorf("deliveries: %w", hansei.ErrConflict)
		}
	}
	return nil
}

// ReleaseDeliveries lets what came while a source was paused be understood.
func (tx *Tx) ReleaseDeliveries(source string) (int64, error) {
	return tx.changed("UPDATE delivery SET state = 'received' WHERE journal = ? AND source = ? AND options = '' AND state = 'held'", string(tx.journal), source)
}

// ForgetDeliveries drops every payload of a live source. It is for WriteAlone,
// after Unspool.
func (tx *Tx) ForgetDeliveries(source string) error {
	if err := tx.unspool(); err != nil {
		return err
	}
	if err := tx.exec("DELETE FROM part WHERE journal = ? AND owner IN (SELECT 'delivery-' || id FROM delivery WHERE journal = ? AND source = ? AND options = '')",
		string(tx.journal), string(tx.journal), source); err != nil {
		return err
	}
	return tx.exec("DELETE FROM delivery WHERE journal = ? AND source = ? AND options = ''", string(tx.journal), source)
}

// ReopenDeliveries makes every delivery of live sources received since a time
// wait to be understood again, those which wait do so anyway: of one source, or
// of all when it is empty; only those in a state if one is given. What was set
// aside is passed over unless asked for; what has no payload stays as it is.
func (tx *Tx) ReopenDeliveries(source string, since time.Time, state string) (n int64, err error) {
	q, args := "UPDATE delivery SET state = 'received', error = '' WHERE journal = ? AND options = '' AND state <> 'held' AND received >= ?"+kept, []any{string(tx.journal), since.UnixMicro()}
	if state == "" {
		q += " AND state <> 'aside'"
	} else {
		q, args = q+" AND state = ?", append(args, state)
	}
	if source != "" {
		q, args = q+" AND source = ?", append(args, source)
	}
	return tx.changed(q, args...)
}

// SetAside says that nobody need look any more at deliveries of live sources that
// failed: one by its id, or else all of a source, or of all. They keep why.
func (tx *Tx) SetAside(source, id string) (int64, error) {
	return tx.changed("UPDATE delivery SET state = 'aside' WHERE journal = ? AND state IN ('received', 'failed') AND state = 'failed' AND options = '' AND ? IN ('', source) AND ? IN ('', id)",
		string(tx.journal), source, id)
}

// Supersede sets aside what a source delivered by a name and failed or waits: a
// later delivery tells all of it. The payloads go, for nobody will read them.
func (tx *Tx) Supersede(source, name string) error {
	const those = " WHERE journal = ? AND state IN ('received', 'failed') AND options = '' AND source = ? AND name = ?"
	args := []any{string(tx.journal), source, name}
	if err := tx.exec("DELETE FROM part WHERE journal = ? AND owner IN (SELECT 'delivery-' || id FROM delivery"+those+")", append(args[:1:1], args...)...); err != nil {
		return err
	}
	return tx.exec("UPDATE delivery SET state = 'aside', body = NULL, size = 0"+those, args...)
}

// DropDeliveries deletes payloads of live sources that were understood or set
// aside and received before a time, at most limit of them. What failed is never
// among them, nor what still waits.
func (tx *Tx) DropDeliveries(source string, before time.Time, limit int) (n int64, err error) {
	where, args := "journal = ? AND options = '' AND state IN ('done', 'unused', 'aside') AND received < ?", []any{string(tx.journal), before.UnixMicro()}
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
