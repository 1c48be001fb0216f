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
	"hansei/internal/record/verdict"
	"hansei/internal/record/words"
)

// Reader is a Store, which reads what is committed, or a Tx, which also reads
// its own appends.
type Reader interface {
	query(ctx context.Context, q string, args ...any) (*sql.Rows, error)
	on() engine
}

func (s *Store) on() engine { return s.engine }

func (tx *Tx) on() engine { return tx.store.engine }

func (s *Store) query(ctx context.Context, q string, args ...any) (*sql.Rows, error) {
	q, args = s.engine.text(q), words.Clean(args)
	rows, err := s.read.Query(ctx, nil, q, args...)
	for pause := firstPause; err != nil && s.engine.shared() && verdict.Judge(err) != verdict.Answer && pause < readPatience && ctx.Err() == nil; pause *= 2 {
		sleep(ctx, pause) // the database is being started again, or another takes over
		rows, err = s.read.Query(ctx, nil, q, args...)
	}
	if err != nil && s.engine.shared() && verdict.Judge(err) == verdict.Lost && ctx.Err() == nil {
		err = fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	return rows, err
}

// readPatience is how long the last pause of a reader is at most whose
// connection broke; all are twice as long. A person waits for the answer.
const readPatience = 2 * time.Second

// queryRow asks for one row; sql.ErrNoRows if there is none.
func (s *Store) queryRow(ctx context.Context, q string, args []any, to ...any) (err error) {
	rows, err := s.query(ctx, q, args...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	if rows.Next() {
		return rows.Scan(to...)
	}
	if err := rows.Err(); err != nil {
		return err
	}
	return sql.ErrNoRows
}

func (tx *Tx) query(_ context.Context, q string, args ...any) (*sql.Rows, error) {
	if err := tx.flush(); err != nil {
		return nil, err
	}
	tx.touched = tx.touched || !strings.HasPrefix(q, "SELECT ")
	rows, err := tx.store.stmts.session().QueryContext(tx.ctx, tx.store.engine.text(q), words.Clean(args)...)
	if err != nil {
		return nil, tx.fail(err)
	}
	return rows, nil
}

// Stored is a record as it stands in the journal.
type Stored struct {
	Record   hansei.Record
	Revision Revision
	Seq      Seq
	At       time.Time // when that revision was written
}

// Raw is a record's current document, undecoded.
type Raw struct {
	Doc      []byte
	Revision Revision
	Seq      Seq
	At       time.Time
}

// Version is one revision of a record.
type Version struct {
	Seq      Seq
	Revision Revision
	At       time.Time
	Who      string
	Doc      []byte
}

// maxIDs is how many records one statement looks up.
const maxIDs = 512

// LoadRaw reads the current documents of records. Those that do not exist are
// absent from the result.
func LoadRaw(ctx context.Context, r Reader, who auth.Scope, kind hansei.Kind, ids []hansei.ID) (map[hansei.ID]Raw, error) {
	journal, err := who.MayRead()
	if err != nil {
		return nil, err
	}
	out := make(map[hansei.ID]Raw, len(ids))
	keys := make([]string, len(ids))
	for i, id := range ids {
		keys[i] = string(id)
	}
	for chunk := range slices.Chunk(keys, maxIDs) {
		rows, err := lookUp(ctx, r, byID, []any{string(journal), string(kind)}, chunk)
		if err := scanRaw(rows, err, func(id hansei.ID, x Raw) { out[id] = x }); err != nil {
			return nil, fmt.Errorf("load %ss: %w", kind, err)
		}
	}
	return out, nil
}

const (
	rawColumns = "c.id, c.revision, c.seq, e.at, e.doc"
	rawTables  = "current c JOIN entry e ON e.journal = c.journal AND e.seq = c.seq"
)

var byID = words.Lookup{Columns: rawColumns, From: rawTables, Where: "c.journal = ? AND c.kind = ?", Key: "c.id"}

func scanRaw(rows *sql.Rows, asked error, fn func(hansei.ID, Raw)) error {
	return each(rows, asked, func(rows *sql.Rows) error {
		var id, doc string
		var x Raw
		var at int64
		if err := rows.Scan(&id, &x.Revision, &x.Seq, &at, &doc); err != nil {
			return err
		}
		x.Doc, x.At = []byte(doc), time.UnixMicro(at).UTC()
		fn(hansei.ID(id), x)
		return nil
	})
}

// each calls fn at every row of what was asked, and closes it.
func each(rows *sql.Rows, asked error, fn func(*sql.Rows) error) (err error) {
	if asked != nil {
		return verdict.Readable(asked)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		if err := fn(rows); err != nil {
			return err
		}
	}
	return verdict.Readable(rows.Err())
}

// Load reads the current versions of records; missing ones are absent.
func Load(ctx context.Context, r Reader, who auth.Scope, kind hansei.Kind, ids []hansei.ID) (map[hansei.ID]Stored, error) {
	raw, err := LoadRaw(ctx, r, who, kind, ids)
	if err != nil {
		return nil, err
	}
	out := make(map[hansei.ID]Stored, len(raw))
	for id, x := range raw {
		rec, err := DecodeDoc(kind, x.Doc)
		if err != nil {
			return nil, err
		}
		out[id] = Stored{rec, x.Revision, x.Seq, x.At}
	}
	return out, nil
}

// Get reads the current version of one record, or ErrNotFound.
func Get[T hansei.Record](ctx context.Context, r Reader, who auth.Scope, id hansei.ID) (T, Revision, error) {
	var zero T
	kind := zero.Kind()
	found, err := Load(ctx, r, who, kind, []hansei.ID{id})
	if err != nil {
		return zero, 0, err
	}
	s, ok := found[id]
	if !ok {
		return zero, 0, fmt.Errorf("%s %s: %w", kind, id, hansei.ErrNotFound)
	}
	return s.Record.(T), s.Revision, nil
}

// List reads current records of a kind in the order of their ids, after one
// of them. Merged and deleted ones are among them.
func (s *Store) List(ctx context.Context, who auth.Scope, kind hansei.Kind, after hansei.ID, limit int) ([]Stored, error) {
	journal, err := who.MayRead()
	if err != nil {
		return nil, err
	}
	rows, err := s.query(ctx, "SELECT "+rawColumns+" FROM "+rawTables+" WHERE c.journal = ? AND c.kind = ? AND c.id > ? ORDER BY c.id LIMIT ?",
		string(journal), string(kind), string(after), limit)
	var out []Stored
	var bad error
	err = scanRaw(rows, err, func(_ hansei.ID, x Raw) {
		rec, err := DecodeDoc(kind, x.Doc)
		bad = errors.Join(bad, err)
		out = append(out, Stored{rec, x.Revision, x.Seq, x.At})
	})
	return out, errors.Join(err, bad)
}

// HistoryIn reads every version of a record, the newest first.
func HistoryIn(ctx context.Context, r Reader, who auth.Scope, kind hansei.Kind, id hansei.ID) ([]Version, error) {
	return chain(ctx, r, who, kind, id, func(Version) bool { return true })
}

// History reads every version of a record, the newest first.
func (s *Store) History(ctx context.Context, who auth.Scope, kind hansei.Kind, id hansei.ID) ([]Version, error) {
	return HistoryIn(ctx, s, who, kind, id)
}

// GetAt reads a record as it was at a sequence.
func GetAt(ctx context.Context, r Reader, who auth.Scope, kind hansei.Kind, id hansei.ID, at Seq) (Stored, error) {
	var found *Version
	_, err := chain(ctx, r, who, kind, id, func(v Version) bool {
		if v.Seq <= at {
			found = &v
		}
		return found == nil
	})
	if err != nil {
		return Stored{}, err
	}
	if found == nil {
		return Stored{}, fmt.Errorf("%s %s at %d: %w", kind, id, at, hansei.ErrNotFound)
	}
	rec, err := DecodeDoc(kind, found.Doc)
	return Stored{rec, found.Revision, found.Seq, found.At}, err
}

// chain walks a record's versions from the newest to the oldest while more
// says so.
func chain(ctx context.Context, r Reader, who auth.Scope, kind hansei.Kind, id hansei.ID, more func(Version) bool) ([]Version, error) {
	journal, err := who.MayRead()
	if err != nil {
		return nil, err
	}
	var out []Version
	q := "SELECT e.seq, e.revision, e.prev, e.at, e.who, e.doc FROM current c JOIN entry e ON e.journal = c.journal AND e.seq = c.seq WHERE c.journal = ? AND c.kind = ? AND c.id = ?"
	args := []any{string(journal), string(kind), string(id)}
	for {
		v, prev, err := version(ctx, r, q, args)
		if errors.Is(err, sql.ErrNoRows) {
			return nil, fmt.Errorf("%s %s: %w", kind, id, hansei.ErrNotFound)
		}
		if err != nil {
			return nil, fmt.Errorf("history of %s %s: %w", kind, id, err)
		}
		out = append(out, v)
		if !more(v) || prev == 0 {
			return out, nil
		}
		q = "SELECT seq, revision, prev, at, who, doc FROM entry WHERE journal = ? AND seq = ?"
		args = []any{string(journal), int64(prev)}
	}
}

func version(ctx context.Context, r Reader, q string, args []any) (v Version, prev Seq, err error) {
	rows, err := r.query(ctx, q, args...)
	if err != nil {
		return v, 0, verdict.Readable(err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	if !rows.Next() {
		return v, 0, errors.Join(sql.ErrNoRows, rows.Err())
	}
	var at int64
	var doc string
	err = rows.Scan(&v.Seq, &v.Revision, &prev, &at, &v.Who, &doc)
	v.At, v.Doc = time.UnixMicro(at).UTC(), []byte(doc)
	return v, prev, err
}
