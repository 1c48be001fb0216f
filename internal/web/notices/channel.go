package notices

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/notify"
	"hansei/internal/record"
	"hansei/internal/web/shell"
	"hansei/internal/web/ui"
)

// The names of a channel's fields; its settings stand beside them with a prefix.
const (
	fieldName   = "name"
	fieldTeam   = "team"
	fieldEvent  = "event"
	fieldForget = "forget-"
	settingIn   = "set-"
)

// channelView is the form of a channel, new or old.
type channelView struct {
	Kind     notify.Kind
	Name     *ui.Field // of a new one
	Settings []setting
	Events   []option
	Teams    []option
	Wrong    string // of no field
	Action   string // answers POST; "/test" after it tries
	Found    []notify.Finding
	Tested   bool
	Row      *row // of one that is there
	Log      logView
	Secret   string // just made; shown this once
	Undo     map[string]string
}

// setting is a field and, for a secret that is kept and not needed, the box
// that empties it.
type setting struct {
	ui.Field
	Forget string
}

// option is one of several that can be chosen together.
type option struct {
	Name, Value, Text, Help string
	On                      bool
}

// form draws a channel's form from what it holds.
func (p *Pages) form(ctx context.Context, who auth.Scope, k notify.Kind, form url.Values, kept []string, err error) (channelView, error) {
	wrong, mine := wrongOf(err)
	if !mine {
		return channelView{}, err
	}
	v := channelView{Kind: k}
	for _, s := range k.Settings {
		f := ui.Field{ID: settingIn + s.Name, Name: settingIn + s.Name, Label: s.Title, Help: s.Help, Value: form.Get(settingIn + s.Name), Error: wrong[s.Name], Required: s.Required}
		x := setting{Field: f}
		if s.Secret {
			x.Value, x.Type = "", "password"
			if slices.Contains(kept, s.Name) {
				x.Placeholder, x.Required = "kept; write here to replace it", false
				if !s.Required {
					x.Forget = fieldForget + s.Name
				}
			}
		}
		if s.Long {
			x.Rows = 3
		}
		delete(wrong, s.Name)
		v.Settings = append(v.Settings, x)
	}
	chosen := form[fieldEvent]
	for _, e := range events {
		if e.Name != hansei.EventMention {
			v.Events = append(v.Events, option{fieldEvent, e.Name, e.Title, "", slices.Contains(chosen, e.Name)})
		}
	}
	teams, err := p.Records.List(ctx, who, hansei.KindTeam, "", maxTeams)
	if err != nil {
		return v, err
	}
	for _, s := range teams {
		if t := s.Record.(*hansei.Team); !t.Deleted && t.MergedInto == "" {
			v.Teams = append(v.Teams, option{fieldTeam, string(t.ID), t.Name, "", slices.Contains(form[fieldTeam], string(t.ID))})
		}
	}
	delete(wrong, fieldName)
	for _, reason := range wrong {
		v.Wrong = reason
	}
	return v, nil
}

const maxTeams = 200

// specIn reads a form. A box of events that nobody ticked is none chosen: the
// default.
func specIn(k notify.Kind, form url.Values) notify.Spec {
	spec := notify.Spec{Type: k.Name, Name: strings.TrimSpace(form.Get(fieldName)), Settings: map[string]string{}, Events: form[fieldEvent]}
	for _, t := range form[fieldTeam] {
		spec.Teams = append(spec.Teams, hansei.ID(t))
	}
	for _, s := range k.Settings {
		if value := form.Get(settingIn + s.Name); value != "" || !s.Secret && form.Has(settingIn+s.Name) {
			spec.Settings[s.Name] = value
		}
		if form.Get(fieldForget+s.Name) != "" {
			spec.Settings[s.Name] = ""
		}
	}
	return spec
}

