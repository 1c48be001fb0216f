package record

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"
	"time"

	"hansei"
	"hansei/internal/auth"
)

// Tx is one writer's part of a transaction. Appends are gathered and written
// many rows at a time; reads through the Tx see them.
type Tx struct {
	ctx     context.Context
	store   *Store
	journal auth.Journal
	who     auth.Actor
	head    *journalHead

	entries []any // arguments of rows not written yet
	fresh   []any // arguments of new current rows not written yet
	pending map[string]bool
	failed  error // of the first statement that failed: the Tx fails with it
	ended   bool
}

const (
	rowsPerInsert = 25
	entryColumns  = 9
	freshColumns  = 5
	flushAt       = 500 // rows gathered at most
)

func newTx(ctx context.Context, s *Store, r *request, h *journalHead) *Tx {
	return &Tx{ctx: ctx, store: s, journal: r.journal, who: r.who, head: h, pending: map[string]bool{}}
}

// errEnded keeps a Tx that was carried out of its function from writing into
// somebody else's transaction.
var errEnded = errors.New("the transaction has ended; a Tx must not be used outside of its function")

// call runs fn and writes what it gathered; a panic of fn is an error of its own.
func (tx *Tx) call(fn func(*Tx) error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			tx.store.log.Error("panic while writing", "panic", p, "stack", string(debug.Stack()))
			err = fmt.Errorf("panic while writing: %v", p)
		}
		tx.ended = true
	}()
	if err := fn(tx); err != nil {
		return err
	}
	return tx.flush()
}

// fail notes that a statement failed. No engine need go on after that, so the
// Tx fails, whether fn passes over it or not.
func (tx *Tx) fail(err error) error {
	if tx.failed == nil {
		tx.failed = err
	}
	return err
}

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
	return PutEncoded(tx, rec.Kind(), rec.Head().ID, doc, read)
}

// PutEncoded is Put of a record that was validated and encoded elsewhere.
func PutEncoded(tx *Tx, kind hansei.Kind, id hansei.ID, doc []byte, read Revision) error {
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
	}
	tx.head.seq++
	seq := tx.head.seq
	tx.entries = append(tx.entries, string(tx.journal), int64(seq), string(kind), string(id), int64(read)+1, int64(prev), tx.head.at, tx.who.Name, string(doc))
	if read == 0 {
		tx.fresh = append(tx.fresh, string(tx.journal), string(kind), string(id), int64(seq), int64(1))
		tx.pending[string(kind)+"/"+string(id)] = true
	}
	if len(tx.entries) >= flushAt*entryColumns {
		return tx.flush()
	}
	return nil
}

// supersede moves the current row of a record to the sequence that is about
// to be written.
func (tx *Tx) supersede(kind hansei.Kind, id hansei.ID, read Revision) (prev Seq, err error) {
	if tx.pending[string(kind)+"/"+string(id)] {
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
	if _, err := tx.store.stmts.exec(tx.ctx, "UPDATE current SET seq = ?, revision = ? WHERE journal = ? AND kind = ? AND id = ?", int64(tx.head.seq+1), int64(read)+1, string(tx.journal), string(kind), string(id)); err != nil {
		return 0, tx.fail(fmt.Errorf("move the current revision: %w", err))
	}
	return prev, nil
}

// flush writes what was gathered.
func (tx *Tx) flush() error {
	if tx.ended {
		return errEnded
	}
	if tx.failed != nil {
		return tx.failed
	}
	err := tx.insert("INSERT INTO current (journal, kind, id, seq, revision) VALUES ", tx.fresh, freshColumns)
	if err != nil {
		if conflict(err) {
			return tx.fail(fmt.Errorf("a new record's id is taken: %w", hansei.ErrConflict))
		}
		return tx.fail(fmt.Errorf("append: %w", err))
	}
	if err := tx.insert("INSERT INTO entry (journal, seq, kind, id, revision, prev, at, who, doc) VALUES ", tx.entries, entryColumns); err != nil {
		return tx.fail(fmt.Errorf("append: %w", err))
	}
	tx.entries, tx.fresh = tx.entries[:0], tx.fresh[:0]
	clear(tx.pending)
	return nil
}

func (tx *Tx) insert(q string, args []any, columns int) error {
	row := "(" + strings.TrimSuffix(strings.Repeat("?, ", columns), ", ") + ")"
	for len(args) > 0 {
		n := min(rowsPerInsert, len(args)/columns)
		if _, err := tx.store.stmts.exec(tx.ctx, q+strings.TrimSuffix(strings.Repeat(row+", ", n), ", "), args[:n*columns]...); err != nil {
			return err
		}
		args = args[n*columns:]
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
	res, err := tx.store.stmts.exec(tx.ctx, q, args...)
	if err != nil {
		return 0, tx.fail(err)
	}
	return res.RowsAffected()
}
