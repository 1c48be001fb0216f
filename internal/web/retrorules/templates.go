package retrorules

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/web/shell"
	"hansei/internal/web/ui"
)

// templatesView are the templates in their order.
type templatesView struct {
	Templates []hansei.Template // the standard one last
	Own       bool
}

func (p *Pages) templates(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	state, err := p.Book.Read(r.Context(), who.Scope())
	if err != nil {
		return err
	}
	return p.show(w, r, who, http.StatusOK, Base+"/templates", headTitle, templatesPage(templatesView{Templates: state.Rules.AllTemplates()}))
}

// arrangeTemplates moves a template up or down, or takes it away.
func (p *Pages) arrangeTemplates(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	form, err := shell.Form(w, r)
	if err != nil {
		return err
	}
	name, back := form.Get("name"), Base+"/templates"
	if form.Get("do") == "remove" {
		c, err := p.Book.RemoveTemplate(r.Context(), who, 0, name)
		if err != nil {
			return err
		}
		return p.done(w, r, c, back, "“"+name+"” is no template any more. Retrospectives that have it keep their parts.")
	}
	state, err := p.Book.Read(r.Context(), who.Scope())
	if err != nil {
		return err
	}
	all := slices.Clone(state.Rules.Templates)
	i := slices.IndexFunc(all, func(t hansei.Template) bool { return t.Name == name })
	if i < 0 {
		return fmt.Errorf("template %q: %w", name, hansei.ErrNotFound)
	}
	all = moved(all, i, form.Get("do"))
	text, err := json.Marshal(all)
	if err != nil {
		return err
	}
	c, err := p.Book.Patch(r.Context(), who, state.Revision, raw(map[string][]byte{"templates": text}))
	if err != nil {
		return err
	}
	return p.done(w, r, c, back, "The order of the templates was saved.")
}

// moved moves an element of a list up or down.
func moved[T any](list []T, i int, do string) []T {
	j := i - 1
	if do == "down" {
		j = i + 1
	}
	if i >= 0 && j >= 0 && i < len(list) && j < len(list) {
		list[i], list[j] = list[j], list[i]
	}
	return list
}

// templateView is one template in its form.
type templateView struct {
	Before   string // the name it has; "" for a new one
	Standard bool
	Name     ui.Field
	Template hansei.Template
	Asked    []hansei.Field
	Wrong    string // of the whole
	Parts    string // of its parts
}

func (v templateView) has(list []string, x string) bool { return slices.Contains(list, x) }

// label is a field's, as the form of a template shows it.
func label(f hansei.Field) string { return f.Label }

func (p *Pages) template(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	t := hansei.Template{Sections: []hansei.Section{{Title: "Summary", ID: "summary"}, {}}}
	name := r.URL.Query().Get("name")
	if name != "" {
		state, err := p.Book.Read(r.Context(), who.Scope())
		if err != nil {
			return err
		}
		var ok bool
		if t, ok = state.Rules.Template(name); !ok {
			return fmt.Errorf("template %q: %w", name, hansei.ErrNotFound)
		}
	}
	return p.showTemplate(w, r, who, http.StatusOK, t.Name, t, nil)
}

func (p *Pages) showTemplate(w http.ResponseWriter, r *http.Request, who auth.Actor, status int, before string, t hansei.Template, wrong map[string]string) error {
	v := templateView{Before: before, Standard: before == hansei.StandardTemplate, Template: t, Asked: hansei.Asked(),
		Name:  ui.Field{ID: "name", Name: "name", Label: "Name", Value: t.Name, Required: true, Error: wrong["name"]},
		Wrong: elsewhere(wrong, "name", "sections"), Parts: wrong["sections"]}
	title := "A new template"
	if before != "" {
		title = "Template “" + before + "”"
	}
	return p.show(w, r, who, status, Base+"/templates", title, templatePage(v))
}

