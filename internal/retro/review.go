package retro

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/intake"
	"hansei/internal/record"
)

// moves are the states that may follow each other.
var moves = map[string][]string{
	hansei.RetroNotRequired: {hansei.RetroDraft},
	hansei.RetroDraft:       {hansei.RetroInReview, hansei.RetroPublished, hansei.RetroNotRequired},
	hansei.RetroInReview:    {hansei.RetroDraft, hansei.RetroPublished},
	hansei.RetroPublished:   {hansei.RetroInReview, hansei.RetroDraft},
	hansei.RetroRevised:     {hansei.RetroPublished, hansei.RetroInReview, hansei.RetroDraft},
}

// Next are the states that may follow one.
func Next(state string) []string { return slices.Clone(moves[state]) }

// Move brings a retrospective into another state. It is published when what
// the organization requires is filled; its factors are then the confirmed
// factors of its incidents.
func (d *Desk) Move(ctx context.Context, who auth.Actor, id hansei.ID, state string) (record.Seq, error) {
	var published *hansei.Retrospective
	frozen, err := d.freeze(ctx, who, id, state)
	if err != nil {
		return 0, err
	}
	seq, err := d.change(ctx, who, id, func(tx *record.Tx, r *hansei.Retrospective) error {
		published = nil
		if !slices.Contains(moves[r.State], state) {
			return hansei.Invalid("state", "from %q it can go to %s, not to %q", r.State, list(moves[r.State]), state)
		}
		switch state {
		case hansei.RetroInReview:
			r.InReview = tx.Now()
		case hansei.RetroPublished:
			if err := d.publishable(ctx, tx, who, r); err != nil {
				return err
			}
			if err := frozen.into(r); err != nil {
				return err
			}
			if r.Published.IsZero() {
				r.Published = tx.Now()
			}
			published = r
		}
		r.State = state
		return nil
	})
	if err != nil || published == nil {
		return seq, err
	}
	return d.confirm(ctx, who, published, seq)
}

func (d *Desk) publishable(ctx context.Context, tx *record.Tx, who auth.Actor, r *hansei.Retrospective) error {
	rules, err := Rules(ctx, tx, who.Scope())
	if err != nil {
		return err
	}
	for _, s := range r.Sections {
		if len(s.Others) > 0 {
			return hansei.Invalid("sections", "section %q has %d texts beside each other; choose first", s.Title, len(s.Others)+1)
		}
		if s.Machine {
			return hansei.Invalid("sections", "the text of section %q was drafted by a model and nobody has accepted it", s.Title)
		}
	}
	return missing(r, rules)
}

// confirm writes the factors to the incidents, as a person's word.
func (d *Desk) confirm(ctx context.Context, who auth.Actor, r *hansei.Retrospective, seq record.Seq) (record.Seq, error) {
	names := r.FactorNames
	if len(names) == 0 {
		return seq, nil
	}
	value, err := json.Marshal(names)
	if err != nil {
		return seq, err
	}
	for _, in := range r.Incidents {
		last, err := d.People.Edit(ctx, who, hansei.KindIncident, in, 0, []intake.Set{{Field: "factors", Value: value}}, "factors of retrospective "+string(r.ID))
		if errors.Is(err, hansei.ErrNotFound) {
			continue
		}
		if err != nil {
			return seq, fmt.Errorf("factors of incident %s: %w", in, err)
		}
		seq = last
	}
	return seq, nil
}

// Remove takes a retrospective out of every view, or puts it back.
func (d *Desk) Remove(ctx context.Context, who auth.Actor, id hansei.ID, removed bool) (record.Seq, error) {
	return d.Records.Write(ctx, who, func(tx *record.Tx) error {
		r, rev, err := record.Get[*hansei.Retrospective](ctx, tx, who.Scope(), id)
		if err != nil {
			return err
		}
		r.Deleted = removed
		return record.Put(tx, r, rev)
	})
}
