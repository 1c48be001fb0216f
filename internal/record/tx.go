package record

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/record/gather"
	"hansei/internal/record/verdict"
	"hansei/internal/record/words"
)

const flushAt = 500 // rows gathered at most

// Tx is one writer's part of a transaction. Appends are gathered and written
// many rows at a time; reads through the Tx see them.
type Tx struct {
	ctx     context.Context
	store   *Store
	journal auth.Journal
	who     auth.Actor
	head    *journalHead
	request *request

	began   gather.Place // in the rows that the group has gathered
	touched bool         // more was done than to gather rows and to read
	failed  error        // of the first statement that failed: the Tx fails with it
	ended   bool
}

func newTx(s *Store, r *request, h *journalHead) *Tx {
	return &Tx{ctx: context.Background(), store: s, journal: r.journal, who: r.who, head: h, request: r, began: s.rows.Place()}
}

// errEnded keeps a Tx that was carried out of its function from writing into
// somebody else's transaction.
var errEnded = errors.New("the transaction has ended; a Tx must not be used outside of its function")

// call runs fn, notes its key, and writes what was gathered if asked to; a
// panic of fn is an error of its own.
func (tx *Tx) call(r *request, flush bool) (err error) {
	defer func() {
		if p := recover(); p != nil {
			tx.store.log.Error("panic while writing", "panic", p, "stack", string(debug.Stack()))
			err = fmt.Errorf("panic while writing: %v", p)
		}
		tx.ended = true
	}()
	if err := r.fn(tx); err != nil {
		return err
	}
	if tx.failed == nil && r.key != "" {
		if err := tx.exec("INSERT INTO append_key (journal, key, head) VALUES (?, ?, ?)", string(tx.journal), r.key, int64(tx.head.seq)); err != nil {
			return err
		}
	}
	if flush {
		return tx.flush()
	}
	return tx.failed
}

// fail notes that a statement failed. No engine need go on after that, so the
// Tx fails, whether fn passes over it or not.
func (tx *Tx) fail(err error) error {
	tx.touched = true
	if tx.failed == nil {
		tx.failed = err
	}
	return err
}

// after has something done once the transaction is committed, before its writer
// hears of it.
func (tx *Tx) after(fn func()) { tx.request.after = append(tx.request.after, fn) }

// Head is the last sequence of the journal, this transaction's own included.
func (tx *Tx) Head() Seq { return tx.head.seq }

// Now is the time of this transaction's entries. It never goes back, whatever
// the clock does.
func (tx *Tx) Now() time.Time { return time.UnixMicro(tx.head.at).UTC() }

// Put appends a version of a record. read is the revision the writer read, 0
// for a record that must not exist yet; if it is not the current one, Put
// returns ErrConflict (for new records possibly only when the Tx ends).
func Put(tx *Tx, rec hansei.Record, read Revision) error {
	if err := rec.Validate(); err != nil {
		return err
	}
	doc, err := Encode(rec)
	if err != nil {
		return err
	}
	return put(tx, rec.Kind(), rec.Head().ID, doc, sync.OnceValues(func() (hansei.Record, error) { return DecodeDoc(rec.Kind(), doc) }), read)
}

// PutEncoded is Put of a record that was validated and encoded elsewhere. Those
// who follow the journal are handed the record itself: nobody may change it any
// more.
func PutEncoded(tx *Tx, rec hansei.Record, doc []byte, read Revision) error {
	return put(tx, rec.Kind(), rec.Head().ID, doc, func() (hansei.Record, error) { return rec, nil }, read)
}

func put(tx *Tx, kind hansei.Kind, id hansei.ID, doc []byte, decode func() (hansei.Record, error), read Revision) error {
	switch {
	case tx.ended:
		return errEnded
	case id == "":
		return hansei.Invalid("id", "a %s needs an id", kind)
	case read < 0:
		return fmt.Errorf("%s %s at revision %d: %w", kind, id, read, hansei.ErrConflict)
	}
	var prev Seq
	if read > 0 {
		var err error
		if prev, err = tx.supersede(kind, id, read); err != nil {
			return err
		}
	} else if tx.store.rows.Has(string(tx.journal), string(kind), string(id)) {
		return fmt.Errorf("%s %s: %w", kind, id, hansei.ErrConflict)
	}
	tx.head.seq++
	kept := words.Clean([]any{string(id), tx.who.Name}) // as they are written
	tx.head.note(Change{Seq: tx.head.seq, Revision: read + 1, Kind: kind, ID: hansei.ID(kept[0].(string)), At: time.UnixMicro(tx.head.at).UTC(), Who: kept[1].(string), Doc: doc, read: decode})
	tx.store.rows.Add(string(tx.journal), string(kind), string(id), int64(tx.head.seq), int64(read+1), int64(prev), tx.head.at, tx.who.Name, string(doc))
	if len(tx.store.rows.Entries) >= flushAt*len(gather.Entry.Columns) {
		return tx.flush()
	}
	return nil
}