// templateIn reads the form of a template.
func templateIn(form url.Values) hansei.Template {
	t := hansei.Template{Name: strings.TrimSpace(form.Get("name")), Severities: form["severities"], Types: form["types"], Required: form["required"]}
	ids, prompts := form["part-id"], form["part-prompt"]
	for i, title := range form["part-title"] {
		s := hansei.Section{Title: strings.TrimSpace(title)}
		if i < len(ids) {
			s.ID = ids[i]
		}
		if i < len(prompts) {
			s.Prompt = strings.TrimSpace(strings.ReplaceAll(prompts[i], "\r\n", "\n"))
		}
		t.Sections = append(t.Sections, s)
	}
	return t
}

// identified gives parts that are new an id of their own.
func identified(parts []hansei.Section) []hansei.Section {
	out := slices.DeleteFunc(slices.Clone(parts), func(s hansei.Section) bool { return s.Title == "" && s.Prompt == "" && s.ID == "" })
	for i := range out {
		if out[i].ID != "" {
			continue
		}
		slug := cmp.Or(string(hansei.Slug(out[i].Title)), "part")
		id := slug
		for n := 2; slices.ContainsFunc(out, func(s hansei.Section) bool { return s.ID == id }); n++ {
			id = slug + "-" + strconv.Itoa(n)
		}
		out[i].ID = id
	}
	return out
}

// saveTemplate saves a template, or changes its parts and shows the form again:
// what is done stands in "do" as up-1, down-1, remove-1 or add.
func (p *Pages) saveTemplate(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	form, err := shell.Form(w, r)
	if err != nil {
		return err
	}
	t, before := templateIn(form), form.Get("before")
	do, at, _ := strings.Cut(form.Get("do"), "-")
	i, err := strconv.Atoi(at)
	if err != nil || i < 0 || i >= len(t.Sections) {
		i = -1
	}
	switch {
	case do == "add":
		t.Sections = append(t.Sections, hansei.Section{})
		return p.showTemplate(w, r, who, http.StatusOK, before, t, nil)
	case do == "remove" && i >= 0:
		t.Sections = slices.Delete(t.Sections, i, i+1)
		return p.showTemplate(w, r, who, http.StatusOK, before, t, nil)
	case (do == "up" || do == "down") && i >= 0:
		t.Sections = moved(t.Sections, i, do)
		return p.showTemplate(w, r, who, http.StatusOK, before, t, nil)
	}
	t.Sections = identified(t.Sections)
	if before == hansei.StandardTemplate {
		t.Name = before
	}
	return p.storeTemplate(w, r, who, before, t)
}

func (p *Pages) storeTemplate(w http.ResponseWriter, r *http.Request, who auth.Actor, before string, t hansei.Template) error {
	var err error
	switch {
	case t.Name == "":
		err = hansei.Invalid("name", "a template needs a name")
	case before != hansei.StandardTemplate && strings.EqualFold(t.Name, hansei.StandardTemplate):
		err = hansei.Invalid("name", "the standard template has this name")
	case len(t.Sections) == 0:
		err = hansei.Invalid("sections", "a template needs a part")
	}
	if err == nil {
		c, failed := p.Book.PutTemplate(r.Context(), who, 0, before, t)
		if failed == nil {
			return p.done(w, r, c, Base+"/templates", "“"+t.Name+"” was saved. It is for retrospectives that begin from now on.")
		}
		err = failed
	}
	wrong, ours := wrongs(err)
	if !ours {
		return err
	}
	if text, ok := wrong["templates"]; ok {
		wrong = map[string]string{"sections": text}
	}
	return p.showTemplate(w, r, who, http.StatusUnprocessableEntity, before, t, wrong)
}

// previewTemplate is what a retrospective with the template would ask.
func (p *Pages) previewTemplate(w http.ResponseWriter, r *http.Request, _ auth.Actor) error {
	form, err := shell.Form(w, r)
	if err != nil {
		return err
	}
	return shell.Fragment(w, r, preview(templateIn(form)))
}
