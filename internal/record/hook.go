package record

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
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

// Packer compresses payloads before they reach the writer, which has better
// things to do. It may be used by many goroutines.
type Packer struct{ enc *zstd.Encoder }

// NewPacker makes a Packer.
func NewPacker() (*Packer, error) {
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(4))
	if err != nil {
		return nil, fmt.Errorf("compressor: %w", err)
	}
	return &Packer{enc}, nil
}

// Packed is a payload of a live source, ready to be stored.
type Packed struct {
	hansei.Delivery
	Held  bool // the source is paused: it is understood later
	parts [][]byte
}

// Pack makes a payload ready. identity is what makes two deliveries the same:
// the vendor's own delivery id, or else empty and the content counts.
func (p *Packer) Pack(source, name, media, identity string, body []byte) Packed {
	sum := sha256.New()
	fmt.Fprintf(sum, "%s\x00%s\x00", source, name)
	if identity == "" {
		sum.Write(body)
	} else {
		fmt.Fprintf(sum, "id\x00%s", identity)
	}
	out := Packed{Delivery: hansei.Delivery{ID: hex.EncodeToString(sum.Sum(nil))[:32], Source: source, Name: name, Media: media, Size: int64(len(body))}}
	for len(body) > 0 {
		k := min(partSize, len(body))
		out.parts = append(out.parts, p.enc.EncodeAll(body[:k], make([]byte, 0, k/3)))
		body = body[k:]
	}
	return out
}

// AddDelivery stores a payload of a live source, to be understood later. A
// payload that is there already is stored once: isNew is false then.
func (tx *Tx) AddDelivery(p Packed) (isNew bool, err error) {
	state := DeliveryReceived
	if p.Held {
		state = DeliveryHeld
	}
	isNew, err = tx.added(`INSERT INTO delivery (journal, id, source, name, media, size, received, state, error, options, summary, seq)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, '', '', '', 0) ON CONFLICT (journal, id) DO NOTHING`,
		string(tx.journal), p.ID, p.Source, p.Name, p.Media, p.Size, tx.Now().UnixMicro(), state)
	if err != nil || !isNew {
		return false, err
	}
	for n, part := range p.parts {
		if err := tx.exec("INSERT INTO part (journal, owner, n, bytes) VALUES (?, ?, ?, ?)", string(tx.journal), "delivery-"+p.ID, n, part); err != nil {
			return false, err
		}
	}
	return true, nil
}

// AddPage is AddDelivery of a page that was pulled. The same page again is
// news only when another page of its stream came between: then it is
// understood once more, as of now.
func (tx *Tx) AddPage(p Packed) error {
	isNew, err := tx.AddDelivery(p)
	if err != nil || isNew {
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
	list, err := scanDeliveries(ctx, s, deliveryColumns+waiting+" ORDER BY received, id LIMIT ?", string(journal), limit)
	if err != nil {
		return nil, err
	}
	for i, d := range list {
		if maxBytes -= d.Size; maxBytes < 0 && i > 0 {
			list = list[:i]
			break
		}
	}
	return s.withBodies(ctx, journal, list)
}

// Bodies reads the payloads of deliveries.
func (s *Store) Bodies(ctx context.Context, who auth.Scope, list []Delivery) ([]Waiting, error) {
	journal, err := who.MayRead()
	if err != nil {
		return nil, err
	}
	return s.withBodies(ctx, journal, list)
}

func (s *Store) withBodies(ctx context.Context, journal auth.Journal, list []Delivery) (out []Waiting, err error) {
	if len(list) == 0 {
		return nil, nil
	}
	at, args := map[string]int{}, []any{string(journal)}
	for i, d := range list {
		out = append(out, Waiting{Delivery: d})
		at["delivery-"+d.ID] = i
		args = append(args, "delivery-"+d.ID)
	}
	dec, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1))
	if err != nil {
		return nil, err
	}
	defer dec.Close()
	rows, err := s.query(ctx, "SELECT owner, bytes FROM part WHERE journal = ? AND owner IN ("+marks(len(list))+") ORDER BY owner, n", args...)
	if err != nil {
		return nil, fmt.Errorf("payloads: %w", readable(err))
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var owner string
		var packed []byte
		if err := rows.Scan(&owner, &packed); err != nil {
			return nil, err
		}
		w := &out[at[owner]]
		if w.Body, err = dec.DecodeAll(packed, w.Body); err != nil {
			return nil, fmt.Errorf("payload of delivery %s: %w", w.ID, err)
		}
	}
	return out, readable(rows.Err())
}

// StillWaiting says which of some deliveries nobody has understood meanwhile.
func (tx *Tx) StillWaiting(ids []string) (out map[string]bool, err error) {
	args := []any{string(tx.journal)}
	for _, id := range ids {
		args = append(args, id)
	}
	rows, err := tx.query(tx.ctx, "SELECT id FROM delivery WHERE journal = ? AND state = 'received' AND id IN ("+marks(len(ids))+")", args...)
	if err != nil {
		return nil, fmt.Errorf("deliveries: %w", readable(err))
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	out = make(map[string]bool, len(ids))
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		out[id] = true
	}
	return out, rows.Err()
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

// changed is exec and says how many rows it changed.
func (tx *Tx) changed(q string, args ...any) (int64, error) {
	if tx.ended {
		return 0, errEnded
	}
	st, err := tx.store.stmts.prepare(tx.ctx, q)
	if err != nil {
		return 0, err
	}
	res, err := st.ExecContext(tx.ctx, args...)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}
