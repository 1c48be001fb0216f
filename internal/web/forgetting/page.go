package forgetting

import (
	"errors"
	"net/http"
	"net/url"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/forget"
	"hansei/internal/record"
	"hansei/internal/web/shell"
	"hansei/internal/web/ui"
)

// Pages are the pages about forgetting.
type Pages struct {
	*shell.Shell
	Clerk *forget.Clerk
}

// Routes are the addresses of the pages.
func (p *Pages) Routes() map[string]shell.Page {
	return map[string]shell.Page{"GET /people/{id}/forget": p.ask, "POST /people/{id}/forget": p.forget}
}

// view is the page.
type view struct {
	URL, Back string
	Name      ui.Field
}

func (p *Pages) ask(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	return p.show(w, r, who, http.StatusOK, "", "")
}

func (p *Pages) show(w http.ResponseWriter, r *http.Request, who auth.Actor, status int, typed, wrong string) error {
	id := r.PathValue("id")
	person, _, err := record.Get[*hansei.Person](r.Context(), p.Records, who.Scope(), hansei.ID(id))
	if err != nil {
		return err
	}
	at := "/people/" + url.PathEscape(id)
	v := view{URL: at + "/forget", Back: "/records/person/" + url.PathEscape(id),
		Name: ui.Field{ID: "name", Name: "name", Label: "Type " + person.Name + " to confirm", Value: typed, Error: wrong, Required: true}}
	page := ui.Page{Title: "Forget " + person.Name, Under: "/services", Crumbs: []ui.Link{{Text: person.Name, URL: v.Back}}}
	return p.ShowAs(w, r, who, status, page, askPage(v))
}

func (p *Pages) forget(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	form, err := shell.Form(w, r)
	if err != nil {
		return err
	}
	out, err := p.Clerk.Forget(r.Context(), who, hansei.ID(r.PathValue("id")), form.Get("name"), nil)
	var invalid *hansei.InvalidError
	if errors.As(err, &invalid) {
		return p.show(w, r, who, http.StatusUnprocessableEntity, form.Get("name"), invalid.Reason)
	}
	if err != nil {
		return err
	}
	if err := p.Settle(r.Context(), out.Seq()); err != nil {
		return err
	}
	return shell.Done(w, r, "/records/person/"+url.PathEscape(string(out.ID)), ui.Toast{Text: "They are forgotten: " + ui.Plural(out.Entries, "entry", "entries") + " of the journal rewritten, " + ui.Plural(out.Payloads, "payload", "payloads") + " taken away."})
}
