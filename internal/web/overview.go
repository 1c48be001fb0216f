package web

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"golang.org/x/sync/errgroup"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/chart"
	"hansei/internal/metric"
	"hansei/internal/web/overview"
	"hansei/internal/web/ui"
)

// asks are the figures a director asks first.
var asks = []string{
	"incident_rate", "time_to_resolve", "time_to_acknowledge", "customer_minutes", "repeat_incident_rate", "open_incident_age",
	"deployment_frequency", "change_lead_time", "change_fail_rate", "failed_deployment_recovery_time", "deployment_rework_rate",
}

// fills says which import would fill a figure that has no records.
var fills = map[string]string{
	"time_to_acknowledge":             "incidents with the time they were acknowledged",
	"customer_minutes":                "incidents with the number of customers affected",
	"repeat_incident_rate":            "contributing factors, confirmed on incidents",
	"open_incident_age":               "incidents that are still open",
	"deployment_frequency":            "deployments",
	"change_lead_time":                "pull requests and deployments",
	"change_fail_rate":                "incidents that name the deployment that caused them",
	"failed_deployment_recovery_time": "incidents that name the deployment that caused them",
	"deployment_rework_rate":          "deployments marked as unplanned, or incidents that name their fix",
}

const together = 4 // figures computed at once

func (s *Server) overview(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	a, err := s.read(r, who)
	if err != nil {
		return err
	}
	newest, err := s.newest(r.Context())
	if err != nil {
		return err
	}
	p := ui.Page{Title: "Overview"}
	if newest.IsZero() {
		return s.show(w, r, who, p, overview.Welcome())
	}
	a, p.Lead = s.anchor(a, newest)
	if p.Filter, err = s.bar(r.Context(), a); err != nil {
		return err
	}
	q := metric.Query{Since: a.Since, Until: a.Until, Where: a.Where, Compare: a.Query.Compare}
	if q.Compare == "" {
		q.Compare = "previous"
	}
	var o overview.Overview
	g, ctx := errgroup.WithContext(r.Context())
	g.SetLimit(together)
	cards := make([]ui.Card, len(asks))
	for i, id := range asks {
		g.Go(func() (err error) {
			cards[i], err = s.card(ctx, who, id, q, a)
			return err
		})
	}
	g.Go(func() (err error) { o.Years, err = s.years(ctx, who, q, a); return err })
	g.Go(func() (err error) { o.Charts, err = s.trends(ctx, who, q); return err })
	g.Go(func() (err error) { o.Most, err = s.mostHit(ctx, who, q); return err })
	if err := g.Wait(); err != nil {
		return err
	}
	for i, c := range cards {
		if c.State == ui.NoRecords || c.State == ui.NotRecorded {
			o.Missing = append(o.Missing, overview.Missing{Title: c.Title, Needs: fills[asks[i]], URL: a.Query.To("/metrics/" + asks[i]).URL()})
			continue
		}
		o.Cards = append(o.Cards, c)
	}
	return s.show(w, r, who, p, overview.Page(o))
}

// card computes a metric's card for a query.
func (s *Server) card(ctx context.Context, who auth.Actor, id string, q metric.Query, a asked) (ui.Card, error) {
	q.Metric = id
	def, err := s.definition(ctx, who, id)
	if err != nil {
		return ui.Card{}, err
	}
	figs, err := s.Metrics.Figures(ctx, who.Scope(), q)
	if err != nil {
		return ui.Card{}, err
	}
	if figs[0].Value == nil {
		return card(def, figs[0], nil, a.Query, a.Zone), nil
	}
	months, err := s.monthly(ctx, who, q)
	if err != nil {
		return ui.Card{}, err
	}
	return card(def, figs[0], months, a.Query, a.Zone), nil
}

func (s *Server) definition(ctx context.Context, who auth.Actor, id string) (metric.Definition, error) {
	defs, err := s.Metrics.Catalogue(ctx, who.Scope())
	if err != nil {
		return metric.Definition{}, err
	}
	i := slices.IndexFunc(defs, func(d metric.Definition) bool { return d.ID == id })
	if i < 0 {
		return metric.Definition{}, fmt.Errorf("metric %q: %w", id, hansei.ErrNotFound)
	}
	return defs[i], nil
}

// newest is when the newest incident began.
func (s *Server) newest(ctx context.Context) (time.Time, error) {
	r, err := s.Facts.SQL(ctx, "SELECT max(start_at) FROM incident", 1)
	if err != nil || r.Rows[0][0] == nil {
		return time.Time{}, err
	}
	at, _ := r.Rows[0][0].(time.Time)
	return at, nil
}

const stale = 31 * 24 * time.Hour

