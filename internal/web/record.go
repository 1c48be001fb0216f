package web

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/intake"
	"hansei/internal/intake/link"
	"hansei/internal/record"
	"hansei/internal/retro"
	"hansei/internal/web/joins"
	"hansei/internal/web/records"
	"hansei/internal/web/shell"
	"hansei/internal/web/ui"
)

// found is a record with what a page needs to show it in words.
type found struct {
	record.Stored
	Versions []record.Version // every one, the newest first
	Zone     *time.Location
	names    map[hansei.ID]string     // of the services, teams and people it refers to
	origins  map[string]intake.Origin // by the names of fields
	own      []hansei.OwnField        // that the organization defined for its kind
}

// fields are those of the record's kind, and the organization's own; retired
// ones only where they are filled.
func (f *found) fields() []hansei.Field {
	out := slices.Clone(hansei.FieldsOf(f.Record.Kind()))
	for _, o := range f.own {
		if _, filled := f.Record.Head().Custom[o.Name]; filled || !o.Retired {
			out = append(out, o.Field())
		}
	}
	return out
}

// find reads a record, its history and the names it refers to.
func (s *Server) find(ctx context.Context, who auth.Actor, kind hansei.Kind, id hansei.ID) (*found, error) {
	stored, err := record.Load(ctx, s.Records, who.Scope(), kind, []hansei.ID{id})
	if err != nil {
		return nil, err
	}
	one, ok := stored[id]
	if !ok {
		return nil, fmt.Errorf("%s %s: %w", kind, id, hansei.ErrNotFound)
	}
	f := &found{Stored: one, names: map[hansei.ID]string{}}
	rules, err := retro.Rules(ctx, s.Records, who.Scope())
	if err != nil {
		return nil, err
	}
	f.own = slices.DeleteFunc(slices.Clone(rules.Fields), func(o hansei.OwnField) bool { return o.Kind != kind })
	if f.Zone, err = s.Metrics.Zone(ctx, who.Scope()); err != nil {
		return nil, err
	}
	if f.Versions, err = s.Records.History(ctx, who.Scope(), kind, id); err != nil {
		return nil, err
	}
	if err := f.trace(); err != nil {
		return nil, err
	}
	return f, s.name(ctx, who.Scope(), f)
}

// trace finds where each field's value came from.
func (f *found) trace() error {
	var own []hansei.Field
	for _, o := range f.own {
		own = append(own, o.Field())
	}
	for name := range f.Record.Head().Custom {
		if !slices.ContainsFunc(f.own, func(o hansei.OwnField) bool { return o.Name == name }) {
			own = append(own, hansei.OwnField{Name: name}.Field())
		}
	}
	all, err := intake.Origins(f.Record, own...)
	f.origins = map[string]intake.Origin{}
	for _, o := range all {
		f.origins[o.Field.Name] = o
	}
	return err
}

// name finds the names of everything that any version refers to.
func (s *Server) name(ctx context.Context, who auth.Scope, f *found) error {
	refs := map[hansei.Kind]map[hansei.ID]bool{}
	for _, v := range f.Versions {
		rec, err := record.DecodeDoc(f.Record.Kind(), v.Doc)
		if err != nil {
			return err
		}
		for _, field := range hansei.FieldsOf(rec.Kind()) {
			value, _ := field.Get(rec)
			for _, id := range idsOf(value) {
				if refs[field.Of] == nil {
					refs[field.Of] = map[hansei.ID]bool{}
				}
				refs[field.Of][id] = true
			}
		}
	}
	for kind, ids := range refs {
		stored, err := record.Load(ctx, s.Records, who, kind, slices.Collect(maps.Keys(ids)))
		if err != nil {
			return err
		}
		for id, x := range stored {
			f.names[id] = records.Title(x.Record)
		}
	}
	return nil
}

func idsOf(v any) []hansei.ID {
	switch v := v.(type) {
	case hansei.ID:
		return []hansei.ID{v}
	case []hansei.ID:
		return v
	}
	return nil
}

func (f *found) nameOf(id hansei.ID) string {
	if n := f.names[id]; n != "" {
		return n
	}
	return string(id)
}

// pageURL is where people look at a record: for a service, its figures.
func pageURL(kind hansei.Kind, id hansei.ID) string {
	if kind == hansei.KindService {
		return "/services/" + url.PathEscape(string(id))
	}
	return records.URL(kind, id)
}

// text writes a field's value as people read it.
func (f *found) text(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case float64:
		if v == float64(int64(v)) {
			return ui.Count(int(v))
		}
		return strconv.FormatFloat(v, 'f', -1, 64)
	case bool:
		if v {
			return "yes"
		}
		return "no"
	case time.Time:
		if v.IsZero() {
			return ""
		}
		return v.In(f.Zone).Format("2 Jan 2006 15:04:05 MST")
	case []string:
		return strings.Join(v, ", ")
	case hansei.ID, []hansei.ID:
		var out []string
		for _, id := range idsOf(v) {
			out = append(out, f.nameOf(id))
		}
		return strings.Join(out, ", ")
	}
	return ""
}

