package record

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"hansei/internal/auth"
)

// PullState is how far a stream of a source was pulled.
type PullState struct {
	Source   string    `json:"source"`
	Stream   string    `json:"stream"`
	Cursor   string    `json:"-"`        // where to go on; the source's own words
	Through  time.Time `json:"through"`  // everything from Began up to here is read
	Back     time.Time `json:"back"`     // everything since here is read, of a history that is read backwards
	Whole    bool      `json:"whole"`    // its history was read to the end once
	Began    time.Time `json:"began"`    // how far back its history was asked for
	At       time.Time `json:"at"`       // of the last run's end
	Ended    time.Time `json:"ended"`    // of the last run that read to the end
	Pages    int64     `json:"pages"`    // stored in all
	Things   int64     `json:"things"`   // on them, where the source counts them
	Failures int64     `json:"failures"` // runs that failed since the last that did not
	Error    string    `json:"error,omitempty"`
	Later    time.Time `json:"later"` // the tool asks not to be asked before
}

// PutPull notes how far a stream was pulled.
func (tx *Tx) PutPull(p PullState) error {
	return tx.exec(`INSERT INTO pull (journal, source, stream, cursor, through, began, at, pages, failures, error, whole, back, things, later, ended) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (journal, source, stream) DO UPDATE SET cursor = excluded.cursor, through = excluded.through, began = excluded.began,
		at = excluded.at, pages = excluded.pages, failures = excluded.failures, error = excluded.error,
		whole = excluded.whole, back = excluded.back, things = excluded.things, later = excluded.later, ended = excluded.ended`,
		string(tx.journal), p.Source, p.Stream, p.Cursor, micro(p.Through), micro(p.Began), micro(p.At), p.Pages, p.Failures, p.Error, map[bool]int{true: 1}[p.Whole], micro(p.Back), p.Things, micro(p.Later), micro(p.Ended))
}

// DropPulls forgets how far a source was pulled: its history is read anew.
func (tx *Tx) DropPulls(source string) error {
	return tx.exec("DELETE FROM pull WHERE journal = ? AND source = ?", string(tx.journal), source)
}

// Pulls reads the state of every stream, of one source or of all when it is empty.
func Pulls(ctx context.Context, r Reader, who auth.Scope, source string) (out []PullState, err error) {
	journal, err := who.MayRead()
	if err != nil {
		return nil, err
	}
	q, args := "SELECT source, stream, cursor, through, began, at, pages, failures, error, whole, back, things, later, ended FROM pull WHERE journal = ?", []any{string(journal)}
	if source != "" {
		q, args = q+" AND source = ?", append(args, source)
	}
	rows, err := r.query(ctx, q+" ORDER BY source, stream", args...)
	if err := each(rows, err, func(rows *sql.Rows) error {
		var p PullState
		var through, began, at, whole, back, later, ended int64
		err := rows.Scan(&p.Source, &p.Stream, &p.Cursor, &through, &began, &at, &p.Pages, &p.Failures, &p.Error, &whole, &back, &p.Things, &later, &ended)
		p.Through, p.Began, p.At, p.Whole, p.Back, p.Later, p.Ended = ofMicro(through), ofMicro(began), ofMicro(at), whole == 1, ofMicro(back), ofMicro(later), ofMicro(ended)
		out = append(out, p)
		return err
	}); err != nil {
		return nil, fmt.Errorf("pulls: %w", err)
	}
	return out, nil
}

// micro is a time as the store keeps it; 0 for none.
func micro(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

func ofMicro(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.UnixMicro(n).UTC()
}
