package record

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"hansei"
	"hansei/internal/auth"
)

// Revisions lists every version of a record without its document, the newest
// first: what a history shows before somebody looks into it.
func Revisions(ctx context.Context, r Reader, who auth.Scope, kind hansei.Kind, id hansei.ID) (out []Version, err error) {
	journal, err := who.MayRead()
	if err != nil {
		return nil, err
	}
	rows, err := r.query(ctx, `WITH RECURSIVE chain (seq, revision, prev, at, who) AS (
		SELECT e.seq, e.revision, e.prev, e.at, e.who FROM current c JOIN entry e ON e.journal = c.journal AND e.seq = c.seq WHERE c.journal = ? AND c.kind = ? AND c.id = ?
		UNION ALL SELECT e.seq, e.revision, e.prev, e.at, e.who FROM chain JOIN entry e ON e.journal = ? AND e.seq = chain.prev)
		SELECT seq, revision, at, who FROM chain ORDER BY seq DESC`, string(journal), string(kind), string(id), string(journal))
	if err := each(rows, err, func(rows *sql.Rows) error {
		var v Version
		var at int64
		err := rows.Scan(&v.Seq, &v.Revision, &at, &v.Who)
		v.At = time.UnixMicro(at).UTC()
		out = append(out, v)
		return err
	}); err != nil {
		return nil, err
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("%s %s: %w", kind, id, hansei.ErrNotFound)
	}
	return out, nil
}

// GetRevision reads a record as it was at one of its revisions.
func GetRevision(ctx context.Context, r Reader, who auth.Scope, kind hansei.Kind, id hansei.ID, revision Revision) (Stored, error) {
	journal, err := who.MayRead()
	if err != nil {
		return Stored{}, err
	}
	all, err := Revisions(ctx, r, who, kind, id)
	if err != nil {
		return Stored{}, err
	}
	for _, v := range all {
		if v.Revision != revision {
			continue
		}
		v, _, err := version(ctx, r, "SELECT seq, revision, prev, at, who, doc FROM entry WHERE journal = ? AND seq = ?", []any{string(journal), int64(v.Seq)})
		if err != nil {
			return Stored{}, err
		}
		rec, err := DecodeDoc(kind, v.Doc)
		return Stored{rec, v.Revision, v.Seq, v.At}, err
	}
	return Stored{}, fmt.Errorf("revision %d of %s %s: %w", revision, kind, id, hansei.ErrNotFound)
}