func (p *Pages) newForm(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	k, err := notify.KindNamed(r.PathValue("type"))
	if err != nil {
		return hansei.ErrNotFound
	}
	name := k.Name
	for n := 2; ; n++ {
		_, err := p.Outbox.Get(r.Context(), who.Scope(), name)
		if err != nil {
			break
		}
		name = k.Name + "-" + ui.Count(n)
	}
	return p.showNew(w, r, who, http.StatusOK, k, url.Values{fieldName: {name}, fieldEvent: hansei.DefaultChannelEvents}, nil, nil)
}

func (p *Pages) showNew(w http.ResponseWriter, r *http.Request, who auth.Actor, status int, k notify.Kind, form url.Values, found []notify.Finding, err error) error {
	v, err2 := p.form(r.Context(), who.Scope(), k, form, nil, err)
	if err2 != nil {
		return err2
	}
	wrong, _ := wrongOf(err)
	v.Name = &ui.Field{ID: fieldName, Name: fieldName, Label: "Name", Help: "What it is called here, such as payments-team.", Value: form.Get(fieldName), Error: wrong[fieldName], Required: true}
	v.Action, v.Found, v.Tested = home+"/new/"+k.Name, found, found != nil
	page := ui.Page{Title: "Add " + k.Title, Under: "/settings", Crumbs: crumbs, Lead: k.About}
	return p.ShowAs(w, r, who, status, page, channelPage(v))
}

func (p *Pages) add(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	k, err := notify.KindNamed(r.PathValue("type"))
	if err != nil {
		return hansei.ErrNotFound
	}
	form, err := shell.Form(w, r)
	if err != nil {
		return err
	}
	saved, err := p.Outbox.Add(r.Context(), who, specIn(k, form))
	if _, mine := wrongOf(err); err != nil && mine {
		return p.showNew(w, r, who, http.StatusUnprocessableEntity, k, form, nil, err)
	}
	return p.saved(w, r, who, saved, err, "The channel was added. Send it a test message.")
}

// saved goes back to the channel, or shows the secret that was just made: it
// is in this answer and nowhere else.
func (p *Pages) saved(w http.ResponseWriter, r *http.Request, who auth.Actor, s notify.Saved, err error, text string) error {
	if err != nil {
		return err
	}
	if err := p.Settle(r.Context(), s.Seq); err != nil {
		return err
	}
	name := string(s.Channel.ID)
	if s.Secret == "" {
		return shell.Done(w, r, at(name), ui.Toast{Text: text})
	}
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("HX-Push-Url", at(name))
	return p.showOne(w, r, who, http.StatusOK, name, nil, nil, s.Secret, nil)
}

// testNew tries what the form holds. Nothing is stored.
func (p *Pages) testNew(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	k, err := notify.KindNamed(r.PathValue("type"))
	if err != nil {
		return hansei.ErrNotFound
	}
	form, err := shell.Form(w, r)
	if err != nil {
		return err
	}
	found, err := p.Outbox.TestSpec(r.Context(), who, specIn(k, form))
	wrong, mine := wrongOf(err)
	if !mine {
		return err
	}
	for name, reason := range wrong {
		found = []notify.Finding{{Says: labelled(k, name) + reason}}
	}
	if shell.Partial(r) {
		return shell.Fragment(w, r, findings(found))
	}
	return p.showNew(w, r, who, http.StatusOK, k, form, found, nil)
}

// labelled is the label of a setting before what is wrong with it.
func labelled(k notify.Kind, name string) string {
	for _, s := range k.Settings {
		if s.Name == name {
			return s.Title + ": "
		}
	}
	return ""
}

func (p *Pages) one(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	return p.showOne(w, r, who, http.StatusOK, r.PathValue("name"), nil, nil, "", nil)
}

