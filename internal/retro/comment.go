package retro

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/record"
)

const (
	maxComment  = 10_000 // bytes of one
	maxComments = 2_000  // of one retrospective
	maxPassage  = 5_000  // bytes of what one is about
)

// Comment adds a comment to a section: a remark on it or on a passage of it, an
// answer to another, or, with Instead, a suggestion of other words for the
// passage. With the ID of one that is there it marks its thread as resolved, or
// opens it again.
func (d *Desk) Comment(ctx context.Context, who auth.Actor, id hansei.ID, c hansei.Comment) (record.Seq, error) {
	return d.change(ctx, who, id, func(tx *record.Tx, r *hansei.Retrospective) error {
		if c.ID != "" {
			return resolve(r, c.ID, c.Resolved, who.Name, tx)
		}
		if len(r.Comments) == maxComments {
			return hansei.Invalid("text", "there are %d comments; more do not fit", maxComments)
		}
		now := hansei.Comment{ID: random(), Section: c.Section, By: who.Name, At: tx.Now(), Text: strings.TrimSpace(normal(c.Text)), Of: c.Of}
		if c.Of != "" {
			root := comment(r, c.Of)
			if root == nil {
				return fmt.Errorf("comment %q: %w", c.Of, hansei.ErrNotFound)
			}
			if root.Of != "" {
				now.Of = root.Of // threads are one deep
			}
			now.Section = root.Section
		} else if err := about(r, &now, c); err != nil {
			return err
		}
		if now.Text == "" && now.Instead == nil || len(now.Text) > maxComment {
			return hansei.Invalid("text", "a comment has 1 to %d bytes", maxComment)
		}
		r.Comments = append(r.Comments, now)
		return nil
	})
}

// about takes over what a new thread is about.
func about(r *hansei.Retrospective, now *hansei.Comment, c hansei.Comment) error {
	s := r.Section(c.Section)
	if s == nil {
		return fmt.Errorf("section %q: %w", c.Section, hansei.ErrNotFound)
	}
	now.Passage = normal(c.Passage)
	if len(now.Passage) > maxPassage {
		return hansei.Invalid("passage", "%d bytes are too many; at most %d", len(now.Passage), maxPassage)
	}
	if c.Instead == nil {
		return nil
	}
	instead := normal(*c.Instead)
	switch {
	case now.Passage == "" && strings.TrimSpace(s.Text) != "":
		return hansei.Invalid("passage", "a suggestion says which words it replaces")
	case !strings.Contains(s.Text, now.Passage):
		return hansei.Invalid("passage", "the section does not say that; it may have changed meanwhile")
	case instead == now.Passage:
		return hansei.Invalid("instead", "it suggests what is there already")
	case len(instead) > hansei.MaxSection:
		return hansei.Invalid("instead", "%d bytes are too many; at most %d", len(instead), hansei.MaxSection)
	}
	now.Instead = &instead
	return nil
}

func comment(r *hansei.Retrospective, id string) *hansei.Comment {
	i := slices.IndexFunc(r.Comments, func(x hansei.Comment) bool { return x.ID == id })
	if i < 0 {
		return nil
	}
	return &r.Comments[i]
}

func resolve(r *hansei.Retrospective, id string, resolved bool, by string, tx *record.Tx) error {
	c := comment(r, id)
	if c == nil {
		return fmt.Errorf("comment %q: %w", id, hansei.ErrNotFound)
	}
	if c.Of != "" {
		return resolve(r, c.Of, resolved, by, tx)
	}
	c.Resolved, c.ClosedBy, c.ClosedAt = resolved, "", time.Time{}
	if resolved {
		c.ClosedBy, c.ClosedAt = by, tx.Now()
	}
	return nil
}

// Decide accepts a suggestion, which then stands in the section, or declines
// it. One whose passage is not there any more cannot be accepted.
func (d *Desk) Decide(ctx context.Context, who auth.Actor, id hansei.ID, suggestion string, accept bool) (record.Seq, error) {
	return d.change(ctx, who, id, func(tx *record.Tx, r *hansei.Retrospective) error {
		c := comment(r, suggestion)
		switch {
		case c == nil:
			return fmt.Errorf("comment %q: %w", suggestion, hansei.ErrNotFound)
		case c.Instead == nil:
			return hansei.Invalid("id", "the comment suggests nothing")
		case c.Verdict != "":
			return hansei.Invalid("id", "the suggestion was %s already", c.Verdict)
		}
		c.Verdict, c.Resolved, c.ClosedBy, c.ClosedAt = hansei.SuggestionDeclined, true, who.Name, tx.Now()
		if !accept {
			return nil
		}
		c.Verdict = hansei.SuggestionAccepted
		s := r.Section(c.Section)
		if s == nil || !strings.Contains(s.Text, c.Passage) {
			return fmt.Errorf("the words that the suggestion is about: %w", hansei.ErrConflict)
		}
		s.Text = strings.Replace(s.Text, c.Passage, *c.Instead, 1)
		if len(s.Text) > hansei.MaxSection {
			return hansei.Invalid("instead", "the section would have %d bytes; at most %d", len(s.Text), hansei.MaxSection)
		}
		revised(r)
		return nil
	})
}
