package record

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"time"

	"hansei/internal/auth"
	"hansei/internal/record/verdict"
)

// group is the writers that share one transaction.
type group struct {
	requests []*request
	mark     string // says, in the database, that it was committed
	apart    bool   // each stands behind a savepoint, for one of them failed
	ran      bool   // the requests were run before
	heads    map[auth.Journal]*journalHead
}

// journalHead is the head of one journal inside a transaction.
type journalHead struct {
	from    Seq // the head when the transaction began
	seq     Seq
	at      int64 // of the last entry, microseconds; while a Tx runs, of its entries
	epoch   Epoch
	entries []Change // of the transaction, the newest of them; maybe some of a writer that was undone
	bytes   int      // of their documents
}

// errApart says that one of a group failed after it had written something. The
// transaction is undone and each of them is run again behind a savepoint.
// Savepoints for all would cost as much as the rest of a short append.
var errApart = errors.New("a writer of the group failed")

// errGone says that a writer that cannot be run again was undone with its
// connection.
var errGone = fmt.Errorf("%w: the connection was lost while this was written; nothing of it was", ErrUnavailable)

// errUndone says that the only writer of a group failed; nothing was written.
var errUndone = errors.New("the writer failed")

func (g *group) alone() bool { return len(g.requests) == 1 }

// attempt runs a group in one transaction. An error is one of the whole
// transaction: nothing of it was written, unless the connection broke.
func (s *Store) attempt(g *group) error {
	ctx := context.Background() // what was begun is not given up half-way
	watch := time.NewTimer(s.patience)
	if s.engine.shared() {
		// But another server may hold the head, or a replica that must
		// confirm the commit be gone.
		var cancel context.CancelFunc
		ctx, cancel = context.WithCancel(ctx)
		defer cancel()
		watch = time.AfterFunc(s.patience, cancel)
	}
	defer watch.Stop()
	if s.write == nil {
		if err := s.connect(ctx); err != nil {
			return fmt.Errorf("connect: %w", err)
		}
	}
	tx, err := s.write.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	s.stmts.tx = tx
	defer func() { s.stmts.tx = nil }()
	done, err := s.claim(ctx, g)
	watch.Stop()
	if err == nil && !done {
		err = s.fill(ctx, g)
	}
	if err == nil {
		watch.Reset(s.patience)
		if err = s.conclude(tx, g); err == nil {
			return nil
		}
	}
	if s.engine.shared() && broken(s.write) {
		err = errors.Join(err, driver.ErrBadConn)
	}
	// A full disk may have ended the transaction already, as a broken connection has.
	if undo := tx.Rollback(); undo != nil && !errors.Is(undo, sql.ErrTxDone) && verdict.Judge(undo) == verdict.Answer {
		s.log.Warn("roll back", "error", undo)
	}
	return err
}

// conclude commits a group and keeps its entries for those who follow. With
// SQLite a commit is seen well before it returns, for it may also copy the log
// into the file; so there they are kept before, or followers would read them
// from the disk. A feed ends at the head: nobody is handed them too early.
func (s *Store) conclude(tx *sql.Tx, g *group) error {
	first := !s.engine.shared()
	if first {
		s.remember(g)
	}
	if err := tx.Commit(); err != nil {
		s.recent.Clear()
		return fmt.Errorf("commit: %w", err)
	}
	if !first { // another server may have written entries with these numbers
		s.remember(g)
	}
	return nil
}

// claim takes the heads that the group begins with, and notes in the database
// that this writer commits it. After a lost connection nobody knows whether a
// commit was done: then the note is there, and the group must not be repeated.
// If the lost transaction still goes on, claim waits until it has ended.
func (s *Store) claim(ctx context.Context, g *group) (done bool, err error) {
	g.heads = map[auth.Journal]*journalHead{}
	if !s.engine.shared() {
		return false, nil
	}
	journal := g.requests[0].journal
	res, err := s.stmts.exec(ctx, `INSERT INTO writer (journal, writer, last, at) VALUES (?, ?, ?, ?)
		ON CONFLICT (journal, writer) DO UPDATE SET last = excluded.last, at = excluded.at WHERE writer.last <> excluded.last`,
		string(journal), s.id, g.mark, s.now().UnixMicro())
	if err != nil {
		return false, fmt.Errorf("note the group: %w", err)
	}
	n, err := res.RowsAffected()
	if err == nil && n == 0 {
		// A commit of something waits for the replica that has not confirmed it.
		_, err = s.stmts.exec(ctx, "UPDATE writer SET at = ? WHERE journal = ? AND writer = ?", s.now().UnixMicro(), string(journal), s.id)
		return err == nil, err
	}
	if err != nil {
		return false, err
	}
	g.heads[journal], err = s.head(ctx, journal)
	return false, err
}

