// Package meeting prepares the meeting at which a retrospective is reviewed:
// what is to be talked about, and the invitation.
package meeting

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/retro"
)

// Item is something to talk about.
type Item struct {
	Text    string `json:"text"`
	Because string `json:"because,omitempty"`
	Section string `json:"section,omitempty" doc:"Where the answer goes"`
}

// Part is a part of an agenda.
type Part struct {
	Title string `json:"title"`
	Items []Item `json:"items"`
}

// Agenda is what a review meeting talks about, generated from what is open. It
// is computed when it is asked for and never stored.
type Agenda struct {
	Retrospective hansei.ID `json:"retrospective"`
	Title         string    `json:"title"`
	Parts         []Part    `json:"parts" doc:"Without those that have nothing"`
}

// most is how many items a part has.
const most = 20

// Of is the agenda of a retrospective: the questions that the data asks, the
// changes that may have to do with it, what is still empty, and comments that
// nobody has resolved.
func Of(ctx context.Context, d *retro.Desk, who auth.Scope, id hansei.ID) (Agenda, error) {
	r, _, err := d.Get(ctx, who, id)
	if err != nil {
		return Agenda{}, err
	}
	rules, err := retro.Rules(ctx, d.Records, who)
	if err != nil {
		return Agenda{}, err
	}
	a := Agenda{Retrospective: r.ID, Title: r.Title, Parts: []Part{}}
	var questions, changes []Item
	for _, incident := range r.Incidents {
		b, err := d.Brief(ctx, who, incident)
		if errors.Is(err, hansei.ErrNotFound) {
			continue
		}
		if err != nil {
			return a, err
		}
		for _, q := range b.Questions {
			questions = append(questions, Item{q.Text, q.Because, q.Section})
		}
		for _, c := range b.Candidates {
			changes = append(changes, Item{Text: c.Title, Because: strings.Join(c.Reasons, ", ")})
		}
	}
	a.add("Questions that the data asks", questions)
	a.add("Changes that may have to do with it", changes)
	a.add("Comments that are open", comments(r))
	var gaps []Item
	_, missing := retro.Completeness(r, rules)
	for _, g := range missing {
		because := g.Why
		if g.Required {
			because = strings.TrimSpace("required to publish. " + because)
		}
		gaps = append(gaps, Item{Text: g.Label, Because: because})
	}
	a.add("What is still empty", gaps)
	return a, nil
}

func (a *Agenda) add(title string, items []Item) {
	if len(items) > 0 {
		a.Parts = append(a.Parts, Part{title, items[:min(most, len(items))]})
	}
}

// comments are those that begin a thread and that nobody has resolved or
// decided on. Who wrote them is in the document.
func comments(r *hansei.Retrospective) []Item {
	var out []Item
	for _, c := range r.Comments {
		if c.Of != "" || c.Resolved || c.Verdict != "" {
			continue
		}
		text := strings.Join(strings.Fields(c.Text), " ")
		if text == "" && c.Instead != nil {
			text = fmt.Sprintf("say %q instead of %q?", *c.Instead, c.Passage)
		}
		item := Item{Text: text, Section: c.Section}
		if s := r.Section(c.Section); s != nil {
			item.Because = "on " + s.Title
		}
		out = append(out, item)
	}
	return out
}

// Text is the agenda in words.
func (a Agenda) Text() string {
	var b strings.Builder
	for i, p := range a.Parts {
		if i > 0 {
			b.WriteString("\n")
		}
		b.WriteString(p.Title + "\n")
		for _, x := range p.Items {
			b.WriteString("- " + x.Text)
			if x.Because != "" {
				b.WriteString(" (" + x.Because + ")")
			}
			b.WriteString("\n")
		}
	}
	if len(a.Parts) == 0 {
		return "Nothing is open: read it together, and decide on the follow-ups.\n"
	}
	return b.String()
}
