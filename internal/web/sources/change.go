package sources

import (
	"net/http"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/connect"
	"hansei/internal/source"
	"hansei/internal/web/shell"
	"hansei/internal/web/ui"
)

// test tries the connection as it is configured.
func (p *Pages) test(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	found, err := p.Sources.Test(r.Context(), who, r.PathValue("name"))
	if err != nil {
		return err
	}
	if shell.Partial(r) {
		return shell.Fragment(w, r, findings(found))
	}
	return p.showOne(w, r, who, http.StatusOK, answer{Found: found, Tested: true})
}

// edit changes a source and waits until the change is seen.
func (p *Pages) edit(r *http.Request, who auth.Actor, c connect.Change) (connect.Added, error) {
	added, err := p.Sources.Edit(r.Context(), who, r.PathValue("name"), c)
	if err != nil {
		return added, err
	}
	return added, p.Settle(r.Context(), added.Seq)
}

// saveSettings changes what the form changed.
func (p *Pages) saveSettings(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	form, err := formIn(w, r)
	if err != nil {
		return err
	}
	name := r.PathValue("name")
	v, err := p.Sources.Glance(r.Context(), who.Scope(), name)
	if err != nil {
		return err
	}
	kind, err := p.Sources.Kind(v.Tool)
	if err != nil {
		return err
	}
	changed, err := p.edit(r, who, connect.Change{Settings: settingsIn(kind, form, true)})
	if _, ok := reasonOf(err); ok {
		return p.showOne(w, r, who, http.StatusUnprocessableEntity, answer{Settings: form, Err: err})
	}
	if err != nil {
		return err
	}
	text := "The settings of " + name + " were saved."
	if n := int(changed.Again); n > 0 {
		text += " " + again(n)
	}
	return shell.Done(w, r, at(name), ui.Toast{Text: text})
}

func (p *Pages) pause(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	yes, name := true, r.PathValue("name")
	if _, err := p.edit(r, who, connect.Change{Paused: &yes}); err != nil {
		return err
	}
	return shell.Done(w, r, at(name), ui.Toast{Text: name + " is paused. What it sends is kept, and understood once it goes on.", UndoURL: at(name) + "/resume"})
}

func (p *Pages) resume(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	no, name := false, r.PathValue("name")
	if _, err := p.edit(r, who, connect.Change{Paused: &no}); err != nil {
		return err
	}
	return shell.Done(w, r, at(name), ui.Toast{Text: name + " goes on. What came meanwhile is being understood.", UndoURL: at(name) + "/pause"})
}

// rotate makes a new webhook secret. It is in this answer and nowhere else.
func (p *Pages) rotate(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	added, err := p.edit(r, who, connect.Change{Rotate: true})
	if err != nil {
		return err
	}
	kind, err := p.Sources.Kind(added.Source.Tool)
	if err != nil {
		return err
	}
	return p.showReady(w, r, who, kind, added, "A new secret for "+string(added.Source.ID))
}

// pull asks for a source, or one stream of it, to be read now.
func (p *Pages) pull(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	form, err := shell.Form(w, r)
	if err != nil {
		return err
	}
	name := r.PathValue("name")
	err = p.Sources.Pull(r.Context(), who, name, form.Get("stream"))
	if _, ok := reasonOf(err); ok {
		return p.showOne(w, r, who, http.StatusUnprocessableEntity, answer{Err: err})
	}
	if err != nil {
		return err
	}
	return shell.Done(w, r, at(name), ui.Toast{Text: "It is being read now."})
}

// backfill reads history anew from a day.
func (p *Pages) backfill(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	form, err := shell.Form(w, r)
	if err != nil {
		return err
	}
	name := r.PathValue("name")
	before, err := p.Sources.Glance(r.Context(), who.Scope(), name)
	if err != nil {
		return err
	}
	zone, err := p.Zone(r.Context(), who.Scope())
	if err != nil {
		return err
	}
	since, err := sinceIn(form.Get(fieldSince), zone)
	switch {
	case err != nil:
	case since.IsZero():
		err = hansei.Invalid(fieldSince, "choose the day from which to read")
	default:
		_, err = p.edit(r, who, connect.Change{Since: &since})
	}
	if _, ok := reasonOf(err); ok {
		return p.showOne(w, r, who, http.StatusUnprocessableEntity, answer{Err: err})
	}
	if err != nil {
		return err
	}
	return shell.Done(w, r, at(name), ui.Toast{Text: "Its history is read again from " + ui.Date(since, zone) + ". Records that it does not change stay as they are.",
		UndoURL: at(name) + "/backfill", Undo: map[string]string{fieldSince: ui.Day(before.Since, zone)}})
}

func again(n int) string {
	return ui.Plural(n, "delivery is", "deliveries are") + " understood again."
}

// replay has what a source delivered understood again.
func (p *Pages) replay(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	form, err := shell.Form(w, r)
	if err != nil {
		return err
	}
	name := r.PathValue("name")
	n, err := p.Sources.Replay(r.Context(), who, connect.Replay{Source: name, State: form.Get("state")})
	if err != nil {
		return err
	}
	return shell.Done(w, r, at(name), ui.Toast{Text: again(int(n))})
}

// remove ends a source. Its data goes too only if its name was typed.
func (p *Pages) remove(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	form, err := shell.Form(w, r)
	if err != nil {
		return err
	}
	name, data := r.PathValue("name"), form.Get("data") != ""
	if data && form.Get("confirm") != name {
		return p.showOne(w, r, who, http.StatusUnprocessableEntity, answer{Err: hansei.Invalid("confirm", "type the name exactly: %s", name)})
	}
	seq, err := p.Sources.Remove(r.Context(), who, name, data)
	if err != nil {
		return err
	}
	if err := p.Settle(r.Context(), seq); err != nil {
		return err
	}
	text := name + " was removed. What it told stays; a source of the same tool and name that is added later reads its history again, and what it tells is joined to it."
	if data {
		text = name + " was removed. What only it told is being deleted."
	}
	return shell.Done(w, r, "/sources", ui.Toast{Text: text})
}

// verdict sums up what a test found.
func verdict(all []source.Finding) string {
	bad := 0
	for _, f := range all {
		if !f.OK {
			bad++
		}
	}
	switch {
	case bad > 0:
		return ui.Plural(bad, "thing is", "things are") + " missing"
	case len(all) == 0:
		return "There was nothing to test"
	}
	return "Nothing is missing"
}

// titled is what people call an incident, its id when it has no title.
func titled(title string, id hansei.ID) string {
	if title == "" {
		return string(id)
	}
	return title
}
