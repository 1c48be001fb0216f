package sources

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/connect"
	"hansei/internal/record"
	"hansei/internal/source"
	"hansei/internal/web/records"
	"hansei/internal/web/shell"
	"hansei/internal/web/ui"
)

// The names of the form's fields.
const (
	fieldSample = "sample"
	fieldList   = "sample-list"
	fieldUse    = "use" // take the mapping that is suggested
	mapping     = "mapping"
)

// sample is a payload to try a mapping on.
type sample struct {
	URL     string // answers POST with what it would become
	Form    string // the id of the form whose changes count
	Payload ui.Field
	List    bool
	Seen    *seen
}

// seen is what a payload would become.
type seen struct {
	Mapping string // a first one, while there is none
	URL     string // answers POST by putting it into the form
	Error   string
	Things  []thing
	More    int // things that are not shown
}

// thing is one observation.
type thing struct {
	Title    string
	Items    []ui.Item
	Mentions []string
}

const (
	thingsShown  = 5
	samplesTried = 5      // of the newest deliveries; the first that is JSON is taken
	maxSample    = 40_000 // bytes of a delivery that is put into the form
)

// sampleOf is the place for a payload; nil for a tool that needs none.
func (p *Pages) sampleOf(k source.Kind, action, form string, have url.Values) *sample {
	if k.Preview == nil {
		return nil
	}
	return &sample{URL: action + "/preview", Form: form, List: have.Get(fieldList) != "",
		Payload: ui.Field{ID: fieldSample, Name: fieldSample, Label: "Try it on a payload", Rows: 8, Mono: true, Value: have.Get(fieldSample),
			Help: "Paste what the tool sends, or an example from its documentation. What it would become is shown beneath the mapping while you write; nothing of it is stored."}}
}

// lastPayload is the newest delivery of a source that is JSON, to try its
// mapping on.
func (p *Pages) lastPayload(r *http.Request, who auth.Actor, name string) (url.Values, error) {
	out := url.Values{}
	list, err := p.Records.Deliveries(r.Context(), who.Scope(), record.DeliveryFilter{Live: true, Source: name, Limit: samplesTried})
	list = slices.DeleteFunc(list, func(d record.Delivery) bool { return d.Size > maxSample })
	if err != nil || len(list) == 0 {
		return out, err
	}
	bodies, err := p.Records.Bodies(r.Context(), who.Scope(), list)
	if err != nil || len(bodies) == 0 {
		return out, err
	}
	slices.SortFunc(bodies, func(a, b record.Waiting) int { return b.Received.Compare(a.Received) })
	take := bodies[max(0, slices.IndexFunc(bodies, func(d record.Waiting) bool { return json.Valid(d.Body) }))]
	out.Set(fieldSample, strings.ToValidUTF8(string(take.Body), "\ufffd"))
	if strings.HasPrefix(take.Name, "pull/") {
		out.Set(fieldList, "yes")
	}
	return out, nil
}

// previewNew shows what a payload would become with the form of a new source.
func (p *Pages) previewNew(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	kind, err := p.Sources.Kind(r.PathValue("tool"))
	if err != nil {
		return hansei.ErrNotFound
	}
	form, err := formIn(w, r)
	if err != nil {
		return err
	}
	s, err := see(kind, form, "/sources/new/"+kind.Name+"/preview")
	if err != nil {
		return err
	}
	if shell.Partial(r) {
		return shell.Fragment(w, r, seenPart(s))
	}
	v := p.form(kind, form, nil, nil)
	v.Sample.Seen = &s
	return p.showNew(w, r, who, http.StatusOK, v)
}

// preview is previewNew of a source that there is.
func (p *Pages) preview(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	form, err := formIn(w, r)
	if err != nil {
		return err
	}
	v, err := p.Sources.Glance(r.Context(), who.Scope(), r.PathValue("name"))
	if err != nil {
		return err
	}
	kind, err := p.Sources.Kind(v.Tool)
	if err != nil {
		return err
	}
	s, err := see(kind, form, at(v.Name)+"/preview")
	if err != nil {
		return err
	}
	if shell.Partial(r) {
		return shell.Fragment(w, r, seenPart(s))
	}
	return p.showOne(w, r, who, http.StatusOK, answer{Settings: form, Seen: &s})
}

