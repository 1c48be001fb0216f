package web

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/metric"
	"hansei/internal/record"
	"hansei/internal/web/services"
	"hansei/internal/web/shell"
	"hansei/internal/web/ui"
)

func (s *Server) serviceList(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	a, q, p, err := s.window(r, who)
	if err != nil {
		return err
	}
	l := services.List{Search: a.Query.Rest.Get("q"), Keep: kept(a.Query.To("/services"))}
	if l.Services, err = s.figuresBy(r, who, q, a, "service", hansei.KindService, l.Search); err != nil {
		return err
	}
	if l.Teams, err = s.figuresBy(r, who, q, a, "team", hansei.KindTeam, l.Search); err != nil {
		return err
	}
	p.Title = "Services & teams"
	return s.show(w, r, who, p, services.ListPage(l))
}

// kept is a query as the fields of a form.
func kept(q ui.Query) []ui.Option {
	var out []ui.Option
	for name, value := range map[string]string{"since": q.Since, "until": q.Until, "compare": q.Compare} {
		if value != "" {
			out = append(out, ui.Option{Value: name, Text: value})
		}
	}
	for _, w := range q.Where {
		out = append(out, ui.Option{Value: "where", Text: w})
	}
	return out
}

// figuresBy is a table of services or teams with how often and how long.
func (s *Server) figuresBy(r *http.Request, who auth.Actor, q metric.Query, a asked, by string, kind hansei.Kind, search string) (ui.Table, error) {
	t := ui.Table{ID: by + "s", Caption: by + "s", Columns: []ui.Column{{Text: strings.ToUpper(by[:1]) + by[1:]}, {Text: "Incidents", Numeric: true}, {Text: "Per 30 days", Numeric: true, Hide: true}, {Text: "Median time to resolve", Numeric: true}},
		Empty: &ui.Empty{Icon: "building", Title: "No " + by + "s yet", Text: "They are found or created from the names in what you import.", Action: &ui.Link{Text: "Import a file", URL: "/imports/new"}}}
	list, err := s.Metrics.List(r.Context(), who.Scope(), metric.ListQuery{Kind: kind, Search: search, Sort: "name", Limit: metric.MaxList})
	if err != nil {
		return t, err
	}
	of := func(id string) (map[string]metric.Figure, error) {
		one := q
		one.Metric, one.By, one.Compare = id, []string{by}, ""
		figs, err := s.Metrics.Figures(r.Context(), who.Scope(), one)
		out := map[string]metric.Figure{}
		for _, f := range figs {
			out[f.Group[by]] = f
		}
		return out, err
	}
	rate, err := of("incident_rate")
	if err != nil {
		return t, err
	}
	resolve, err := of("time_to_resolve")
	if err != nil {
		return t, err
	}
	for _, rec := range list.Records {
		name, id := text(rec["name"]), text(rec["id"])
		href := a.Query.To("/services/" + url.PathEscape(id)).URL()
		if kind == hansei.KindTeam {
			href = a.Query.To("/incidents").With("team", name).URL()
		}
		row := ui.Row{ID: id, URL: href, Cells: []ui.Cell{{Text: name, URL: href}, {Text: "0"}, {Text: "none"}, {Text: "no incidents"}}}
		if f, ok := rate[name]; ok {
			row.Cells[1], row.Cells[2] = ui.Cell{Text: ui.Count(f.N), URL: recordsURL("incident_rate", f, "")}, ui.Cell{Text: withInterval(f)}
		}
		if f, ok := resolve[name]; ok {
			row.Cells[3] = ui.Cell{Text: withInterval(f), URL: recordsURL("time_to_resolve", f, "")}
		}
		t.Rows = append(t.Rows, row)
	}
	slices.SortStableFunc(t.Rows, func(x, y ui.Row) int { return cmp.Compare(rate[y.Cells[0].Text].N, rate[x.Cells[0].Text].N) })
	return t, nil
}

func text(v any) string {
	s, _ := v.(string)
	return s
}

