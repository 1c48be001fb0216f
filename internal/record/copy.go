package record

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"hansei/internal/auth"
	"hansei/internal/record/verdict"
	"hansei/internal/record/words"
)

// copied is one table as it is copied: its columns, those of its key first.
type copied struct {
	name    string
	key     int // columns
	columns []string
	page    int // rows read at a time
}

// installation lists every table but those that are about servers, not about
// what they keep. The jobs of the queue are not among them: those that are due
// are begun anew.
var installation = []copied{
	{"journal", 1, []string{"journal", "head", "at", "epoch"}, 1000},
	{"entry", 2, []string{"journal", "seq", "kind", "id", "revision", "prev", "at", "who", "doc"}, 1000},
	{"current", 3, []string{"journal", "kind", "id", "seq", "revision"}, 1000},
	{"append_key", 2, []string{"journal", "key", "head"}, 1000},
	{"delivery", 2, []string{"journal", "id", "source", "name", "media", "size", "received", "state", "error", "options", "summary", "seq", "body"}, 200},
	{"part", 3, []string{"journal", "owner", "n", "bytes"}, 8},
	{"reject", 3, []string{"journal", "delivery", "n", "line", "field", "value", "expected"}, 1000},
	{"blob", 2, []string{"journal", "hash", "name", "media", "size"}, 1000},
	{"session", 2, []string{"journal", "token", "expires", "data"}, 1000},
	{"name", 4, []string{"journal", "name", "kind", "id"}, 1000},
	{"mention", 4, []string{"journal", "name", "kind", "id"}, 1000},
	{"secret", 3, []string{"journal", "owner", "name", "box"}, 1000},
	{"pull", 3, []string{"journal", "source", "stream", "cursor", "through", "began", "at", "pages", "failures", "error", "whole", "back", "things", "later", "ended"}, 1000},
	{"counter", 4, []string{"journal", "source", "day", "name", "n"}, 1000},
	{"notice", 2, []string{"journal", "id", "event", "channel", "person", "subject", "doc", "created", "due", "state", "attempts", "error", "ended"}, 1000},
	{"told", 2, []string{"journal", "key", "at", "what"}, 1000},
	{"follower", 2, []string{"journal", "name", "epoch", "seq"}, 1000},
}

// Copy copies everything that a store keeps into an empty one, whatever the
// engines: every journal byte for byte, with its sequence, its times and its
// epoch, so that views which follow the one can follow the other. It is for the
// operator of both. The copy is compared with the original by the journals'
// digests before it is committed; after an error the target is as empty as it
// was. What is written to the original meanwhile is not in the copy. Secrets
// stay sealed: the key that opens them must be taken along.
//
// progress, if not nil, is told how many entries of how many are copied.
func Copy(ctx context.Context, from, to *Store, progress func(done, total Seq)) (err error) {
	if progress == nil {
		progress = func(Seq, Seq) {}
	}
	if from.engine.shared() { // what a server received and had no time for
		if err := from.takeOver(ctx, allOfThem); err != nil {
			return fmt.Errorf("read %s: %w", from.engine.name(), err)
		}
	}
	source, err := from.snapshot(ctx)
	if err != nil {
		return fmt.Errorf("read %s: %w", from.engine.name(), verdict.Readable(err))
	}
	defer func() { err = errors.Join(err, source.tx.Rollback()) }()
	_, err = to.WriteAlone(ctx, auth.Local().As("copy"), func(tx *Tx) error {
		c := copying{ctx: ctx, from: source, to: tx, progress: progress}
		return c.run()
	})
	if err != nil {
		return fmt.Errorf("copy %s to %s: %w", from.engine.name(), to.engine.name(), err)
	}
	return nil
}

// snapshot is a Reader of a store as it is at one moment.
type snapshot struct {
	tx     *sql.Tx
	engine engine
}

func (s *Store) snapshot(ctx context.Context) (*snapshot, error) {
	tx, err := s.read.DB.BeginTx(ctx, nil)
	if err != nil {
		return nil, err
	}
	if s.engine.shared() { // a file's readers have one anyway
		if _, err := tx.ExecContext(ctx, "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"); err != nil {
			return nil, errors.Join(err, tx.Rollback())
		}
	}
	return &snapshot{tx, s.engine}, nil
}

func (s *snapshot) query(ctx context.Context, q string, args ...any) (*sql.Rows, error) {
	return s.tx.QueryContext(ctx, s.engine.text(q), args...)
}

func (s *snapshot) on() engine { return s.engine }

