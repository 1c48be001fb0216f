package ui

import (
	"math"

	"hansei/internal/chart"
)

// Empty says what will be here, and the one action that fills it.
type Empty struct {
	Icon, Title, Text string
	Action            *Link
	Sample            *Link // real data to look at meanwhile
}

// Problem is an error as a person sees it: what happened, what it means for
// their data, and what to do next.
type Problem struct {
	Status     int // of HTTP; 0 when it is not about a page
	Title      string
	Happened   string
	Means      string
	Next       string
	Action     *Link
	Incident   string // names the log line
	FieldLinks []Link // for a form: each wrong field
}

// Progress is long work that goes on by itself.
type Progress struct {
	ID      string
	Title   string
	Done    int
	Total   int     // 0 when not known
	Rate    float64 // per second; 0 when not known
	Noun    string  // "rows"
	State   State   // Computing while it runs; OK when done; Failed
	Text    string  // what happens now, or what went wrong
	PollURL string  // answers with the progress again
	Cancel  *Link
}

// left is the time left in words, "" when it cannot be said.
func (p Progress) left() string {
	if p.Rate <= 0 || p.Total <= p.Done {
		return ""
	}
	return "about " + Duration(math.Ceil(float64(p.Total-p.Done)/p.Rate)) + " left"
}

func (p Progress) amount() string {
	if p.Total > 0 {
		return Count(p.Done) + " of " + Count(p.Total) + " " + p.Noun
	}
	return Count(p.Done) + " " + p.Noun
}

func (p Progress) speed() string {
	if p.Rate <= 0 {
		return ""
	}
	return chart.Estimate(p.Rate) + " " + p.Noun + " a second"
}

// Toast tells what was done and offers to undo it.
type Toast struct {
	Text    string
	UndoURL string // answers POST; "" when there is nothing to undo
	Undo    map[string]string
}
