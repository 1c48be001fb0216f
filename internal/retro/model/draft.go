package model

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/record"
	"hansei/internal/retro"
)

// Outcome is what became of asking the model.
type Outcome struct {
	Seq     record.Seq `json:"-"`
	Model   string     `json:"model"`
	Asked   []string   `json:"asked"`   // the sections
	Written []string   `json:"written"` // those that have a text now, marked until a person accepts it
	Left    []string   `json:"left"`    // those that somebody wrote in meanwhile
	Refused []Refusal  `json:"refused"` // sentences
	LeftOut int        `json:"entries_left_out"`
}

// maxPeople bounds how many people are looked for in what is sent.
const maxPeople = 100_000

// Draft asks the model for sections of a retrospective: those named, or all
// that say nothing yet. Nothing that a person wrote is changed. It may take as
// long as Deadline; whatever fails is a *FailedError, and nothing is written
// then.
func (w *Writer) Draft(ctx context.Context, who auth.Actor, id hansei.ID, sections []string) (Outcome, error) {
	if _, err := who.MayWrite(); err != nil {
		return Outcome{}, err
	}
	e, err := w.endpoint(ctx, who.Scope(), nil)
	if err != nil {
		return Outcome{}, err
	}
	out := Outcome{Model: e.Name, Written: []string{}, Left: []string{}, Refused: []Refusal{}}
	g, err := w.Desk.Ground(ctx, who.Scope(), id)
	if err != nil {
		return out, err
	}
	wanted, err := choose(g.Retro, sections)
	if err != nil {
		return out, err
	}
	for _, s := range wanted {
		out.Asked = append(out.Asked, s.ID)
	}
	texts, err := w.texts(ctx, who, e, g, wanted, &out)
	if err != nil {
		return out, err
	}
	var drafts []retro.Machine
	for _, s := range wanted {
		if t, ok := texts[s.ID]; ok {
			drafts = append(drafts, retro.Machine{Section: s.ID, Before: s.Text, Text: t})
		}
	}
	if len(drafts) == 0 {
		return out, nil
	}
	if out.Seq, out.Written, err = w.Desk.TakeDrafts(ctx, who.As(author(e.Name, who)), id, drafts); err != nil {
		return out, err
	}
	for _, d := range drafts {
		if !slices.Contains(out.Written, d.Section) {
			out.Left = append(out.Left, d.Section)
		}
	}
	return out, nil
}

// texts asks, and holds the answer to its citations.
func (w *Writer) texts(ctx context.Context, who auth.Actor, e endpoint, g retro.Ground, wanted []hansei.Section, out *Outcome) (map[string]string, error) {
	s := newSheet(g)
	if out.LeftOut = s.leftOut; len(s.Timeline) == 0 {
		return nil, hansei.Invalid("timeline", "no entry of it is kept, and each sentence must cite one; draft or fill the timeline first")
	}
	m, err := w.mask(ctx, who.Scope(), g, &s)
	if err != nil {
		return nil, err
	}
	messages, err := s.messages(m, wanted)
	if err != nil {
		return nil, err
	}
	text, asked := w.ask(ctx, e, messages)
	if asked != nil && text == "" {
		return nil, asked
	}
	r, err := understand(text, out.Asked)
	if err != nil {
		return nil, cmp.Or(asked, err) // that it was cut off says more than that it cannot be read
	}
	texts, refused := s.checked(r, m, out.Asked)
	out.Refused = append(out.Refused, refused...)
	return texts, nil
}

// mask knows the people of a retrospective, and everybody else by name.
func (w *Writer) mask(ctx context.Context, who auth.Scope, g retro.Ground, s *sheet) (*mask, error) {
	var by []string
	for _, x := range g.Retro.Timeline {
		by = append(by, x.By)
	}
	for _, in := range g.Incidents {
		for _, u := range in.Updates {
			by = append(by, u.By)
		}
	}
	slices.Sort(by)
	by = slices.Compact(by)
	list, err := w.Records.List(ctx, who, hansei.KindPerson, "", maxPeople)
	if err != nil {
		return nil, err
	}
	involved := slices.Collect(maps.Values(g.People))
	var others []*hansei.Person
	for _, x := range list {
		p := x.Record.(*hansei.Person)
		switch _, in := g.People[p.ID]; {
		case in:
		case slices.ContainsFunc(append([]string{string(p.ID), p.Name, p.Email}, p.Aliases...), func(form string) bool { return form != "" && slices.Contains(by, form) }):
			involved = append(involved, p)
		default:
			others = append(others, p)
		}
	}
	slices.SortFunc(involved, func(a, b *hansei.Person) int { return strings.Compare(string(a.ID), string(b.ID)) })
	texts, err := s.texts()
	if err != nil {
		return nil, err
	}
	return newMask(involved, by, others, texts), nil
}

// choose are the sections to be drafted.
func choose(r *hansei.Retrospective, names []string) ([]hansei.Section, error) {
	if r.Done() {
		return nil, hansei.Invalid("state", "it is published: what stands in it is written by people")
	}
	var out []hansei.Section
	for _, name := range names {
		s := r.Section(name)
		if s == nil {
			return nil, fmt.Errorf("section %q: %w", name, hansei.ErrNotFound)
		}
		if !retro.Draftable(*s) {
			return nil, hansei.Invalid("sections", "somebody wrote in %q already; the model drafts only what is empty", s.Title)
		}
		out = append(out, *s)
	}
	if len(names) > 0 {
		return out, nil
	}
	for _, s := range r.Sections {
		if retro.Draftable(s) && strings.TrimSpace(s.Text) == "" {
			out = append(out, s)
		}
	}
	if len(out) == 0 {
		return nil, hansei.Invalid("sections", "none is empty; name one to have it drafted again")
	}
	return out, nil
}

// author is who the history names. A person is named by @id, so that they can
// be forgotten there, too.
func author(model string, who auth.Actor) string {
	if who.Name != auth.Local().Name {
		return "language model " + model + ", asked by @" + who.Name
	}
	return "language model " + model + ", asked by " + who.Name
}
