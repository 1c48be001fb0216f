package ui

import (
	"math"

	"hansei/internal/chart"
)

// State says whether a figure has a value and, if not, why.
type State string

// The states of a figure. Each looks different and says what it means.
const (
	OK            State = "ok"
	TooFew        State = "too-few"        // fewer records than the method needs
	NotConfigured State = "not-configured" // something must be set up first
	NotRecorded   State = "not-recorded"   // the records lack the times or fields it needs
	NoRecords     State = "no-records"     // nothing happened, or nothing matches the filter
	Computing     State = "computing"
	Failed        State = "failed"
	Suppressed    State = "suppressed" // the group is too small to be shown
)

// stateWords is the heading and the icon of a card that has no value.
var stateWords = map[State]struct{ Title, Icon string }{
	TooFew:        {"Too few to say", "circle-off"},
	NotConfigured: {"Not set up yet", "plug-x"},
	NotRecorded:   {"Not recorded", "circle-off"},
	NoRecords:     {"No records", "circle-off"},
	Computing:     {"Computing", "hourglass"},
	Failed:        {"Could not be computed", "alert-triangle"},
	Suppressed:    {"Withheld", "eye-off"},
}

// Sign is which way a verdict points. It is shown as a word and a sign first,
// and in colour second.
type Sign string

// The signs.
const (
	Better    Sign = "better"
	Worse     Sign = "worse"
	Unchanged Sign = "unchanged" // no detectable change
	Plain     Sign = ""          // a statement about neither
)

// Verdict is what a comparison or a control chart came to, in a sentence.
type Verdict struct {
	Sign Sign
	Text string // "vs 2024: no detectable change (a change under 38 % could not have been seen)"
}

// Interval is a confidence interval drawn to scale between the ends of Axis.
type Interval struct {
	chart.Interval
	Axis [2]float64 // the same for all cards that should be compared; zero for the interval's own
}

// LeftOut counts records that a figure does not stand on, by reason.
type LeftOut struct {
	Reason string
	N      int
	URL    string
}

// About is what the ⓘ of a card opens.
type About struct {
	Definition, Formula, Caveats, Source string
	Version                              int
	Method                               string // of the interval, with its level
	LeftOut                              []LeftOut
	More                                 *Link // the metric's page
}

// Card is a figure: the atom of the product.
type Card struct {
	ID         string // unique on the page
	Title      string // "Time to resolve"
	Statistic  string // "median"
	State      State
	Reason     string  // for a state without a value: what it means, in a sentence
	Action     *Link   // for a state without a value: what to do about it
	Value      float64 // in Unit
	Unit       chart.Unit
	Count      bool // a number of things, shown with all its digits
	Interval   *Interval
	N          int
	Censored   int // still open: they count for the interval, not for n
	Noun       string
	Trend      []chart.Point // oldest first
	Limits     *chart.Limits
	TrendLabel string // "monthly, with control limits"
	Verdict    Verdict
	Records    string   // the URL of exactly the records behind it
	Warnings   []string // short sentences
	About      About
	RefreshURL string // while computing: answers with the card again
}

// Text is the value as it is shown.
func (c Card) Text() string {
	number, unit := c.split()
	if unit != "" {
		number += " " + unit
	}
	return number
}

func (c Card) split() (number, unit string) {
	if c.Count {
		return chart.Count(int64(math.Round(c.Value))), ""
	}
	return chart.Split(c.Value, c.Unit)
}

func (c Card) axis() [2]float64 {
	in := c.Interval
	if in.Axis[1] > in.Axis[0] {
		return in.Axis
	}
	low, high := in.Low, in.High
	if math.IsInf(low, 0) {
		low = c.Value
	}
	if math.IsInf(high, 0) {
		high = c.Value
	}
	if c.Unit == chart.Seconds && low > 0 {
		margin := math.Pow(high/low, 0.25)
		return [2]float64{low / margin, high * margin}
	}
	margin := (high - low) / 4
	return [2]float64{low - margin, high + margin}
}

func (c Card) intervalText() string {
	return Bounds(c.Interval.Interval, c.Unit)
}

func (c Card) intervalSVG() string {
	return chart.IntervalBar(c.Value, c.Interval.Interval, c.axis(), c.Unit, "Interval "+c.intervalText()+" around "+c.Text())
}

func (c Card) spark() string {
	alt := c.Title + ", " + c.TrendLabel
	signals := 0
	for _, p := range c.Trend {
		if p.Signal != "" {
			signals++
		}
	}
	if signals > 0 {
		alt += "; " + Plural(signals, "signal", "signals")
	}
	return chart.Sparkline(c.Trend, c.Limits, c.Unit, alt)
}