// supersede moves the current row of a record to the sequence that is about
// to be written.
func (tx *Tx) supersede(kind hansei.Kind, id hansei.ID, read Revision) (prev Seq, err error) {
	if tx.store.rows.Has(string(tx.journal), string(kind), string(id)) {
		if err := tx.flush(); err != nil {
			return 0, err
		}
	}
	var revision Revision
	err = tx.store.stmts.scan(tx.ctx, "SELECT seq, revision FROM current WHERE journal = ? AND kind = ? AND id = ?",
		[]any{string(tx.journal), string(kind), string(id)}, &prev, &revision)
	if errors.Is(err, sql.ErrNoRows) || (err == nil && revision != read) {
		return 0, fmt.Errorf("%s %s: %w", kind, id, hansei.ErrConflict)
	}
	if err != nil {
		return 0, tx.fail(fmt.Errorf("read the current revision: %w", err))
	}
	tx.touched = true
	if _, err := tx.store.stmts.exec(tx.ctx, "UPDATE current SET seq = ?, revision = ? WHERE journal = ? AND kind = ? AND id = ?", int64(tx.head.seq+1), int64(read)+1, string(tx.journal), string(kind), string(id)); err != nil {
		return 0, tx.fail(fmt.Errorf("move the current revision: %w", err))
	}
	return prev, nil
}

// flush writes what was gathered.
func (tx *Tx) flush() error {
	switch {
	case tx.ended:
		return errEnded
	case tx.failed != nil:
		return tx.failed
	case tx.store.rows.Place() != tx.began:
		tx.touched = true
	}
	if err := tx.store.flush(tx.ctx); err != nil {
		return tx.fail(err)
	}
	tx.began = gather.Place{}
	return nil
}

// flush writes what the writers of a group have gathered.
func (s *Store) flush(ctx context.Context) error {
	err := s.insert(ctx, gather.Current, s.rows.Fresh)
	if verdict.Conflict(err) {
		return fmt.Errorf("a new record's id is taken: %w", hansei.ErrConflict)
	}
	if err == nil {
		err = s.insert(ctx, gather.Entry, s.rows.Entries)
	}
	if err != nil {
		return fmt.Errorf("append: %w", err)
	}
	s.rows.Clear()
	return nil
}

func (s *Store) insert(ctx context.Context, into words.Insert, values []any) error {
	for q, args := range s.engine.insert(into, values) {
		if _, err := s.stmts.exec(ctx, q, args...); err != nil {
			return err
		}
	}
	return nil
}

func (tx *Tx) insert(into words.Insert, values []any) error {
	if tx.ended {
		return errEnded
	}
	tx.touched = true
	if err := tx.store.insert(tx.ctx, into, values); err != nil {
		return tx.fail(err)
	}
	return nil
}

// exec runs one statement of the transaction, whose text is one of a fixed set.
func (tx *Tx) exec(q string, args ...any) error {
	_, err := tx.changed(q, args...)
	return err
}

// added is exec of an INSERT that does nothing when the row is there already,
// and says whether it was not. A refused INSERT would do as well here, but on
// other engines it ends the transaction.
func (tx *Tx) added(q string, args ...any) (bool, error) {
	n, err := tx.changed(q, args...)
	return n > 0, err
}

// changed is exec and says how many rows it changed.
func (tx *Tx) changed(q string, args ...any) (int64, error) {
	if tx.ended {
		return 0, errEnded
	}
	tx.touched = true
	res, err := tx.store.stmts.exec(tx.ctx, q, args...)
	if err != nil {
		return 0, tx.fail(err)
	}
	return res.RowsAffected()
}

// SQL is the database transaction that this one is part of. It is for package
// job alone, whose queue must write in it, so that a job is there exactly when
// the record is that asks for it.
func (tx *Tx) SQL() *sql.Tx {
	tx.touched = true
	return tx.store.stmts.tx
}
