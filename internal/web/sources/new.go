package sources

import (
	"errors"
	"net/http"
	"net/netip"
	"net/url"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/connect"
	"hansei/internal/source"
	"hansei/internal/web/shell"
	"hansei/internal/web/ui"
)

// newSource is the form of a source to be added.
type newSource struct {
	Kind     source.Kind
	Action   string
	Steps    []step
	Name     ui.Field
	Since    ui.Field
	Pulled   bool // the tool has a history to read
	Settings []setting
	Filter   *filterForm
	Sample   *sample
	Found    []source.Finding // of a test
	Tested   bool
	Wrong    string // an error that belongs to no field
}

// newForm is the form of a tool.
func (p *Pages) newForm(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	kind, err := p.Sources.Kind(r.PathValue("tool"))
	if err != nil {
		return errors.Join(hansei.ErrNotFound)
	}
	name, err := p.freeName(r.Context(), who.Scope(), kind.Name)
	if err != nil {
		return err
	}
	return p.showNew(w, r, who, http.StatusOK, p.form(kind, url.Values{fieldName: {name}}, nil, nil))
}

// form is the form of a tool with what a person wrote into it.
func (p *Pages) form(k source.Kind, have url.Values, filter []hansei.Condition, err error) newSource {
	wrong := map[string]string{}
	var invalid *hansei.InvalidError
	if errors.As(err, &invalid) {
		wrong[invalid.Field] = invalid.Reason
	}
	v := newSource{Kind: k, Action: "/sources/new/" + k.Name, Steps: steps(k, "", ""),
		Name: ui.Field{ID: fieldName, Name: fieldName, Label: "Name", Value: have.Get(fieldName), Error: wrong[fieldName], Required: true,
			Help: "What this source is called here: lower-case letters, digits and hyphens. Records show it as where they came from, and it cannot be changed later."},
		Since: ui.Field{ID: fieldSince, Name: fieldSince, Label: "History since", Type: "date", Value: have.Get(fieldSince), Error: wrong[fieldSince],
			Help: "How far back to read what happened before today, where the tool lets it be read. A year when left empty; it can be read again from an earlier day at any time."},
		Settings: settingFields(k, have, nil, wrong, true)}
	v.Pulled = pulled(k)
	v.Sample = p.sampleOf(k, v.Action, "source-form", have)
	if k.Incidents {
		f := filterOf(filter, wrong["filter"], "")
		v.Filter = &f
	}
	if invalid != nil && !v.shows(invalid.Field) {
		v.Wrong = invalid.Error()
	}
	return v
}

// shows says whether the form has a place for an error.
func (v newSource) shows(field string) bool {
	for _, s := range v.Settings {
		if s.Name == settingIn+field {
			return true
		}
	}
	return field == fieldName || field == fieldSince || field == "filter" && v.Filter != nil
}

func (p *Pages) showNew(w http.ResponseWriter, r *http.Request, who auth.Actor, status int, v newSource) error {
	page := ui.Page{Title: "Connect " + v.Kind.Title, Lead: v.Kind.About,
		Crumbs: append(crumbs[:1:1], ui.Link{Text: "Add a source", URL: "/sources/new"})}
	return p.ShowAs(w, r, who, status, page, newPage(v))
}

// specIn reads the form of a source to be added.
func (p *Pages) specIn(r *http.Request, who auth.Actor, k source.Kind, form url.Values) (connect.Spec, error) {
	spec := connect.Spec{Tool: k.Name, Name: form.Get(fieldName), Settings: settingsIn(k, form, false)}
	zone, err := p.Zone(r.Context(), who.Scope())
	if err != nil {
		return spec, err
	}
	if spec.Filter, err = conditionsIn(form); err != nil {
		return spec, err
	}
	if spec.Name == reserved {
		return spec, hansei.Invalid(fieldName, "%q is the address of this form; take another name", reserved)
	}
	spec.Since, err = sinceIn(form.Get(fieldSince), zone)
	return spec, err
}

