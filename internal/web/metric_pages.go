package web

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sync/errgroup"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/chart"
	"hansei/internal/metric"
	"hansei/internal/web/metrics"
	"hansei/internal/web/ui"
)

// window gives a page its window and its query.
func (s *Server) window(r *http.Request, who auth.Actor) (asked, metric.Query, ui.Page, error) {
	var p ui.Page
	a, err := s.read(r, who)
	if err != nil {
		return a, metric.Query{}, p, err
	}
	newest, err := s.newest(r.Context())
	if err != nil {
		return a, metric.Query{}, p, err
	}
	if newest.IsZero() {
		newest = s.Now()
	}
	a, p.Lead = s.anchor(a, newest)
	p.Filter, err = s.bar(r.Context(), a)
	q := metric.Query{Since: a.Since, Until: a.Until, Where: a.Where, Compare: cmp.Or(a.Query.Compare, "previous")}
	return a, q, p, err
}

func (s *Server) metricList(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	a, q, p, err := s.window(r, who)
	if err != nil {
		return err
	}
	p.Title = "Metrics"
	defs, err := s.Metrics.Catalogue(r.Context(), who.Scope())
	if err != nil {
		return err
	}
	figs := make([]metric.Figure, len(defs))
	g, ctx := errgroup.WithContext(r.Context())
	g.SetLimit(together)
	for i, d := range defs {
		g.Go(func() error {
			one := q
			one.Metric = d.ID
			out, err := s.Metrics.Figures(ctx, who.Scope(), one)
			if err == nil && len(out) == 1 {
				figs[i] = out[0]
			}
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	sections := map[string]*metrics.Section{}
	var c metrics.Catalogue
	for _, name := range []string{"Incidents", "Impact", "Changes", "Your own"} {
		sections[name] = &metrics.Section{Title: name, Table: ui.Table{ID: "metrics-" + strings.ReplaceAll(strings.ToLower(name), " ", "-"), Caption: name,
			Columns: []ui.Column{{Text: "Metric"}, {Text: "The question it answers", Hide: true}, {Text: "Now", Numeric: true}, {Text: "n", Numeric: true, Hide: true}}}}
	}
	for i, d := range defs {
		href := a.Query.To("/metrics/" + d.ID).URL()
		t := &sections[sectionOf(d)].Table
		t.Rows = append(t.Rows, ui.Row{ID: d.ID, URL: href, Cells: []ui.Cell{{Text: d.Title, URL: href}, {Text: d.Asks}, {Text: brief(d, figs[i])}, {Text: ui.Count(figs[i].N)}}})
	}
	for _, name := range []string{"Incidents", "Impact", "Changes", "Your own"} {
		if sec := sections[name]; len(sec.Table.Rows) > 0 {
			c.Sections = append(c.Sections, *sec)
		}
	}
	p.Actions = []ui.Link{{Text: "Define your own", URL: "/settings"}}
	return s.show(w, r, who, p, metrics.List(c))
}

func sectionOf(d metric.Definition) string {
	switch {
	case d.Custom:
		return "Your own"
	case d.Of.Kind != hansei.KindIncident:
		return "Changes"
	case d.Unit == metric.Customers, d.Unit == metric.CustomerMinutes, slices.Contains([]string{"saidi", "saifi", "caidi"}, d.ID):
		return "Impact"
	}
	return "Incidents"
}

func brief(d metric.Definition, f metric.Figure) string {
	switch {
	case f.Metric == "":
		return "by " + strings.ToLower(d.Title)
	case f.Value != nil:
		return withInterval(f)
	}
	for _, code := range []string{metric.NotConfigured, metric.NotRecorded, metric.NoRecords, metric.TooFew} {
		if _, ok := f.Warned(code); ok {
			return strings.ReplaceAll(code, "_", " ")
		}
	}
	return "not known"
}

// dimensions are what a page offers to group by.
var dimensions = []string{"service", "team", "severity", "priority", "source"}

func (s *Server) metricPage(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	a, q, p, err := s.window(r, who)
	if err != nil {
		return err
	}
	def, err := s.definition(r.Context(), who, r.PathValue("id"))
	if err != nil {
		return err
	}
	p.Title, p.Crumbs = def.Title, []ui.Link{{Text: "Metrics", URL: a.Query.To("/metrics").URL()}}
	p.Lead = def.Asks
	q.Metric, q.Statistic = def.ID, metric.StatisticName(a.Query.Rest.Get("statistic"))
	_, mix := def.Measure.(metric.Mix)
	m := metrics.Metric{Meaning: meaning(def), CSV: "/api/v1/figures/" + def.ID + "?" + q.Values().Encode()}
	if m.Example, err = example(def); err != nil {
		return err
	}
	figs, err := s.Metrics.Figures(r.Context(), who.Scope(), q)
	if err != nil {
		return err
	}
	if mix {
		return s.mixPage(w, r, who, p, m, def, figs, a)
	}
	months, err := s.monthly(r.Context(), who, q)
	if err != nil {
		return err
	}
	m.Card = card(def, figs[0], months, a.Query, a.Zone)
	if m.Trend, err = s.trend(r.Context(), who, def, q); err != nil {
		return err
	}
	by := cmp.Or(a.Query.By, "service")
	m.By, m.Statistics = byLinks(def, a, by), statisticLinks(def, a, figs[0].Statistic)
	if m.Groups, err = s.groups(r.Context(), who, def, q, by); err != nil {
		return err
	}
	return s.show(w, r, who, p, metrics.Page(m))
}

func (s *Server) groups(ctx context.Context, who auth.Actor, def metric.Definition, q metric.Query, by string) (*chart.Chart, error) {
	q.By, q.Compare = []string{by}, ""
	figs, err := s.Metrics.Figures(ctx, who.Scope(), q)
	var invalid *hansei.InvalidError
	if errors.As(err, &invalid) && by == "service" {
		return nil, nil // the metric's records have no services; nobody asked for them
	}
	if err != nil {
		return nil, err
	}
	return byGroup(def, figs, by, 24), nil
}

// mixPage shows shares of one whole: there is no single figure.
func (s *Server) mixPage(w http.ResponseWriter, r *http.Request, who auth.Actor, p ui.Page, m metrics.Metric, def metric.Definition, figs []metric.Figure, a asked) error {
	dimension := def.Measure.(metric.Mix).Dimension
	m.Card = ui.Card{ID: def.ID, Title: def.Title, State: ui.NoRecords, Noun: def.Of.Noun, Reason: "No " + def.Of.Noun + " in this window."}
	if c := byGroup(def, figs, dimension, 24); c != nil {
		m.Trend = *c
		first := figs[0]
		for _, f := range figs {
			if f.N > first.N {
				first = f
			}
		}
		m.Card = card(def, first, nil, a.Query, a.Zone)
		m.Card.Statistic = first.Group[dimension] + ", the most frequent"
	}
	return s.show(w, r, who, p, metrics.Page(m))
}

func meaning(def metric.Definition) []ui.Item {
	items := []ui.Item{{Name: "Question", Text: def.Asks}, {Name: "Formula", Text: def.Formula}, {Name: "Caveats", Text: def.Caveats}, {Name: "Source", Text: def.Source},
		{Name: "Better", Text: string(def.Better)}, {Name: "Name and version", Text: fmt.Sprintf("%s, version %d", def.ID, def.Version)}}
	return slices.DeleteFunc(items, func(i ui.Item) bool { return i.Text == "" })
}

func example(def metric.Definition) ([]ui.Item, error) {
	if def.Custom {
		return nil, nil
	}
	ex, err := metric.ExampleOf(def.ID)
	if err != nil {
		return nil, err
	}
	items := []ui.Item{{Name: "Records and arithmetic", Text: ex.Story}}
	if ex.Want.Value != nil {
		items = append(items, ui.Item{Name: "Comes to", Text: fmt.Sprintf("%s (n = %d)", ui.Value(*ex.Want.Value, chart.Unit(def.Unit)), ex.Want.N)})
	}
	return items, nil
}

func byLinks(def metric.Definition, a asked, now string) []ui.Link {
	var out []ui.Link
	for _, d := range dimensions {
		if def.Of.Kind != hansei.KindIncident && (d == "severity" || d == "priority") {
			continue
		}
		q := a.Query
		q.By = d
		out = append(out, ui.Link{Text: d, URL: q.URL(), Current: d == now})
	}
	return out
}

func statisticLinks(def metric.Definition, a asked, now metric.StatisticName) []ui.Link {
	names := metric.Statistics(def)
	if len(names) < 2 {
		return nil
	}
	var out []ui.Link
	for _, n := range names {
		out = append(out, ui.Link{Text: cmp.Or(statisticWords(n), string(n)), URL: a.Query.Set("statistic", string(n)).URL(), Current: n == now})
	}
	return out
}

const contributionsPerPage = 100

// metricRecords lists exactly the records behind a figure.
func (s *Server) metricRecords(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	a, err := s.read(r, who)
	if err != nil {
		return err
	}
	def, err := s.definition(r.Context(), who, r.PathValue("id"))
	if err != nil {
		return err
	}
	rest := a.Query.Rest
	offset, err := strconv.Atoi(cmp.Or(rest.Get("offset"), "0"))
	if err != nil {
		return hansei.Invalid("offset", "%q is not a number", rest.Get("offset"))
	}
	class := rest.Get("class")
	q := metric.Query{Metric: def.ID, Since: a.Since, Until: a.Until, Where: a.Where, Statistic: metric.StatisticName(rest.Get("statistic"))}
	x, err := s.Metrics.Explain(r.Context(), who.Scope(), q, class, offset, contributionsPerPage)
	if err != nil {
		return err
	}
	page := metrics.Records{Back: ui.Link{Text: "Back to " + lowerFirst(def.Title), URL: a.Query.To("/metrics/" + def.ID).URL()},
		Table: ui.Table{ID: "contributions", Caption: "Records behind the figure", Columns: []ui.Column{{Text: "When"}, {Text: "Record"}, {Text: "Counted as"}, {Text: "Value", Numeric: true}},
			Empty: &ui.Empty{Icon: "list", Title: "No such records", Text: "Nothing in this window falls under this."}}}
	for _, c := range []string{"", "measured", "censored", "excluded"} {
		page.Classes = append(page.Classes, ui.Link{Text: cmp.Or(c, "all"), URL: a.Query.Set("class", c).Set("offset", "").URL(), Current: c == class})
	}
	for _, c := range x.Records {
		page.Table.Rows = append(page.Table.Rows, contribution(def, c, a))
	}
	if x.Next > 0 {
		page.Table.Next = a.Query.Set("offset", strconv.Itoa(x.Next)).URL()
	}
	if offset > 0 {
		page.Table.Prev = a.Query.Set("offset", strconv.Itoa(max(0, offset-contributionsPerPage))).URL()
	}
	p := ui.Page{Title: "Records behind " + lowerFirst(def.Title), Lead: def.Formula,
		Crumbs: []ui.Link{{Text: "Metrics", URL: "/metrics"}, {Text: def.Title, URL: a.Query.To("/metrics/" + def.ID).URL()}}}
	if p.Filter, err = s.bar(r.Context(), a); err != nil {
		return err
	}
	return s.show(w, r, who, p, metrics.RecordsPage(page))
}

func contribution(def metric.Definition, c metric.Contribution, a asked) ui.Row {
	href := "/records/" + c.Kind + "/" + c.ID
	if c.Kind == string(hansei.KindIncident) {
		href = incidentURL(c.ID)
	}
	class := c.Class
	if c.Class == "excluded" {
		class = "left out: " + metric.Reason(c.Reason)
	}
	value := ""
	if c.Value != nil {
		value = ui.Value(*c.Value, chart.Unit(recordUnit(def)))
	}
	return ui.Row{ID: c.ID, URL: href, Cells: []ui.Cell{{Text: ui.Clock(c.At, a.Zone), Title: ui.UTC(c.At)}, {Text: cmp.Or(c.Title, c.ID), URL: href}, {Text: class}, {Text: value}}}
}

// recordUnit is the unit of one record's value: a record of a rate or share
// counts as one or none.
func recordUnit(def metric.Definition) metric.Unit {
	if def.Unit == metric.Per30d || def.Unit == metric.Ratio {
		return metric.One
	}
	return def.Unit
}