// fill runs the requests of a transaction and moves the heads.
func (s *Store) fill(ctx context.Context, g *group) error {
	if g.ran && g.requests[0].once {
		return errGone
	}
	g.ran = true
	s.rows.Clear()
	for _, r := range g.requests {
		if !r.take() {
			continue // its caller gave up waiting
		}
		r.head, r.after = 0, nil
		if r.err = r.ctx.Err(); r.err != nil {
			continue
		}
		if err := s.run(ctx, g, r); err != nil {
			return err
		}
	}
	if err := s.flush(context.Background()); err != nil {
		if !g.alone() && verdict.Judge(err) == verdict.Answer {
			return errApart
		}
		return err
	}
	for j, h := range g.heads {
		if h.seq == h.from {
			continue // no entry was written
		}
		if _, err := s.stmts.exec(ctx, "UPDATE journal SET head = ?, at = ? WHERE journal = ?", int64(h.seq), h.at, string(j)); err != nil {
			return fmt.Errorf("move the head: %w", err)
		}
	}
	return nil
}

// run runs one request inside the group's transaction.
func (s *Store) run(ctx context.Context, g *group, r *request) error {
	h, ok := g.heads[r.journal]
	if !ok {
		var err error
		if h, err = s.head(ctx, r.journal); err != nil {
			return err
		}
		g.heads[r.journal] = h
	}
	if r.key != "" {
		err := s.stmts.scan(ctx, "SELECT head FROM append_key WHERE journal = ? AND key = ?", []any{string(r.journal), r.key}, &r.head)
		if err == nil {
			return nil
		}
		if !errors.Is(err, sql.ErrNoRows) {
			return fmt.Errorf("look up the key: %w", err)
		}
	}
	if err := s.savepoint(g, "SAVEPOINT w"); err != nil {
		return err
	}
	before := *h
	// A clock that jumps back does not make the journal's times go back.
	h.at = max(h.at, s.now().UnixMicro())
	tx := newTx(s, r, h)
	if err := tx.call(r, g.apart || g.alone()); err != nil {
		*h, r.after = before, nil
		if err := s.fail(g, r, tx, err); err != nil {
			return err
		}
	}
	if h.seq == before.seq {
		h.at = before.at // of the last entry still
	}
	r.head = h.seq
	return s.savepoint(g, "RELEASE w")
}

// fail undoes what a request did. An error is one of the whole group.
func (s *Store) fail(g *group, r *request, tx *Tx, err error) error {
	if whole := s.whole(tx, err); whole != nil {
		return whole
	}
	r.err = verdict.Readable(err)
	switch {
	case g.apart:
		s.rows.Cut(tx.began)
		return s.savepoint(g, "ROLLBACK TO w")
	case !tx.touched: // all it did was to gather rows
		s.rows.Cut(tx.began)
		return nil
	case g.alone():
		return errUndone
	default:
		return errApart
	}
}

// whole is the error that ended the whole transaction when one of a group
// failed, if it did: nobody of the group is to blame then.
func (s *Store) whole(tx *Tx, err error) error {
	switch {
	case !s.engine.shared():
		return nil
	case tx.failed != nil && verdict.Judge(tx.failed) != verdict.Answer:
		return tx.failed
	case verdict.State(err) != "" && verdict.Judge(err) != verdict.Answer:
		return err
	case broken(s.write):
		return errors.Join(driver.ErrBadConn, err)
	}
	return nil
}

// savepoint is needed only where one of several may fail.
func (s *Store) savepoint(g *group, q string) error {
	if !g.apart {
		return nil
	}
	if _, err := s.stmts.exec(context.Background(), q); err != nil {
		return fmt.Errorf("%s: %w", q, err)
	}
	return nil
}

// head takes the journal's row, which also locks it against other servers on
// engines that have them, and makes the journal if it is new.
func (s *Store) head(ctx context.Context, j auth.Journal) (*journalHead, error) {
	var h journalHead
	for {
		err := s.stmts.scan(ctx, "UPDATE journal SET head = head WHERE journal = ? RETURNING head, at, epoch", []any{string(j)}, &h.seq, &h.at, &h.epoch)
		if err == nil {
			break
		}
		if errors.Is(err, sql.ErrNoRows) { // another server may make it at this moment
			_, err = s.stmts.exec(ctx, "INSERT INTO journal (journal, head, at, epoch) VALUES (?, 0, 0, ?) ON CONFLICT (journal) DO NOTHING", string(j), random())
		}
		if err != nil {
			return nil, fmt.Errorf("head of the journal: %w", err)
		}
	}
	h.from = h.seq
	return &h, nil
}