// item is a field with its value and where it came from.
func (f *found) item(field hansei.Field) ui.Item {
	v, ok := field.Get(f.Record)
	it := ui.Item{Name: field.Label, Text: f.text(v), From: f.origin(field.Name)}
	if !ok {
		return ui.Item{Name: field.Label, Absent: "not recorded", From: it.From}
	}
	switch v := v.(type) {
	case time.Time:
		it.Component = ui.Time(v, f.Zone)
	case hansei.ID, []hansei.ID:
		it.Component = records.Many(f.links(field.Of, idsOf(v)))
	case string:
		if field.Name == "url" {
			it.Component = records.Outside(v)
		}
	}
	return it
}

func (f *found) links(kind hansei.Kind, ids []hansei.ID) []ui.Link {
	var out []ui.Link
	for _, id := range ids {
		out = append(out, ui.Link{Text: f.nameOf(id), URL: pageURL(kind, id)})
	}
	return out
}

// origin says where a field's value came from: a person, with the reason, or
// the source whose word stands.
func (f *found) origin(field string) string {
	o := f.origins[field]
	if e := o.Edit; e != nil {
		out := "set by " + e.By + ", " + ui.Clock(e.At, f.Zone)
		if e.Reason != "" {
			out += ": " + e.Reason
		}
		return out
	}
	if source := o.Stands(); source != "" {
		return "from " + source
	}
	in, ok := f.Record.(*hansei.Incident)
	if ok && in.CustomersAtLeast() && slices.Contains([]string{"customers_affected", "customers_low", "customers_method"}, field) {
		return "counted from " + ui.Plural(in.Counted.Tickets, "support ticket", "support tickets")
	}
	return ""
}

// view is what every record's page shows.
func (f *found) view() (records.Record, error) {
	rec, head := f.Record, f.Record.Head()
	at := records.URL(rec.Kind(), head.ID)
	out := records.Record{Noun: records.Noun(rec.Kind()), Zone: f.Zone, Notices: f.notices()}
	for _, field := range f.fields() {
		row := records.Field{Item: f.item(field)}
		if head.MergedInto == "" {
			row.EditURL = editURL(rec.Kind(), head.ID, field.Name)
		}
		if row.Item.Absent == "" {
			out.Fields = append(out.Fields, row)
		} else {
			out.Empty = append(out.Empty, row)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(head.Custom)) {
		if !slices.ContainsFunc(f.own, func(o hansei.OwnField) bool { return o.Name == name }) {
			out.Custom = append(out.Custom, ui.Item{Name: name, Text: hansei.OwnWords(head.Custom[name]), From: f.origin(hansei.CustomPrefix + name)})
		}
	}
	for _, o := range head.From {
		out.Sources = append(out.Sources, ui.Item{Name: o.Source, Text: o.External})
	}
	if !head.Deleted && head.MergedInto == "" {
		out.Delete = at + "/delete"
	}
	var err error
	out.History, err = f.history()
	return out, err
}

func (f *found) notices() []records.Notice {
	var out []records.Notice
	head := f.Record.Head()
	if head.Deleted {
		text, link := records.Gone(f.Record.Kind(), head)
		out = append(out, records.Notice{Text: text, Link: link,
			Post: &ui.Link{Text: "Put it back", URL: records.URL(f.Record.Kind(), head.ID) + "/restore"}})
	}
	if head.MergedInto != "" {
		out = append(out, records.Notice{Text: "This " + records.Noun(f.Record.Kind()) + " was merged into another.",
			Link: &ui.Link{Text: "Show that one", URL: records.URL(f.Record.Kind(), head.MergedInto)}})
	}
	return out
}

// named reads which record a path names.
func named(r *http.Request) (hansei.Kind, hansei.ID, error) {
	kind := hansei.KindIncident
	if k := r.PathValue("kind"); k != "" {
		var err error
		if kind, err = hansei.ParseKind(k); err != nil {
			return "", "", fmt.Errorf("kind %q: %w", k, hansei.ErrNotFound)
		}
	}
	return kind, hansei.ID(r.PathValue("id")), nil
}

// recordPage is the page of a record of any kind.
func (s *Server) recordPage(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	kind, id, err := named(r)
	if err != nil {
		return err
	}
	if kind == hansei.KindIncident {
		return shell.Back(w, r, records.URL(kind, id))
	}
	f, err := s.find(r.Context(), who, kind, id)
	if err != nil {
		return err
	}
	v, err := f.view()
	if err != nil {
		return err
	}
	if s.joins != nil && slices.Contains(link.Joined, kind) {
		told, err := s.joins.Of(r.Context(), who.Scope(), f.Record, f.text)
		if err != nil {
			return err
		}
		told.Beside = true
		v.Told = joins.ToldBy(told)
	}
	p := ui.Page{Title: records.Title(f.Record), Lead: strings.ToUpper(v.Noun[:1]) + v.Noun[1:] + " " + string(id)}
	if kind == hansei.KindService {
		p.Actions = []ui.Link{{Text: "See its figures", URL: pageURL(kind, id)}}
	}
	return s.show(w, r, who, p, records.Page(v))
}
