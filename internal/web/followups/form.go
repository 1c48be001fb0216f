package followups

import (
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/intake"
	"hansei/internal/record"
	"hansei/internal/web/shell"
	"hansei/internal/web/ui"
)

// edited are the fields of the form, in its order.
var edited = []string{"title", "description", "type", "priority", "due_at", "size", "team", "owner", "factor", "verify"}

func (p *Pages) editPage(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	f, rev, err := p.read(r, who)
	if err != nil {
		return err
	}
	fields, err := p.fields(r, who, f, nil)
	if err != nil {
		return err
	}
	return p.Show(w, r, who, ui.Page{Title: "Edit follow-up", Under: Path, Crumbs: []ui.Link{{Text: "Follow-ups", URL: Path}, {Text: f.Title, URL: URL(f.ID)}}},
		formPage(URL(f.ID)+"/edit", strconv.FormatInt(int64(rev), 10), fields, URL(f.ID), "Save"))
}

// fields are the form's, with the values of a follow-up; wrong says what is
// wrong, by field.
func (p *Pages) fields(r *http.Request, who auth.Actor, f *hansei.FollowUp, wrong map[string]string) ([]ui.Field, error) {
	zone, err := p.Zone(r.Context(), who.Scope())
	if err != nil {
		return nil, err
	}
	teams, err := p.teams(r, who)
	if err != nil {
		return nil, err
	}
	found, _, err := p.People.Find(r.Context(), who.Scope(), "", 500)
	if err != nil {
		return nil, err
	}
	owners := []ui.Option{{Text: "nobody yet"}}
	for _, x := range found {
		owners = append(owners, ui.Option{Value: string(x.ID), Text: x.Name})
	}
	kinds := []ui.Option{{Text: "not said"}}
	for _, k := range hansei.FollowUpTypes {
		kinds = append(kinds, ui.Option{Value: k, Text: k})
	}
	choices := map[string][]ui.Option{"type": kinds, "team": append([]ui.Option{{Text: "none"}}, teams...), "owner": owners}
	var out []ui.Field
	for _, name := range edited {
		field, err := hansei.FieldNamed(hansei.KindFollowUp, name)
		if err != nil {
			return nil, err
		}
		x := ui.Field{ID: "f-" + name, Name: name, Label: field.Label, Help: field.Help, Error: wrong[name], Options: choices[name], Required: name == "title"}
		if value, ok := field.Get(f); ok {
			x.Value = textOf(value)
		}
		switch name {
		case "description":
			x.Rows = 4
		case "due_at":
			x.Type, x.Label = "date", "Due"
			if x.Value = ""; !f.Due.IsZero() {
				x.Value = f.Due.In(zone).Format(time.DateOnly)
			}
		case "owner", "team":
			if x.Value != "" && !slices.ContainsFunc(x.Options, func(o ui.Option) bool { return o.Value == x.Value }) {
				x.Options = append(x.Options, ui.Option{Value: x.Value, Text: x.Value})
			}
		}
		out = append(out, x)
	}
	return out, nil
}

// edit saves the fields that changed.
func (p *Pages) edit(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	form, err := shell.Form(w, r)
	if err != nil {
		return err
	}
	f, _, err := p.read(r, who)
	if err != nil {
		return err
	}
	rev, err := strconv.ParseInt(form.Get("revision"), 10, 64)
	if err != nil {
		return hansei.Invalid("revision", "%q is not a revision", form.Get("revision"))
	}
	before, err := p.fields(r, who, f, nil)
	if err != nil {
		return err
	}
	var sets []intake.Set
	for _, x := range before {
		told := strings.TrimSpace(strings.ReplaceAll(form.Get(x.Name), "\r\n", "\n"))
		if !form.Has(x.Name) || told == strings.TrimSpace(x.Value) {
			continue
		}
		var v any = told
		if x.Name == "due_at" && told != "" {
			if v, err = p.day(r, who, told); err != nil {
				return err
			}
		}
		if told == "" {
			v = nil
		}
		text, err := json.Marshal(v)
		if err != nil {
			return err
		}
		sets = append(sets, intake.Set{Field: x.Name, Value: text})
	}
	if len(sets) == 0 {
		return shell.Back(w, r, URL(f.ID))
	}
	seq, err := p.Desk.Edit(r.Context(), who, f.ID, record.Revision(rev), sets, "")
	var wrong *hansei.InvalidError
	if errors.As(err, &wrong) {
		return p.again(w, r, who, form, wrong, f)
	}
	return p.done(w, r, seq, err, ui.Toast{Text: "Saved."})
}

// again shows the form with what is wrong.
func (p *Pages) again(w http.ResponseWriter, r *http.Request, who auth.Actor, form map[string][]string, wrong *hansei.InvalidError, f *hansei.FollowUp) error {
	name := wrong.Field
	if name == "name" {
		name = "title"
	}
	fields, err := p.fields(r, who, f, map[string]string{name: wrong.Error()})
	if err != nil {
		return err
	}
	for i, x := range fields {
		if told, ok := form[x.Name]; ok && len(told) > 0 {
			fields[i].Value = told[0]
		}
	}
	action, back, verb := r.URL.Path, Path, "Make it"
	if f.ID != "" {
		back, verb = URL(f.ID), "Save"
	}
	rev := ""
	if x := form["revision"]; len(x) > 0 {
		rev = x[0]
	}
	return p.ShowAs(w, r, who, http.StatusUnprocessableEntity, ui.Page{Title: "Something is missing", Under: Path, Crumbs: []ui.Link{{Text: "Follow-ups", URL: Path}}},
		formPage(action, rev, fields, back, verb))
}

func (p *Pages) newPage(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	fields, err := p.fields(r, who, &hansei.FollowUp{}, nil)
	if err != nil {
		return err
	}
	return p.Show(w, r, who, ui.Page{Title: "New follow-up", Under: Path, Crumbs: []ui.Link{{Text: "Follow-ups", URL: Path}}, Lead: "When nothing is said, it is due by the organization's rules for its kind and priority."},
		formPage(r.URL.RequestURI(), "", fields, Path, "Make it"))
}

func (p *Pages) add(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	form, err := shell.Form(w, r)
	if err != nil {
		return err
	}
	f := hansei.FollowUp{Title: strings.TrimSpace(form.Get("title")), Description: strings.TrimSpace(form.Get("description")), Type: form.Get("type"), Priority: strings.TrimSpace(form.Get("priority")),
		Size: form.Get("size"), Team: hansei.ID(form.Get("team")), Owner: hansei.ID(form.Get("owner")), Factor: form.Get("factor"), Verify: form.Get("verify"), Retrospective: hansei.ID(r.URL.Query().Get("retrospective"))}
	if text := form.Get("due_at"); text != "" {
		if f.Due, err = p.day(r, who, text); err != nil {
			return err
		}
	}
	id, seq, err := p.Desk.Add(r.Context(), who, f)
	var wrong *hansei.InvalidError
	if errors.As(err, &wrong) {
		f.ID = ""
		return p.again(w, r, who, form, wrong, &f)
	}
	r.SetPathValue("id", string(id))
	return p.done(w, r, seq, err, ui.Toast{Text: "It is made, and due by the rules unless you said otherwise."})
}
