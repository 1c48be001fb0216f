package retro

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/intake/parts"
	"hansei/internal/record"
	"hansei/internal/schema"
)

// Writing is the text of one section as somebody wrote it.
type Writing struct {
	Section string `json:"section"`
	Base    string `json:"base"` // the text they began from
	Text    string `json:"text"`
}

// Write saves the text of a section. What others wrote meanwhile is merged
// with it; where both changed the same lines the text is kept beside theirs,
// for a person to choose. apart says that this happened.
func (d *Desk) Write(ctx context.Context, who auth.Actor, id hansei.ID, w Writing) (seq record.Seq, apart bool, err error) {
	if len(w.Text) > hansei.MaxSection {
		return 0, false, hansei.Invalid("text", "%d bytes are too many; at most %d", len(w.Text), hansei.MaxSection)
	}
	seq, err = d.change(ctx, who, id, func(tx *record.Tx, r *hansei.Retrospective) error {
		apart = false
		s := r.Section(w.Section)
		if s == nil {
			return fmt.Errorf("section %q: %w", w.Section, hansei.ErrNotFound)
		}
		// Who goes on writing a text that stands beside the other one does not
		// make a third.
		if i := slices.IndexFunc(s.Others, func(o hansei.Wording) bool { return o.By == who.Name && o.Text == normal(w.Base) }); i >= 0 && s.Text != normal(w.Base) {
			apart = true
			if s.Others[i].Text == normal(w.Text) {
				return errUnchanged
			}
			s.Others[i] = hansei.Wording{By: who.Name, At: tx.Now(), Text: normal(w.Text)}
			return nil
		}
		merged, ok := Merge(normal(w.Base), normal(w.Text), s.Text)
		if !ok {
			apart = true
			if slices.ContainsFunc(s.Others, func(o hansei.Wording) bool { return o.By == who.Name && o.Text == normal(w.Text) }) {
				return errUnchanged // sent again
			}
			if len(s.Others) == maxOthers {
				return hansei.Invalid("text", "%d texts stand beside each other in section %q; choose one first", maxOthers+1, s.Title)
			}
			s.Others = append(s.Others, hansei.Wording{By: who.Name, At: tx.Now(), Text: normal(w.Text)})
			return nil
		}
		if merged == s.Text {
			return errUnchanged
		}
		s.Text, s.Machine = merged, false
		revised(r)
		return nil
	})
	if errors.Is(err, errUnchanged) {
		err = nil
	}
	return seq, apart, err
}

// maxOthers bounds how many texts stand beside a section's own.
const maxOthers = 8

// errUnchanged ends a write that has nothing to say.
var errUnchanged = errors.New("nothing changed")

// normal makes line ends alike: browsers send \r\n.
func normal(s string) string { return strings.ReplaceAll(s, "\r\n", "\n") }

// Choose settles texts that stand beside each other in a section: with the
// text given, and all others leave. They stay in the history.
func (d *Desk) Choose(ctx context.Context, who auth.Actor, id hansei.ID, section, text string) (record.Seq, error) {
	return d.change(ctx, who, id, func(_ *record.Tx, r *hansei.Retrospective) error {
		s := r.Section(section)
		if s == nil {
			return fmt.Errorf("section %q: %w", section, hansei.ErrNotFound)
		}
		s.Text, s.Others, s.Machine = normal(text), nil, false
		revised(r)
		return nil
	})
}

// revised notes that what was published has changed.
func revised(r *hansei.Retrospective) {
	if r.State == hansei.RetroPublished {
		r.State = hansei.RetroRevised
	}
}

// Metadata are fields of the schema to be set, by their names; null empties
// one. Custom ones of the organization are named with a leading "custom.".
type Metadata map[string]json.RawMessage

// unset are fields that are not set by hand like others.
var unset = []string{"state", "incidents", "factors", "completeness", "drafted_at", "in_review_at", "published_at"}

// Describe sets fields of the schema.
func (d *Desk) Describe(ctx context.Context, who auth.Actor, id hansei.ID, m Metadata) (record.Seq, error) {
	return d.change(ctx, who, id, func(tx *record.Tx, r *hansei.Retrospective) error {
		rules, err := Rules(ctx, tx, who.Scope())
		if err != nil {
			return err
		}
		for name, raw := range m {
			if custom, ok := strings.CutPrefix(name, hansei.CustomPrefix); ok {
				if err := schema.Set(rules, hansei.KindRetrospective, r.Head(), custom, raw); err != nil {
					return err
				}
				continue
			}
			f, err := hansei.FieldNamed(hansei.KindRetrospective, name)
			if err != nil || slices.Contains(unset, name) {
				return hansei.Invalid(name, "a retrospective has no such field to set")
			}
			var v any
			if len(raw) > 0 && string(raw) != "null" {
				if v, err = parts.ParseValue(f, raw); err != nil {
					return err
				}
			}
			if err := f.Set(r, v); err != nil {
				return err
			}
		}
		revised(r)
		return nil
	})
}

