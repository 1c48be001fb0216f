package web

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"hansei/internal/auth"
	"hansei/internal/chart"
	"hansei/internal/metric"
)

// reaches is how far a series reaches back at least, so that limits stand on
// enough points; years reach back to the first record.
var reaches = map[string]struct{ years, days int }{"day": {0, 90}, "week": {1, 0}, "month": {2, 0}, "quarter": {6, 0}}

// over asks for a metric period by period. Periods before the records begin
// are left out, because nothing is known of them, and the one in which they
// begin is not whole. An age has no course: what began earlier is older.
func (s *Server) over(ctx context.Context, who auth.Actor, def metric.Definition, q metric.Query, every string) ([]metric.Figure, error) {
	if _, age := def.Measure.(metric.Age); age {
		return nil, nil
	}
	until := q.Until
	if until.IsZero() {
		until = s.Now()
	}
	reach, ok := reaches[every]
	switch from := until.AddDate(-reach.years, 0, -reach.days); {
	case !ok:
		q.Since = time.Time{}
	case q.Since.IsZero() || q.Since.After(from):
		y, m, d := from.Date()
		q.Since = time.Date(y, m, d, 0, 0, 0, 0, from.Location())
	}
	q.Every, q.Compare = every, ""
	figs, err := s.Metrics.Figures(ctx, who.Scope(), q)
	if err != nil {
		return nil, fmt.Errorf("%s by %s: %w", q.Metric, every, err)
	}
	first := slices.IndexFunc(figs, func(f metric.Figure) bool { return f.Records() > 0 })
	if first < 0 {
		return nil, nil
	}
	figs = slices.Clone(figs[first:]) // the engine keeps its own
	if _, begins := figs[0].Warned("records_begin_later"); begins {
		figs[0].Partial = true
	}
	return figs, nil
}

// series turns figures, one a period, into points with their control limits.
func series(def metric.Definition, figs []metric.Figure, every string, zone *time.Location) ([]chart.Point, *chart.Limits) {
	control := metric.ControlChart(figs)
	var out []chart.Point
	for _, f := range figs {
		out = append(out, point(f, periodName(f.Since.In(zone), every), recordsURL(def.ID, f, "")))
	}
	if !control.OK {
		return out, nil
	}
	for _, s := range control.Signals {
		out[s.Index].Signal = s.Says
	}
	return out, &chart.Limits{Low: control.Low, Center: control.Center, High: control.High}
}

func periodName(t time.Time, every string) string {
	switch every {
	case "year":
		return t.Format("2006")
	case "quarter":
		return fmt.Sprintf("Q%d %d", (int(t.Month())+2)/3, t.Year())
	case "month":
		return t.Format("Jan 2006")
	}
	return t.Format("2 Jan 2006")
}

// trend draws a metric period by period with its intervals and control limits,
// and says in words what stands out.
func (s *Server) trend(ctx context.Context, who auth.Actor, def metric.Definition, q metric.Query, every string) (chart.Chart, error) {
	figs, err := s.over(ctx, who, def, q, every)
	if err != nil {
		return chart.Chart{}, err
	}
	zone, err := s.Metrics.Zone(ctx, who.Scope())
	if err != nil {
		return chart.Chart{}, err
	}
	points, limits := series(def, figs, every, zone)
	control := metric.ControlChart(figs)
	title := def.Title
	if len(figs) > 0 && statisticWords(figs[0].Statistic) != "" {
		title += ", " + statisticWords(figs[0].Statistic)
	}
	caption := trendCaption(def, points, control, every)
	if len(figs) > 0 && !q.Since.IsZero() && figs[0].Since.Before(q.Since) {
		caption += " It begins before the window, for limits need many " + every + "s."
	}
	unit := unitOf(figs, def)
	title += ", by " + every
	if unit == metric.Per30d {
		title += " (per 30 days)"
	}
	return chart.Trend(chart.TrendSpec{ID: "trend-" + def.ID, Title: title, Caption: caption,
		Unit: chart.Unit(unit), Lines: []chart.Line{{Name: def.Title, Points: points}}, Limits: limits}), nil
}

func unitOf(figs []metric.Figure, def metric.Definition) metric.Unit {
	if len(figs) > 0 {
		return figs[0].Unit
	}
	return def.Unit
}

func trendCaption(def metric.Definition, points []chart.Point, c metric.Control, every string) string {
	title := def.Title + " by " + every
	switch {
	case len(points) == 0:
		return title + ": no records."
	case !c.OK:
		return title + ". Too few whole " + every + "s for control limits; it takes 12."
	}
	trust := ""
	if !c.Trusted {
		trust = " The limits stand on fewer than 20 " + every + "s: take them as a first guess."
	}
	if len(c.Signals) == 0 {
		return fmt.Sprintf("%s: no %s stands out from chance (%s).%s", title, every, c.Method, trust)
	}
	var said []string
	for _, x := range c.Signals {
		said = append(said, points[x.Index].Label+" is "+x.Says)
	}
	if len(said) > 4 {
		said = append(said[:4], fmt.Sprintf("and %d more", len(said)-4))
	}
	return fmt.Sprintf("%s: %s (%s).%s", title, strings.Join(said, "; "), c.Method, trust)
}

// byGroup compares the groups of a dimension, the largest n first.
func byGroup(def metric.Definition, figs []metric.Figure, dimension string, most int) *chart.Chart {
	figs = slices.Clone(figs)
	figs = slices.DeleteFunc(figs, func(f metric.Figure) bool { return f.N == 0 })
	if len(figs) == 0 {
		return nil
	}
	slices.SortStableFunc(figs, func(x, y metric.Figure) int { return cmp.Compare(y.N, x.N) })
	total := len(figs)
	figs = figs[:min(most, total)]
	var points []chart.Point
	for _, f := range figs {
		points = append(points, point(f, f.Group[dimension], recordsURL(def.ID, f, "")))
	}
	slices.SortStableFunc(points, func(x, y chart.Point) int {
		if math.IsNaN(x.Value) || math.IsNaN(y.Value) {
			return 0
		}
		return cmp.Compare(y.Value, x.Value)
	})
	title := def.Title
	if _, mix := def.Measure.(metric.Mix); !mix { // a mix has its dimension in its name
		title += " by " + dimension
	}
	caption := title + ", with 95 % intervals: where intervals overlap, the order may be chance."
	if total > len(figs) {
		caption += fmt.Sprintf(" The %d with the most records of %d.", len(figs), total)
	}
	c := chart.Dots(chart.DotSpec{ID: "by-" + def.ID + "-" + dimension, Title: title, Caption: caption, First: dimension,
		Unit: chart.Unit(unitOf(figs, def)), Points: points})
	return &c
}
