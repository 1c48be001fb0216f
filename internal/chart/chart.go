package chart

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
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

// Table is the data of a chart, for the table view and CSV.
type Table struct {
	Columns []Cell
	Rows    [][]Cell
}

// Cell is one cell of a Table: the text that people read, and in Raw what goes
// into a file where that differs (a value with all its digits).
type Cell struct{ Text, Raw string }

// File is the cell as it goes into a file.
func (c Cell) File() string {
	if c.Raw != "" {
		return c.Raw
	}
	return c.Text
}

// CSV is the table as RFC 4180 text.
func (t Table) CSV() ([]byte, error) {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	w.UseCRLF = true
	for _, row := range append([][]Cell{t.Columns}, t.Rows...) {
		fields := make([]string, len(row))
		for i, c := range row {
			fields[i] = c.File()
		}
		if err := w.Write(fields); err != nil {
			return nil, fmt.Errorf("csv: %w", err)
		}
	}
	w.Flush()
	if err := w.Error(); err != nil {
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
	Partial  bool   // the period is not whole: it is not over, or the records begin in it
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
		s += "\nnot a whole period"
	}
	return s
}

func bound(v float64, u Unit) string {
	if math.IsInf(v, 0) {
		return "no bound"
	}
	return Format(v, u)
}

// number is a value as a cell, empty where there is none. An infinite bound
// goes into a file as an empty field.
func number(v float64, u Unit) Cell {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return Cell{}
	}
	return Cell{Text: Format(v, u), Raw: strconv.FormatFloat(v, 'g', -1, 64)}
}

func (p Point) row(u Unit) []Cell {
	var low, high Cell
	if p.Interval != nil {
		low, high = number(p.Interval.Low, u), number(p.Interval.High, u)
	}
	note := p.Note
	for _, more := range []string{p.Signal, partialNote(p.Partial)} {
		if more != "" && note != "" {
			note += "; "
		}
		note += more
	}
	n := Cell{Text: Count(p.N), Raw: strconv.Itoa(p.N)}
	return []Cell{{Text: p.Label}, number(p.Value, u), low, high, n, {Text: note}}
}

func partialNote(partial bool) string {
	if partial {
		return "not a whole period"
	}
	return ""
}

// columns head the rows that Point.row makes.
func columns(first string, u Unit) []Cell {
	value := Cell{Text: "value"}
	if u != "" && u != One {
		value.Raw = "value (" + string(u) + ")"
	}
	return []Cell{{Text: first}, value, {Text: "low"}, {Text: "high"}, {Text: "n"}, {Text: "note"}}
}