func (p *Pages) showOne(w http.ResponseWriter, r *http.Request, who auth.Actor, status int, name string, form url.Values, found []notify.Finding, secret string, wrong error) error {
	c, err := p.Outbox.Get(r.Context(), who.Scope(), name)
	if err != nil {
		return err
	}
	k, err := notify.KindNamed(c.Type)
	if err != nil {
		return err
	}
	if form == nil {
		form = url.Values{fieldEvent: c.Events}
		for n, value := range c.Settings {
			form.Set(settingIn+n, value)
		}
		for _, t := range c.Teams {
			form.Add(fieldTeam, string(t))
		}
	}
	v, err := p.form(r.Context(), who.Scope(), k, form, c.Secrets, wrong)
	if err != nil {
		return err
	}
	x, err := p.row(r, who, c)
	if err != nil {
		return err
	}
	v.Row, v.Action, v.Found, v.Tested, v.Secret = &x, at(name), found, found != nil, secret
	if v.Log, err = p.logged(r, who, record.NoticeFilter{Channel: hansei.ID(name), Limit: 10}); err != nil {
		return err
	}
	page := ui.Page{Title: name, Under: "/settings", Crumbs: crumbs, Lead: k.Title + ": " + c.Place}
	return p.ShowAs(w, r, who, status, page, channelPage(v))
}

func (p *Pages) save(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	form, err := shell.Form(w, r)
	if err != nil {
		return err
	}
	name := r.PathValue("name")
	c, err := p.Outbox.Get(r.Context(), who.Scope(), name)
	if err != nil {
		return err
	}
	k, err := notify.KindNamed(c.Type)
	if err != nil {
		return err
	}
	spec := specIn(k, form)
	if spec.Teams == nil {
		spec.Teams = []hansei.ID{}
	}
	saved, err := p.Outbox.Edit(r.Context(), who, name, notify.Change{Settings: spec.Settings, Teams: &spec.Teams, Events: &spec.Events})
	if _, mine := wrongOf(err); err != nil && mine {
		return p.showOne(w, r, who, http.StatusUnprocessableEntity, name, form, nil, "", err)
	}
	return p.saved(w, r, who, saved, err, "The channel was saved.")
}

// test sends a message to a channel as it is saved.
func (p *Pages) test(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	name := r.PathValue("name")
	found, err := p.Outbox.Test(r.Context(), who, name)
	if err != nil {
		return err
	}
	if shell.Partial(r) {
		return shell.Fragment(w, r, findings(found))
	}
	return p.showOne(w, r, who, http.StatusOK, name, nil, found, "", nil)
}

// act pauses, resumes, removes or restores a channel, or makes its secret anew.
func (p *Pages) act(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	ctx, name, paused := r.Context(), r.PathValue("name"), true
	var saved notify.Saved
	var seq record.Seq
	var err error
	to, t := at(name), ui.Toast{}
	switch r.PathValue("act") {
	case "pause":
		saved, err = p.Outbox.Edit(ctx, who, name, notify.Change{Paused: &paused})
		seq, t = saved.Seq, ui.Toast{Text: name + " is paused: nothing is sent to it.", UndoURL: at(name) + "/resume"}
	case "resume":
		paused = false
		saved, err = p.Outbox.Edit(ctx, who, name, notify.Change{Paused: &paused})
		seq, t = saved.Seq, ui.Toast{Text: name + " hears again."}
	case "rotate":
		saved, err = p.Outbox.Edit(ctx, who, name, notify.Change{Rotate: true})
		return p.saved(w, r, who, saved, err, "The secret was made anew.")
	case "remove":
		seq, err = p.Outbox.Remove(ctx, who, name, true)
		to, t = home, ui.Toast{Text: name + " was removed. It can be put back for a day.", UndoURL: at(name) + "/restore"}
	case "restore":
		seq, err = p.Outbox.Remove(ctx, who, name, false)
		t = ui.Toast{Text: name + " is back."}
	default:
		return hansei.ErrNotFound
	}
	if err != nil {
		return err
	}
	if err := p.Settle(ctx, seq); err != nil {
		return err
	}
	return shell.Done(w, r, to, t)
}
