package web

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"hansei/internal/auth"
	"hansei/internal/chart"
	"hansei/internal/metric"
	"hansei/internal/web/ui"
)

// years sets each calendar year of the records against the one before. A last
// year that is not whole is set against the same part of the year before.
func (s *Server) years(ctx context.Context, who auth.Actor, q metric.Query, a asked) (ui.Table, error) {
	t := ui.Table{ID: "years", Caption: "Year by year", Columns: []ui.Column{{Text: "Year"}, {Text: "Incidents", Numeric: true}, {Text: "Per 30 days", Numeric: true},
		{Text: "How often, compared"}, {Text: "Median time to resolve", Numeric: true}, {Text: "How long, compared"}}}
	q.Since, q.Until, q.Compare, q.Every = time.Time{}, a.Records.End, "year-ago", "year"
	var rate, resolve []metric.Figure
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() (err error) { rate, err = s.yearly(ctx, who, "incident_rate", q); return err })
	g.Go(func() (err error) { resolve, err = s.yearly(ctx, who, "time_to_resolve", q); return err })
	if err := g.Wait(); err != nil {
		return t, err
	}
	for i := min(len(rate), len(resolve)) - 1; i >= 0; i-- {
		t.Rows = append(t.Rows, yearRow(rate[i], resolve[i], a))
	}
	return t, nil
}

// yearly are the figures of each year, compared. Before the first year nothing
// was recorded, and the second is compared with only the part of the first
// that was: days without records are not days without incidents.
func (s *Server) yearly(ctx context.Context, who auth.Actor, id string, q metric.Query) ([]metric.Figure, error) {
	q.Metric = id
	found, err := s.Metrics.Figures(ctx, who.Scope(), q)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	figs := append([]metric.Figure(nil), found...) // the engine keeps its own
	figs[0].Compare = nil
	if len(figs) > 1 && figs[0].Partial && !figs[1].Partial {
		q.Every, q.Since, q.Until = "", figs[1].Since, figs[1].Until
		q.Compare = figs[0].Since.Format(time.RFC3339) + ".." + figs[0].Until.Format(time.RFC3339)
		second, err := s.Metrics.Figures(ctx, who.Scope(), q)
		if err != nil {
			return nil, err
		}
		figs[1].Compare = second[0].Compare
	}
	return figs, nil
}

func yearRow(rate, resolve metric.Figure, a asked) ui.Row {
	since, until := rate.Since.In(a.Zone), rate.Until.In(a.Zone)
	label := strconv.Itoa(since.Year())
	switch {
	case rate.Partial && since.YearDay() > 1:
		label += ", from " + since.Format("2\u00a0Jan")
	case rate.Partial:
		label += ", to " + until.Add(-time.Nanosecond).Format("2\u00a0Jan")
	}
	last := until
	if last.Hour() != 0 || last.Minute() != 0 { // ends now: take in today
		last = last.AddDate(0, 0, 1)
	}
	href := a.Query.Between(since.Format(time.DateOnly), last.Format(time.DateOnly)).URL()
	return ui.Row{ID: label, URL: href, Cells: []ui.Cell{
		{Text: label, URL: href},
		{Text: ui.Count(rate.N), URL: recordsURL(rate.Metric, rate, "")},
		{Text: withInterval(rate)},
		{Text: yearVerdict(rate, a.Zone)},
		{Text: withInterval(resolve), URL: recordsURL(resolve.Metric, resolve, "")},
		{Text: yearVerdict(resolve, a.Zone)},
	}}
}

func withInterval(f metric.Figure) string {
	if f.Value == nil {
		return "not known"
	}
	u := chart.Unit(f.Unit)
	if f.Unit == metric.Per30d {
		u = chart.One // the column says what it is
	}
	text := chart.Format(*f.Value, u)
	if in := interval(f); in != nil {
		text += "  [" + ui.Bounds(in.Interval, u) + "]"
	}
	return text
}

// yearVerdict is a comparison as a cell. What is better and what is worse is
// plain from "more often".
func yearVerdict(f metric.Figure, zone *time.Location) string {
	c := f.Compare
	if c == nil {
		return "The records begin here."
	}
	says := strings.TrimSuffix(c.Says, ".")
	if _, size, ok := strings.Cut(says, ": "); ok && f.Metric == "incident_rate" {
		switch c.Verdict {
		case metric.Worse:
			says = "More often: " + size
		case metric.Improved:
			says = "Less often: " + size
		}
	}
	if c.P != nil && c.Verdict != metric.TooFewToSay {
		says += ", " + chance(*c.P)
	}
	if f.Partial {
		says += "; against " + ui.Window(c.Since, c.Until, zone)
	}
	return says + "."
}

// chance writes a p-value.
func chance(p float64) string {
	const least = 0.001
	if p < least {
		return "p\u00a0<\u00a00.001"
	}
	return fmt.Sprintf("p\u00a0=\u00a0%.2g", p)
}
