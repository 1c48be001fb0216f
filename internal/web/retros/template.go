package retros

import (
	"net/http"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/web/shell"
	"hansei/internal/web/ui"
)

// template is what it is made of now; an imported one has none.
func (o *one) template() string {
	if o.Retro.Template == "" {
		return hansei.StandardTemplate
	}
	return o.Retro.Template
}

// unfit says that the incident would get another template today.
func (o *one) unfit() bool { return o.Fitting != "" && o.Fitting != o.template() }

// retemplate gives a retrospective another template; every answer stays.
func (p *Pages) retemplate(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	form, err := shell.Form(w, r)
	if err != nil {
		return err
	}
	id := hansei.ID(r.PathValue("id"))
	before, _, err := p.Desk.Get(r.Context(), who.Scope(), id)
	if err != nil {
		return err
	}
	seq, err := p.Desk.Retemplate(r.Context(), who, id, form.Get("template"))
	if err != nil {
		return err
	}
	if err := p.Settle(r.Context(), seq); err != nil {
		return err
	}
	toast := ui.Toast{Text: "It has the template “" + form.Get("template") + "” now. Every answer stayed; parts that it has not stand at the end."}
	if was := before.Template; was != form.Get("template") {
		if was == "" {
			was = hansei.StandardTemplate
		}
		toast.UndoURL, toast.Undo = URL(id)+"/template", map[string]string{"template": was}
	}
	return shell.Done(w, r, URL(id), toast)
}