func (s *Server) servicePage(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	a, q, p, err := s.window(r, who)
	if err != nil {
		return err
	}
	id := hansei.ID(r.PathValue("id"))
	svc, _, err := record.Get[*hansei.Service](r.Context(), s.Records, who.Scope(), id)
	if err != nil {
		return err
	}
	p.Title, p.Crumbs = svc.Name, []ui.Link{{Text: "Services & teams", URL: a.Query.To("/services").URL()}}
	here := "/services/" + url.PathEscape(string(id))
	page := services.Service{MergeURL: here + "/merge", Facts: serviceFacts(svc)}
	if page.Merged, err = s.mergedInto(r, id); err != nil {
		return err
	}
	if svc.MergedInto != "" {
		page.Unmerge = here + "/unmerge"
	} else if page.Others, err = s.otherServices(r, who, id); err != nil {
		return err
	}
	q.Where = append(slices.Clone(q.Where), metric.Filter{Field: "service", Values: []string{svc.Name}})
	inside := a
	inside.Query = a.Query.With("service", svc.Name)
	for _, m := range []string{"incident_rate", "time_to_resolve", "deployment_frequency", "change_lead_time", "change_fail_rate"} {
		c, err := s.card(r.Context(), who, m, q, inside)
		if err != nil {
			return err
		}
		if c.State == ui.OK || c.State == ui.TooFew {
			page.Cards = append(page.Cards, c)
		}
	}
	def, err := s.definition(r.Context(), who, "incident_rate")
	if err != nil {
		return err
	}
	q.Metric = def.ID
	trend, err := s.trend(r.Context(), who, def, q, "month")
	if err != nil {
		return err
	}
	page.Trend = &trend
	list, err := s.Metrics.List(r.Context(), who.Scope(), metric.ListQuery{Kind: hansei.KindIncident, Where: q.Where, Limit: 10})
	if err != nil {
		return err
	}
	page.Incidents = ui.Table{ID: "recent", Caption: "Its newest incidents", Columns: sortable(inside.Query.To("/incidents")), Showing: showing(list, "incident", "incidents"),
		Empty: &ui.Empty{Icon: "flame", Title: "No incidents", Text: "Nothing that was imported names this service."}}
	if page.Taught, err = s.finding.Taught(r.Context(), who.Scope(), id); err != nil {
		return err
	}
	page.All = inside.Query.To("/incidents").URL()
	for _, rec := range list.Records {
		page.Incidents.Rows = append(page.Incidents.Rows, incidentRow(rec, a.Zone))
	}
	return s.show(w, r, who, p, services.Page(page))
}

// mergedInto are the services that were found to be this one.
func (s *Server) mergedInto(r *http.Request, id hansei.ID) ([]ui.Link, error) {
	rows, err := s.Facts.SQL(r.Context(), "SELECT id, name, merged_into FROM service WHERE merged_into IS NOT NULL ORDER BY name", metric.MaxList)
	if err != nil {
		return nil, fmt.Errorf("services merged into %s: %w", id, err)
	}
	var out []ui.Link
	for _, row := range rows.Rows {
		if text(row[2]) == string(id) {
			out = append(out, ui.Link{Text: text(row[1]), URL: "/services/" + url.PathEscape(text(row[0]))})
		}
	}
	return out, nil
}

func serviceFacts(svc *hansei.Service) []ui.Item {
	items := []ui.Item{{Name: "Name", Text: svc.Name}, {Name: "Id", Text: string(svc.ID)}, {Name: "Also called", Text: strings.Join(svc.Aliases, ", ")},
		{Name: "Team", Text: string(svc.Team)}, {Name: "Tier", Text: svc.Tier}, {Name: "Objective", Text: objective(svc)}, {Name: "Merged into", Text: string(svc.MergedInto)}}
	var needs []string
	for _, d := range svc.DependsOn {
		needs = append(needs, string(d))
	}
	items = append(items, ui.Item{Name: "Depends on", Text: strings.Join(needs, ", ")})
	return slices.DeleteFunc(items, func(i ui.Item) bool { return i.Text == "" })
}

func (s *Server) otherServices(r *http.Request, who auth.Actor, id hansei.ID) ([]ui.Option, error) {
	list, err := s.Metrics.List(r.Context(), who.Scope(), metric.ListQuery{Kind: hansei.KindService, Sort: "name", Limit: metric.MaxList})
	var out []ui.Option
	for _, rec := range list.Records {
		if text(rec["id"]) != string(id) {
			out = append(out, ui.Option{Value: text(rec["id"]), Text: text(rec["name"])})
		}
	}
	return out, err
}

func (s *Server) mergeService(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	id, into := hansei.ID(r.PathValue("id")), hansei.ID(r.FormValue("into"))
	seq, err := s.People.Merge(r.Context(), who, hansei.KindService, id, into)
	if err != nil {
		return err
	}
	return s.afterMerge(w, r, seq, into, ui.Toast{Text: "Merged.", UndoURL: "/services/" + url.PathEscape(string(id)) + "/unmerge"})
}

func (s *Server) unmergeService(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	id := hansei.ID(r.PathValue("id"))
	seq, err := s.People.Unmerge(r.Context(), who, hansei.KindService, id)
	if err != nil {
		return err
	}
	return s.afterMerge(w, r, seq, id, ui.Toast{Text: "They are two services again."})
}

func (s *Server) afterMerge(w http.ResponseWriter, r *http.Request, seq record.Seq, at hansei.ID, t ui.Toast) error {
	if err := s.settle(r.Context(), seq); err != nil && !errors.Is(err, r.Context().Err()) {
		return err
	}
	if err := shell.Tell(w, t); err != nil {
		return err
	}
	http.Redirect(w, r, "/services/"+url.PathEscape(string(at)), http.StatusSeeOther)
	return nil
}

// objective is what a service promises, in words; "" when nobody said.
func objective(svc *hansei.Service) string {
	if svc.Objective == nil {
		return ""
	}
	return fmt.Sprintf("%s %% of requests over %d days", strconv.FormatFloat(*svc.Objective, 'f', -1, 64), hansei.ObjectiveDays)
}
