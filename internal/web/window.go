package web

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"time"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/metric"
	"hansei/internal/web/ui"
)

// span is when the incidents begin and when the records end.
type span struct {
	First, Newest time.Time // starts of incidents; zero when there are none
	// End is the end of the month of the newest incident when that is a while
	// ago, because months without records would pass for months without
	// incidents. Zero: the records go on until now.
	End time.Time
}

const stale = 31 * 24 * time.Hour

func (s *Server) span(ctx context.Context, zone *time.Location) (span, error) {
	r, err := s.Facts.SQL(ctx, "SELECT min(start_at), max(start_at) FROM incident", 1)
	if err != nil || r.Rows[0][0] == nil {
		return span{}, err
	}
	var p span
	p.First, _ = r.Rows[0][0].(time.Time)
	p.Newest, _ = r.Rows[0][1].(time.Time)
	if s.Now().Sub(p.Newest) > stale {
		l := p.Newest.In(zone)
		p.End = time.Date(l.Year(), l.Month()+1, 1, 0, 0, 0, 0, zone)
	}
	return p, nil
}

// anchor gives a page its window when the URL names none: the last twelve
// months, which end with the records when those ended a while ago. A zero
// Until stays: it is now.
func (s *Server) anchor(a asked, p span) (asked, string) {
	switch {
	case a.Since.IsZero() && !a.Until.IsZero():
		a.Since = a.Until.In(a.Zone).AddDate(-1, 0, 0)
		return a, ""
	case !a.Since.IsZero():
		return a, ""
	case !p.End.IsZero():
		a.Since, a.Until = p.End.AddDate(-1, 0, 0), p.End
		return a, "Your newest incident is from " + p.Newest.In(a.Zone).Format("2 January 2006") + "; the figures end with that month."
	}
	y, m, d := s.Now().In(a.Zone).Date()
	a.Since = time.Date(y-1, m, d, 0, 0, 0, 0, a.Zone)
	return a, "The last twelve months, until now."
}

// window gives a page about figures its window, its query and its bar.
func (s *Server) window(r *http.Request, who auth.Actor) (asked, metric.Query, ui.Page, error) {
	var p ui.Page
	a, err := s.read(r, who)
	if err != nil {
		return a, metric.Query{}, p, err
	}
	within, err := s.span(r.Context(), a.Zone)
	if err != nil {
		return a, metric.Query{}, p, err
	}
	a, p.Lead = s.anchor(a, within)
	a.Records = within
	p.Filter, err = s.figureBar(r.Context(), a)
	q := metric.Query{Since: a.Since, Until: a.Until, Where: a.Where, Compare: cmp.Or(a.Query.Compare, "previous")}
	return a, q, p, err
}

// figureBar is the bar of a page about figures: it also compares, and no
// window named means the twelve months of anchor, not all time.
func (s *Server) figureBar(ctx context.Context, a asked) (*ui.FilterBar, error) {
	b, err := s.bar(ctx, a)
	if err != nil {
		return nil, err
	}
	b.Compare = true
	b.Presets = b.Presets[:len(b.Presets)-1] // all time, which has no URL here
	named := a.Query.Since != "" || a.Query.Until != ""
	if !a.Records.First.IsZero() {
		since, until := a.Records.First.In(a.Zone).Format(time.DateOnly), ""
		if !a.Records.End.IsZero() {
			until = a.Records.End.Format(time.DateOnly)
		}
		b.Presets = append(b.Presets, ui.Link{Text: "All incidents", URL: a.Query.Between(since, until).URL(),
			Current: a.Query.Since == since && a.Query.Until == until})
	}
	if !a.Records.End.IsZero() {
		b.Presets = append([]ui.Link{{Text: "Last 12 months of records", URL: a.Query.Between("", "").URL(), Current: !named}}, b.Presets...)
	}
	return b, nil
}

// inline shows what a question got wrong under the bar that asked it, so that
// it can be put right there.
func (s *Server) inline(p page) page {
	return func(w http.ResponseWriter, r *http.Request, who auth.Actor) error {
		err := p(w, r, who)
		var invalid *hansei.InvalidError
		if !errors.As(err, &invalid) {
			return err
		}
		zone, zoneErr := s.Metrics.Zone(r.Context(), who.Scope())
		if zoneErr != nil {
			return zoneErr
		}
		a := asked{Query: ui.ReadQuery(r.URL), Zone: zone}
		bar, barErr := s.figureBar(r.Context(), a)
		if barErr != nil {
			return barErr
		}
		bar.Window = "Choose a time range"
		problem := ui.Problem{Title: "That cannot be answered", Happened: invalid.Error(), Means: "Nothing was computed.",
			Next: "Change it in the bar above, or begin without filters.", Action: &ui.Link{Text: "Without filters", URL: r.URL.Path}}
		return s.showAs(w, r, who, http.StatusUnprocessableEntity, ui.Page{Title: "Figures", Filter: bar}, ui.ProblemPanel(problem))
	}
}
