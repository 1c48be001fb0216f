package retros

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/retro"
	"hansei/internal/retro/model"
	"hansei/internal/web/shell"
	"hansei/internal/web/ui"
)

// asks says that the language model may be asked for a section.
func (o *one) asks(s *hansei.Section) bool {
	return o.Rules.Model != nil && !o.Retro.Done() && retro.Draftable(*s)
}

// askable says that there are several empty sections to ask for at once.
func (v view) askable() bool {
	n := 0
	for _, s := range v.Sections {
		if s.Ask && strings.TrimSpace(s.Text) == "" {
			n++
		}
	}
	return n > 1
}

// askModel has the language model draft a section, or all that are empty. It
// may take a minute; the page waits for it.
func (p *Pages) askModel(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	if p.Model == nil {
		return hansei.ErrNotFound
	}
	if _, err := shell.Form(w, r); err != nil {
		return err
	}
	id, section := of(r)
	var only []string
	if section != "" {
		only = []string{section}
	}
	out, err := p.Model.Draft(r.Context(), who, id, only)
	var failed *model.FailedError
	if errors.As(err, &failed) {
		return p.modelFailed(w, r, who, id, failed)
	}
	if err != nil {
		return err
	}
	if err := p.Settle(r.Context(), out.Seq); err != nil {
		return err
	}
	o, err := p.one(r.Context(), who.Scope(), id)
	if err != nil {
		return err
	}
	if !scripted(r) {
		at := URL(id)
		if section != "" {
			at += "#section-" + url.PathEscape(section)
		}
		return shell.Done(w, r, at, ui.Toast{Text: o.outcome(out)})
	}
	list, err := p.sections(r.Context(), who, o, "", out.Asked)
	if err != nil {
		return err
	}
	n := news{Revision: o.Revision, Says: o.outcome(out)}
	if n.Sections, err = p.told(r.Context(), who, o, list); err != nil {
		return err
	}
	return answerJSON(w, n)
}

// modelFailed says why there is no draft: beside the button, or above the page.
func (p *Pages) modelFailed(w http.ResponseWriter, r *http.Request, who auth.Actor, id hansei.ID, failed *model.FailedError) error {
	problem := ui.Problem{Title: "The language model drafted nothing", Happened: capital(failed.Says) + ".", Means: "Nothing was changed."}
	if shell.Partial(r) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.WriteHeader(http.StatusBadGateway)
		return ui.ProblemPanel(problem).Render(r.Context(), w)
	}
	o, err := p.one(r.Context(), who.Scope(), id)
	if err != nil {
		return err
	}
	v := view{one: o, You: who.Name, Gaps: o.Gaps, Every: every(o.Size), Problem: &problem}
	if v.Sections, err = p.sections(r.Context(), who, o, "", nil); err != nil {
		return err
	}
	return p.ShowAs(w, r, who, http.StatusBadGateway, p.about(o), framed(o, "", documentPage(v)))
}

func capital(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// outcome says what came of asking, and what was refused and why.
func (o *one) outcome(out model.Outcome) string {
	title := func(id string) string {
		if s := o.Retro.Section(id); s != nil {
			return "“" + s.Title + "”"
		}
		return id
	}
	says := []string{"Nothing was written."}
	if n := len(out.Written); n == 1 {
		says[0] = out.Model + " drafted " + title(out.Written[0]) + ". Read it, then accept it or write on."
	} else if n > 1 {
		says[0] = fmt.Sprintf("%s drafted %d sections. Read them, then accept each or write on.", out.Model, n)
	}
	if n := len(out.Refused); n > 0 {
		says = append(says, ui.Plural(n, "sentence was", "sentences were")+" refused: "+because(out.Refused)+".")
	}
	for _, id := range out.Left {
		says = append(says, title(id)+" was left: somebody wrote there meanwhile, or what it cites is gone.")
	}
	if n := len(out.Asked) - len(out.Written) - len(out.Left); n > 0 && len(out.Written) > 0 {
		says = append(says, "For "+ui.Plural(n, "section", "sections")+" it had nothing that holds.")
	}
	if out.LeftOut > 0 {
		says = append(says, ui.Plural(out.LeftOut, "entry", "entries")+" of the timeline did not fit and stayed here.")
	}
	return strings.Join(says, " ")
}

// because counts refusals by their reason.
func because(list []model.Refusal) string {
	var why []string
	n := map[string]int{}
	for _, r := range list {
		if n[r.Why]++; n[r.Why] == 1 {
			why = append(why, r.Why)
		}
	}
	if len(why) > 1 {
		for i, w := range why {
			why[i] = fmt.Sprintf("%s (%d)", w, n[w])
		}
	}
	return strings.Join(why, "; ")
}
