package sources

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"time"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/connect"
	"hansei/internal/source"
	"hansei/internal/web/shell"
	"hansei/internal/web/ui"
)

// sight is the page of a source.
type sight struct {
	health
	View     connect.View
	Kind     source.Kind // empty when no such kind is known any more
	Days30   ui.Bars
	Steps    []step
	Address  piece // what is pasted at the tool
	Rotates  bool  // its webhook secret is made here
	Settings []setting
	Since    ui.Field // backfill from
	Confirm  ui.Field // its name, typed to remove it with its data
	Filter   *filterForm
	Sample   *sample
	Again    string // which settings have what was received understood again
	Coverage []coverage
	Found    []source.Finding
	Tested   bool
	Wrong    string
}

// answer is what a form that comes back changes of the page.
type answer struct {
	Filter   *filterForm
	Settings url.Values // what a person wrote
	Err      error
	Found    []source.Finding
	Tested   bool
	Seen     *seen
}

func (p *Pages) one(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	if live(r) {
		v, err := p.Sources.Glance(r.Context(), who.Scope(), r.PathValue("name"))
		if err != nil {
			return err
		}
		zone, err := p.Zone(r.Context(), who.Scope())
		if err != nil {
			return err
		}
		return shell.Fragment(w, r, liveOne(p.glance(v, zone)))
	}
	return p.showOne(w, r, who, http.StatusOK, answer{})
}

// glance is the part of the page that changes by itself.
func (p *Pages) glance(v connect.View, zone *time.Location) sight {
	o := sight{health: p.health(v, zone), View: v}
	o.Days30 = o.Days
	o.Days30.Tall = true
	return o
}

// showOne is the page of a source, with what a form has to say.
func (p *Pages) showOne(w http.ResponseWriter, r *http.Request, who auth.Actor, status int, a answer) error {
	v, err := p.Sources.Get(r.Context(), who.Scope(), r.PathValue("name"))
	if err != nil {
		return err
	}
	zone, err := p.Zone(r.Context(), who.Scope())
	if err != nil {
		return err
	}
	o := p.glance(v, zone)
	o.Found, o.Tested = a.Found, a.Tested
	o.Address = address(source.Kind{}, v.URL, "")
	o.forms(a)
	if o.Kind, err = p.Sources.Kind(v.Tool); err == nil {
		o.ofKind(a)
		if err := p.sampled(r, who, &o, a); err != nil {
			return err
		}
	} else if _, ok := reasonOf(err); !ok {
		return err
	}
	o.Coverage = covered(v.Coverage)
	page := ui.Page{Title: v.Name, Crumbs: crumbs, Lead: o.Title, Actions: []ui.Link{{Text: "Deliveries", URL: at(v.Name) + "/deliveries"}}}
	return p.ShowAs(w, r, who, status, page, onePage(o))
}

// forms are those that every source has.
func (o *sight) forms(a answer) {
	wrong := map[string]string{}
	var invalid *hansei.InvalidError
	if errors.As(a.Err, &invalid) {
		wrong[invalid.Field] = invalid.Reason
	}
	o.Since = ui.Field{ID: fieldSince, Name: fieldSince, Label: "Read history again from", Type: "date", Required: true,
		Value: o.View.Since.In(o.Zone).Format(time.DateOnly), Error: wrong[fieldSince]}
	o.Confirm = ui.Field{ID: "confirm", Name: "confirm", Label: "Type " + o.View.Name + " to confirm", Error: wrong["confirm"], Required: true}
	if invalid != nil && invalid.Field != fieldSince && invalid.Field != "confirm" {
		o.Wrong = invalid.Error()
	}
}

// ofKind are the forms whose fields the tool decides.
func (o *sight) ofKind(a answer) {
	wrong, have := map[string]string{}, a.Settings
	var invalid *hansei.InvalidError
	if errors.As(a.Err, &invalid) {
		wrong[invalid.Field] = invalid.Reason
	}
	if have == nil {
		have = prefilled(o.View)
	}
	o.Settings = settingFields(o.Kind, have, o.View.Secrets, wrong, false)
	o.Settings = slices.DeleteFunc(o.Settings, func(s setting) bool { return s.Name == settingIn+source.WebhookSecret && !theirs(o.Kind) })
	if slices.ContainsFunc(o.Settings, func(s setting) bool { return s.Error != "" }) {
		o.Wrong = ""
	}
	o.Rotates = o.View.URL != "" && !theirs(o.Kind) && slices.Contains(o.View.Secrets, source.WebhookSecret)
	o.Address = address(o.Kind, o.View.URL, "")
	o.Steps, o.Again = steps(o.Kind, o.View.URL, ""), understoodAgain(o.Kind)
	if o.Kind.Incidents {
		f := filterOf(o.View.Filter, "", at(o.View.Name)+"/try")
		if a.Filter != nil {
			f = *a.Filter
		}
		o.Filter = &f
	}
}

// sampled puts in what a mapping can be tried on.
func (p *Pages) sampled(r *http.Request, who auth.Actor, o *sight, a answer) error {
	have := a.Settings
	if !have.Has(fieldSample) && o.Kind.Preview != nil {
		var err error
		if have, err = p.lastPayload(r, who, o.Name); err != nil {
			return err
		}
	}
	if o.Sample = p.sampleOf(o.Kind, at(o.Name), "settings-form", have); o.Sample != nil {
		o.Sample.Seen = a.Seen
	}
	return nil
}

// theirs says whether the tool makes the secret of its webhooks.
func theirs(k source.Kind) bool {
	return slices.ContainsFunc(k.Settings, func(s source.Setting) bool { return s.Name == source.WebhookSecret && s.Theirs })
}

// reasonOf is what a person is to be told of an error in a form.
func reasonOf(err error) (string, bool) {
	var invalid *hansei.InvalidError
	if errors.As(err, &invalid) {
		return invalid.Reason, true
	}
	return "", false
}
