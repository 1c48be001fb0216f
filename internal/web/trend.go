package web

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"hansei/internal/auth"
	"hansei/internal/chart"
	"hansei/internal/metric"
)

// trend draws a metric month by month with its intervals and control limits,
// and says in words what stands out.
func (s *Server) trend(ctx context.Context, who auth.Actor, def metric.Definition, q metric.Query) (chart.Chart, error) {
	months, err := s.monthly(ctx, who, q)
	if err != nil {
		return chart.Chart{}, err
	}
	points, limits := series(def, months)
	control := metric.ControlChart(months)
	statistic := ""
	if len(months) > 0 && statisticWords(months[0].Statistic) != "" {
		statistic = ", " + statisticWords(months[0].Statistic)
	}
	return chart.Trend(chart.TrendSpec{ID: "trend-" + def.ID, Title: def.Title + statistic + ", by month", Caption: trendCaption(def, points, control),
		Unit: chart.Unit(unitOf(months, def)), Lines: []chart.Line{{Name: def.Title, Points: points}}, Limits: limits}), nil
}

func unitOf(figs []metric.Figure, def metric.Definition) metric.Unit {
	if len(figs) > 0 {
		return figs[0].Unit
	}
	return def.Unit
}

func trendCaption(def metric.Definition, points []chart.Point, c metric.Control) string {
	title := def.Title + " by month"
	if !c.OK {
		return title + ". Too few whole months for control limits; it takes 12."
	}
	trust := ""
	if !c.Trusted {
		trust = " The limits stand on fewer than 20 months: take them as a first guess."
	}
	if len(c.Signals) == 0 {
		return fmt.Sprintf("%s: no month stands out from chance (%s).%s", title, c.Method, trust)
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
	caption := fmt.Sprintf("%s by %s, with 95 %% intervals: where intervals overlap, the order may be chance.", def.Title, dimension)
	if total > len(figs) {
		caption += fmt.Sprintf(" The %d with the most records of %d.", len(figs), total)
	}
	c := chart.Dots(chart.DotSpec{ID: "by-" + def.ID + "-" + dimension, Title: def.Title + " by " + dimension, Caption: caption, First: dimension,
		Unit: chart.Unit(unitOf(figs, def)), Points: points})
	return &c
}