// see tries the settings of a form on its payload. While there is no mapping,
// it suggests one, and puts it into the form if it was asked to.
func see(k source.Kind, form url.Values, url string) (seen, error) {
	if k.Preview == nil {
		return seen{}, hansei.ErrNotFound
	}
	settings := settingsIn(k, form, false)
	for _, s := range connect.SettingsOf(k) {
		if settings[s.Name] == "" && s.Default != "" {
			settings[s.Name] = s.Default
		}
	}
	payload := strings.TrimSpace(form.Get(fieldSample))
	if payload == "" {
		return seen{Error: "Paste a payload first."}, nil
	}
	if len(payload) > connect.MaxHook {
		return seen{Error: "The payload is larger than the 5 MB that a webhook may have."}, nil
	}
	if !json.Valid([]byte(payload)) {
		return seen{Error: "The payload is not JSON."}, nil
	}
	if k.Suggest != nil && strings.TrimSpace(settings[mapping]) == "" {
		first, err := k.Suggest([]byte(payload), form.Get(fieldList) != "")
		if err != nil {
			return seen{Error: err.Error()}, nil
		}
		if form.Get(fieldUse) == "" {
			return seen{Mapping: first[mapping], URL: url}, nil
		}
		for name, value := range first {
			form.Set(settingIn+name, value)
			settings[name] = value
		}
	}
	list, err := k.Preview(settings, []byte(payload), form.Get(fieldList) != "")
	if err != nil {
		return seen{Error: err.Error()}, nil
	}
	out := seen{More: max(0, len(list)-thingsShown)}
	for _, o := range list[:len(list)-out.More] {
		out.Things = append(out.Things, thingOf(o))
	}
	return out, nil
}

func thingOf(o hansei.Observation) thing {
	t := thing{Title: records.Noun(o.Key.Kind) + " " + o.Key.External, Mentions: o.Mentions}
	if o.Record == nil {
		return t
	}
	for _, f := range hansei.FieldsOf(o.Record.Kind()) {
		if v, ok := f.Get(o.Record); ok {
			t.Items = append(t.Items, ui.Item{Name: f.Label, Text: plainly(v)})
		}
	}
	custom := o.Record.Head().Custom
	for _, name := range slices.Sorted(maps.Keys(custom)) {
		t.Items = append(t.Items, ui.Item{Name: name, Text: custom[name], From: "a field of your own"})
	}
	if !o.At.IsZero() {
		t.Items = append(t.Items, ui.Item{Name: "As of", Text: ui.UTC(o.At)})
	}
	return t
}

// mappingAt is the place of the field that a payload is tried with: the first
// that takes several lines, or the last of all.
func mappingAt(all []setting) int {
	if i := slices.IndexFunc(all, func(s setting) bool { return s.Rows > 0 }); i >= 0 {
		return i
	}
	return len(all) - 1
}

// plainly writes a value as a source told it.
func plainly(v any) string {
	switch v := v.(type) {
	case time.Time:
		return ui.UTC(v)
	case []string:
		return strings.Join(v, ", ")
	case []hansei.ID:
		out := make([]string, len(v))
		for i, id := range v {
			out[i] = string(id)
		}
		return strings.Join(out, ", ")
	}
	return fmt.Sprint(v)
}

// documented names the place where a tool's documentation is.
func documented(at string) string {
	if u, err := url.Parse(at); err == nil && u.Host != "" {
		return "Documentation at " + u.Host
	}
	return "Documentation"
}

// trigger says when to try: while the form is written, and at once when there
// is a payload.
func (s sample) trigger() string {
	while := "input from:#" + s.Form + " delay:700ms"
	if s.Payload.Value != "" && s.Seen == nil {
		return "load, " + while
	}
	return while
}
