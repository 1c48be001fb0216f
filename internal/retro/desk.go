package retro

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/fact"
	"hansei/internal/intake"
	"hansei/internal/record"
	"hansei/internal/search"
)

// Desk is where retrospectives are worked on.
type Desk struct {
	Records *record.Store
	Facts   *fact.View
	Search  *search.View
	People  intake.People
	Now     func() time.Time
	// Figure computes a live block as it stands now, for good; nil freezes none.
	Figure func(ctx context.Context, who auth.Scope, block string) (hansei.Frozen, error)
}

// ID is the id of the retrospective of an incident.
func ID(incident hansei.ID) hansei.ID { return "retro:" + incident }

// Get reads a retrospective.
func (d *Desk) Get(ctx context.Context, who auth.Scope, id hansei.ID) (*hansei.Retrospective, record.Revision, error) {
	r, rev, err := record.Get[*hansei.Retrospective](ctx, d.Records, who, id)
	if err == nil && r.Deleted {
		err = fmt.Errorf("retrospective %s: %w", id, hansei.ErrNotFound)
	}
	return r, rev, err
}

// Rules are the organization's, filled with the default ones.
func Rules(ctx context.Context, r record.Reader, who auth.Scope) (hansei.RetroRules, error) {
	org, _, err := record.Get[*hansei.Organization](ctx, r, who, hansei.OrganizationID)
	if errors.Is(err, hansei.ErrNotFound) {
		return hansei.DefaultRetroRules, nil
	}
	if err != nil {
		return hansei.RetroRules{}, err
	}
	return org.Retrospectives.Or(hansei.DefaultRetroRules), nil
}

// change reads a retrospective, lets fn change it and writes it, all in one
// transaction.
func (d *Desk) change(ctx context.Context, who auth.Actor, id hansei.ID, fn func(*record.Tx, *hansei.Retrospective) error) (record.Seq, error) {
	return d.Records.Write(ctx, who, func(tx *record.Tx) error {
		r, rev, err := record.Get[*hansei.Retrospective](ctx, tx, who.Scope(), id)
		if err != nil {
			return err
		}
		if r.Deleted {
			return fmt.Errorf("retrospective %s: %w", id, hansei.ErrNotFound)
		}
		if err := fn(tx, r); err != nil {
			return err
		}
		rules, err := Rules(ctx, tx, who.Scope())
		if err != nil {
			return err
		}
		settle(r, rules)
		return record.Put(tx, r, rev)
	})
}

// settle brings what is derived in line: the names of factors, completeness.
func settle(r *hansei.Retrospective, rules hansei.RetroRules) {
	r.FactorNames = nil
	for _, f := range r.Factors {
		if !slices.Contains(r.FactorNames, f.Name) { // two that became one keep their evidence apart
			r.FactorNames = append(r.FactorNames, f.Name)
		}
	}
	score, _ := Completeness(r, rules)
	r.Completeness = &score
}
