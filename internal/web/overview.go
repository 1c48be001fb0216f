package web

import (
	"context"
	"fmt"
	"net/http"
	"slices"

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

// fills says what a figure without records waits for.
var fills = map[string]string{
	"incident_rate":                   "needs incidents in this window",
	"time_to_resolve":                 "needs incidents with the time they were resolved",
	"time_to_acknowledge":             "needs incidents with the time they were acknowledged",
	"customer_minutes":                "needs incidents with the number of customers affected",
	"repeat_incident_rate":            "needs contributing factors, confirmed on incidents",
	"open_incident_age":               "has a value while incidents are open",
	"deployment_frequency":            "needs an import of deployments",
	"change_lead_time":                "needs imports of pull requests and of deployments",
	"change_fail_rate":                "needs deployments, and incidents that name the one that caused them",
	"failed_deployment_recovery_time": "needs deployments, and incidents that name the one that caused them",
	"deployment_rework_rate":          "needs deployments marked as unplanned, or incidents that name their fix",
}

const together = 4 // figures computed at once

func (s *Server) overview(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
	a, q, p, err := s.window(r, who)
	if err != nil {
		return err
	}
	p.Title = "Overview"
	if a.Records.First.IsZero() {
		return s.show(w, r, who, ui.Page{Title: p.Title}, overview.Welcome())
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
	for i, id := range []string{"incident_rate", "time_to_resolve"} {
		g.Go(func() (err error) { o.Trends[i], err = s.trendOf(ctx, who, id, q); return err })
	}
	g.Go(func() (err error) { o.Mix, err = s.mix(ctx, who, q); return err })
	g.Go(func() (err error) { o.Most, err = s.mostHit(ctx, who, q); return err })
	if err := g.Wait(); err != nil {
		return err
	}
	for i, c := range cards {
		if c.State == ui.Suppressed {
			o.Away = append(o.Away, c.Title)
			continue
		}
		if c.State == ui.NoRecords || c.State == ui.NotRecorded {
			o.Missing = append(o.Missing, overview.Missing{Title: c.Title, Needs: fills[asks[i]], URL: a.Query.To("/metrics/" + asks[i]).URL()})
			continue
		}
		o.Cards = append(o.Cards, c)
	}
	return s.show(w, r, who, p, overview.Page(o))
}

// cards computes the cards of figures over all that is recorded, for pages that
// are about something else.
func (s *Server) cards(ctx context.Context, who auth.Actor, asks ...metric.Query) ([]ui.Card, error) {
	zone, err := s.Metrics.Zone(ctx, who.Scope())
	if err != nil {
		return nil, err
	}
	out := make([]ui.Card, len(asks))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(together)
	for i, q := range asks {
		g.Go(func() error {
			def, err := s.definition(ctx, who, q.Metric)
			if err != nil {
				return err
			}
			figs, err := s.Metrics.Figures(ctx, who.Scope(), q)
			if err != nil {
				return err
			}
			out[i] = card(def, figs[0], nil, ui.Query{}, zone)
			out[i].ID += string(q.Statistic)
			return nil
		})
	}
	return out, g.Wait()
}

// card computes a metric's card for a query.
func (s *Server) card(ctx context.Context, who auth.Actor, id string, q metric.Query, a asked) (ui.Card, error) {
	q.Metric = id
	def, err := s.definition(ctx, who, id)
	if err != nil {
		return ui.Card{}, err
	}
	figs, err := s.Metrics.Figures(ctx, who.Scope(), q)
	if filteredAway(err, def) {
		return ui.Card{Title: def.Title, State: ui.Suppressed}, nil
	}
	if err != nil {
		return ui.Card{}, err
	}
	if figs[0].Value == nil {
		return card(def, figs[0], nil, a.Query, a.Zone), nil
	}
	months, err := s.over(ctx, who, def, q, "month")
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

// trendOf draws one of the series everybody looks for first.
func (s *Server) trendOf(ctx context.Context, who auth.Actor, id string, q metric.Query) (chart.Chart, error) {
	def, err := s.definition(ctx, who, id)
	if err != nil {
		return chart.Chart{}, err
	}
	q.Metric = id
	return s.trend(ctx, who, def, q, "month")
}

// mix is how severe the incidents are; nil without incidents.
func (s *Server) mix(ctx context.Context, who auth.Actor, q metric.Query) (*chart.Chart, error) {
	q.Metric, q.Compare = "severity_mix", ""
	def, err := s.definition(ctx, who, q.Metric)
	if err != nil {
		return nil, err
	}
	figs, err := s.Metrics.Figures(ctx, who.Scope(), q)
	if err != nil {
		return nil, err
	}
	return byGroup(def, figs, "severity", 8), nil
}

// mostHit are the five services with the most incidents; nil without services.
func (s *Server) mostHit(ctx context.Context, who auth.Actor, q metric.Query) (*chart.Chart, error) {
	const most = 5
	q.Metric, q.By, q.Compare = "incident_rate", []string{"service"}, ""
	def, err := s.definition(ctx, who, q.Metric)
	if err != nil {
		return nil, err
	}
	figs, err := s.Metrics.Figures(ctx, who.Scope(), q)
	if err != nil {
		return nil, err
	}
	none := slices.IndexFunc(figs, func(f metric.Figure) bool { return f.Group["service"] == metric.None })
	unnamed := ""
	if none >= 0 {
		if n := figs[none].N; n > 0 {
			unnamed = " " + ui.Plural(n, "incident names", "incidents name") + " no service."
		}
		figs = slices.Delete(slices.Clone(figs), none, none+1)
	}
	c := byGroup(def, figs, "service", most)
	if c == nil {
		return nil, nil
	}
	c.Title = "Services with the most incidents, per 30 days"
	c.Caption += unnamed
	return c, nil
}
