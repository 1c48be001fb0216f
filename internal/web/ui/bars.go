package ui

import "strconv"

// Bars are counts of equal spans of time side by side, such as deliveries a
// day. They start at zero.
type Bars struct {
	List []Bar // oldest first
	Alt  string
	Tall bool // a chart of its own rather than a glance
}

// Bar is one count.
type Bar struct {
	Value  float64
	Marked bool   // something was wrong: drawn with a mark beneath
	Text   string // on hover
}

// The size of the drawing in its own units. It is stretched to its place.
const (
	barStep   = 6.0
	barHeight = 30.0
)

func (b Bars) most() float64 {
	m := 1.0
	for _, x := range b.List {
		m = max(m, x.Value)
	}
	return m
}

func (b Bars) box() string {
	return "0 0 " + coordinate(barStep*float64(len(b.List))) + " " + coordinate(barHeight+4)
}

// height is that of a bar; one that stands for anything at all is seen.
func (b Bars) height(x Bar) float64 {
	if x.Value <= 0 {
		return 0
	}
	return max(1.5, barHeight*x.Value/b.most())
}

func (b Bars) x(i int) string { return coordinate(barStep*float64(i) + 0.75) }

func coordinate(v float64) string { return strconv.FormatFloat(v, 'f', 2, 64) }
