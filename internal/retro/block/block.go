package block

import (
	"cmp"
	"context"
	"math"
	"net/url"
	"slices"
	"strings"
	"time"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/metric"
	"hansei/internal/record"
)

// The blocks there are.
const (
	Figure   = "figure"   // a number with its interval, n and a sparkline
	Chart    = "chart"    // the number month by month
	Timeline = "timeline" // the entries of the timeline that are kept
)

// Directive is one, read.
type Directive struct {
	Kind  string
	Query metric.Query // of a figure or a chart
	Only  []string     // of a timeline: the markers to show; all when empty
}

// maxWhere bounds how many filters a directive has.
const maxWhere = 10

// Read reads a directive such as
//
//	figure time_to_resolve service=checkout since=2025-01-01 until=2025-07-01
//	chart incident_rate severity=sev1,sev2
//	timeline key-moment,repair
//
// Without a window a figure is of the twelve months up to now.
func Read(directive string, now time.Time, zone *time.Location) (Directive, error) {
	words := strings.Fields(directive)
	if len(words) == 0 {
		return Directive{}, hansei.Invalid("block", "it is empty; expected figure, chart or timeline")
	}
	b := Directive{Kind: words[0]}
	switch b.Kind {
	case Timeline:
		for _, w := range words[1:] {
			for m := range strings.SplitSeq(w, ",") {
				m = strings.ReplaceAll(m, "-", " ")
				if !slices.Contains(hansei.Markers, m) {
					return b, hansei.Invalid("block", "%q is no marker; expected %s", m, strings.ReplaceAll(strings.Join(hansei.Markers, ", "), " ", "-"))
				}
				b.Only = append(b.Only, m)
			}
		}
		return b, nil
	case Figure, Chart:
	default:
		return b, hansei.Invalid("block", "%q: expected figure, chart or timeline", b.Kind)
	}
	if len(words) < 2 || len(words) > 2+maxWhere {
		return b, hansei.Invalid("block", "expected %s METRIC field=value …, as in \"%s time_to_resolve service=checkout\"", b.Kind, b.Kind)
	}
	b.Query.Metric = words[1]
	for _, w := range words[2:] {
		var err error
		name, value, _ := strings.Cut(w, "=")
		switch name {
		case "since":
			b.Query.Since, err = metric.ParseTime("since", value, zone)
		case "until":
			b.Query.Until, err = metric.ParseTime("until", value, zone)
		case "statistic":
			b.Query.Statistic = metric.StatisticName(value)
		default:
			var f metric.Filter
			f, err = metric.ParseFilter(strings.ReplaceAll(w, "_", " "))
			b.Query.Where = append(b.Query.Where, f)
		}
		if err != nil {
			return b, err
		}
	}
	if b.Query.Until.IsZero() {
		y, m, d := now.In(zone).Date()
		b.Query.Until = time.Date(y, m, d+1, 0, 0, 0, 0, zone)
	}
	if b.Query.Since.IsZero() {
		b.Query.Since = b.Query.Until.AddDate(-1, 0, 0)
	}
	return b, nil
}

// Compute is a figure or a chart as it stands now.
func Compute(ctx context.Context, e *metric.Engine, who auth.Scope, directive string, now time.Time) (hansei.Frozen, error) {
	zone, err := e.Zone(ctx, who)
	if err != nil {
		return hansei.Frozen{}, err
	}
	b, err := Read(directive, now, zone)
	if err != nil {
		return hansei.Frozen{}, err
	}
	if b.Kind == Timeline {
		return hansei.Frozen{}, hansei.Invalid("block", "a timeline has no number")
	}
	defs, err := e.Catalogue(ctx, who)
	if err != nil {
		return hansei.Frozen{}, err
	}
	i := slices.IndexFunc(defs, func(d metric.Definition) bool { return d.ID == b.Query.Metric })
	if i < 0 {
		return hansei.Frozen{}, hansei.Invalid("block", "there is no metric %q", b.Query.Metric)
	}
	all, err := e.Figures(ctx, who, b.Query)
	if err != nil {
		return hansei.Frozen{}, err
	}
	f := all[0]
	out := hansei.Frozen{Block: directive, At: now.UTC(), Seq: f.AsOf, Title: defs[i].Title, Statistic: string(f.Statistic), Unit: string(f.Unit), Noun: defs[i].Of.Noun,
		Value: finite(f.Value), Low: finite(f.Low), High: finite(f.High), Level: f.Level, Method: f.Method, N: f.N, Since: f.Since, Until: f.Until, Records: records(f)}
	if f.Value == nil {
		for _, w := range f.Warnings {
			out.Says = cmp.Or(out.Says, w.Says)
		}
		return out, nil
	}
	q := b.Query
	q.Every, q.AsOf = "month", record.Seq(f.AsOf)
	months, err := e.Figures(ctx, who, q)
	if err != nil {
		return hansei.Frozen{}, err
	}
	for _, m := range months {
		out.Months = append(out.Months, hansei.Month{Label: m.Since.In(zone).Format("Jan 2006"), Value: finite(m.Value), N: m.N})
	}
	return out, nil
}

// records is the page of exactly the records behind a figure.
func records(f metric.Figure) string {
	path := "/metrics/" + url.PathEscape(f.Metric) + "/records"
	if u, err := url.Parse(f.Evidence); err == nil && u.RawQuery != "" {
		path += "?" + u.RawQuery
	}
	return path
}

// finite keeps what can be written as JSON.
func finite(v *float64) *float64 {
	if v == nil || math.IsInf(*v, 0) || math.IsNaN(*v) {
		return nil
	}
	return v
}
