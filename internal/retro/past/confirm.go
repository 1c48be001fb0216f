package past

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/record"
	"hansei/internal/retro"
)

// Correction is what a person says of what was read; nil leaves it.
type Correction struct {
	Title      *string    `json:"title,omitempty"`
	Severity   *string    `json:"severity,omitempty"`
	Services   *[]string  `json:"services,omitempty"` // by name
	Began      *time.Time `json:"began,omitempty"`    // zero: not known
	Ended      *time.Time `json:"ended,omitempty"`
	Detection  *string    `json:"detection,omitempty"`
	Trigger    *string    `json:"trigger,omitempty"`
	Mitigation *string    `json:"mitigation,omitempty"`
	Customers  *float64   `json:"customers_affected,omitempty"` // negative: not known
	Factors    *[]string  `json:"factors,omitempty"`            // those that stay, and further ones of the taxonomy
	FollowUps  *[]int     `json:"follow_ups,omitempty"`         // the places, from 0, of those that stay
	Timeline   *[]string  `json:"timeline,omitempty"`           // the ids of the entries that stay
	// Sections moves the text of a section under another one, or drops it where
	// that is empty.
	Sections map[string]string `json:"sections,omitempty"`
}

// Correct puts a person's words in the place of what was read.
func (s *Shelf) Correct(ctx context.Context, who auth.Actor, id string, c Correction) (Paper, error) {
	rules, err := retro.Rules(ctx, s.Records, who.Scope())
	if err != nil {
		return Paper{}, err
	}
	p, err := s.Get(ctx, who.Scope(), id)
	if err != nil {
		return p, err
	}
	if p.State != Waiting || p.Found == nil {
		return p, fmt.Errorf("document %s is %s: %w", id, p.State, hansei.ErrConflict)
	}
	if err := p.apply(c, rules); err != nil {
		return p, err
	}
	return s.note(ctx, who, id, Waiting, "", kept{Found: p.Found})
}

func set[T any](to *T, v *T) {
	if v != nil {
		*to = *v
	}
}

func (p *Paper) apply(c Correction, rules hansei.RetroRules) error {
	f, r := p.Found, p.Found.Retrospective
	set(&r.Title, c.Title)
	if r.Title = strings.Join(strings.Fields(r.Title), " "); r.Title == "" || len(r.Title) > 300 {
		return hansei.Invalid("title", "a title has 1 to 300 bytes")
	}
	set(&r.Severity, c.Severity)
	set(&f.Services, c.Services)
	set(&f.Began, c.Began)
	set(&f.Ended, c.Ended)
	if !f.Began.IsZero() && !f.Ended.IsZero() && f.Ended.Before(f.Began) {
		return hansei.Invalid("ended", "it ends before it begins")
	}
	set(&r.Detection, c.Detection)
	set(&r.Trigger, c.Trigger)
	set(&r.Mitigation, c.Mitigation)
	if c.Customers != nil {
		if r.Customers = c.Customers; *c.Customers < 0 {
			r.Customers, r.CustomersMethod = nil, ""
		}
	}
	if c.Factors != nil {
		had := r.Factors
		r.Factors = nil
		for _, name := range *c.Factors {
			known, ok := rules.Factor(name)
			if !ok {
				return hansei.Invalid("factors", "%q is not in the taxonomy", name)
			}
			next := hansei.Factor{Name: known.Name}
			if i := slices.IndexFunc(had, func(x hansei.Factor) bool { return x.Name == known.Name }); i >= 0 {
				next = had[i]
			}
			r.Factors = append(r.Factors, next)
		}
	}
	if c.FollowUps != nil {
		var stay []hansei.FollowUp
		for i, x := range f.FollowUps {
			if slices.Contains(*c.FollowUps, i) {
				stay = append(stay, x)
			}
		}
		f.FollowUps = stay
	}
	if c.Timeline != nil {
		r.Timeline = slices.DeleteFunc(r.Timeline, func(m hansei.Moment) bool { return !slices.Contains(*c.Timeline, m.ID) })
	}
	f.Guessed = nil // a person has seen it
	return moveSections(r, c.Sections)
}

