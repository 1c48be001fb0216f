package record

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"time"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/record/words"
)

// The states of a delivery.
const (
	DeliveryReceived = "received" // durable, not yet understood
	DeliveryDone     = "done"
	DeliveryFailed   = "failed" // kept with its payload and its error
)

// Work is the medium of a delivery that is no payload but work that goes on by
// itself: its options say what is to be done, its summary how far it is. It is
// listed by its source alone.
const Work = "work"

// Delivery is a raw payload and what became of it.
type Delivery struct {
	hansei.Delivery
	State   string
	Error   string // why it failed, for people
	Options string // how to understand it; opaque here
	Summary string // what came of it; opaque here
	Seq     Seq    // the journal's head once it was understood
}

// Reject is one part of a delivery that could not be understood.
type Reject struct {
	N        int    `json:"-"` // its place in the list, from 1
	Line     int    `json:"line"`
	Column   string `json:"column"`
	Value    string `json:"value"`
	Expected string `json:"expected"`
}

// PutDelivery stores a payload before it is understood, in parts as it
// arrives, never whole in memory. The same content from the same source with
// the same options is the same delivery: isNew is false then.
func (s *Store) PutDelivery(ctx context.Context, who auth.Actor, d hansei.Delivery, options string, body io.Reader) (out Delivery, isNew bool, err error) {
	sum := sha256.New()
	fmt.Fprintf(sum, "%s\x00%s\x00", d.Source, options)
	owner := pendingOwner(s.now(), random())
	size, err := s.putParts(ctx, who, owner, io.TeeReader(body, sum))
	if err != nil {
		return out, false, errors.Join(err, s.dropParts(context.WithoutCancel(ctx), who, owner))
	}
	d.ID, d.Size = hex.EncodeToString(sum.Sum(nil))[:32], size
	_, err = s.Write(ctx, who, func(tx *Tx) error {
		isNew = false
		out, err = tx.delivery(d.ID)
		if err == nil {
			return tx.exec("DELETE FROM part WHERE journal = ? AND owner = ?", string(tx.journal), owner)
		}
		if !errors.Is(err, hansei.ErrNotFound) {
			return err
		}
		isNew, d.Received = true, tx.Now()
		out = Delivery{Delivery: d, State: DeliveryReceived, Options: options}
		if err := tx.exec("UPDATE part SET owner = ? WHERE journal = ? AND owner = ?", "delivery-"+d.ID, string(tx.journal), owner); err != nil {
			return err
		}
		return tx.exec(`INSERT INTO delivery (journal, id, source, name, media, size, received, state, error, options, summary, seq)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, '', ?, '', 0)`,
			string(tx.journal), d.ID, d.Source, d.Name, d.Media, d.Size, d.Received.UnixMicro(), DeliveryReceived, options)
	})
	if err != nil {
		return out, false, errors.Join(err, s.dropParts(context.WithoutCancel(ctx), who, owner))
	}
	return out, isNew, nil
}

// OpenDelivery reads a payload as it arrived.
func (s *Store) OpenDelivery(ctx context.Context, who auth.Scope, id string) (io.ReadCloser, error) {
	if _, err := s.GetDelivery(ctx, who, id); err != nil {
		return nil, err
	}
	return s.openParts(ctx, who, "delivery-"+id)
}

const (
	deliveryFields  = "id, source, name, media, size, received, state, error, options, summary, seq"
	deliveryColumns = "SELECT " + deliveryFields + " FROM delivery"
)

// GetDelivery reads what is known of a delivery, or ErrNotFound.
func (s *Store) GetDelivery(ctx context.Context, who auth.Scope, id string) (Delivery, error) {
	journal, err := who.MayRead()
	if err != nil {
		return Delivery{}, err
	}
	d, err := oneDelivery(ctx, s, journal, id)
	if !errors.Is(err, hansei.ErrNotFound) {
		return d, err
	}
	if p, n := s.arrivals.Get(arrivalKey{journal, id}); n > 0 {
		return Delivery{Delivery: p.Delivery, State: DeliveryReceived}, nil
	}
	return oneDelivery(ctx, s, journal, id) // it may have got its row just now
}

func (tx *Tx) delivery(id string) (Delivery, error) {
	return oneDelivery(tx.ctx, tx, tx.journal, id)
}

