package record

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/klauspost/compress/zstd"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/record/pack"
	"hansei/internal/record/verdict"
	"hansei/internal/record/words"
)

// Entry is an entry of the journal as a rewriting sees it.
type Entry struct {
	Seq  Seq
	Kind hansei.Kind
	ID   hansei.ID
	Who  string
	Doc  []byte
}

// RewriteEntries changes entries that are written already, at most limit of
// them after a sequence, in one transaction: fn says whether it changed one. It
// is for forgetting a person and for nothing else: the journal is otherwise
// only appended to. Whoever follows the journal must be told by a new epoch.
// last is the last entry looked at; 0 when there was none.
func (s *Store) RewriteEntries(ctx context.Context, who auth.Actor, after Seq, limit int, fn func(*Entry) bool) (last Seq, changed int, err error) {
	_, err = s.Write(ctx, who, func(tx *Tx) error {
		last, changed = 0, 0
		list, err := tx.entries(after, limit)
		if err != nil {
			return err
		}
		for i := range list {
			last = list[i].Seq
			if !fn(&list[i]) {
				continue
			}
			changed++
			if err := tx.exec("UPDATE entry SET who = ?, doc = ? WHERE journal = ? AND seq = ?", list[i].Who, string(list[i].Doc), string(tx.journal), int64(last)); err != nil {
				return err
			}
		}
		return nil
	})
	return last, changed, err
}

func (tx *Tx) entries(after Seq, limit int) (out []Entry, err error) {
	rows, err := tx.query(tx.ctx, "SELECT seq, kind, id, who, doc FROM entry WHERE journal = ? AND seq > ? AND seq <= ? ORDER BY seq LIMIT ?", string(tx.journal), int64(after), int64(after)+int64(limit), limit)
	err = each(rows, err, func(rows *sql.Rows) error {
		var e Entry
		err := rows.Scan(&e.Seq, (*string)(&e.Kind), (*string)(&e.ID), &e.Who, &e.Doc)
		out = append(out, e)
		return err
	})
	return out, err
}

// Renew puts one document in the place of every revision of a record, gives
// the record another id, and begins a new epoch of the journal.
func (tx *Tx) Renew(kind hansei.Kind, id, to hansei.ID, doc []byte) error {
	j := string(tx.journal)
	if err := tx.flush(); err != nil {
		return err
	}
	if err := tx.exec("UPDATE entry SET id = ?, doc = ? WHERE journal = ? AND kind = ? AND id = ?", string(to), string(doc), j, string(kind), string(id)); err != nil {
		return err
	}
	if err := tx.exec("UPDATE current SET id = ? WHERE journal = ? AND kind = ? AND id = ?", string(to), j, string(kind), string(id)); err != nil {
		return err
	}
	for _, table := range []string{"name", "mention"} {
		if err := tx.exec("DELETE FROM "+table+" WHERE journal = ? AND kind = ? AND id = ?", j, string(kind), string(id)); err != nil {
			return err
		}
	}
	return tx.exec("UPDATE journal SET epoch = ? WHERE journal = ?", random(), j)
}

// worded are the tables beside the journal that hold words of people: their
// keys, and the texts that can be changed in place.
var worded = []struct {
	table      string
	key, texts []string
}{
	{"pull", []string{"source", "stream"}, []string{"cursor", "error"}},
	{"delivery", []string{"id"}, []string{"name", "error", "options", "summary"}},
	{"reject", []string{"delivery", "n"}, []string{"value", "expected"}},
	{"notice", []string{"id"}, []string{"person", "subject", "doc", "error"}},
	{"told", []string{"key"}, []string{"what"}},
	{"blob", []string{"hash"}, []string{"name"}},
	{"name", []string{"name", "kind", "id"}, nil},
	{"mention", []string{"name", "kind", "id"}, nil},
}

// RewriteTexts changes the texts that stand beside the journal; before it,
// Unspool brings those there that have just come in. A row whose key
// would change is dropped: such rows only help to find things. It returns how
// many rows changed.
func (s *Store) RewriteTexts(ctx context.Context, who auth.Actor, fn func(column, text string) string) (changed int, err error) {
	const page = 500
	for _, t := range worded {
		var after []any
		for {
			n := 0
			_, err := s.Write(ctx, who, func(tx *Tx) error {
				list, err := tx.texts(t.table, append(append([]string(nil), t.key...), t.texts...), len(t.key), after, page)
				if err != nil {
					return err
				}
				n = len(list)
				for _, row := range list {
					after = row[:len(t.key):len(t.key)]
					did, err := tx.reword(t.table, t.key, t.texts, row, fn)
					if err != nil {
						return err
					}
					if did {
						changed++
					}
				}
				return nil
			})
			if err != nil {
				return changed, fmt.Errorf("table %s: %w", t.table, err)
			}
			if n < page {
				break
			}
		}
	}
	return changed, nil
}

