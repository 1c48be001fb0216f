package metric

import (
	"time"
)

// Figure is one computed value of a metric: never a bare number. n + censored
// + the sum of excluded is the number of source records in the filter.
type Figure struct {
	Metric    string            `json:"metric"`
	Version   int               `json:"version"`
	Group     map[string]string `json:"group"`
	Since     time.Time         `json:"since"`
	Until     time.Time         `json:"until"`
	Value     *float64          `json:"value"` // null when it cannot be told; Warnings say why
	Unit      Unit              `json:"unit"`
	Statistic StatisticName     `json:"statistic"`
	N         int               `json:"n"`
	Censored  int               `json:"censored"`
	Excluded  map[string]int    `json:"excluded"`
	Low       *float64          `json:"low"`
	High      *float64          `json:"high"`
	Level     float64           `json:"level"`
	Method    string            `json:"method"`
	Partial   bool              `json:"partial,omitempty"` // the period was cut short
	Warnings  []Warning         `json:"warnings"`
	Compare   *Comparison       `json:"compare,omitempty"`
	Evidence  string            `json:"evidence"`
	AsOf      int64             `json:"as_of"` // the journal's sequence it was computed at
}

// Records is the number of source records in the filter.
func (f Figure) Records() int {
	n := f.N + f.Censored
	for _, k := range f.Excluded {
		n += k
	}
	return n
}

// Warning says in a fixed code and in words what to know before using a figure.
type Warning struct {
	Code string `json:"code"`
	Says string `json:"says"`
}

// The warning codes that pages treat as states of their own, and that of values
// of which only the least is known.
const (
	TooFew        = "too_few"
	NoRecords     = "no_records"
	NotRecorded   = "not_recorded"
	NotConfigured = "not_configured"
	LowerBound    = "lower_bound"
)

// Warned finds a warning by its code.
func (f Figure) Warned(code string) (Warning, bool) {
	for _, w := range f.Warnings {
		if w.Code == code {
			return w, true
		}
	}
	return Warning{}, false
}

func (f *Figure) warn(code, says string) { f.Warnings = append(f.Warnings, Warning{code, says}) }

// Comparison sets a figure against the same of another window.
type Comparison struct {
	Since   time.Time `json:"since"`
	Until   time.Time `json:"until"`
	Value   *float64  `json:"value"` // of the other window
	N       int       `json:"n"`
	Kind    string    `json:"kind"` // ratio (this over that) or difference (this less that)
	Effect  *float64  `json:"ratio_or_difference"`
	Low     *float64  `json:"low"`
	High    *float64  `json:"high"`
	P       *float64  `json:"p"`
	Method  string    `json:"method"`
	Verdict string    `json:"verdict"`
	// Detectable is the smallest change, as a fraction of the other window's
	// value (for a ratio) or in its own unit (for a difference), that these
	// records would have shown with 80 % power.
	Detectable *float64 `json:"detectable"`
	Says       string   `json:"says"` // the verdict as a sentence
}

// The verdicts. Higher and lower are said of metrics where neither is better.
const (
	Improved    = "improved"
	Worse       = "worse"
	IsHigher    = "higher"
	IsLower     = "lower"
	NoChange    = "no detectable change"
	TooFewToSay = "too few to compare"
)

func ptr(f float64) *float64 { return &f }