// testNew tries what the form holds. Nothing is stored.
func (p *Pages) testNew(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	kind, err := p.Sources.Kind(r.PathValue("tool"))
	if err != nil {
		return hansei.ErrNotFound
	}
	form, err := formIn(w, r)
	if err != nil {
		return err
	}
	spec, err := p.specIn(r, who, kind, form)
	var found []source.Finding
	if err == nil {
		found, err = p.Sources.TestSpec(r.Context(), who, spec)
	}
	var invalid *hansei.InvalidError
	if err != nil && !errors.As(err, &invalid) {
		return err
	}
	if shell.Partial(r) {
		if invalid != nil {
			found = []source.Finding{{Says: labelOf(kind, invalid)}}
		}
		return shell.Fragment(w, r, findings(found))
	}
	v := p.form(kind, form, spec.Filter, err)
	v.Found, v.Tested = found, invalid == nil
	return p.showNew(w, r, who, http.StatusOK, v)
}

// labelOf is an error with the name that the form gives to its field.
func labelOf(k source.Kind, e *hansei.InvalidError) string {
	for _, s := range connect.SettingsOf(k) {
		if s.Name == e.Field {
			return s.Title + ": " + e.Reason
		}
	}
	return e.Error()
}

// add saves a source and shows what is to be pasted at the tool. The secret is
// in this answer and nowhere else, so it is no redirect.
func (p *Pages) add(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	kind, err := p.Sources.Kind(r.PathValue("tool"))
	if err != nil {
		return hansei.ErrNotFound
	}
	form, err := formIn(w, r)
	if err != nil {
		return err
	}
	spec, err := p.specIn(r, who, kind, form)
	var added connect.Added
	if err == nil {
		added, err = p.Sources.Add(r.Context(), who, spec)
	}
	if _, ok := reasonOf(err); ok {
		return p.showNew(w, r, who, http.StatusUnprocessableEntity, p.form(kind, form, spec.Filter, err))
	}
	if err != nil {
		return err
	}
	if err := p.Settle(r.Context(), added.Seq); err != nil {
		return err
	}
	return p.showReady(w, r, who, kind, added, "Connected: "+string(added.Source.ID))
}

// ready is what to do at the tool once a source is saved.
type ready struct {
	Name, Title string
	URL, Secret string
	Address     piece // what is pasted at the tool: the URL, for some tools with the secret
	Steps       []step
	Fields      bool     // it has settings beside
	Theirs      *setting // a secret that the tool makes once it knows the address
	Settings    string   // answers POST
}

// showReady shows the address and the secret of a webhook. Nothing keeps this
// page, and going back to it shows the source's own.
func (p *Pages) showReady(w http.ResponseWriter, r *http.Request, who auth.Actor, kind source.Kind, added connect.Added, title string) error {
	name := string(added.Source.ID)
	v := ready{Name: name, Title: kind.Title, URL: added.URL, Address: address(kind, added.URL, added.Secret), Secret: added.Secret, Steps: steps(kind, added.URL, added.Secret), Settings: at(name) + "/settings",
		Fields: len(settingFields(kind, nil, nil, nil, true)) > 0}
	view, err := p.Sources.Glance(r.Context(), who.Scope(), name)
	if err != nil {
		return err
	}
	if v.URL != "" {
		v.Theirs = missingSecret(kind, view)
	}
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("HX-Push-Url", at(name))
	page := ui.Page{Title: title, Crumbs: append(crumbs[:1:1], ui.Link{Text: name, URL: at(name)})}
	return p.Show(w, r, who, page, readyPage(v))
}

// missingSecret is the field of a webhook secret that the tool makes and that
// was not entered yet.
func missingSecret(k source.Kind, v connect.View) *setting {
	for i, s := range settingFields(k, nil, v.Secrets, nil, false) {
		known := connect.SettingsOf(k)[i]
		if known.Theirs && s.Placeholder == "" {
			return &s
		}
	}
	return nil
}

// pulled says that the history of a tool can be read, be it with more settings
// than it has yet.
func pulled(k source.Kind) bool {
	s, err := k.New(source.Config{Name: k.Name})
	_, checks := s.(source.Checker)
	return err != nil || checks
}

// loopback says that an address is one of this machine alone.
func loopback(address string) bool {
	u, err := url.Parse(address)
	if err != nil {
		return false
	}
	ip, err := netip.ParseAddr(u.Hostname())
	return u.Hostname() == "localhost" || err == nil && ip.IsLoopback()
}
