package intake

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"hansei"
	"hansei/internal/intake/link"
	"hansei/internal/record"
)

// encode makes the documents of what changed, and drops what did not change
// after all.
func (s *workingSet) encode() error {
	kept := s.changed[:0]
	for _, ref := range s.changed {
		w := s.have[ref]
		doc, err := record.Encode(w.rec)
		if err != nil {
			return fmt.Errorf("%w: %w", errUnwritable, err)
		}
		if bytes.Equal(doc, w.doc) {
			w.dirty = false
			continue
		}
		w.doc = doc
		w.before() // read before the writer's turn
		w.now()
		kept = append(kept, ref)
	}
	s.changed = kept
	return nil
}

// writing is write as a transaction takes it.
func (s *workingSet) writing(ctx context.Context) func(*record.Tx) error {
	return func(tx *record.Tx) error { return s.write(ctx, tx) }
}

// write puts every changed record and what it is called into the transaction.
func (s *workingSet) write(ctx context.Context, tx *record.Tx) error {
	if err := s.unmoved(ctx, tx); err != nil {
		return err
	}
	for _, ref := range s.changed {
		w := s.have[ref]
		if err := record.PutEncoded(tx, w.rec, w.doc, w.revision); err != nil {
			return err
		}
	}
	var called, calls, names, gone, found, lost []record.Naming
	for _, ref := range s.named() {
		was, is := s.have[ref].before(), s.have[ref].now()
		known := was
		switch {
		case s.have[ref].anew:
			known = &link.Links{}
		case s.have[ref].revision == 0:
			called, calls = namings(called, ref, is.Called), namings(calls, ref, is.Mentions)
			continue
		}
		names, gone = namings(names, ref, link.Without(is.Called, known.Called)), namings(gone, ref, link.Without(was.Called, is.Called))
		found, lost = namings(found, ref, link.Without(is.Mentions, known.Mentions)), namings(lost, ref, link.Without(was.Mentions, is.Mentions))
	}
	return errors.Join(tx.DropNames(gone), tx.DropMentions(lost), tx.AddNames(names), tx.AddMentions(found), tx.NoteNew(called, calls))
}

// named are the records whose names are noted: those that changed and those
// that are linked anew.
func (s *workingSet) named() []record.Ref {
	out := slices.Clone(s.changed)
	for _, ref := range s.relinked {
		if !s.have[ref].dirty {
			out = append(out, ref)
		}
	}
	return out
}

// unmoved returns ErrConflict when something that the set relies on changed
// since it was read.
func (s *workingSet) unmoved(ctx context.Context, tx *record.Tx) error {
	if s.sources != 0 {
		if now, err := record.LastChange(ctx, tx, s.scope, hansei.KindSource); err != nil || now != s.sources {
			return cmp.Or(err, hansei.ErrConflict)
		}
	}
	ids := map[hansei.Kind][]hansei.ID{}
	for _, r := range s.relied {
		ids[r.Kind] = append(ids[r.Kind], r.ID)
	}
	for kind, list := range ids {
		now, err := record.LoadRaw(ctx, tx, s.scope, kind, list)
		if err != nil {
			return err
		}
		for _, id := range list {
			if now[id].Revision != s.have[record.Ref{Kind: kind, ID: id}].revision {
				return fmt.Errorf("%s %s: %w", kind, id, hansei.ErrConflict)
			}
		}
	}
	return nil
}

func namings(list []record.Naming, ref record.Ref, names []string) []record.Naming {
	for _, n := range names {
		list = append(list, record.Naming{Ref: ref, Name: n})
	}
	return list
}
