package web

import (
	"bytes"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/intake"
	"hansei/internal/source/file"
	"hansei/internal/web/imports"
	"hansei/internal/web/records"
	"hansei/internal/web/ui"
)

// planAsk is how a person wants an upload to be read.
type planAsk struct {
	hash, name, kind, source, zone, yaml string
	changes                              map[string]string // by column: a field, or ignored
}

// The wizard's word for a column that becomes nothing, and the prefix of the
// form's name for a column.
const (
	ignored      = "-"
	columnPrefix = "c."
)

func askedPlan(hash string, v url.Values) planAsk {
	a := planAsk{hash: hash, name: v.Get("name"), kind: v.Get("kind"), source: strings.TrimSpace(v.Get("source")),
		zone: strings.TrimSpace(v.Get("zone")), yaml: strings.TrimSpace(v.Get("map")), changes: map[string]string{}}
	if a.name == "" {
		a.name = "upload"
	}
	for k, vs := range v {
		if column, ok := strings.CutPrefix(k, columnPrefix); ok && vs[0] != "" {
			a.changes[column] = vs[0]
		}
	}
	return a
}

// options are what intake understands: the mapping as YAML with the changed
// columns over it.
func (a planAsk) options() (intake.Options, error) {
	o := intake.Options{Kind: hansei.Kind(a.kind), Source: a.source, Zone: a.zone, Mapping: a.yaml}
	if len(a.changes) == 0 {
		return o, nil
	}
	m := &file.Mapping{}
	if a.yaml != "" {
		var err error
		if m, err = file.ParseMapping([]byte(a.yaml)); err != nil {
			return o, err
		}
	}
	if a.kind != "" {
		m.Kind = hansei.Kind(a.kind)
	}
	for _, column := range slices.Sorted(maps.Keys(a.changes)) {
		to := file.FieldMapping{Column: column, Field: a.changes[column]}
		if to.Field == ignored {
			to.Field, to.Ignore = "", true
		}
		i := slices.IndexFunc(m.Fields, func(f file.FieldMapping) bool { return f.Column == column })
		if i < 0 {
			m.Fields = append(m.Fields, to)
			continue
		}
		m.Fields[i].Field, m.Fields[i].Ignore = to.Field, to.Ignore
	}
	text, err := m.YAML()
	o.Mapping = string(bytes.TrimSpace(text))
	return o, err
}

// planPage shows how an upload would be read.
func (s *Server) planPage(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	ask := askedPlan(r.PathValue("hash"), r.URL.Query())
	v := imports.Plan{Hash: ask.hash, Name: ask.name, Kind: ask.kindField(), Zone: ask.zoneField(), Source: ask.sourceField(), YAML: ask.yamlField()}
	plan, err := s.planned(r, who, ask)
	var invalid *hansei.InvalidError
	if errors.As(err, &invalid) {
		refusePlan(&v, invalid)
		return s.showPlan(w, r, who, http.StatusUnprocessableEntity, v)
	}
	if err != nil {
		return err
	}
	v.Ready = true
	if v.Kind.Value == "" {
		v.Kind.Options[0].Text = "As recognised: " + records.Noun(plan.Kind)
	}
	v.Format, v.Notes = formatOf(plan, ask.name), plan.Notes
	ask.columns(plan, &v)
	if err := s.preview(r, who, ask, plan, &v); err != nil {
		return err
	}
	return s.showPlan(w, r, who, http.StatusOK, v)
}

func (s *Server) showPlan(w http.ResponseWriter, r *http.Request, who auth.Actor, status int, v imports.Plan) error {
	p := ui.Page{Title: "Import " + v.Name, Lead: "This is how it would be read. Nothing is imported yet.",
		Crumbs: []ui.Link{{Text: "Imports", URL: "/imports"}, {Text: "Import a file", URL: "/imports/new"}}}
	return s.showAs(w, r, who, status, p, imports.PlanPage(v))
}

func (s *Server) planned(r *http.Request, who auth.Actor, ask planAsk) (*file.Plan, error) {
	body, err := s.Records.OpenBlob(r.Context(), who.Scope(), ask.hash)
	if err != nil {
		return nil, err
	}
	o, err := ask.options()
	if err != nil {
		return nil, errors.Join(err, body.Close())
	}
	plan, err := s.Imports.Plan(ask.name, o, body)
	return plan, errors.Join(err, body.Close())
}

// previewed is how many rows the wizard shows.
const previewed = 8

// preview fills in the first rows as records and the first rejects.
func (s *Server) preview(r *http.Request, who auth.Actor, ask planAsk, plan *file.Plan, v *imports.Plan) error {
	body, err := s.Records.OpenBlob(r.Context(), who.Scope(), ask.hash)
	if err != nil {
		return err
	}
	rows, rejects, err := plan.Preview(body, previewed)
	if err = errors.Join(err, body.Close()); err != nil {
		var invalid *hansei.InvalidError
		if !errors.As(err, &invalid) {
			return err
		}
		v.Failed, v.Ready = &ui.Problem{Title: "Its rows cannot be read", Happened: invalid.Error(), Means: "Nothing was imported."}, false
		return nil
	}
	v.Rows = previewTable(plan.Kind, rows)
	v.Rejected = "None of these rows would be rejected"
	if len(rejects) > 0 {
		v.Rejected = ui.Plural(len(rejects), "row would be", "rows would be") + " rejected among the first"
		v.Rejects = rejectTable(rejects)
	}
	return nil
}
