package record

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/record/verdict"
)

// Head is where a journal stands.
type Head struct {
	Seq   Seq
	Epoch Epoch
	At    time.Time // of the last entry; zero while there is none
}

// Change is one entry of the journal.
type Change struct {
	Seq      Seq
	Revision Revision
	Kind     hansei.Kind
	ID       hansei.ID
	At       time.Time
	Who      string
	Doc      []byte
	read     func() (hansei.Record, error) // its record, decoded once for all who follow; or nil
}

// Page is a part of the feed.
type Page struct {
	Epoch   Epoch
	Head    Seq
	Changes []Change
}

// Head reads where the journal stands; an unused one is at 0.
func (s *Store) Head(ctx context.Context, who auth.Scope) (Head, error) {
	journal, err := who.MayRead()
	if err != nil {
		return Head{}, err
	}
	var h Head
	var at int64
	err = s.queryRow(ctx, "SELECT head, epoch, at FROM journal WHERE journal = ?", []any{string(journal)}, &h.Seq, &h.Epoch, &at)
	if errors.Is(err, sql.ErrNoRows) {
		return Head{}, nil
	}
	if err != nil {
		return h, fmt.Errorf("head of the journal: %w", verdict.Readable(err))
	}
	if h.Seq > 0 {
		h.At = time.UnixMicro(at).UTC()
	}
	return h, nil
}

// Feed reads the changes after a sequence, in the order of commits, at most
// limit of them and none beyond the page's own head: a reader that is ahead of
// a head knows that the journal is another one.
func (s *Store) Feed(ctx context.Context, who auth.Scope, after Seq, limit int) (page Page, err error) {
	journal, err := who.MayRead()
	if err != nil {
		return page, err
	}
	head, err := s.Head(ctx, who)
	if err != nil {
		return page, err
	}
	page.Epoch, page.Head = head.Epoch, head.Seq
	if after, limit = max(after, 0), min(limit, int(max(0, head.Seq-after))); limit <= 0 {
		return page, nil
	}
	if list, ok := s.recent.Between([2]string{string(journal), string(head.Epoch)}, int64(after)+1, int64(after)+int64(limit)); ok {
		page.Changes = list
		return page, nil
	}
	rows, err := s.query(ctx, `SELECT seq, revision, kind, id, at, who, doc FROM entry
		WHERE journal = ? AND seq > ? AND seq <= ? ORDER BY seq LIMIT ?`, string(journal), int64(after), int64(after)+int64(limit), limit)
	if err != nil {
		return page, fmt.Errorf("feed: %w", verdict.Readable(err))
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	page.Changes = make([]Change, 0, limit)
	kinds := map[string]hansei.Kind{}
	var kind, doc sql.RawBytes
	for rows.Next() {
		var c Change
		var at int64
		if err := rows.Scan(&c.Seq, &c.Revision, &kind, (*string)(&c.ID), &at, &c.Who, &doc); err != nil {
			return page, fmt.Errorf("feed: %w", err)
		}
		k, ok := kinds[string(kind)]
		if !ok {
			k = hansei.Kind(kind)
			kinds[string(k)] = k
		}
		c.Kind, c.At, c.Doc = k, time.UnixMicro(at).UTC(), append([]byte(nil), doc...)
		page.Changes = append(page.Changes, c)
	}
	return page, verdict.Readable(rows.Err())
}

// SeqAt is the last sequence written at or before a time, 0 if none was.
func (s *Store) SeqAt(ctx context.Context, who auth.Scope, t time.Time) (Seq, error) {
	head, err := s.Head(ctx, who)
	if err != nil {
		return 0, err
	}
	// Times never go back along a journal, so the place is found by halving.
	low, high := Seq(0), head.Seq
	for low < high {
		mid := (low + high + 1) / 2
		at, err := s.TimeOf(ctx, who, mid)
		if err != nil {
			return 0, err
		}
		if at.After(t) {
			high = mid - 1
		} else {
			low = mid
		}
	}
	return low, nil
}

// TimeOf is when an entry was written.
func (s *Store) TimeOf(ctx context.Context, who auth.Scope, seq Seq) (time.Time, error) {
	journal, err := who.MayRead()
	if err != nil {
		return time.Time{}, err
	}
	var at int64
	err = s.queryRow(ctx, "SELECT at FROM entry WHERE journal = ? AND seq = ?", []any{string(journal), int64(seq)}, &at)
	if errors.Is(err, sql.ErrNoRows) {
		return time.Time{}, fmt.Errorf("journal entry %d: %w", seq, hansei.ErrNotFound)
	}
	return time.UnixMicro(at).UTC(), verdict.Readable(err)
}

// poll is how often a waiter looks when no wake-up came.
const poll = time.Second

// Wait returns once the journal has entries after a sequence, or stands before
// it (a journal that was restored: the caller has another one), or when ctx ends.
func (s *Store) Wait(ctx context.Context, who auth.Scope, after Seq) error {
	for {
		s.mu.Lock()
		moved := s.moved
		s.mu.Unlock()
		head, err := s.Head(ctx, who)
		if err != nil || head.Seq != after {
			return err
		}
		select {
		case <-moved:
		case <-time.After(poll): // the hint is only a hint
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// maxNoted bounds the documents of one transaction that are kept for those who
// follow the journal, in bytes.
const maxNoted = 16 << 20

// note keeps an entry that is about to be written, in case it is committed.
func (h *journalHead) note(c Change) {
	// Where a writer was undone, the next one goes on from before it.
	for n := len(h.entries); n > 0 && h.entries[n-1].Seq >= c.Seq; n-- {
		h.bytes -= len(h.entries[n-1].Doc)
		h.entries = h.entries[:n-1]
	}
	h.entries, h.bytes = append(h.entries, c), h.bytes+len(c.Doc)
	if h.bytes > maxNoted {
		h.entries, h.bytes = nil, 0 // of a long import the end will do
	}
}

// remember keeps the entries of a group for those who follow.
func (s *Store) remember(g *group) {
	for j, h := range g.heads {
		n := len(h.entries)
		for n > 0 && h.entries[n-1].Seq > h.seq {
			n--
		}
		if n > 0 {
			s.recent.Add([2]string{string(j), string(h.epoch)}, int64(h.entries[0].Seq), h.entries[:n])
		}
	}
}