func moveSections(r *hansei.Retrospective, moves map[string]string) error {
	for from, to := range moves {
		s := r.Section(from)
		if s == nil {
			return hansei.Invalid("sections", "there is no section %q", from)
		}
		if from == to {
			continue
		}
		text := s.Text
		if to != "" {
			other := r.Section(to)
			if other == nil {
				return hansei.Invalid("sections", "there is no section %q to move %q to", to, from)
			}
			other.Text = strings.TrimSpace(other.Text + "\n\n" + text)
			if len(other.Text) > hansei.MaxSection {
				return hansei.Invalid("sections", "section %q would have more than %d bytes", to, hansei.MaxSection)
			}
		}
		s.Text = ""
	}
	r.Sections = slices.DeleteFunc(r.Sections, func(s hansei.Section) bool { return s.Text == "" && s.Prompt == "" })
	return nil
}

// Confirm makes records of a document.
func (s *Shelf) Confirm(ctx context.Context, who auth.Actor, id string) (out Imported, seq record.Seq, err error) {
	rules, err := retro.Rules(ctx, s.Records, who.Scope())
	if err != nil {
		return out, 0, err
	}
	p, err := s.Get(ctx, who.Scope(), id)
	if err != nil {
		return out, 0, err
	}
	if p.Found == nil || p.State != Waiting && p.State != Confirmed {
		return out, 0, fmt.Errorf("document %s is %s: %w", id, p.State, hansei.ErrConflict)
	}
	seq, err = s.Records.Write(ctx, who, func(tx *record.Tx) error {
		if out, err = bring(ctx, tx, who, p.Name, p.Found, rules); err != nil {
			return err
		}
		text, err := json.Marshal(kept{Imported: &out})
		if err != nil {
			return err
		}
		return tx.FinishDelivery(id, Done, "", string(text))
	})
	return out, seq, err
}

// ConfirmAll confirms all that waits. Work makes the records; whoever confirms
// calls it, and a server does when it starts.
func (s *Shelf) ConfirmAll(ctx context.Context, who auth.Actor) error {
	_, err := s.Records.Write(ctx, who, func(tx *record.Tx) error {
		return tx.MoveDeliveries(documents, Waiting, Confirmed)
	})
	return err
}

// atOnce is how many documents Work reads at a time.
const atOnce = 50

// Work makes records of what was confirmed, until none is left. It can be
// broken off and begun again: each document is one transaction.
func (s *Shelf) Work(ctx context.Context, who auth.Actor) error {
	for {
		list, err := s.List(ctx, who.Scope(), Confirmed, time.Time{}, atOnce)
		if err != nil || len(list) == 0 {
			return err
		}
		for _, p := range list {
			_, _, err := s.Confirm(ctx, who, p.ID)
			var invalid *hansei.InvalidError
			switch {
			case errors.As(err, &invalid):
				if _, err := s.note(ctx, who, p.ID, Failed, invalid.Error(), kept{Found: p.Found}); err != nil {
					return err
				}
			case errors.Is(err, hansei.ErrConflict): // somebody was faster
			case err != nil:
				return fmt.Errorf("%s: %w", p.Name, err)
			}
		}
	}
}

// Drop takes a document off the list, or back onto it.
func (s *Shelf) Drop(ctx context.Context, who auth.Actor, id string, dropped bool) error {
	p, err := s.Get(ctx, who.Scope(), id)
	if err != nil {
		return err
	}
	from, to := []string{Waiting, Failed}, Dropped
	if !dropped {
		from, to = []string{Dropped}, Waiting
		if p.Found == nil {
			to = Failed
		}
	}
	if p.State == to {
		return nil
	}
	if !slices.Contains(from, p.State) {
		return fmt.Errorf("document %s is %s: %w", id, p.State, hansei.ErrConflict)
	}
	_, err = s.note(ctx, who, id, to, p.Error, kept{Found: p.Found})
	return err
}
