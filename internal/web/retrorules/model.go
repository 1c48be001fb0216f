package retrorules

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/retro/model"
	"hansei/internal/rulebook"
	"hansei/internal/web/shell"
	"hansei/internal/web/ui"
)

// modelAt is where the language model is set up.
const modelAt = Base + "/model"

// modelView is the form of the language model.
type modelView struct {
	State          model.State
	URL, Name, Key ui.Field
	Wrong          string
	Found          []model.Finding
}

func (p *Pages) languageModel(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	s, err := p.Model.State(r.Context(), who.Scope())
	if err != nil {
		return err
	}
	return p.showModel(w, r, who, http.StatusOK, url.Values{"url": {s.URL}, "name": {s.Name}}, nil, nil)
}

func (p *Pages) showModel(w http.ResponseWriter, r *http.Request, who auth.Actor, status int, form url.Values, found []model.Finding, wrong map[string]string) error {
	v := modelView{Found: found, Wrong: elsewhere(wrong, "url", "name", "key")}
	var err error
	if v.State, err = p.Model.State(r.Context(), who.Scope()); err != nil {
		return err
	}
	field := func(name, label, help, placeholder string) ui.Field {
		return ui.Field{ID: "model-" + name, Name: name, Label: label, Help: help, Placeholder: placeholder, Value: form.Get(name), Error: wrong[name], Required: true}
	}
	v.URL = field("url", "Address", "Under which /chat/completions stands.", "https://api.openai.com/v1 or http://127.0.0.1:11434/v1")
	v.Name = field("name", "Model", "As the server calls it.", "gpt-5-mini or llama3.1:8b")
	v.Key = field("key", "Key", "Sealed, and sent to this address alone. A server of your own may need none.", "")
	v.Key.Type, v.Key.Required, v.Key.Value = "password", false, ""
	if v.State.Key {
		v.Key.Placeholder = "kept; write here to replace it"
	}
	return p.show(w, r, who, status, modelAt, "Language model", modelPage(v))
}

// modelIn reads the form.
func modelIn(form url.Values) model.Settings {
	s := model.Settings{URL: form.Get("url"), Name: form.Get("name")}
	if key := strings.TrimSpace(form.Get("key")); key != "" || form.Get("forget-key") != "" {
		s.Key = &key
	}
	return s
}

func (p *Pages) saveModel(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	form, err := shell.Form(w, r)
	if err != nil {
		return err
	}
	before, err := p.Model.State(r.Context(), who.Scope())
	if err != nil {
		return err
	}
	saved, err := p.Model.Set(r.Context(), who, modelIn(form))
	if wrong, ours := wrongs(err); err != nil && ours {
		return p.showModel(w, r, who, http.StatusUnprocessableEntity, form, nil, wrong)
	}
	if err != nil {
		return err
	}
	now, err := p.Model.State(r.Context(), who.Scope())
	if err != nil {
		return err
	}
	text := "The language model was saved. Ask it for a word to see whether it works."
	if before.Key && !now.Key {
		text += " The key that was kept is forgotten."
	}
	return p.modelDone(w, r, saved, text)
}

// modelDone tells what was done; undone is only what stands in the rules.
func (p *Pages) modelDone(w http.ResponseWriter, r *http.Request, saved model.Saved, text string) error {
	if saved.Revision > 0 {
		return p.done(w, r, rulebook.Change{Seq: saved.Seq, Revision: saved.Revision}, modelAt, text)
	}
	if err := p.Settle(r.Context(), saved.Seq); err != nil {
		return err
	}
	return shell.Done(w, r, modelAt, ui.Toast{Text: text})
}

func (p *Pages) removeModel(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	if _, err := shell.Form(w, r); err != nil {
		return err
	}
	saved, err := p.Model.Remove(r.Context(), who)
	if err != nil {
		return err
	}
	return p.modelDone(w, r, saved, "No language model is asked any more. Its key is gone; what it drafted stays.")
}

// testModel tries what the form holds. Nothing is stored.
func (p *Pages) testModel(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	form, err := shell.Form(w, r)
	if err != nil {
		return err
	}
	s := modelIn(form)
	found, err := p.Model.Test(r.Context(), who, &s)
	wrong, ours := wrongs(err)
	if !ours {
		return err
	}
	if shell.Partial(r) {
		var bad *hansei.InvalidError
		if errors.As(err, &bad) {
			found = []model.Finding{{Says: bad.Error()}}
		}
		return shell.Fragment(w, r, modelFindings(found))
	}
	status := http.StatusOK
	if err != nil {
		status = http.StatusUnprocessableEntity
	}
	return p.showModel(w, r, who, status, form, found, wrong)
}