// copying is one run of Copy.
type copying struct {
	ctx         context.Context
	from        *snapshot
	to          *Tx
	progress    func(done, total Seq)
	heads       map[auth.Journal]Seq
	done, total Seq
}

func (c *copying) run() (err error) {
	for _, t := range installation {
		if err := c.empty(t); err != nil {
			return err
		}
	}
	if c.heads, err = heads(c.ctx, c.from); err != nil {
		return err
	}
	for _, head := range c.heads {
		c.total += head
	}
	// The row that this very transaction began with.
	if err := c.to.exec("DELETE FROM journal"); err != nil {
		return err
	}
	for _, t := range installation {
		if err := c.table(t); err != nil {
			return fmt.Errorf("table %s: %w", t.name, err)
		}
	}
	return c.compare()
}

// empty checks that nothing stands in a table of the target.
func (c *copying) empty(t copied) error {
	where := ""
	if t.name == "journal" {
		where = " WHERE head > 0" // an empty one has a row once it was asked for
	}
	n, err := count(c.ctx, c.to, "SELECT count(*) FROM "+t.name+where)
	if err != nil {
		return err
	}
	if n > 0 {
		return fmt.Errorf("%s is not empty (table %s); a copy needs an installation of its own", c.to.store.engine.name(), t.name)
	}
	return nil
}

// table copies one table page by page in the order of its key.
func (c *copying) table(t copied) error {
	list, key := strings.Join(t.columns, ", "), strings.Join(t.columns[:t.key], ", ")
	var after []any
	for {
		where := ""
		if after != nil {
			where = " WHERE (" + key + ") > (" + words.Marks(t.key) + ")"
		}
		values, err := c.page("SELECT "+list+" FROM "+t.name+where+" ORDER BY "+key+" LIMIT ?", len(t.columns), append(after, t.page))
		if err != nil || len(values) == 0 {
			return err
		}
		// The last row's key, before the values are handed on.
		after = append([]any(nil), values[len(values)-len(t.columns):][:t.key]...)
		n := len(values) / len(t.columns)
		if err := c.to.insert(words.Insert{Table: t.name, Columns: t.columns}, values); err != nil {
			return err
		}
		if t.name == "entry" {
			c.done += Seq(n)
			c.progress(c.done, c.total)
		}
		if n < t.page {
			return nil
		}
	}
}

func (c *copying) page(q string, columns int, args []any) (values []any, err error) {
	rows, err := c.from.query(c.ctx, q, args...)
	if err != nil {
		return nil, verdict.Readable(err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		at := len(values)
		values = append(values, make([]any, columns)...)
		to := make([]any, columns)
		for i := range to {
			to[i] = &values[at+i]
		}
		if err := rows.Scan(to...); err != nil {
			return nil, err
		}
	}
	return values, verdict.Readable(rows.Err())
}

// compare reads the copy back.
func (c *copying) compare() error {
	for journal, head := range c.heads {
		want, err := digest(c.ctx, c.from, journal, head)
		if err != nil {
			return err
		}
		got, err := digest(c.ctx, c.to, journal, head)
		if err != nil {
			return err
		}
		if got != want {
			return fmt.Errorf("journal %s of the copy has the digest %s, not %s", journal, got, want)
		}
	}
	for _, t := range installation {
		want, err := count(c.ctx, c.from, "SELECT count(*) FROM "+t.name)
		if err != nil {
			return err
		}
		if got, err := count(c.ctx, c.to, "SELECT count(*) FROM "+t.name); err != nil || got != want {
			return errors.Join(err, fmt.Errorf("table %s of the copy has %d rows, not %d", t.name, got, want))
		}
		if c.to.store.engine.shared() { // its planner must know how much there is
			if err := c.to.exec("ANALYZE " + t.name); err != nil {
				return err
			}
		}
	}
	return nil
}

func count(ctx context.Context, r Reader, q string) (n int64, err error) {
	rows, err := r.query(ctx, q)
	if err != nil {
		return 0, verdict.Readable(err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	if rows.Next() {
		err = rows.Scan(&n)
	}
	return n, errors.Join(err, verdict.Readable(rows.Err()))
}

func heads(ctx context.Context, r Reader) (out map[auth.Journal]Seq, err error) {
	rows, err := r.query(ctx, "SELECT journal, head FROM journal")
	if err != nil {
		return nil, verdict.Readable(err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	out = map[auth.Journal]Seq{}
	for rows.Next() {
		var journal auth.Journal
		var head Seq
		if err := rows.Scan(&journal, &head); err != nil {
			return nil, err
		}
		out[journal] = head
	}
	return out, verdict.Readable(rows.Err())
}
