package retro

import (
	"context"
	"fmt"
	"strings"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/retro/prose"
)

// frozen are the live blocks of a retrospective by their directives; nil where
// nothing freezes.
type frozen map[string]hansei.Frozen

// freeze computes the live blocks of a retrospective that is about to be
// published. It is done before the write, which must not wait for figures.
func (d *Desk) freeze(ctx context.Context, who auth.Actor, id hansei.ID, state string) (frozen, error) {
	if state != hansei.RetroPublished || d.Figure == nil {
		return nil, nil
	}
	r, _, err := d.Get(ctx, who.Scope(), id)
	if err != nil {
		return nil, err
	}
	out := frozen{}
	for _, s := range r.Sections {
		for _, b := range prose.Blocks(s.Text) {
			if !freezes(b) {
				continue
			}
			f, err := d.Figure(ctx, who.Scope(), b)
			if err != nil {
				return nil, hansei.Invalid("sections", "section %q: the block %q cannot be computed: %v", s.Title, b, err)
			}
			f.Block, f.At = b, d.Now().UTC()
			out[b] = f
		}
	}
	return out, nil
}

// freezes says whether a block has a value that changes by itself. The timeline
// is part of the retrospective, and changes when people change it.
func freezes(block string) bool { return !strings.HasPrefix(block, "timeline") }

// into puts the frozen blocks into a retrospective. One that was written
// meanwhile is not among them: then nothing is published.
func (f frozen) into(r *hansei.Retrospective) error {
	if f == nil {
		return nil
	}
	r.Frozen = nil
	for _, s := range r.Sections {
		for _, b := range prose.Blocks(s.Text) {
			if !freezes(b) {
				continue
			}
			x, ok := f[b]
			if !ok {
				return fmt.Errorf("a block was added while it was published: %w", hansei.ErrConflict)
			}
			r.Frozen = append(r.Frozen, x)
		}
	}
	return nil
}
