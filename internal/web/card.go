package web

import (
	"maps"
	"math"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"hansei/internal/chart"
	"hansei/internal/metric"
	"hansei/internal/web/ui"
)

// card turns a figure and its monthly series into a card.
func card(def metric.Definition, f metric.Figure, months []metric.Figure, q ui.Query, zone *time.Location) ui.Card {
	c := ui.Card{ID: def.ID, Title: def.Title, Statistic: statisticWords(f.Statistic), State: stateOf(f),
		Unit: chart.Unit(f.Unit), Count: f.Statistic == metric.Sum && f.Unit == metric.One,
		N: f.N, Censored: f.Censored, Noun: def.Of.Noun, Records: recordsURL(def.ID, f, ""), About: about(def, f, q)}
	if f.Value != nil {
		c.Value = *f.Value
		c.Interval = interval(f)
	}
	for _, w := range f.Warnings {
		switch {
		case c.State != ui.OK && c.Reason == "":
			c.Reason = w.Says
		default:
			c.Warnings = append(c.Warnings, w.Says)
		}
	}
	if f.Compare != nil {
		c.Verdict = verdict(*f.Compare, zone)
	}
	if points, limits := series(def, months, "month", zone); len(points) > 1 {
		c.Trend, c.Limits, c.TrendLabel = points, limits, "monthly"
		if limits != nil {
			c.TrendLabel = "monthly, with control limits"
		}
	}
	return c
}

func stateOf(f metric.Figure) ui.State {
	if f.Value != nil {
		return ui.OK
	}
	for _, w := range f.Warnings {
		switch w.Code {
		case metric.NotConfigured:
			return ui.NotConfigured
		case metric.NotRecorded:
			return ui.NotRecorded
		case metric.NoRecords:
			return ui.NoRecords
		}
	}
	return ui.TooFew
}

func signOf(verdict string) ui.Sign {
	switch verdict {
	case metric.Improved:
		return ui.Better
	case metric.Worse:
		return ui.Worse
	case metric.NoChange:
		return ui.Unchanged
	}
	return ui.Plain
}

func statisticWords(s metric.StatisticName) string {
	switch s {
	case metric.P50:
		return "median"
	case metric.Rate, metric.Share:
		return "" // the title says so
	case metric.Sum:
		return "in all"
	}
	if days, ok := strings.CutPrefix(string(s), "d"); ok {
		return "within " + days + " days"
	}
	return string(s)
}

func interval(f metric.Figure) *ui.Interval {
	if f.Low == nil && f.High == nil {
		return nil
	}
	in := chart.Interval{Low: math.Inf(-1), High: math.Inf(1), Level: f.Level, Method: f.Method}
	if f.Low != nil {
		in.Low = *f.Low
	}
	if f.High != nil {
		in.High = *f.High
	}
	return &ui.Interval{Interval: in}
}

func about(def metric.Definition, f metric.Figure, q ui.Query) ui.About {
	a := ui.About{Definition: def.Asks, Formula: def.Formula, Caveats: def.Caveats, Source: def.Source, Version: def.Version,
		Method: f.Method, More: &ui.Link{Text: "Everything about " + lowerFirst(def.Title), URL: q.To("/metrics/" + def.ID).URL()}}
	a.LeftOut = leftOut(def, f)
	return a
}

// leftOut are the records that a figure does not stand on, by reason.
func leftOut(def metric.Definition, f metric.Figure) []ui.LeftOut {
	var out []ui.LeftOut
	for _, reason := range slices.Sorted(maps.Keys(f.Excluded)) {
		out = append(out, ui.LeftOut{Reason: metric.Reason(reason), N: f.Excluded[reason], URL: recordsURL(def.ID, f, reason)})
	}
	return out
}

// recordsURL leads to exactly the records behind a figure.
func recordsURL(id string, f metric.Figure, class string) string {
	u, err := url.Parse(f.Evidence)
	if err != nil {
		return "/metrics/" + id + "/records"
	}
	v := u.Query()
	if class != "" {
		v.Set("class", class)
	}
	return "/metrics/" + id + "/records?" + v.Encode()
}

func point(f metric.Figure, label, href string) chart.Point {
	p := chart.Point{Label: label, Value: math.NaN(), N: f.N, Partial: f.Partial, Href: href}
	if f.Value != nil {
		p.Value = *f.Value
	}
	if in := interval(f); in != nil {
		p.Interval = &in.Interval
	}
	if w, ok := f.Warned(metric.TooFew); ok {
		p.Note = w.Says
	}
	if f.Value == nil && p.Note == "" {
		p.Note = "no value"
	}
	return p
}

// verdict is what a comparison came to, without the word that the card shows
// in front of it. A size that nobody knows is no verdict: nothing was there to
// compare with.
func verdict(c metric.Comparison, zone *time.Location) ui.Verdict {
	vs := "vs " + ui.Window(c.Since, c.Until, zone) + ": "
	if c.N == 0 && c.Effect == nil {
		return ui.Verdict{Text: vs + "nothing recorded then to compare with."}
	}
	v := ui.Verdict{Sign: signOf(c.Verdict), Text: c.Says}
	if _, size, ok := strings.Cut(c.Says, ": "); ok && (v.Sign == ui.Better || v.Sign == ui.Worse) {
		v.Text = size
	}
	v.Text = vs + lowerFirst(v.Text)
	return v
}

func lowerFirst(s string) string {
	r, size := utf8.DecodeRuneInString(s)
	if size == 0 {
		return s
	}
	return string(unicode.ToLower(r)) + s[size:]
}
