package retros

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/record"
	"hansei/internal/retro"
	"hansei/internal/retro/agreement"
	"hansei/internal/schema"
	"hansei/internal/web/records"
	"hansei/internal/web/shell"
	"hansei/internal/web/ui"
)

func (p *Pages) factsRoutes() map[string]shell.Page {
	return map[string]shell.Page{
		"GET /retrospectives/{id}/facts":          p.frame("facts", p.facts),
		"POST /retrospectives/{id}/facts":         p.describe,
		"POST /retrospectives/{id}/facts/factors": p.code,
		"GET /retrospectives/{id}/facts/rate":     p.frame("facts", p.rating),
		"POST /retrospectives/{id}/facts/rate":    p.rate,
	}
}

// facts are the schema of a retrospective as a form, and its factors.
type facts struct {
	*one
	Fields  []entry
	Groups  []group
	Agreed  []agreement.Factor // how far two raters agree on each factor
	Codings int                // second opinions there are
	Rating  bool               // the page of a second rater
	First   bool               // who asks for that page chose the factors that stand
	Other   string
}

// entry is one field of the form and what it held when it was shown: only what
// a person changed is saved, so that nobody overwrites what others filled.
type entry struct {
	ui.Field
	Wide bool
	Was  string
}

// peopleOf are fields that the frame's own controls set.
var peopleOf = []string{"owner", "facilitator", "reviewers", "factors"}

func (p *Pages) facts(ctx context.Context, who auth.Actor, _ *http.Request, o *one) (templ.Component, error) {
	f, err := p.form(ctx, o, nil, nil)
	if err != nil {
		return nil, err
	}
	if f.Agreed, err = p.Desk.Agreement(ctx, who.Scope()); err != nil {
		return nil, err
	}
	return factsPage(f), nil
}

// form is the page, with what was written and what is wrong with it after a
// form that came back.
func (p *Pages) form(_ context.Context, o *one, said url.Values, wrong map[string]string) (facts, error) {
	f := facts{one: o, Groups: groups(o), Codings: len(o.Retro.Codings)}
	for _, x := range hansei.Asked() {
		if slices.Contains(peopleOf, x.Name) || o.Rules.Hidden(x.Name) {
			continue
		}
		in := entry{Field: ui.Field{ID: "fact-" + x.Name, Name: x.Name, Label: o.Rules.Label(x), Help: cmp.Or(o.Rules.Why(x), x.Help+"."), Required: o.Rules.Requires(o.Retro, x.Name), Error: wrong[x.Name]},
			Wide: x.Type == hansei.List || x.Name == "trigger" || x.Name == "mitigation"}
		in.Was = o.written(x)
		switch x.Type {
		case hansei.List, hansei.Refs:
			in.Rows, in.Help = 3, in.Help+" One in each line."
		case hansei.Text:
			if in.Wide {
				in.Rows = 2
			}
		}
		f.Fields = append(f.Fields, in)
	}
	for _, x := range o.Rules.OwnOf(hansei.KindRetrospective) {
		in := entry{Field: ui.Field{ID: "fact-custom-" + x.Name, Name: hansei.CustomPrefix + x.Name, Label: x.Title(), Help: x.Help,
			Required: hansei.Needs(o.Retro.Severity, x.RequiredFrom), Error: wrong[hansei.CustomPrefix+x.Name]}, Was: o.Retro.Custom[x.Name]}
		switch x.Type {
		case hansei.OwnChoice, hansei.OwnYesNo:
			options := x.Options
			if x.Type == hansei.OwnYesNo {
				options = []string{"yes", "no"}
			}
			in.Options = []ui.Option{{Value: "", Text: "not said"}}
			for _, v := range options {
				in.Options = append(in.Options, ui.Option{Value: v, Text: v})
			}
		case hansei.OwnList:
			in.Rows, in.Help, in.Was = 3, strings.TrimSpace(in.Help+" One in each line."), strings.Join(hansei.OwnItems(in.Was), "\n")
		case hansei.OwnDate:
			in.Type = "date"
		}
		f.Fields = append(f.Fields, in)
	}
	for i := range f.Fields {
		in := &f.Fields[i]
		in.Value = in.Was
		if v, ok := said[in.Name]; ok {
			in.Value = v[0]
		}
		if in.Required = in.Required && in.Value == ""; in.Required {
			in.Mark, in.Required = "required to publish", false // it may be saved without
		}
	}
	return f, nil
}

// written is a field's value as it stands in the form.
func (o *one) written(f hansei.Field) string {
	v, ok := f.Get(o.Retro)
	if !ok {
		return ""
	}
	switch v := v.(type) {
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case []string:
		return strings.Join(v, "\n")
	case hansei.ID:
		return o.titled(f.Of, v)
	case []hansei.ID:
		var out []string
		for _, id := range v {
			out = append(out, o.titled(f.Of, id))
		}
		return strings.Join(out, "\n")
	case string:
		return v
	}
	return ""
}

