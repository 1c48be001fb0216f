package chart

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math"
)

// Option is an ECharts option object, with "@token" for colours and {"$": name}
// for functions (see assets/option.js). It always marshals to JSON.
type Option map[string]any

// Chart is a picture with its words and its numbers.
type Chart struct {
	ID      string // unique on its page; names the downloads
	Title   string
	Caption string // the finding in a sentence; also the text alternative
	Height  int    // in CSS pixels
	Option  Option
	Table   Table
}

// JSON is the option as the browser reads it.
func (c Chart) JSON() (string, error) {
	b, err := json.Marshal(c.Option)
	if err != nil {
		return "", fmt.Errorf("option of chart %s: %w", c.ID, err)
	}
	return string(b), nil
}

// Table is the data of a chart as rows of text, for the table view and CSV.
type Table struct {
	Columns []string
	Rows    [][]string
}

// CSV is the table as RFC 4180 text.
func (t Table) CSV() ([]byte, error) {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	if err := w.Write(t.Columns); err != nil {
		return nil, fmt.Errorf("csv: %w", err)
	}
	if err := w.WriteAll(t.Rows); err != nil {
		return nil, fmt.Errorf("csv: %w", err)
	}
	return b.Bytes(), nil
}

// Point is one value of one period or group.
type Point struct {
	Label    string    // "Jan 2025", or the name of the group
	Value    float64   // NaN when there is none
	Interval *Interval // nil when there is none
	N        int
	Note     string // why there is no value ("too few: n = 2"), or a remark
	Signal   string // the rule of the control chart that fired, in words; "" for none
	Partial  bool   // the period is not over
	Href     string // the records behind it
}

// Interval is a confidence interval in the unit of its value.
type Interval struct {
	Low, High float64 // Low may be -Inf, High +Inf where the data set no bound
	Level     float64 // 0.95
	Method    string
}

// Known reports whether there is a value to draw.
func (p Point) Known() bool { return !math.IsNaN(p.Value) && !math.IsInf(p.Value, 0) }

// text is the point as a person reads it in a tooltip.
func (p Point) text(u Unit) string {
	s := p.Label
	if p.Known() {
		s += "\n" + Format(p.Value, u)
	}
	if p.Interval != nil && p.Known() {
		s += fmt.Sprintf("  [%s to %s]", bound(p.Interval.Low, u), bound(p.Interval.High, u))
	}
	if p.Known() || p.N > 0 {
		s += "\nn = " + Count(p.N)
	}
	for _, more := range []string{p.Note, p.Signal} {
		if more != "" {
			s += "\n" + more
		}
	}
	if p.Partial {
		s += "\nperiod not over yet"
	}
	return s
}

func bound(v float64, u Unit) string {
	if math.IsInf(v, 0) {
		return "no bound"
	}
	return Format(v, u)
}

// raw is a value for the table: exact, in the unit, or empty.
func raw(v float64) string {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return ""
	}
	return fmt.Sprintf("%g", v)
}

func (p Point) row(u Unit) []string {
	low, high := "", ""
	if p.Interval != nil {
		low, high = raw(p.Interval.Low), raw(p.Interval.High)
	}
	note := p.Note
	for _, more := range []string{p.Signal, partialNote(p.Partial)} {
		if more != "" && note != "" {
			note += "; "
		}
		note += more
	}
	shown := ""
	if p.Known() {
		shown = Format(p.Value, u)
	}
	return []string{p.Label, shown, raw(p.Value), low, high, Count(p.N), note}
}

func partialNote(partial bool) string {
	if partial {
		return "period not over yet"
	}
	return ""
}

// columns head the rows that Point.row makes.
func columns(first string, u Unit) []string {
	name := "value"
	if u != "" && u != One {
		name += " (" + string(u) + ")"
	}
	return []string{first, "shown", name, "low", "high", "n", "note"}
}
