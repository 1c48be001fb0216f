package retrorules

import (
	"errors"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/followup"
	"hansei/internal/record"
	"hansei/internal/retro/model"
	"hansei/internal/rulebook"
	"hansei/internal/web/shell"
	"hansei/internal/web/ui"
)

// Pages are the settings of retrospectives.
type Pages struct {
	*shell.Shell
	Book      *rulebook.Book
	FollowUps *followup.Desk // to offer trackers; none when nil
	Model     *model.Writer  // nil offers none
}

// Base is where the settings of retrospectives stand.
const Base = "/settings/retrospectives"

// Routes are the pages.
func (p *Pages) Routes() map[string]shell.Page {
	all := map[string]shell.Page{
		"GET " + Base:                        p.policies,
		"POST " + Base:                       p.savePolicies,
		"POST " + Base + "/undo":             p.undo,
		"POST " + Base + "/reset":            p.reset,
		"GET " + Base + "/templates":         p.templates,
		"POST " + Base + "/templates":        p.arrangeTemplates,
		"GET " + Base + "/template":          p.template,
		"POST " + Base + "/template":         p.saveTemplate,
		"POST " + Base + "/template/preview": p.previewTemplate,
		"GET " + Base + "/factors":           p.factors,
		"POST " + Base + "/factors":          p.actFactor,
		"GET " + Base + "/factors.yaml":      p.exportFactors,
		"POST " + Base + "/factors/import":   p.importFactors,
		"GET " + Base + "/factor":            p.factor,
		"POST " + Base + "/factor":           p.editFactor,
		"GET " + Base + "/fields":            p.fields,
		"POST " + Base + "/fields":           p.saveBuiltin,
		"POST " + Base + "/fields/trial":     p.tryBuiltin,
		"GET " + Base + "/field":             p.field,
		"POST " + Base + "/field":            p.saveField,
		"POST " + Base + "/field/trial":      p.tryField,
		"POST " + Base + "/field/retire":     p.retireField,
	}
	if p.Model != nil {
		maps.Copy(all, map[string]shell.Page{"GET " + modelAt: p.languageModel, "POST " + modelAt: p.saveModel, "POST " + modelAt + "/test": p.testModel, "POST " + modelAt + "/remove": p.removeModel})
	}
	return all
}

// tabs are the parts of the settings.
var tabs = []ui.Link{{Text: "Policies", URL: Base}, {Text: "Templates", URL: Base + "/templates"},
	{Text: "Contributing factors", URL: Base + "/factors"}, {Text: "Fields", URL: Base + "/fields"}, {Text: "Language model", URL: modelAt}}

// show is a page of the settings, with the others beside it.
func (p *Pages) show(w http.ResponseWriter, r *http.Request, who auth.Actor, status int, tab, title string, content templ.Component) error {
	page := ui.Page{Title: title, Under: "/settings", Crumbs: []ui.Link{{Text: "Settings", URL: "/settings"}}}
	if title != headTitle {
		page.Crumbs = append(page.Crumbs, ui.Link{Text: headTitle, URL: Base})
	} else {
		page.Lead = "How your organization works with retrospectives. Every change can be undone, and its history is kept."
	}
	return p.ShowAs(w, r, who, status, page, framed(tab, content))
}

const headTitle = "Rules for retrospectives"

// done tells what a change did and how to take it back.
func (p *Pages) done(w http.ResponseWriter, r *http.Request, c rulebook.Change, back, text string) error {
	if err := p.Settle(r.Context(), c.Seq); err != nil {
		return err
	}
	switch {
	case c.Waiting > 0:
		text += " " + ui.Plural(c.Waiting, "record gets", "records get") + " the new name in a moment."
	case c.Renewed > 0:
		text += " " + ui.Plural(c.Renewed, "record has", "records have") + " the new name."
	}
	return shell.Done(w, r, back, ui.Toast{Text: text, UndoURL: Base + "/undo",
		Undo: map[string]string{"revision": strconv.FormatInt(int64(c.Revision), 10), "back": back}})
}

// undo takes the last change back.
func (p *Pages) undo(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	form, err := shell.Form(w, r)
	if err != nil {
		return err
	}
	rev, err := strconv.ParseInt(form.Get("revision"), 10, 64)
	if err != nil {
		return hansei.Invalid("revision", "the form names no revision")
	}
	c, err := p.Book.Undo(r.Context(), who, record.Revision(rev))
	if err != nil {
		return err
	}
	return p.done(w, r, c, backOf(form), "It is as it was before.")
}

// backOf is where a form asks to be sent back to, among these pages.
func backOf(form url.Values) string {
	at, _, _ := strings.Cut(form.Get("back"), "?")
	if slices.ContainsFunc(tabs, func(l ui.Link) bool { return l.URL == at }) {
		return at
	}
	return Base
}

// resettable are the parts whose default can be brought back, by their names on
// these pages.
var resettable = map[string][]string{
	"policies":  {"needed_from", "draft_from", "due_days", "required_from", "follow_up_due", "weekends", "tracker", "cost"},
	"templates": {"templates", "sections"},
	"factors":   {"taxonomy"},
	"builtin":   {"builtin", "required"},
}

// reset brings the default of a part back.
func (p *Pages) reset(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	form, err := shell.Form(w, r)
	if err != nil {
		return err
	}
	parts := map[string][]byte{}
	for _, name := range resettable[form.Get("part")] {
		parts[name] = []byte("null")
	}
	c, err := p.Book.Patch(r.Context(), who, 0, raw(parts))
	if err != nil {
		return err
	}
	return p.done(w, r, c, backOf(form), "The default is back.")
}

// wrongs are what is wrong with a form, by field; ok is false for an error that
// is not about the form.
func wrongs(err error) (map[string]string, bool) {
	var invalid *hansei.InvalidError
	if errors.As(err, &invalid) {
		return map[string]string{invalid.Field: invalid.Reason}, true
	}
	return map[string]string{}, err == nil
}

// elsewhere is what is wrong and stands beside no field that is shown.
func elsewhere(wrong map[string]string, shown ...string) string {
	for field, reason := range wrong {
		if !slices.Contains(shown, field) {
			return reason
		}
	}
	return ""
}

// severities are the choices of a mildest severity, after those given.
func severities(first ...ui.Option) []ui.Option {
	out := first
	for i := 1; i <= 5; i++ {
		s := "sev" + strconv.Itoa(i)
		text := s + " and worse"
		if i == 1 {
			text = "sev1 only"
		}
		out = append(out, ui.Option{Value: s, Text: text})
	}
	return out
}

// lines are the lines of a text that say something.
func lines(text string) []string {
	var out []string
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" {
			out = append(out, line)
		}
	}
	return out
}
