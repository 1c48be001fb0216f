package retros

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/a-h/templ"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/web/shell"
	"hansei/internal/web/ui"
)

// group are factors of the taxonomy that stand together.
type group struct {
	Name    string
	Factors []choice
}

// choice is a factor that may be chosen, and what stands there if it is.
type choice struct {
	hansei.FactorType
	On       bool
	Evidence string
	Section  string
}

// groups are the factors that are offered today, and those that were chosen
// and are offered no more.
func groups(o *one) []group {
	var out []group
	add := func(c choice) {
		name := cmp.Or(c.Group, "other")
		i := slices.IndexFunc(out, func(g group) bool { return g.Name == name })
		if i < 0 {
			i, out = len(out), append(out, group{Name: name})
		}
		out[i].Factors = append(out[i].Factors, c)
	}
	chosen := map[string]hansei.Factor{}
	for _, f := range o.Retro.Factors {
		chosen[f.Name] = f
	}
	for _, t := range o.Rules.Taxonomy {
		f, on := chosen[t.Name]
		delete(chosen, t.Name)
		if on || t.Offered() {
			add(choice{FactorType: t, On: on, Evidence: f.Evidence, Section: f.Section})
		}
	}
	for _, f := range o.Retro.Factors {
		if _, left := chosen[f.Name]; left {
			add(choice{FactorType: hansei.FactorType{Name: f.Name, Group: "not in the taxonomy"}, On: true, Evidence: f.Evidence, Section: f.Section})
		}
	}
	return out
}

// factorsOf are the factors that a form chose, each with its evidence.
func factorsOf(form url.Values) []hansei.Factor {
	out := []hansei.Factor{}
	for _, name := range form["factor"] {
		out = append(out, hansei.Factor{Name: name, Evidence: strings.TrimSpace(form.Get("evidence." + name)), Section: form.Get("section." + name)})
	}
	return out
}

func (p *Pages) code(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	form, err := shell.Form(w, r)
	if err != nil {
		return err
	}
	id := hansei.ID(r.PathValue("id"))
	list := factorsOf(form)
	seq, err := p.Desk.Code(r.Context(), who, id, list)
	if err != nil {
		return err
	}
	return p.back(w, r, id, seq, "facts", ui.Toast{Text: ui.Plural(len(list), "contributing factor stands", "contributing factors stand") + "."})
}

// rating is the page of a second rater, who does not see what the first chose.
func (p *Pages) rating(_ context.Context, who auth.Actor, _ *http.Request, o *one) (templ.Component, error) {
	f := facts{one: o, Rating: true, First: slices.Contains(o.Retro.CodedBy, who.Name), Codings: len(o.Retro.Codings)}
	mine := []string{}
	for _, c := range o.Retro.Codings {
		if c.By == who.Name {
			mine = c.Factors
		}
	}
	for _, g := range groups(o) {
		g.Factors = slices.DeleteFunc(g.Factors, func(c choice) bool { return !c.Offered() || o.Rules.Taxonomy.Index(c.Name) < 0 })
		for i := range g.Factors {
			c := &g.Factors[i]
			c.On, c.Evidence, c.Section = slices.Contains(mine, c.Name), "", ""
		}
		if len(g.Factors) > 0 {
			f.Groups = append(f.Groups, g)
		}
	}
	return ratingPage(f), nil
}

func (p *Pages) rate(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	form, err := shell.Form(w, r)
	if err != nil {
		return err
	}
	id := hansei.ID(r.PathValue("id"))
	seq, err := p.Desk.Rate(r.Context(), who, id, form["factor"])
	if err != nil {
		return err
	}
	return p.back(w, r, id, seq, "facts", ui.Toast{Text: "Your own choice stands beside the first. How well they agree is shown with the factors."})
}
