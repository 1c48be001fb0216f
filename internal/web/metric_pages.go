package web

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/chart"
	"hansei/internal/metric"
	"hansei/internal/web/metrics"
	"hansei/internal/web/ui"
)

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
			if filteredAway(err, d) {
				figs[i].Warnings = []metric.Warning{{Code: notFiltered}}
				return nil
			}
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
	for _, name := range metricSections {
		sections[name] = &metrics.Section{Title: name, Table: ui.Table{ID: "metrics-" + strings.ReplaceAll(strings.ToLower(name), " ", "-"), Caption: name,
			Columns: []ui.Column{{Text: "Metric"}, {Text: "The question it answers", Hide: true}, {Text: "Now", Numeric: true}, {Text: "n", Numeric: true, Hide: true}}}}
	}
	for i, d := range defs {
		href := a.Query.To("/metrics/" + d.ID).URL()
		t := &sections[sectionOf(d)].Table
		t.Rows = append(t.Rows, ui.Row{ID: d.ID, URL: href, Cells: []ui.Cell{{Text: d.Title, URL: href}, {Text: d.Asks}, {Text: brief(d, figs[i])}, {Text: briefN(figs[i])}}})
	}
	for _, name := range metricSections {
		if sec := sections[name]; len(sec.Table.Rows) > 0 {
			c.Sections = append(c.Sections, *sec)
		}
	}
	p.Actions = []ui.Link{{Text: "Define your own", URL: "/settings"}}
	return s.show(w, r, who, p, metrics.List(c))
}

// notFiltered marks a figure whose records do not have the field of a filter.
const notFiltered = "not_filtered"

// filteredAway says that a filter of the page names a field which the records
// of a metric do not have: a severity, of deployments. On a page of many
// metrics that leaves out the metric, not the page.
func filteredAway(err error, def metric.Definition) bool {
	var invalid *hansei.InvalidError
	return errors.As(err, &invalid) && def.Of.Kind != hansei.KindIncident
}

// metricSections are the parts of the catalogue's page.
var metricSections = []string{"Incidents", "Impact", "Learning", "Changes", "Your own"}

func sectionOf(d metric.Definition) string {
	switch {
	case d.Custom:
		return "Your own"
	case d.Learning():
		return "Learning"
	case d.Of.Kind != hansei.KindIncident:
		return "Changes"
	case d.Unit == metric.Customers, d.Unit == metric.CustomerMinutes, slices.Contains([]string{"saidi", "saifi", "caidi"}, d.ID):
		return "Impact"
	}
	return "Incidents"
}

func brief(d metric.Definition, f metric.Figure) string {
	_, away := f.Warned(notFiltered)
	switch {
	case away:
		return "the filter does not apply"
	case f.Value != nil:
		u := chart.Unit(f.Unit)
		text := ui.Value(*f.Value, u)
		if in := interval(f); in != nil {
			text += "  [" + ui.Bounds(in.Interval, u) + "]"
		}
		return text
	}
	if m, mix := d.Measure.(metric.Mix); mix {
		return "by " + m.Dimension
	}
	for _, code := range []string{metric.NotConfigured, metric.NotRecorded, metric.NoRecords, metric.TooFew} {
		if _, ok := f.Warned(code); ok {
			return strings.ReplaceAll(code, "_", " ")
		}
	}
	return "not known"
}

// briefN is how many records a figure stands on, if there is one.
func briefN(f metric.Figure) string {
	if f.Value == nil {
		return ""
	}
	return ui.Count(f.N)
}

// dimensions are what a page offers to group by.
var dimensions = []string{"service", "team", "severity", "priority", "type", "factor", "source"}

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
	m := metrics.Metric{Meaning: meaning(def), API: "/api/v1/figures/" + def.ID + "?" + q.Values().Encode()}
	if m.Example, err = example(def); err != nil {
		return err
	}
	figs, err := s.Metrics.Figures(r.Context(), who.Scope(), q)
	if err != nil {
		return err
	}
	every, by := cmp.Or(a.Query.Rest.Get("every"), "month"), cmp.Or(a.Query.By, "service")
	if mix {
		return s.mixPage(w, r, who, p, m, def, figs, a)
	}
	m.By, m.Statistics, m.Every = byLinks(def, a, by), statisticLinks(def, a, figs[0].Statistic), everyLinks(a, every)
	m.LeftOut, m.Whole = leftOut(def, figs[0]), figs[0].Records() > 0
	g, ctx := errgroup.WithContext(r.Context())
	g.Go(func() error {
		months, err := s.over(ctx, who, def, q, "month")
		m.Card = card(def, figs[0], months, a.Query, a.Zone)
		return err
	})
	g.Go(func() error {
		c, err := s.trend(ctx, who, def, q, every)
		if len(c.Table.Rows) > 0 {
			m.Trend = &c
		}
		return err
	})
	if _, ok := def.Measure.(metric.Completion); ok {
		g.Go(func() (err error) { m.Curve, err = s.curve(ctx, who, def, q); return err })
	}
	g.Go(func() (err error) { m.Groups, err = s.groups(ctx, who, def, q, by); return err })
	if err := g.Wait(); err != nil {
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
		m.Trend, m.Whole = c, true
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
		if !metric.Groups(def, d) {
			continue
		}
		q := a.Query
		q.By = d
		out = append(out, ui.Link{Text: d, URL: q.URL(), Current: d == now})
	}
	return out
}

// everyLinks are the periods that a page offers to cut its course into.
func everyLinks(a asked, now string) []ui.Link {
	var out []ui.Link
	for _, every := range []string{"day", "week", "month", "quarter", "year"} {
		out = append(out, ui.Link{Text: every, URL: a.Query.Set("every", every).URL(), Current: every == now})
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
