package retro

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/record"
)

// Accept says that a person stands for a text that a language model drafted.
func (d *Desk) Accept(ctx context.Context, who auth.Actor, id hansei.ID, section string) (record.Seq, error) {
	return d.change(ctx, who, id, func(_ *record.Tx, r *hansei.Retrospective) error {
		s := r.Section(section)
		if s == nil {
			return fmt.Errorf("section %q: %w", section, hansei.ErrNotFound)
		}
		s.Machine = false
		return nil
	})
}

// maxDismissed bounds how many sentences are remembered as looked at.
const maxDismissed = 200

// Dismiss says that a sentence at which the check for blame stopped stays as it
// is; the check does not stop there again.
func (d *Desk) Dismiss(ctx context.Context, who auth.Actor, id hansei.ID, sentence string) (record.Seq, error) {
	if sentence == "" || len(sentence) > maxPassage {
		return 0, hansei.Invalid("sentence", "expected 1 to %d bytes, got %d", maxPassage, len(sentence))
	}
	return d.change(ctx, who, id, func(_ *record.Tx, r *hansei.Retrospective) error {
		if !slices.Contains(r.Dismissed, sentence) {
			r.Dismissed = append(r.Dismissed, sentence)
		}
		r.Dismissed = r.Dismissed[max(0, len(r.Dismissed)-maxDismissed):]
		return nil
	})
}

// Restore brings what was written back as it was at a revision, as a new one:
// all of it, or one section when that is named. State, comments and codings
// stay as they are now.
func (d *Desk) Restore(ctx context.Context, who auth.Actor, id hansei.ID, revision record.Revision, section string) (record.Seq, error) {
	seq, err := d.change(ctx, who, id, func(tx *record.Tx, r *hansei.Retrospective) error {
		old, err := asAt(ctx, tx, who.Scope(), id, revision)
		if err != nil {
			return err
		}
		if section == "" {
			bringBack(r, old)
			revised(r)
			return nil
		}
		was, now := old.Section(section), r.Section(section)
		switch {
		case was == nil:
			return fmt.Errorf("section %q in revision %d: %w", section, revision, hansei.ErrNotFound)
		case now == nil: // another template left it out
			r.Sections = append(r.Sections, *was)
		case now.Text == was.Text && len(now.Others) == 0:
			return errUnchanged
		default:
			now.Text, now.Machine, now.Others = was.Text, was.Machine, nil
		}
		revised(r)
		return nil
	})
	if errors.Is(err, errUnchanged) {
		err = nil
	}
	return seq, err
}

// bringBack takes over everything that people write.
func bringBack(r, old *hansei.Retrospective) {
	now := *r
	*r = *old
	r.Header, r.State, r.Published, r.InReview, r.Drafted = now.Header, now.State, now.Published, now.InReview, now.Drafted
	r.Custom = old.Custom
	r.Comments, r.Codings, r.CodedBy, r.Frozen, r.Dismissed = now.Comments, now.Codings, now.CodedBy, now.Frozen, now.Dismissed
}

// asAt is a retrospective as it was at a revision.
func asAt(ctx context.Context, from record.Reader, who auth.Scope, id hansei.ID, revision record.Revision) (*hansei.Retrospective, error) {
	s, err := record.GetRevision(ctx, from, who, hansei.KindRetrospective, id, revision)
	if err != nil {
		return nil, err
	}
	return s.Record.(*hansei.Retrospective), nil
}

// At is a retrospective as it was at a revision.
func (d *Desk) At(ctx context.Context, who auth.Scope, id hansei.ID, revision record.Revision) (*hansei.Retrospective, error) {
	return asAt(ctx, d.Records, who, id, revision)
}
