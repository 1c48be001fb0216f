package metric

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"hansei"
	"hansei/internal/record"
)

// Query asks for the figures of one metric. The zero Since means from the
// first record, the zero Until means now.
type Query struct {
	Metric    string
	Since     time.Time
	Until     time.Time // exclusive
	By        []string  // dimensions
	Every     string    // day, week, month, quarter, year, or "" for one window
	Where     []Filter
	Compare   string        // "", previous, year-ago or SINCE..UNTIL
	Statistic StatisticName // "" for the metric's own
	AsOf      record.Seq    // 0 for now
}

// Filter keeps records whose field has (or, negated, has not) one of the
// values.
type Filter struct {
	Field  string   `json:"field"`
	Not    bool     `json:"not,omitempty"`
	Values []string `json:"values"`
}

// None is the group, and the filter value, of records without any value.
const None = "(none)"

// ParseFilter reads field=value, field=a,b or field!=value.
func ParseFilter(s string) (Filter, error) {
	field, values, ok := strings.Cut(s, "=")
	if !ok || strings.Trim(field, "! ") == "" {
		return Filter{}, hansei.Invalid("where", "%q: expected field=value, field=a,b or field!=value", s)
	}
	f := Filter{Field: strings.TrimSpace(field)}
	if strings.HasSuffix(f.Field, "!") {
		f.Field, f.Not = strings.TrimSpace(strings.TrimSuffix(f.Field, "!")), true
	}
	for v := range strings.SplitSeq(values, ",") {
		f.Values = append(f.Values, strings.TrimSpace(v))
	}
	return f, nil
}

// String is the filter as ParseFilter reads it.
func (f Filter) String() string {
	op := "="
	if f.Not {
		op = "!="
	}
	return f.Field + op + strings.Join(f.Values, ",")
}

var dates = []string{time.DateOnly, time.RFC3339, "2006-01-02T15:04", "2006-01"}

// ParseTime reads a date (at midnight in zone) or a time.
func ParseTime(field, s string, zone *time.Location) (time.Time, error) {
	for _, layout := range dates {
		if t, err := time.ParseInLocation(layout, s, zone); err == nil {
			return t, nil
		}
	}
	return time.Time{}, hansei.Invalid(field, "%q is not a date; expected 2025-01-31 or 2025-01-31T15:04:05Z", s)
}

// Units of Every.
var periods = []string{"day", "week", "month", "quarter", "year"}

const maxCells = 20_000 // groups × periods of one question

func (q Query) validate() error {
	if !q.Since.IsZero() && !q.Until.IsZero() && !q.Since.Before(q.Until) {
		return hansei.Invalid("until", "%s is not after since, %s", q.Until.Format(time.RFC3339), q.Since.Format(time.RFC3339))
	}
	if q.Every != "" && !slices.Contains(periods, q.Every) {
		return hansei.Invalid("every", "%q is not a period; expected one of %s", q.Every, strings.Join(periods, ", "))
	}
	if len(q.By) > 3 {
		return hansei.Invalid("by", "at most 3 dimensions at once, got %d", len(q.By))
	}
	return nil
}

// window is a half-open span of time [since, until).
type window struct{ since, until time.Time }

func (w window) days() float64 { return w.until.Sub(w.since).Hours() / 24 }

// comparison finds the window to compare with.
func comparison(how string, w window, zone *time.Location) (window, error) {
	switch how {
	case "previous":
		// A window of whole months or years is compared with as many months.
		if m := wholeMonths(w, zone); m > 0 {
			return window{w.since.In(zone).AddDate(0, -m, 0), w.since}, nil
		}
		return window{w.since.Add(-w.until.Sub(w.since)), w.since}, nil
	case "year-ago":
		return window{w.since.In(zone).AddDate(-1, 0, 0), w.until.In(zone).AddDate(-1, 0, 0)}, nil
	}
	a, b, ok := strings.Cut(how, "..")
	if !ok {
		return window{}, hansei.Invalid("compare", "%q: expected previous, year-ago or SINCE..UNTIL", how)
	}
	since, err := ParseTime("compare", a, zone)
	if err != nil {
		return window{}, err
	}
	until, err := ParseTime("compare", b, zone)
	if err != nil {
		return window{}, err
	}
	if !since.Before(until) {
		return window{}, hansei.Invalid("compare", "%q ends before it begins", how)
	}
	return window{since, until}, nil
}

func wholeMonths(w window, zone *time.Location) int {
	a, b := w.since.In(zone), w.until.In(zone)
	midnight := func(t time.Time) bool {
		return t.Day() == 1 && t.Equal(time.Date(t.Year(), t.Month(), 1, 0, 0, 0, 0, zone))
	}
	if !midnight(a) || !midnight(b) {
		return 0
	}
	return (b.Year()-a.Year())*12 + int(b.Month()) - int(a.Month())
}

// cut splits a window at the starts of periods in zone.
func cut(w window, every string, zone *time.Location) []window {
	if every == "" {
		return []window{w}
	}
	var out []window
	at := w.since
	for at.Before(w.until) {
		next := following(at, every, zone)
		if next.After(w.until) {
			next = w.until
		}
		out = append(out, window{at, next})
		at = next
		if len(out) > maxCells {
			break
		}
	}
	return out
}

// following is the start of the period after the one that holds t.
func following(t time.Time, every string, zone *time.Location) time.Time {
	l := t.In(zone)
	y, m, d := l.Date()
	switch every {
	case "day":
		d++
	case "week": // weeks begin on Monday (ISO 8601)
		d += 7 - (int(l.Weekday())+6)%7
	case "month":
		m, d = m+1, 1
	case "quarter":
		m, d = m+3-(m-1)%3, 1
	case "year":
		y, m, d = y+1, 1, 1
	}
	return time.Date(y, m, d, 0, 0, 0, 0, zone)
}

// partial says that a period was cut short by the window or by now.
func partial(w window, every string, zone *time.Location, now time.Time) bool {
	if every == "" {
		return false
	}
	if !following(w.since, every, zone).Equal(w.until) || w.until.After(now) {
		return true
	}
	// It must also begin at its period's start: the instant before belongs
	// to another period.
	return !following(w.since.Add(-time.Nanosecond), every, zone).Equal(w.since)
}

var quantileName = regexp.MustCompile(`^p([1-9][0-9]?(\.[0-9]+)?)$`)

// quantile reads p50 as 0.5; ok is false for other statistics.
func (s StatisticName) quantile() (q float64, ok bool) {
	m := quantileName.FindStringSubmatch(string(s))
	if m == nil {
		return 0, false
	}
	f, err := strconv.ParseFloat(m[1], 64)
	return f / 100, err == nil
}

// Values is the query as URL parameters, the same that the API reads.
func (q Query) Values() url.Values {
	v := url.Values{}
	set := func(k, s string) {
		if s != "" {
			v.Set(k, s)
		}
	}
	stamp := func(k string, t time.Time) {
		if !t.IsZero() {
			set(k, t.UTC().Format(time.RFC3339))
		}
	}
	stamp("since", q.Since)
	stamp("until", q.Until)
	for _, b := range q.By {
		v.Add("by", b)
	}
	set("every", q.Every)
	for _, f := range q.Where {
		v.Add("where", f.String())
	}
	set("compare", q.Compare)
	set("statistic", string(q.Statistic))
	if q.AsOf != 0 {
		set("as_of", strconv.FormatInt(int64(q.AsOf), 10))
	}
	return v
}

// key tells two different questions apart; it also seeds what is random.
func (q Query) key() string { return fmt.Sprintf("%s?%s", q.Metric, q.Values().Encode()) }
