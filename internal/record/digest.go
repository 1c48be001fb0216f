package record

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"fmt"
	"hash"

	"hansei/internal/auth"
)

// Digest is a hash over every entry of the journal in order, as it stood when
// the call began, and the last sequence in it: two stores with one digest hold
// the same.
func (s *Store) Digest(ctx context.Context, who auth.Scope) (string, Seq, error) {
	journal, err := who.MayRead()
	if err != nil {
		return "", 0, err
	}
	head, err := s.Head(ctx, who)
	if err != nil {
		return "", 0, err
	}
	sum, err := digest(ctx, s, journal, head.Seq)
	return sum, head.Seq, err
}

const digestPage = 5000

func digest(ctx context.Context, r Reader, journal auth.Journal, head Seq) (string, error) {
	h := sha256.New()
	for after := Seq(0); after < head; {
		last, err := digestOf(ctx, r, h, journal, after, min(after+digestPage, head))
		if err != nil {
			return "", fmt.Errorf("digest: %w", err)
		}
		if last == after {
			return "", fmt.Errorf("the journal has no entry %d although its head is %d", after+1, head)
		}
		after = last
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// digestOf adds the entries after one sequence and up to another to a hash.
func digestOf(ctx context.Context, r Reader, h hash.Hash, journal auth.Journal, after, to Seq) (last Seq, err error) {
	last = after
	rows, err := r.query(ctx, "SELECT seq, revision, kind, id, at, who, doc FROM entry WHERE journal = ? AND seq > ? AND seq <= ? ORDER BY seq",
		string(journal), int64(after), int64(to))
	err = each(rows, err, func(rows *sql.Rows) error {
		var seq, revision, at int64
		var kind, id, who, doc string
		if err := rows.Scan(&seq, &revision, &kind, &id, &at, &who, &doc); err != nil {
			return err
		}
		fmt.Fprintf(h, "%d\x00%d\x00%s\x00%s\x00%d\x00%s\x00%d\x00", seq, revision, kind, id, at, who, len(doc))
		h.Write([]byte(doc))
		last = Seq(seq)
		return nil
	})
	return last, err
}
