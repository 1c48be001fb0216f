package web

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/metric"
	"hansei/internal/web/drafts"
	"hansei/internal/web/followups"
	"hansei/internal/web/incidents"
	"hansei/internal/web/joins"
	"hansei/internal/web/records"
	"hansei/internal/web/ui"
)

func (s *Server) incidentPage(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	_, id, err := named(r)
	if err != nil {
		return err
	}
	f, err := s.find(r.Context(), who, hansei.KindIncident, id)
	if err != nil {
		return err
	}
	in := f.Record.(*hansei.Incident)
	v := incidents.Incident{Open: in.Status == hansei.StatusOpen, Badges: badges(in), Tool: in.URL, Timeline: f.timeline(in), Errors: contradictions(in),
		Times: times(in), Impact: f.impact(in), Who: f.involved(in)}
	if v.Record, err = f.view(); err != nil {
		return err
	}
	for _, u := range slices.SortedStableFunc(slices.Values(in.Updates), func(a, b hansei.Update) int { return a.At.Compare(b.At) }) {
		v.Updates = append(v.Updates, incidents.Update{At: u.At, Status: u.Status, Text: u.Text, By: u.By})
	}
	if v.Changes, v.NoChange, err = s.changesNear(r.Context(), who, f, in); err != nil {
		return err
	}
	if s.joins != nil {
		told, err := s.joins.Of(r.Context(), who.Scope(), in, f.text)
		if err != nil {
			return err
		}
		v.Told = joins.ToldBy(told)
	}
	if s.drafts != nil && in.MergedInto == "" {
		panel, err := s.drafts.Of(r.Context(), who.Scope(), in)
		if err != nil {
			return err
		}
		v.Retro = drafts.PanelOf(panel)
	}
	if s.todo != nil && in.MergedInto == "" {
		todo, err := s.todo.Of(r.Context(), who.Scope(), in, f.Zone)
		if err != nil {
			return err
		}
		if todo != nil {
			v.Todo = followups.PanelOf(todo)
		}
	}
	if v.Before, err = s.finding.Before(r.Context(), who.Scope(), in); err != nil {
		return err
	}
	p := ui.Page{Title: records.Title(in), Crumbs: []ui.Link{{Text: "Incidents", URL: "/incidents"}},
		Actions: []ui.Link{{Text: "Edit", URL: records.URL(in.Kind(), in.ID) + "#fields"}}}
	if in.MergedInto != "" {
		p.Actions = []ui.Link{{Text: "Show the incident it is part of", URL: records.URL(in.Kind(), in.MergedInto)}}
	}
	return s.show(w, r, who, p, incidents.IncidentPage(v))
}

func badges(in *hansei.Incident) []incidents.Badge {
	sev := ui.SeverityOf(in.Severity)
	out := []incidents.Badge{{Severity: &sev}}
	add := func(text string, strong bool) {
		if text != "" {
			out = append(out, incidents.Badge{Text: text, Strong: strong})
		}
	}
	add(in.Status, in.Status == hansei.StatusOpen)
	if in.Type != "" && in.Type != hansei.IncidentReal {
		add(strings.ReplaceAll(in.Type, "_", " ")+": not counted in figures", true)
	}
	for _, l := range in.Labels {
		add(l, false)
	}
	return append(out, incidents.Badge{Text: string(in.ID)})
}

