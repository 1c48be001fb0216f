package web

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"hansei/internal/auth"
	"hansei/internal/metric"
	"hansei/internal/record"
	"hansei/internal/web/ui"
)

// asked is what every page reads from its URL: the window and the filters.
type asked struct {
	Query        ui.Query
	Since, Until time.Time // zero: no bound was given
	Where        []metric.Filter
	Zone         *time.Location
	Records      span // set for pages about figures
}

// read takes the window and the filters from a URL. Dates are days in the
// organization's time zone.
func (s *Server) read(r *http.Request, who auth.Actor) (asked, error) {
	a := asked{Query: ui.ReadQuery(r.URL)}
	var err error
	if a.Zone, err = s.Metrics.Zone(r.Context(), who.Scope()); err != nil {
		return a, err
	}
	if a.Query.Since != "" {
		if a.Since, err = metric.ParseTime("since", a.Query.Since, a.Zone); err != nil {
			return a, err
		}
	}
	if a.Query.Until != "" {
		if a.Until, err = metric.ParseTime("until", a.Query.Until, a.Zone); err != nil {
			return a, err
		}
	}
	for _, w := range a.Query.Where {
		f, err := metric.ParseFilter(w)
		if err != nil {
			return a, err
		}
		a.Where = append(a.Where, f)
	}
	return a, nil
}

// bar is the filter bar of a page.
func (s *Server) bar(ctx context.Context, a asked) (*ui.FilterBar, error) {
	fields, names, err := s.offered.get(ctx, s)
	if err != nil {
		return nil, err
	}
	return &ui.FilterBar{Query: a.Query, Window: a.words(), Presets: a.presets(s.Now()), Fields: fields, Names: names}, nil
}

func (a asked) words() string {
	switch {
	case a.Since.IsZero() && a.Until.IsZero():
		return "All time"
	case a.Since.IsZero():
		return "Until " + ui.Date(a.Until.Add(-time.Nanosecond), a.Zone)
	case a.Until.IsZero():
		return "Since " + ui.Date(a.Since, a.Zone)
	}
	return ui.Window(a.Since, a.Until, a.Zone)
}

// presets are the windows people ask for most, whole days in the
// organization's time zone.
func (a asked) presets(now time.Time) []ui.Link {
	y, m, d := now.In(a.Zone).Date()
	day := func(y int, m time.Month, d int) string {
		return time.Date(y, m, d, 0, 0, 0, 0, a.Zone).Format(time.DateOnly)
	}
	quarter := m - (m-1)%3
	tomorrow := day(y, m, d+1)
	all := []struct{ text, since, until string }{
		{"Last 30 days", day(y, m, d-29), tomorrow},
		{"Last 90 days", day(y, m, d-89), tomorrow},
		{"Last 12 months", day(y-1, m, d+1), tomorrow},
		{"This quarter", day(y, quarter, 1), day(y, quarter+3, 1)},
		{"Last quarter", day(y, quarter-3, 1), day(y, quarter, 1)},
		{"This year", day(y, 1, 1), day(y+1, 1, 1)},
		{"Last year", day(y-1, 1, 1), day(y, 1, 1)},
		{"All time", "", ""},
	}
	var out []ui.Link
	for _, p := range all {
		out = append(out, ui.Link{Text: p.text, URL: a.Query.Between(p.since, p.until).URL(),
			Current: p.since == a.Query.Since && p.until == a.Query.Until})
	}
	return out
}

// offered are the choices of the filter bar, kept for as long as the facts
// stand where they stood.
type offered struct {
	mu     sync.Mutex
	seq    record.Seq
	epoch  record.Epoch
	fields []ui.FilterField
	names  []ui.Option
}

// The values offered for each field, and the names of the organization's own
// fields.
const offeredSQL = `SELECT 'service', name FROM service WHERE merged_into IS NULL
UNION ALL SELECT 'team', name FROM team WHERE merged_into IS NULL
UNION ALL SELECT DISTINCT 'severity', severity FROM incident WHERE severity IS NOT NULL
UNION ALL SELECT DISTINCT 'name', name FROM custom_field WHERE kind = 'incident'
ORDER BY 1, 2 LIMIT 2000`

func (o *offered) get(ctx context.Context, s *Server) ([]ui.FilterField, []ui.Option, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	seq, epoch := s.Facts.Head()
	if o.fields != nil && o.seq == seq && o.epoch == epoch {
		return o.fields, o.names, nil
	}
	rows, err := s.Facts.SQL(ctx, offeredSQL, 2000)
	if err != nil {
		return nil, nil, fmt.Errorf("choices of the filter bar: %w", err)
	}
	values := map[string][]ui.Option{}
	for _, row := range rows.Rows {
		field, value := fmt.Sprint(row[0]), fmt.Sprint(row[1])
		values[field] = append(values[field], ui.Option{Value: value, Text: value})
	}
	o.seq, o.epoch, o.names = seq, epoch, nil
	o.fields = []ui.FilterField{
		{Name: "service", Label: "Service", Options: values["service"]},
		{Name: "team", Label: "Team", Options: values["team"]},
		{Name: "severity", Label: "Severity", Options: values["severity"]},
	}
	for _, n := range []string{"status", "type", "priority", "urgency", "detection", "factor", "label", "tier", "source"} {
		o.names = append(o.names, ui.Option{Value: n, Text: strings.ToUpper(n[:1]) + n[1:]})
	}
	o.names = append(o.names, values["name"]...)
	return o.fields, o.names, nil
}