func oneDelivery(ctx context.Context, r Reader, journal auth.Journal, id string) (Delivery, error) {
	list, err := scanDeliveries(ctx, r, deliveryColumns+" WHERE journal = ? AND id = ?", string(journal), id)
	if err != nil {
		return Delivery{}, err
	}
	if len(list) == 0 {
		return Delivery{}, fmt.Errorf("delivery %s: %w", id, hansei.ErrNotFound)
	}
	return list[0], nil
}

// Delivered says whether there is a delivery of a source, or a file under its name.
func Delivered(ctx context.Context, r Reader, who auth.Scope, source string) (bool, error) {
	journal, err := who.MayRead()
	if err != nil {
		return false, err
	}
	list, err := scanDeliveries(ctx, r, deliveryColumns+" WHERE journal = ? AND source = ? LIMIT 1", string(journal), source)
	return len(list) > 0, err
}

// DeliveryFilter picks deliveries; empty fields pick all.
type DeliveryFilter struct {
	Source string
	State  string
	Live   bool      // those of live sources; otherwise those of files
	Before time.Time // received before; with After the cursor of a list
	After  string    // also those received at Before itself, with an id after this one
	Limit  int
}

// Deliveries lists deliveries, the newest first.
func (s *Store) Deliveries(ctx context.Context, who auth.Scope, f DeliveryFilter) ([]Delivery, error) {
	journal, err := who.MayRead()
	if err != nil {
		return nil, err
	}
	if f.Limit <= 0 {
		f.Limit = 50
	}
	waits := s.waits(journal, f)
	where, args := []string{"journal = ?", "options <> ''"}, []any{string(journal)}
	if f.Live {
		where[1] = "options = ''"
	}
	if f.Source != "" {
		where, args = append(where, "source = ?"), append(args, f.Source)
	} else {
		where = append(where, "media <> '"+Work+"'")
	}
	if f.State != "" {
		where, args = append(where, "state = ?"), append(args, f.State)
	}
	if !f.Before.IsZero() {
		at := f.Before.UnixMicro()
		if f.After == "" {
			where, args = append(where, "received < ?"), append(args, at)
		} else {
			where, args = append(where, "(received < ? OR (received = ? AND id > ?))"), append(args, at, at, f.After)
		}
	}
	q := deliveryColumns + " WHERE " + strings.Join(where, " AND ") + " ORDER BY received DESC, id LIMIT ?"
	list, err := scanDeliveries(ctx, s, q, append(args, f.Limit)...)
	if err == nil {
		waits, err = s.withoutRow(ctx, journal, waits)
	}
	if err != nil || len(waits) == 0 {
		return list, err
	}
	list = append(list, waits...)
	slices.SortFunc(list, newestFirst)
	return list[:min(len(list), f.Limit)], nil
}

func scanDeliveries(ctx context.Context, r Reader, q string, args ...any) (out []Delivery, err error) {
	rows, err := r.query(ctx, q, args...)
	if err := each(rows, err, func(rows *sql.Rows) error {
		d, err := scanDelivery(rows)
		out = append(out, d)
		return err
	}); err != nil {
		return nil, fmt.Errorf("deliveries: %w", err)
	}
	return out, nil
}

// scanDelivery reads deliveryFields and what a statement asks for after them.
func scanDelivery(rows *sql.Rows, more ...any) (d Delivery, err error) {
	var received int64
	err = rows.Scan(append([]any{&d.ID, &d.Source, &d.Name, &d.Media, &d.Size, &received, &d.State, &d.Error, &d.Options, &d.Summary, &d.Seq}, more...)...)
	d.Received = time.UnixMicro(received).UTC()
	return d, err
}

// FinishDelivery notes what became of a delivery, with the records that came
// of it or not at all.
func (tx *Tx) FinishDelivery(id, state, errText, summary string) error {
	return tx.exec("UPDATE delivery SET state = ?, error = ?, summary = ?, seq = ? WHERE journal = ? AND id = ?",
		state, errText, summary, int64(tx.head.seq), string(tx.journal), id)
}

