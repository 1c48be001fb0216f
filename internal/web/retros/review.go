package retros

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/a-h/templ"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/retro"
	"hansei/internal/web/shell"
	"hansei/internal/web/ui"
)

func (p *Pages) reviewRoutes() map[string]shell.Page {
	return map[string]shell.Page{
		"GET /retrospectives/{id}/review":      p.frame("review", p.review),
		"POST /retrospectives/{id}/state":      p.move,
		"POST /retrospectives/{id}/people":     p.people,
		"POST /retrospectives/{id}/follow-ups": p.follow,
	}
}

// review is who works on a retrospective, how far it is, and what is to be done
// because of it.
type review struct {
	*one
	Moves     []step
	Blocked   []string // what keeps it from being published
	People    []ui.Field
	Was       map[string]string
	FollowUps []*hansei.FollowUp
	New       []ui.Field
}

// step is a state that may follow.
type step struct {
	State, Text string
	Lead        bool // the way on
}

// stepText is what a button that brings it into a state says.
var stepText = map[string]string{hansei.RetroDraft: "Back to draft", hansei.RetroInReview: "Give to review", hansei.RetroPublished: "Publish", hansei.RetroNotRequired: "Not required"}

func (p *Pages) review(ctx context.Context, who auth.Actor, _ *http.Request, o *one) (templ.Component, error) {
	v, err := p.reviewOf(ctx, who, o, nil, nil)
	if err != nil {
		return nil, err
	}
	return reviewPage(v), nil
}

// reviewOf is the page; said and wrong are those of a form that came back.
func (p *Pages) reviewOf(ctx context.Context, who auth.Actor, o *one, said url.Values, wrong map[string]string) (review, error) {
	v := review{one: o, Was: map[string]string{}}
	for _, s := range retro.Next(o.Retro.State) {
		v.Moves = append(v.Moves, step{s, stepText[s], s == hansei.RetroPublished || s == hansei.RetroInReview && o.Retro.State == hansei.RetroDraft})
	}
	for _, g := range o.Gaps {
		if g.Required {
			v.Blocked = append(v.Blocked, g.Label)
		}
	}
	var err error
	if v.FollowUps, err = p.Desk.FollowUps(ctx, who.Scope(), o.Retro.ID); err != nil {
		return v, err
	}
	for _, name := range []string{"owner", "facilitator", "reviewers"} {
		f, err := hansei.FieldNamed(hansei.KindRetrospective, name)
		if err != nil {
			return v, err
		}
		v.Was[name] = o.written(f)
		in := ui.Field{ID: "review-" + name, Name: name, Label: o.Rules.Label(f), Help: f.Help + ".", Value: v.Was[name], Error: wrong[name]}
		if f.Type == hansei.Refs {
			in.Rows, in.Help = 2, in.Help+" One in each line."
		}
		v.People = append(v.People, in)
	}
	if !o.Retro.Due.IsZero() {
		v.Was["due_at"] = o.Retro.Due.In(o.Zone).Format(time.DateOnly)
	}
	v.People = append(v.People, ui.Field{ID: "review-due", Name: "due_at", Type: "date", Label: "To be published by", Value: v.Was["due_at"], Error: wrong["due_at"]})
	for i := range v.People {
		if x, ok := said[v.People[i].Name]; ok && wrong != nil {
			v.People[i].Value = x[0]
		}
	}
	v.New = newFollowUp(o, said, wrong)
	return v, nil
}

// newFollowUp is the form of a follow-up of this retrospective.
func newFollowUp(o *one, said url.Values, wrong map[string]string) []ui.Field {
	options := func(first string, list ...string) []ui.Option {
		out := []ui.Option{{Value: "", Text: first}}
		for _, x := range list {
			out = append(out, ui.Option{Value: x, Text: x})
		}
		return out
	}
	var factors []string
	for _, f := range o.Retro.Factors {
		factors = append(factors, f.Name)
	}
	list := []ui.Field{
		{ID: "new-title", Name: "title", Label: "What is to be done", Required: true},
		{ID: "new-type", Name: "type", Label: "It is to", Options: options("not said", hansei.FollowUpTypes...)},
		{ID: "new-priority", Name: "priority", Label: "Priority", Options: options("not said", "high", "medium", "low")},
		{ID: "new-owner", Name: "fowner", Label: "Owner", Help: "A person's name or id."},
		{ID: "new-team", Name: "team", Label: "Team", Help: "Its name or id."},
		{ID: "new-due", Name: "due", Type: "date", Label: "Due", Help: "By the rules when empty."},
		{ID: "new-size", Name: "size", Label: "Size", Options: options("not said", "small", "medium", "large")},
		{ID: "new-factor", Name: "factor", Label: "Factor it addresses", Options: options("none", factors...)},
		{ID: "new-verify", Name: "verify", Label: "How its effect will be seen"},
	}
	for i := range list {
		list[i].Value, list[i].Error = said.Get(list[i].Name), wrong[list[i].Name]
	}
	return list
}