// Code sets the contributing factors. Names are those of the taxonomy; another
// one is refused, with those that are near.
func (d *Desk) Code(ctx context.Context, who auth.Actor, id hansei.ID, factors []hansei.Factor) (record.Seq, error) {
	return d.change(ctx, who, id, func(tx *record.Tx, r *hansei.Retrospective) error {
		rules, err := Rules(ctx, tx, who.Scope())
		if err != nil {
			return err
		}
		had := r.Factors
		r.Factors = nil
		for _, f := range factors {
			known, ok := rules.Factor(f.Name)
			if !ok {
				return hansei.Invalid("factors", "%q is not in the taxonomy; add it in the settings, or choose another", f.Name)
			}
			i := slices.IndexFunc(had, func(x hansei.Factor) bool { return x.Name == known.Name })
			if known.Retired && i < 0 {
				return hansei.Invalid("factors", "%q is retired; take it back in the settings, or choose another", known.Name)
			}
			f.Name, f.As = known.Name, ""
			if i >= 0 {
				f.As = had[i].As
			}
			at := slices.IndexFunc(r.Factors, func(x hansei.Factor) bool { return x.Name == f.Name })
			if at < 0 {
				r.Factors = append(r.Factors, f)
			} else if more := strings.TrimSpace(f.Evidence); more != "" && !strings.Contains(r.Factors[at].Evidence, more) {
				// Named twice, as where two factors became one: no evidence is lost.
				r.Factors[at].Evidence = strings.TrimSpace(r.Factors[at].Evidence + "\n" + more)
			}
		}
		if !slices.Contains(r.CodedBy, who.Name) {
			r.CodedBy = append(r.CodedBy, who.Name)
		}
		revised(r)
		return nil
	})
}

// Rate is a second person's own choice of factors, made without seeing the
// first: how well they agree says how much the factors are worth.
func (d *Desk) Rate(ctx context.Context, who auth.Actor, id hansei.ID, factors []string) (record.Seq, error) {
	return d.change(ctx, who, id, func(tx *record.Tx, r *hansei.Retrospective) error {
		rules, err := Rules(ctx, tx, who.Scope())
		if err != nil {
			return err
		}
		if slices.Contains(r.CodedBy, who.Name) {
			return hansei.Invalid("factors", "you (%s) chose the factors that stand here; how far two people agree is told by somebody who did not", who.Name)
		}
		names := []string{}
		for _, name := range factors {
			known, ok := rules.Factor(name)
			if !ok {
				return hansei.Invalid("factors", "%q is not in the taxonomy", name)
			}
			if !slices.Contains(names, known.Name) {
				names = append(names, known.Name)
			}
		}
		r.Codings = slices.DeleteFunc(r.Codings, func(c hansei.Coding) bool { return c.By == who.Name })
		r.Codings = append(r.Codings, hansei.Coding{By: who.Name, At: tx.Now(), Factors: names})
		return nil
	})
}

// Touch is what a person does to an entry of the timeline; nil leaves a part
// as it is. An empty ID adds an entry.
type Touch struct {
	ID      string         `json:"id"`
	Dropped *bool          `json:"dropped,omitempty"`
	Note    *string        `json:"note,omitempty"`
	Marker  *string        `json:"marker,omitempty"`
	New     *hansei.Moment `json:"new,omitempty"`
}

// maxEntry bounds what a person writes into an entry of the timeline, in bytes.
const maxEntry = 10_000

// Tell changes the timeline.
func (d *Desk) Tell(ctx context.Context, who auth.Actor, id hansei.ID, touches []Touch) (record.Seq, error) {
	if len(touches) > hansei.MaxTimeline {
		return 0, hansei.Invalid("touches", "%d entries; at most %d", len(touches), hansei.MaxTimeline)
	}
	return d.change(ctx, who, id, func(tx *record.Tx, r *hansei.Retrospective) error {
		for _, t := range touches {
			if t.Note != nil && len(*t.Note) > maxEntry {
				return hansei.Invalid("note", "%d bytes; at most %d", len(*t.Note), maxEntry)
			}
			if t.New != nil && len(t.New.Text) > maxEntry {
				return hansei.Invalid("new", "%d bytes; at most %d", len(t.New.Text), maxEntry)
			}
			if t.ID == "" {
				if t.New == nil || t.New.At.IsZero() || strings.TrimSpace(t.New.Text) == "" {
					return hansei.Invalid("new", "an entry needs a time and a text")
				}
				r.Timeline = append(r.Timeline, hansei.Moment{ID: "note:" + random(), At: t.New.At.UTC(), What: WhatNote, Text: t.New.Text, By: who.Name, Marker: t.New.Marker})
				continue
			}
			i := slices.IndexFunc(r.Timeline, func(m hansei.Moment) bool { return m.ID == t.ID })
			if i < 0 {
				return fmt.Errorf("entry %q of the timeline: %w", t.ID, hansei.ErrNotFound)
			}
			m := &r.Timeline[i]
			if t.Dropped != nil {
				m.Dropped = *t.Dropped
			}
			if t.Note != nil {
				m.Note = *t.Note
			}
			if t.Marker != nil {
				m.Marker = *t.Marker
			}
		}
		sortMoments(r.Timeline)
		revised(r)
		return nil
	})
}

// random is an id that nobody guesses.
func random() string { return strings.ToLower(rand.Text()[:10]) }