// ReopenDelivery makes a delivery wait to be understood again.
func (tx *Tx) ReopenDelivery(id string) error {
	if _, n := tx.store.arrivals.Get(arrivalKey{tx.journal, id}); n > 0 {
		return nil // it waits
	}
	if _, err := tx.delivery(id); err != nil {
		return err
	}
	n, err := tx.changed("UPDATE delivery SET state = ?, error = '' WHERE journal = ? AND id = ?"+kept, DeliveryReceived, string(tx.journal), id)
	if err == nil && n == 0 {
		err = hansei.Invalid("delivery", "there is nothing to understand: its payload is empty, or was taken away when a person in it was forgotten")
	}
	return err
}

// AddWork notes work that is to be done, in a state of who does it.
func (tx *Tx) AddWork(d hansei.Delivery, state, options, summary string) error {
	return tx.exec(`INSERT INTO delivery (journal, id, source, name, media, size, received, state, error, options, summary, seq)
		VALUES (?, ?, ?, ?, ?, 0, ?, ?, '', ?, ?, 0)`, string(tx.journal), d.ID, d.Source, d.Name, Work, tx.Now().UnixMicro(), state, options, summary)
}

// NoteWork notes how far work is, whatever its state.
func (tx *Tx) NoteWork(id, summary string) error {
	return tx.exec("UPDATE delivery SET summary = ? WHERE journal = ? AND id = ? AND media = ?", summary, string(tx.journal), id, Work)
}

// MoveWork brings work from one state into another; false when it was in none
// such.
func (tx *Tx) MoveWork(id, from, to, errText string) (bool, error) {
	n, err := tx.changed("UPDATE delivery SET state = ?, error = ? WHERE journal = ? AND id = ? AND state = ? AND media = ?", to, errText, string(tx.journal), id, from, Work)
	return n > 0, err
}

// MoveDeliveries brings all deliveries of a source that are in one state into
// another.
func (tx *Tx) MoveDeliveries(source, from, to string) error {
	return tx.exec("UPDATE delivery SET state = ? WHERE journal = ? AND source = ? AND state = ?", to, string(tx.journal), source, from)
}

// DeliveryStates counts the deliveries of a source by their state.
func (s *Store) DeliveryStates(ctx context.Context, who auth.Scope, source string) (out map[string]int, err error) {
	journal, err := who.MayRead()
	if err != nil {
		return nil, err
	}
	waits := s.waits(journal, DeliveryFilter{Source: source, Live: true, Limit: math.MaxInt})
	out = map[string]int{}
	rows, err := s.query(ctx, "SELECT state, count(*) FROM delivery WHERE journal = ? AND source = ? GROUP BY state", string(journal), source)
	if err := each(rows, err, func(rows *sql.Rows) error {
		var state string
		var n int
		err := rows.Scan(&state, &n)
		out[state] = n
		return err
	}); err != nil {
		return nil, fmt.Errorf("deliveries: %w", err)
	}
	if waits, err = s.withoutRow(ctx, journal, waits); len(waits) > 0 {
		out[DeliveryReceived] += len(waits)
	}
	return out, err
}

// PutRejects replaces the rejects of a delivery.
func (tx *Tx) PutRejects(id string, rejects []Reject) error {
	if err := tx.exec("DELETE FROM reject WHERE journal = ? AND delivery = ?", string(tx.journal), id); err != nil {
		return err
	}
	args := make([]any, 0, len(rejects)*7)
	for i, r := range rejects {
		args = append(args, string(tx.journal), id, i+1, r.Line, r.Column, r.Value, r.Expected)
	}
	return tx.insert(words.Insert{Table: "reject", Columns: []string{"journal", "delivery", "n", "line", "field", "value", "expected"}}, args)
}

// Rejects lists a delivery's rejects after the n-th.
func (s *Store) Rejects(ctx context.Context, who auth.Scope, id string, after, limit int) (out []Reject, err error) {
	journal, err := who.MayRead()
	if err != nil {
		return nil, err
	}
	rows, err := s.query(ctx, "SELECT n, line, field, value, expected FROM reject WHERE journal = ? AND delivery = ? AND n > ? ORDER BY n LIMIT ?",
		string(journal), id, after, limit)
	if err := each(rows, err, func(rows *sql.Rows) error {
		var r Reject
		err := rows.Scan(&r.N, &r.Line, &r.Column, &r.Value, &r.Expected)
		out = append(out, r)
		return err
	}); err != nil {
		return nil, fmt.Errorf("rejects: %w", err)
	}
	return out, nil
}
