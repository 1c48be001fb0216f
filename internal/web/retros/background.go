package retros

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/a-h/templ"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/retro"
	"hansei/internal/web/shell"
	"hansei/internal/web/ui"
)

func (p *Pages) backgroundRoutes() map[string]shell.Page {
	return map[string]shell.Page{
		"GET /retrospectives/{id}/background":      p.frame("background", p.background),
		"POST /retrospectives/{id}/background/ask": p.ask,
	}
}

// background is what the record knows of the incident beside its timeline.
type background struct {
	*one
	Brief  retro.Brief
	Absent string // why there is nothing
}

func (p *Pages) background(ctx context.Context, who auth.Actor, _ *http.Request, o *one) (templ.Component, error) {
	b := background{one: o}
	if len(o.Retro.Incidents) == 0 {
		b.Absent = "It analyses no incident of the record, so there is nothing to compare it with."
		return backgroundPage(b), nil
	}
	var err error
	b.Brief, err = p.Desk.Brief(ctx, who.Scope(), o.Retro.Incidents[0])
	if errors.Is(err, hansei.ErrNotFound) {
		b.Absent, err = "Its incident is not in the record any more.", nil
	}
	if err != nil {
		return nil, err
	}
	return backgroundPage(b), nil
}

// sectionTitle is what a section is called here.
func (o *one) sectionTitle(id string) string {
	if s := o.Retro.Section(id); s != nil {
		return s.Title
	}
	return ""
}

// ask puts a question into the section that it belongs to.
func (p *Pages) ask(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	form, err := shell.Form(w, r)
	if err != nil {
		return err
	}
	id := hansei.ID(r.PathValue("id"))
	o, err := p.one(r.Context(), who.Scope(), id)
	if err != nil {
		return err
	}
	s := o.Retro.Section(form.Get("section"))
	question := strings.Join(strings.Fields(form.Get("question")), " ")
	switch {
	case s == nil:
		return hansei.ErrNotFound
	case question == "" || len(question) > 1000:
		return hansei.Invalid("question", "expected a question of at most 1,000 bytes")
	}
	text := strings.TrimRight(s.Text, "\n")
	if text != "" {
		text += "\n\n"
	}
	seq, _, err := p.Desk.Write(r.Context(), who, id, retro.Writing{Section: s.ID, Base: s.Text, Text: text + "**" + question + "**\n"})
	if err != nil {
		return err
	}
	return p.back(w, r, id, seq, "background", ui.Toast{Text: "The question stands in " + s.Title + "."})
}

// asked says that a question stands in the document already.
func (b background) asked(q retro.Question) bool {
	s := b.Retro.Section(q.Section)
	return s != nil && strings.Contains(s.Text, "**"+q.Text+"**")
}

// reasons are what links two things, in one line.
func reasons(list []string) string { return strings.Join(list, "; ") }