// move brings it into another state.
func (p *Pages) move(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	form, err := shell.Form(w, r)
	if err != nil {
		return err
	}
	id, to := hansei.ID(r.PathValue("id")), form.Get("state")
	seq, err := p.Desk.Move(r.Context(), who, id, to)
	var bad *hansei.InvalidError
	if errors.As(err, &bad) {
		return shell.Done(w, r, URL(id)+"/review", ui.Toast{Text: "It stays as it is: " + bad.Reason + "."})
	}
	if err != nil {
		return err
	}
	return p.back(w, r, id, seq, "review", ui.Toast{Text: "It is now: " + stateText(to) + "."})
}

// people sets who works on it and until when.
func (p *Pages) people(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	said, err := shell.Form(w, r)
	if err != nil {
		return err
	}
	id := hansei.ID(r.PathValue("id"))
	o, err := p.one(r.Context(), who.Scope(), id)
	if err != nil {
		return err
	}
	set, wrong := retro.Metadata{}, map[string]string{}
	for _, name := range []string{"owner", "facilitator", "reviewers", "due_at"} {
		text := strings.TrimSpace(said.Get(name))
		if text == strings.TrimSpace(said.Get("was."+name)) {
			continue
		}
		raw, err := p.value(r.Context(), who, o, name, text)
		var bad *hansei.InvalidError
		if name == "due_at" && text != "" {
			var day time.Time
			if day, err = time.ParseInLocation(time.DateOnly, text, o.Zone); err == nil {
				raw = fmt.Appendf(nil, "%q", day.Format(time.RFC3339))
			} else {
				err = hansei.Invalid(name, "expected a day such as 2026-01-31")
			}
		}
		if errors.As(err, &bad) {
			wrong[name] = bad.Reason
		} else if err != nil {
			return err
		}
		set[name] = raw
	}
	if f := said.Get("facilitator"); f != "" && f == said.Get("owner") {
		wrong["facilitator"] = "The one who leads the review is another than the one who writes."
	}
	if len(wrong) > 0 {
		return p.again(w, r, who, o, said, wrong)
	}
	if len(set) == 0 {
		return shell.Done(w, r, URL(id)+"/review", ui.Toast{Text: "Nothing was changed."})
	}
	seq, err := p.Desk.Describe(r.Context(), who, id, set)
	if err != nil {
		return err
	}
	return p.back(w, r, id, seq, "review", ui.Toast{Text: "Saved."})
}

// again shows a form that came back, with what is wrong beside its fields.
func (p *Pages) again(w http.ResponseWriter, r *http.Request, who auth.Actor, o *one, said url.Values, wrong map[string]string) error {
	v, err := p.reviewOf(r.Context(), who, o, said, wrong)
	if err != nil {
		return err
	}
	return p.ShowAs(w, r, who, http.StatusUnprocessableEntity, p.about(o), framed(o, "review", reviewPage(v)))
}

// follow makes a follow-up of it.
func (p *Pages) follow(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	said, err := shell.Form(w, r)
	if err != nil {
		return err
	}
	id := hansei.ID(r.PathValue("id"))
	o, err := p.one(r.Context(), who.Scope(), id)
	if err != nil {
		return err
	}
	wrong := map[string]string{}
	f := hansei.FollowUp{Title: strings.TrimSpace(said.Get("title")), Type: said.Get("type"), Priority: said.Get("priority"), Size: said.Get("size"),
		Factor: said.Get("factor"), Verify: strings.TrimSpace(said.Get("verify")), Retrospective: id}
	for _, x := range []struct {
		name string
		kind hansei.Kind
		into *hansei.ID
	}{{"fowner", hansei.KindPerson, &f.Owner}, {"team", hansei.KindTeam, &f.Team}} {
		text := strings.TrimSpace(said.Get(x.name))
		if text == "" {
			continue
		}
		ids, err := p.named(r.Context(), who, hansei.Field{Name: x.name, Of: x.kind}, []string{text})
		var bad *hansei.InvalidError
		switch {
		case errors.As(err, &bad):
			wrong[x.name] = bad.Reason
		case err != nil:
			return err
		default:
			*x.into = ids[0]
		}
	}
	if text := said.Get("due"); text != "" {
		if f.Due, err = time.ParseInLocation(time.DateOnly, text, o.Zone); err != nil {
			wrong["due"] = "Expected a day such as 2026-01-31."
		}
	}
	if f.Title == "" {
		wrong["title"] = "Say what is to be done."
	}
	if len(wrong) > 0 {
		return p.again(w, r, who, o, said, wrong)
	}
	_, seq, err := p.Desk.Add(r.Context(), who, f)
	var bad *hansei.InvalidError
	if errors.As(err, &bad) {
		return p.again(w, r, who, o, said, map[string]string{bad.Field: bad.Reason})
	}
	if err != nil {
		return err
	}
	return p.back(w, r, id, seq, "review", ui.Toast{Text: "The follow-up stands."})
}

// ended counts the follow-ups that are done or declined.
func (v review) ended() int {
	n := len(v.FollowUps)
	return n - len(slices.DeleteFunc(slices.Clone(v.FollowUps), func(f *hansei.FollowUp) bool { return f.Status != hansei.FollowUpOpen }))
}