// roleName is a milestone as people read it.
func roleName(r hansei.Role) string {
	s := strings.ReplaceAll(string(r), "_", " ")
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

func (f *found) timeline(in *hansei.Incident) ui.Timeline {
	t := ui.Timeline{Zone: f.Zone, Open: in.Status == hansei.StatusOpen}
	wrong := map[hansei.Role]string{}
	for _, pair := range in.Milestones.OutOfOrder() {
		wrong[pair[1]] = "earlier than " + strings.ToLower(roleName(pair[0])) + ", which should come first"
	}
	ms := slices.SortedStableFunc(slices.Values(in.Milestones), func(a, b hansei.Milestone) int { return a.At.Compare(b.At) })
	for _, m := range ms {
		moment := ui.Moment{Name: roleName(m.Role), At: m.At, Moved: m.Moved, Wrong: wrong[m.Role]}
		if field, err := hansei.FieldNamed(in.Kind(), string(m.Role)+"_at"); err == nil {
			moment.From = f.origin(field.Name)
		} else if m.Source != "" {
			moment.From = "from " + m.Source
		}
		t.Moments = append(t.Moments, moment)
	}
	return t
}

// contradictions says what cannot be true of an incident's times.
func contradictions(in *hansei.Incident) []string {
	var out []string
	for _, pair := range in.Milestones.OutOfOrder() {
		a, _ := in.Milestones.At(pair[0])
		b, _ := in.Milestones.At(pair[1])
		out = append(out, fmt.Sprintf("%s is %s before %s, and should come after it.",
			roleName(pair[1]), ui.Duration(a.Sub(b).Seconds()), strings.ToLower(roleName(pair[0]))))
	}
	for _, w := range in.Impacts {
		if w.Until.Before(w.Since) {
			out = append(out, "An impact window ends "+ui.Duration(w.Since.Sub(w.Until).Seconds())+" before it begins.")
		}
	}
	return out
}

// spans are the durations between milestones that people ask for.
var spans = []struct {
	name string
	from []hansei.Role
	to   hansei.Role
}{
	{"To detect", []hansei.Role{hansei.RoleBegan}, hansei.RoleDetected},
	{"To acknowledge", []hansei.Role{hansei.RoleAlerted, hansei.RoleDeclared}, hansei.RoleAcknowledged},
	{"To engage", []hansei.Role{hansei.RoleAlerted, hansei.RoleDeclared}, hansei.RoleEngaged},
	{"To mitigate", hansei.StartRoles, hansei.RoleMitigated},
	{"To resolve", hansei.StartRoles, hansei.RoleResolved},
	{"To close", hansei.StartRoles, hansei.RoleClosed},
}

// times are the durations between the milestones, with the ends they have.
func times(in *hansei.Incident) []ui.Item {
	var out []ui.Item
	for _, sp := range spans {
		from, a, ok := in.Milestones.First(sp.from...)
		b, has := in.Milestones.At(sp.to)
		if !ok || !has {
			continue
		}
		it := ui.Item{Name: sp.name, From: string(from) + " to " + string(sp.to)}
		if d := b.Sub(a).Seconds(); d < 0 {
			it.Text = "ends " + ui.Duration(-d) + " before it begins"
		} else {
			it.Text = ui.Duration(d)
		}
		out = append(out, it)
	}
	if len(out) == 0 {
		out = append(out, ui.Item{Name: "Durations", Absent: "only one milestone is recorded"})
	}
	return out
}

func (f *found) impact(in *hansei.Incident) []ui.Item {
	field, err := hansei.FieldNamed(in.Kind(), "customers_affected")
	if err != nil {
		return nil
	}
	c := f.item(field)
	c.Name = "Customers"
	if in.CustomersLow != nil && in.CustomersHigh != nil {
		c.Text += fmt.Sprintf(" (%s to %s)", f.text(*in.CustomersLow), f.text(*in.CustomersHigh))
	}
	switch {
	case in.CustomersAtLeast():
		c.Text = "at least " + c.Text
	case in.CustomersMethod != "":
		c.Text += ", " + in.CustomersMethod
	}
	out := []ui.Item{c}
	if n := in.Counted; n != nil && !n.Stands {
		it := ui.Item{Name: "Wrote to support", Text: ui.Plural(n.Customers, "customer", "customers"), From: ui.Plural(n.Tickets, "ticket", "tickets")}
		if n.Customers == 0 {
			it.Text = "tickets that name no customer"
		}
		out = append(out, it)
	}
	for _, w := range in.Impacts {
		it := ui.Item{Name: "Felt for", Text: ui.Duration(w.Until.Sub(w.Since).Seconds()), From: f.text(w.Since) + " to " + f.text(w.Until)}
		if w.Until.Before(w.Since) {
			it.Text = "ends before it begins"
		}
		if w.Note != "" {
			it.From += ": " + w.Note
		}
		out = append(out, it)
	}
	if len(in.Impacts) == 0 {
		out = append(out, ui.Item{Name: "Felt for", Absent: "no impact window is recorded"})
	}
	return out
}

func (f *found) involved(in *hansei.Incident) []ui.Item {
	var out []ui.Item
	for _, name := range []string{"services", "teams", "responders", "detection", "factors", "repeats"} {
		field, err := hansei.FieldNamed(in.Kind(), name)
		if err != nil {
			continue
		}
		it := f.item(field)
		if it.From = ""; it.Absent == "" || field.Type == hansei.Refs && field.Of != hansei.KindIncident {
			out = append(out, it)
		}
	}
	return out
}

// near is how long before an incident a deployment counts as shortly before.
const near = 4 * time.Hour

// changesNear lists the deployments of the incident's services that finished
// shortly before it began.
func (s *Server) changesNear(ctx context.Context, who auth.Actor, f *found, in *hansei.Incident) (t ui.Table, none string, err error) {
	start, ok := in.Start()
	if !ok || len(in.Services) == 0 {
		return t, "It names no service, so nothing can be said of changes near it.", nil
	}
	services := metric.Filter{Field: "service"}
	for _, id := range in.Services {
		services.Values = append(services.Values, string(id))
	}
	const most = 50
	list, err := s.Metrics.List(ctx, who.Scope(), metric.ListQuery{Kind: hansei.KindDeployment,
		Since: start.Add(-near), Until: start.Add(time.Microsecond), Where: []metric.Filter{services}, Sort: "-finished_at", Limit: most})
	if err != nil {
		return t, "", err
	}
	t = ui.Table{ID: "changes", Caption: "Deployments near it", Columns: []ui.Column{
		{Text: "Finished"}, {Text: "Before it", Numeric: true}, {Text: "Deployment"}, {Text: "Service"}, {Text: "Result"}, {Text: "Commit", Hide: true}}}
	for _, rec := range list.Records {
		at, ok := rec["finished_at"].(time.Time)
		if !ok || at.After(start) {
			continue // still running then
		}
		id := textOf(rec["id"])
		title := textOf(rec["title"])
		if title == "" {
			title = textOf(rec["external"])
		}
		link := records.URL(hansei.KindDeployment, hansei.ID(id))
		t.Rows = append(t.Rows, ui.Row{URL: link, Cells: []ui.Cell{{Component: ui.Time(at, f.Zone)},
			{Text: ui.Duration(start.Sub(at).Seconds())}, {Text: title, URL: link}, word(textOf(rec["service_name"]), "none named"),
			word(textOf(rec["result"]), "not recorded"), word(first(textOf(rec["commit"]), 10), "not recorded")}})
	}
	if list.Total > most {
		t.Showing = fmt.Sprintf("The last %d of %s", most, ui.Plural(list.Total, "deployment", "deployments"))
	}
	if len(t.Rows) == 0 {
		none = "No deployment of its services is recorded in the 4 h before it began."
	}
	return t, none, nil
}

// first is the beginning of a text, in characters.
func first(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n])
	}
	return s
}