func (o *one) titled(kind hansei.Kind, id hansei.ID) string {
	if kind == hansei.KindPerson {
		return o.Person(string(id))
	}
	return cmp.Or(o.Names[record.Ref{Kind: kind, ID: id}], string(id))
}

// describe saves the fields that were changed.
func (p *Pages) describe(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	said, err := shell.Form(w, r)
	if err != nil {
		return err
	}
	id := hansei.ID(r.PathValue("id"))
	o, err := p.one(r.Context(), who.Scope(), id)
	if err != nil {
		return err
	}
	set, wrong := retro.Metadata{}, map[string]string{}
	for name, v := range said {
		was, asked := said["was."+name]
		text := strings.ReplaceAll(strings.TrimSpace(v[0]), "\r\n", "\n")
		if !asked || text == strings.TrimSpace(strings.ReplaceAll(was[0], "\r\n", "\n")) {
			continue
		}
		raw, err := p.value(r.Context(), who, o, name, text)
		var bad *hansei.InvalidError
		switch {
		case errors.As(err, &bad):
			wrong[name] = bad.Reason
		case err != nil:
			return err
		default:
			set[name] = raw
		}
	}
	var seq record.Seq
	if len(wrong) == 0 && len(set) > 0 {
		seq, err = p.Desk.Describe(r.Context(), who, id, set)
		var bad *hansei.InvalidError
		if errors.As(err, &bad) {
			wrong[bad.Field] = bad.Reason
		} else if err != nil {
			return err
		}
	}
	if len(wrong) > 0 {
		f, err := p.form(r.Context(), o, said, wrong)
		if err != nil {
			return err
		}
		return p.ShowAs(w, r, who, http.StatusUnprocessableEntity, p.about(o), framed(o, "facts", factsPage(f)))
	}
	if len(set) == 0 {
		return shell.Done(w, r, URL(id)+"/facts", ui.Toast{Text: "Nothing was changed."})
	}
	return p.back(w, r, id, seq, "facts", ui.Toast{Text: ui.Plural(len(set), "field is", "fields are") + " saved."})
}

// value reads what a person wrote into a field; an empty text empties it.
func (p *Pages) value(ctx context.Context, who auth.Actor, o *one, name, text string) (json.RawMessage, error) {
	if own, ok := strings.CutPrefix(name, hansei.CustomPrefix); ok {
		f, known := o.Rules.Own(hansei.KindRetrospective, own)
		if !known {
			return nil, hansei.Invalid(name, "there is no such field")
		}
		if text == "" {
			return json.RawMessage("null"), nil
		}
		if f.Type == hansei.OwnList {
			return json.Marshal(lines(text))
		}
		v, err := schema.Read(f, text)
		if err != nil {
			return nil, err
		}
		return json.Marshal(v)
	}
	f, err := hansei.FieldNamed(hansei.KindRetrospective, name)
	if err != nil {
		return nil, hansei.Invalid(name, "there is no such field")
	}
	if text == "" {
		return json.RawMessage("null"), nil
	}
	switch f.Type {
	case hansei.Number:
		n, err := strconv.ParseFloat(strings.NewReplacer(" ", "", ",", "", "\u202f", "").Replace(text), 64)
		if err != nil || n < 0 || n != n || n-n != 0 {
			return nil, hansei.Invalid(name, "%q is not a number; expected one such as 1200", text)
		}
		return json.Marshal(n)
	case hansei.List:
		return json.Marshal(lines(text))
	case hansei.Ref, hansei.Refs:
		ids, err := p.named(ctx, who, f, lines(text))
		if err != nil {
			return nil, err
		}
		if f.Type == hansei.Ref {
			return json.Marshal(ids[0])
		}
		return json.Marshal(ids)
	}
	return json.Marshal(text)
}

func lines(text string) []string {
	out := []string{}
	for l := range strings.Lines(text) {
		if l = strings.TrimSpace(l); l != "" && !slices.Contains(out, l) {
			out = append(out, l)
		}
	}
	return out
}

const namedPage = 1000

// named finds records by the names or ids that a person wrote.
func (p *Pages) named(ctx context.Context, who auth.Actor, f hansei.Field, names []string) ([]hansei.ID, error) {
	found := map[string]hansei.ID{}
	for after := hansei.ID(""); ; {
		page, err := p.Records.List(ctx, who.Scope(), f.Of, after, namedPage)
		if err != nil {
			return nil, err
		}
		for _, s := range page {
			head := s.Record.Head()
			after = head.ID
			if head.Deleted || head.MergedInto != "" {
				continue
			}
			found[strings.ToLower(string(head.ID))] = head.ID
			if name := strings.ToLower(records.Title(s.Record)); found[name] == "" {
				found[name] = head.ID
			}
		}
		if len(page) < namedPage {
			break
		}
	}
	var out []hansei.ID
	for _, n := range names {
		id := found[strings.ToLower(n)]
		if id == "" {
			return nil, hansei.Invalid(f.Name, "there is no %s called %q", f.Of, n)
		}
		out = append(out, id)
	}
	return out, nil
}
