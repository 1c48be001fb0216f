package web

import (
	"context"
	"fmt"
	"math"

	"hansei/internal/auth"
	"hansei/internal/chart"
	"hansei/internal/metric"
)

const (
	curveDays = 182 // of a curve
	curveStep = 7
)

// curve draws what became of things by their age: done, with its interval, and
// declined. It is nil when there are too few ends for one.
func (s *Server) curve(ctx context.Context, who auth.Actor, def metric.Definition, q metric.Query) (*chart.Chart, error) {
	steps, err := s.Metrics.Curve(ctx, who.Scope(), q, curveDays)
	if err != nil || len(steps) == 0 {
		return nil, err
	}
	done, declined := chart.Line{Name: "done"}, chart.Line{Name: "declined"}
	last := steps[0]
	for i := 0; i < len(steps); i += curveStep {
		x := steps[i]
		last = x
		label := fmt.Sprintf("%d days", x.Days)
		p := chart.Point{Label: label, Value: *x.Done, N: x.Remaining}
		if x.Low != nil && x.High != nil {
			p.Interval = &chart.Interval{Low: *x.Low, High: *x.High, Level: metric.Level, Method: "log–log"}
		}
		done.Points = append(done.Points, p)
		d := chart.Point{Label: label, Value: math.NaN(), N: x.Remaining}
		if x.Declined != nil {
			d.Value = *x.Declined
		}
		declined.Points = append(declined.Points, d)
	}
	c := chart.Trend(chart.TrendSpec{ID: "curve-" + def.ID, Title: "What became of them, by days since creation",
		Caption: fmt.Sprintf("Within %d days %.0f %% were done and %.0f %% declined; the others were still open (Aalen–Johansen). n counts those watched for longer.", last.Days, *last.Done*100, 100*fraction(last.Declined)),
		Unit:    chart.Unit(metric.Ratio), Lines: []chart.Line{done, declined}})
	return &c, nil
}

func fraction(p *float64) float64 {
	if p == nil {
		return 0
	}
	return *p
}