// anchor gives a page its window when the URL names none: the last twelve
// months, ending with the records when those ended a while ago, because
// months without records would pass for months without incidents.
func (s *Server) anchor(a asked, newest time.Time) (asked, string) {
	if !a.Since.IsZero() || !a.Until.IsZero() {
		if a.Until.IsZero() {
			a.Until = s.Now()
		}
		if a.Since.IsZero() {
			a.Since = a.Until.AddDate(-1, 0, 0)
		}
		return a, ""
	}
	end, lead := s.Now().In(a.Zone), "The last twelve months."
	if s.Now().Sub(newest) > stale {
		end = newest.In(a.Zone)
		lead = fmt.Sprintf("The newest incident is from %s, so these are the twelve months up to then.", end.Format("2 January 2006"))
	}
	a.Until = time.Date(end.Year(), end.Month()+1, 1, 0, 0, 0, 0, a.Zone)
	a.Since = a.Until.AddDate(-1, 0, 0)
	return a, lead
}

// years sets each calendar year of the records against the one before.
func (s *Server) years(ctx context.Context, who auth.Actor, q metric.Query, a asked) (ui.Table, error) {
	t := ui.Table{ID: "years", Caption: "Year by year", Columns: []ui.Column{{Text: "Year"}, {Text: "Incidents", Numeric: true}, {Text: "Per 30 days", Numeric: true},
		{Text: "Compared with the year before", Hide: true}, {Text: "Median time to resolve", Numeric: true}, {Text: "Compared with the year before", Hide: true}}}
	q.Metric, q.Since, q.Until, q.Compare, q.Every = "incident_rate", time.Time{}, time.Time{}, "", "year"
	whole, err := s.Metrics.Figures(ctx, who.Scope(), q)
	if err != nil {
		return t, err
	}
	for i := len(whole) - 1; i >= 0; i-- {
		year := whole[i].Since.In(a.Zone).Year()
		one := q
		one.Every, one.Since, one.Until = "", time.Date(year, 1, 1, 0, 0, 0, 0, a.Zone), time.Date(year+1, 1, 1, 0, 0, 0, 0, a.Zone)
		if i > 0 {
			one.Compare = "previous"
		}
		rate, err := s.Metrics.Figures(ctx, who.Scope(), one)
		if err != nil {
			return t, err
		}
		one.Metric = "time_to_resolve"
		resolve, err := s.Metrics.Figures(ctx, who.Scope(), one)
		if err != nil {
			return t, err
		}
		t.Rows = append(t.Rows, yearRow(year, rate[0], resolve[0], whole[i].Partial, a))
	}
	return t, nil
}

func yearRow(year int, rate, resolve metric.Figure, partial bool, a asked) ui.Row {
	label := strconv.Itoa(year)
	if partial {
		label += " (part)"
	}
	href := a.Query.Between(fmt.Sprintf("%d-01-01", year), fmt.Sprintf("%d-01-01", year+1)).URL()
	return ui.Row{ID: label, URL: href, Cells: []ui.Cell{
		{Text: label, URL: href},
		{Text: ui.Count(rate.N)},
		{Text: withInterval(rate)},
		{Text: yearVerdict(rate, partial)},
		{Text: withInterval(resolve)},
		{Text: yearVerdict(resolve, partial)},
	}}
}

func withInterval(f metric.Figure) string {
	if f.Value == nil {
		return "not known"
	}
	text := ui.Value(*f.Value, chart.Unit(f.Unit))
	if f.Unit == metric.Per30d {
		text = chart.Format(*f.Value, chart.One)
	}
	if in := interval(f); in != nil {
		u := chart.Unit(f.Unit)
		if f.Unit == metric.Per30d {
			u = chart.One
		}
		text += "  [" + ui.Bounds(in.Interval, u) + "]"
	}
	return text
}

func yearVerdict(f metric.Figure, partial bool) string {
	switch {
	case f.Compare == nil:
		return "the first year"
	case partial:
		return "not a whole year of records; not compared"
	case f.Compare.Verdict == metric.TooFewToSay:
		return f.Compare.Says
	}
	says := f.Compare.Says
	if f.Metric == "incident_rate" && f.Compare.Verdict == metric.Worse {
		says = "More often: " + says[len("Worse: "):]
	}
	if f.Metric == "incident_rate" && f.Compare.Verdict == metric.Improved {
		says = "Less often: " + says[len("Improved: "):]
	}
	return says
}

// trends are the two series everybody looks for first.
func (s *Server) trends(ctx context.Context, who auth.Actor, q metric.Query) ([]chart.Chart, error) {
	var out []chart.Chart
	for _, id := range []string{"incident_rate", "time_to_resolve"} {
		def, err := s.definition(ctx, who, id)
		if err != nil {
			return nil, err
		}
		q.Metric = id
		c, err := s.trend(ctx, who, def, q)
		if err != nil {
			return nil, err
		}
		out = append(out, c)
	}
	return out, nil
}

// mostHit are the services with the most incidents.
func (s *Server) mostHit(ctx context.Context, who auth.Actor, q metric.Query) (*chart.Chart, error) {
	q.Metric, q.By, q.Compare = "incident_rate", []string{"service"}, ""
	figs, err := s.Metrics.Figures(ctx, who.Scope(), q)
	if err != nil {
		return nil, err
	}
	def, err := s.definition(ctx, who, q.Metric)
	if err != nil {
		return nil, err
	}
	c := byGroup(def, figs, "service", 8)
	if c == nil {
		return nil, nil
	}
	c.Title = "Services with the most incidents"
	return c, nil
}
