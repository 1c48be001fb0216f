package retrorules

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/rulebook"
	"hansei/internal/web/shell"
	"hansei/internal/web/ui"
)

const fieldsURL = Base + "/fields"

// fieldsView are the fields of the schema: those that ship and the own ones.
type fieldsView struct {
	Builtin []builtinRow
	Own     []ownRow
	Wrong   string
	Lacks   []rulebook.Lack
}

// builtinRow is a built-in field in the form.
type builtinRow struct {
	Name, Label, Default, Help string
	Hidden                     bool
	From                       string // "" as required everywhere, a severity, or never
	Everywhere                 bool   // it is among those required from the general severity
}

// ownRow is an own field in the list.
type ownRow struct {
	hansei.OwnField
	Filled int
}

func (p *Pages) fields(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	state, err := p.Book.Read(r.Context(), who.Scope())
	if err != nil {
		return err
	}
	form := url.Values{}
	for _, b := range state.Rules.Builtin {
		form.Set("label-"+b.Name, b.Label)
		if b.Hidden {
			form.Set("hidden-"+b.Name, "yes")
		}
		form.Set("from-"+b.Name, b.RequiredFrom)
	}
	for _, name := range state.Rules.Required {
		if form.Get("from-"+name) == "" {
			form.Set("from-"+name, asGeneral)
		}
	}
	return p.showFields(w, r, who, http.StatusOK, form, nil)
}

// asGeneral is the choice of the severity from which required fields are.
const asGeneral = "general"

func (p *Pages) showFields(w http.ResponseWriter, r *http.Request, who auth.Actor, status int, form url.Values, wrong map[string]string) error {
	state, err := p.Book.Read(r.Context(), who.Scope())
	if err != nil {
		return err
	}
	v := fieldsView{Wrong: elsewhere(wrong)}
	for _, f := range hansei.Asked() {
		v.Builtin = append(v.Builtin, builtinRow{Name: f.Name, Default: f.Label, Help: f.Help, Label: form.Get("label-" + f.Name), Hidden: form.Get("hidden-"+f.Name) != "", From: form.Get("from-" + f.Name)})
	}
	filled := map[hansei.Kind]map[string]int{}
	for _, f := range state.Rules.Fields {
		if filled[f.Kind] == nil {
			if filled[f.Kind], err = p.Book.Filled(r.Context(), f.Kind); err != nil {
				return err
			}
		}
		v.Own = append(v.Own, ownRow{f, filled[f.Kind][f.Name]})
	}
	return p.show(w, r, who, status, fieldsURL, headTitle, fieldsPage(v, state.Rules.RequiredFrom))
}