func (tx *Tx) texts(table string, columns []string, key int, after []any, limit int) (out [][]any, err error) {
	keys := strings.Join(columns[:key], ", ")
	q, args := "SELECT "+strings.Join(columns, ", ")+" FROM "+table+" WHERE journal = ?", []any{string(tx.journal)}
	if after != nil {
		q, args = q+" AND ("+keys+") > ("+words.Marks(key)+")", append(args, after...)
	}
	rows, err := tx.query(tx.ctx, q+" ORDER BY "+keys+" LIMIT ?", append(args, limit)...)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		row, to := make([]any, len(columns)), make([]any, len(columns))
		for i := range row {
			to[i] = &row[i]
		}
		if err := rows.Scan(to...); err != nil {
			return nil, err
		}
		out = append(out, row)
	}
	return out, rows.Err()
}

func (tx *Tx) reword(table string, key, texts []string, row []any, fn func(column, text string) string) (bool, error) {
	where, args := " WHERE journal = ?", []any{string(tx.journal)}
	for i, k := range key {
		where, args = where+" AND "+k+" = ?", append(args, row[i])
		if s, ok := row[i].(string); ok && fn(k, s) != s {
			return true, tx.exec("DELETE FROM "+table+" WHERE journal = ? AND "+strings.Join(key, " = ? AND ")+" = ?", append([]any{string(tx.journal)}, row[:len(key)]...)...)
		}
	}
	var sets []string
	var values []any
	for i, c := range texts {
		if s, ok := row[len(key)+i].(string); ok && fn(c, s) != s {
			sets, values = append(sets, c+" = ?"), append(values, fn(c, s))
		}
	}
	if len(sets) == 0 {
		return false, nil
	}
	return true, tx.exec("UPDATE "+table+" SET "+strings.Join(sets, ", ")+where, append(values, args...)...)
}

// DropPayloads takes away the payloads in which has finds something, and those
// that are damaged; what was understood of them stays. What waits, or is held,
// fails by it, but what waits and was received at or after a time is left: it is
// to be understood.
func (s *Store) DropPayloads(ctx context.Context, who auth.Actor, before time.Time, has func(io.Reader) (bool, error)) (dropped int, err error) {
	journal, err := who.Scope().MayRead()
	if err != nil {
		return 0, err
	}
	dec, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1))
	if err != nil {
		return 0, err
	}
	defer dec.Close()
	for after := ""; ; {
		var id string
		var body []byte
		found, err := s.next(ctx, "SELECT id, body FROM delivery WHERE journal = ? AND id > ? AND size > 0 AND NOT (options = '' AND state = 'received' AND received >= ?) ORDER BY id LIMIT 1",
			[]any{string(journal), after, before.UnixMicro()}, &id, &body)
		if err != nil || !found {
			return dropped, err
		}
		after = id
		why, hit := "a person in it was forgotten", true
		if text, bad := pack.Unpack(dec, body); body == nil {
			hit, err = has(&parts{ctx: ctx, store: s, journal: journal, owner: "delivery-" + id, dec: dec})
		} else if bad == nil {
			hit, err = has(bytes.NewReader(text))
		} else {
			err = errDamaged
		}
		switch {
		case errors.Is(err, errDamaged):
			why = "it was damaged"
		case err != nil:
			return dropped, err
		case !hit:
			continue
		}
		dropped++
		if _, err := s.Write(ctx, who, func(tx *Tx) error { return tx.dropPayload(id, why) }); err != nil {
			return dropped, err
		}
	}
}

func (tx *Tx) dropPayload(id, why string) error {
	const waits = " CASE WHEN options = '' AND state IN ('received', 'held') THEN "
	if err := tx.exec("UPDATE delivery SET body = NULL, size = 0, error ="+waits+"? ELSE error END, state ="+waits+"'failed' ELSE state END WHERE journal = ? AND id = ?",
		"its payload was taken away while it waited to be understood: "+why, string(tx.journal), id); err != nil {
		return err
	}
	return tx.exec("DELETE FROM part WHERE journal = ? AND owner = ?", string(tx.journal), "delivery-"+id)
}

// next reads one row, if there is one.
func (s *Store) next(ctx context.Context, q string, args []any, to ...any) (found bool, err error) {
	rows, err := s.query(ctx, q, args...)
	if err != nil {
		return false, verdict.Readable(err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	if !rows.Next() {
		return false, verdict.Readable(rows.Err())
	}
	return true, rows.Scan(to...)
}

// Compact writes the database anew, so that what was overwritten or deleted is
// in none of its files any more. Backups, replicas and PostgreSQL's archived
// log are the operator's.
func (s *Store) Compact(ctx context.Context, who auth.Actor) error {
	s.compact.Store(true)
	_, err := s.WriteAlone(ctx, who, func(*Tx) error { return nil })
	return err
}
