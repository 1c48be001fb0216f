package web

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"hansei"
	"hansei/internal/record"
	"hansei/internal/web/records"
	"hansei/internal/web/ui"
)

// history lists what each revision changed, the newest first.
func (f *found) history() ([]ui.Revision, error) {
	out := make([]ui.Revision, 0, len(f.Versions))
	var newer hansei.Record
	for i, v := range f.Versions {
		rec, err := record.DecodeDoc(f.Record.Kind(), v.Doc)
		if err != nil {
			return nil, err
		}
		if i > 0 {
			f.compare(&out[i-1], rec, newer)
		}
		out = append(out, ui.Revision{Title: fmt.Sprintf("Revision %d", v.Revision), Who: v.Who, At: v.At})
		newer = rec
	}
	first := &out[len(out)-1]
	first.Title += ", the first"
	first.Reason = reasons(nil, newer)
	return out, nil
}

// compare fills in what a revision changed.
func (f *found) compare(r *ui.Revision, old, now hansei.Record) {
	r.Reason = reasons(old, now)
	var changed []hansei.Field
	for _, field := range hansei.FieldsOf(now.Kind()) {
		a, _ := field.Get(old)
		b, _ := field.Get(now)
		if before, after := f.text(a), f.text(b); before != after {
			changed = append(changed, field)
			r.Changes = append(r.Changes, ui.Change{Field: field.Label, Before: shorten(before), After: shorten(after)})
		}
	}
	if len(changed) == 1 {
		var n int
		if _, err := fmt.Sscanf(r.Title, "Revision %d", &n); err == nil && n > 1 {
			at := editURL(now.Kind(), now.Head().ID, changed[0].Name) + "&from=" + fmt.Sprint(n-1)
			r.Revert = &ui.Link{Text: "Set it back", URL: at}
		}
	}
	add := func(name, before, after string) {
		if before != after {
			r.Changes = append(r.Changes, ui.Change{Field: name, Before: shorten(before), After: shorten(after)})
		}
	}
	a, b := old.Head(), now.Head()
	names := maps.Clone(a.Custom)
	if names == nil {
		names = map[string]string{}
	}
	maps.Copy(names, b.Custom)
	for _, name := range slices.Sorted(maps.Keys(names)) {
		add(name, a.Custom[name], b.Custom[name])
	}
	add("Deleted", f.yes(a.Deleted), f.yes(b.Deleted))
	add("Merged into", string(a.MergedInto), string(b.MergedInto))
	add("Told by", tellers(a.From), tellers(b.From))
	if x, ok := old.(*hansei.Incident); ok {
		y := now.(*hansei.Incident)
		f.compareIncident(add, x, y)
	}
}

// tellers are the sources of a record, as they call it.
func tellers(from []hansei.Observed) string {
	var out []string
	for _, o := range from {
		out = append(out, o.Source+" "+o.External)
	}
	return strings.Join(out, ", ")
}

func (f *found) yes(b bool) string {
	if b {
		return "yes"
	}
	return ""
}

// compareIncident compares what an incident has beside its fields.
func (f *found) compareIncident(add func(name, before, after string), old, now *hansei.Incident) {
	for _, role := range ownRoles(old, now) {
		a, _ := old.Milestones.At(role)
		b, _ := now.Milestones.At(role)
		var before, after string
		if !a.IsZero() {
			before = f.text(a)
		}
		if !b.IsZero() {
			after = f.text(b)
		}
		add(string(role), before, after)
	}
	add("Impact windows", f.windows(old.Impacts), f.windows(now.Impacts))
	add("Updates", updates(old.Updates), updates(now.Updates))
}

// ownRoles are the milestones that have no field of ours.
func ownRoles(all ...*hansei.Incident) []hansei.Role {
	var out []hansei.Role
	for _, in := range all {
		for _, m := range in.Milestones {
			if !slices.Contains(hansei.Roles, m.Role) && !slices.Contains(out, m.Role) {
				out = append(out, m.Role)
			}
		}
	}
	return out
}

func (f *found) windows(all []hansei.Window) string {
	var out []string
	for _, w := range all {
		out = append(out, f.text(w.Since)+" to "+f.text(w.Until))
	}
	return strings.Join(out, "; ")
}

func updates(all []hansei.Update) string {
	if len(all) == 0 {
		return ""
	}
	last := all[len(all)-1]
	return ui.Plural(len(all), "update", "updates") + ", the last: " + last.Status + " " + last.Text
}

// reasons are those of the edits that a revision brought.
func reasons(old, now hansei.Record) string {
	var out []string
	for _, e := range now.Head().Edits {
		if old != nil {
			if was, ok := old.Head().EditOf(e.Field); ok && was.At.Equal(e.At) && was.Reason == e.Reason {
				continue
			}
		}
		if e.Reason != "" && !slices.Contains(out, e.Reason) {
			out = append(out, e.Reason)
		}
	}
	return strings.Join(out, "; ")
}

// maxShown is how many characters of a value a difference shows.
const maxShown = 300

func shorten(s string) string {
	if r := []rune(s); len(r) > maxShown {
		return string(r[:maxShown]) + " …"
	}
	return s
}

// editURL is the form of a field.
func editURL(kind hansei.Kind, id hansei.ID, field string) string {
	return records.URL(kind, id) + "/edit?field=" + url.QueryEscape(field)
}