// builtinIn reads the form of the built-in fields.
func builtinIn(form url.Values) (map[string]json.RawMessage, error) {
	rules, required := []hansei.FieldRule{}, []string{}
	for _, f := range hansei.Asked() {
		b := hansei.FieldRule{Name: f.Name, Label: strings.TrimSpace(form.Get("label-" + f.Name)), Hidden: form.Get("hidden-"+f.Name) != ""}
		switch from := form.Get("from-" + f.Name); {
		case from == asGeneral && !b.Hidden:
			required = append(required, f.Name)
		case from != asGeneral && !b.Hidden:
			b.RequiredFrom = from
		}
		if b != (hansei.FieldRule{Name: f.Name}) {
			rules = append(rules, b)
		}
	}
	out := map[string]json.RawMessage{}
	var err error
	for name, v := range map[string]any{"builtin": rules, "required": required} {
		if out[name], err = json.Marshal(v); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (p *Pages) saveBuiltin(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	form, err := shell.Form(w, r)
	if err != nil {
		return err
	}
	parts, err := builtinIn(form)
	if err != nil {
		return err
	}
	c, err := p.Book.Patch(r.Context(), who, 0, parts)
	if wrong, ours := wrongs(err); err != nil {
		if !ours {
			return err
		}
		return p.showFields(w, r, who, http.StatusUnprocessableEntity, form, wrong)
	}
	return p.done(w, r, c, fieldsURL, "The fields were saved.")
}

// tryBuiltin says what the form would mean.
func (p *Pages) tryBuiltin(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	form, err := shell.Form(w, r)
	if err != nil {
		return err
	}
	parts, err := builtinIn(form)
	if err != nil {
		return err
	}
	lacks, err := p.Book.TryPatch(r.Context(), who.Scope(), parts)
	return p.tried(w, r, lacks, err)
}

func (p *Pages) tried(w http.ResponseWriter, r *http.Request, lacks []rulebook.Lack, err error) error {
	if _, ours := wrongs(err); !ours {
		return err
	}
	return shell.Fragment(w, r, lacking(lacks))
}

// fieldView is an own field in its form.
type fieldView struct {
	New                                          bool
	Kind, Name, Type, Label, Help, Options, From ui.Field
	Filled                                       int
	Wrong                                        string
	Field                                        hansei.OwnField
}

func (p *Pages) field(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	q := r.URL.Query()
	f := hansei.OwnField{Kind: hansei.KindRetrospective, Type: hansei.OwnText}
	if name := q.Get("name"); name != "" {
		state, err := p.Book.Read(r.Context(), who.Scope())
		if err != nil {
			return err
		}
		var ok bool
		if f, ok = state.Rules.Own(hansei.Kind(q.Get("kind")), name); !ok {
			return fmt.Errorf("field %q of %s: %w", name, q.Get("kind"), hansei.ErrNotFound)
		}
		return p.showField(w, r, who, http.StatusOK, f, false, nil)
	}
	return p.showField(w, r, who, http.StatusOK, f, true, nil)
}

func (p *Pages) showField(w http.ResponseWriter, r *http.Request, who auth.Actor, status int, f hansei.OwnField, fresh bool, wrong map[string]string) error {
	filled, err := p.Book.Filled(r.Context(), f.Kind)
	if err != nil {
		return err
	}
	field := func(name, label, help, value string) ui.Field {
		return ui.Field{ID: name, Name: name, Label: label, Help: help, Value: value, Error: wrong[name], Required: true}
	}
	v := fieldView{New: fresh, Field: f, Filled: filled[f.Name], Wrong: elsewhere(wrong, "kind", "name", "type", "label", "help", "options", "required_from"),
		Kind:    field("kind", "Of", "", string(f.Kind)),
		Name:    field("name", "Name", "In files, the API and SQL, and what figures are grouped by: lower-case letters, digits and underscores, such as blast_radius. It stays for good.", f.Name),
		Type:    field("type", "Type", "", string(f.Type)),
		Label:   field("label", "Label", "What people see.", f.Label),
		Help:    field("help", "What to write, and why it matters", "It stands beside the field, and where it is missing.", f.Help),
		Options: field("options", "Options", "One in each line, for a choice or a list. An option that is taken away stays where it was chosen.", strings.Join(f.Options, "\n")),
		From:    field("required_from", "Required from", "", f.RequiredFrom)}
	v.Label.Required, v.Help.Required, v.Options.Required, v.From.Required = false, false, false, false
	v.Help.Rows, v.Options.Rows = 2, 4
	for _, k := range hansei.OwnKinds {
		v.Kind.Options = append(v.Kind.Options, ui.Option{Value: string(k), Text: string(k) + "s"})
	}
	for _, t := range hansei.OwnTypes {
		v.Type.Options = append(v.Type.Options, ui.Option{Value: string(t), Text: strings.Replace(string(t), "_", " or ", 1)})
	}
	v.From.Options = severities(ui.Option{Value: "", Text: "never"})
	title := "A new field"
	if !fresh {
		title = f.Title()
	}
	return p.show(w, r, who, status, fieldsURL, title, fieldPage(v))
}

func fieldIn(form url.Values) hansei.OwnField {
	f := hansei.OwnField{Kind: hansei.Kind(form.Get("kind")), Name: strings.TrimSpace(form.Get("name")), Type: hansei.OwnType(form.Get("type")), Label: strings.TrimSpace(form.Get("label")),
		Help: strings.TrimSpace(form.Get("help")), RequiredFrom: form.Get("required_from")}
	f.Options = lines(form.Get("options"))
	return f
}

func (p *Pages) saveField(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	form, err := shell.Form(w, r)
	if err != nil {
		return err
	}
	f, fresh := fieldIn(form), form.Get("new") != ""
	state, err := p.Book.Read(r.Context(), who.Scope())
	if err != nil {
		return err
	}
	if _, known := state.Rules.Own(f.Kind, f.Name); known && fresh {
		err = hansei.Invalid("name", "a %s has a field %q of yours already", f.Kind, f.Name)
	}
	if err == nil {
		c, failed := p.Book.PutField(r.Context(), who, 0, f)
		if failed == nil {
			return p.done(w, r, c, fieldsURL, "“"+f.Title()+"” was saved.")
		}
		err = failed
	}
	wrong, ours := wrongs(err)
	if !ours {
		return err
	}
	return p.showField(w, r, who, http.StatusUnprocessableEntity, f, fresh, wrong)
}

// tryField says what the field would mean as the form has it.
func (p *Pages) tryField(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	form, err := shell.Form(w, r)
	if err != nil {
		return err
	}
	f := fieldIn(form)
	lacks, err := p.Book.TryField(r.Context(), who.Scope(), f)
	return p.tried(w, r, lacks, err)
}

// retireField stops asking for a field, or asks for it again.
func (p *Pages) retireField(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	form, err := shell.Form(w, r)
	if err != nil {
		return err
	}
	retired := form.Get("retired") != ""
	c, err := p.Book.RetireField(r.Context(), who, 0, hansei.Kind(form.Get("kind")), form.Get("name"), retired)
	if err != nil {
		return err
	}
	text := "The field is asked for again."
	if retired {
		text = "The field is retired. What was written in it stays."
	}
	return p.done(w, r, c, fieldsURL, text)
}
