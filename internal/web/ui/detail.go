package ui

import (
	"fmt"
	"math"
	"time"

	"github.com/a-h/templ"
)

// Item is one line of a definition list.
type Item struct {
	Name      string
	Text      string
	Component templ.Component // instead of Text
	From      string          // where the value came from: a source, a person, a rule
	Absent    string          // why there is no value: "not recorded"
}

func (i Item) content() templ.Component {
	if i.Component != nil {
		return i.Component
	}
	return templ.Raw(templ.EscapeString(i.Text))
}

// Moment is a milestone on a timeline.
type Moment struct {
	Name  string
	At    time.Time
	From  string     // who or what set it
	Moved *time.Time // what it was before a person edited it
	Wrong string     // why it contradicts another milestone; "" when it does not
}

// Timeline is the course of one incident. Moments are listed by time and drawn
// to scale.
type Timeline struct {
	Moments []Moment
	Zone    *time.Location
	Open    bool // it goes on
}

// at is the place of a moment in percent of the timeline.
func (t Timeline) at(m Moment) float64 {
	first, last := t.Moments[0].At, t.Moments[0].At
	for _, o := range t.Moments {
		if o.At.Before(first) {
			first = o.At
		}
		if o.At.After(last) {
			last = o.At
		}
	}
	whole := last.Sub(first)
	if whole <= 0 {
		return 50
	}
	return 1 + 98*float64(m.At.Sub(first))/float64(whole)
}

func (t Timeline) x(m Moment) string { return fmt.Sprintf("%.2f%%", t.at(m)) }

// since is how long after the moment before it one came.
func (t Timeline) since(i int) string {
	if i == 0 {
		return ""
	}
	d := t.Moments[i].At.Sub(t.Moments[i-1].At).Seconds()
	if d < 0 {
		return Duration(math.Abs(d)) + " earlier"
	}
	return "+ " + Duration(d)
}

// Change is one field of a revision.
type Change struct {
	Field, Before, After string
}

// Revision is what one write changed.
type Revision struct {
	Title   string // "Revision 3"
	Who     string
	At      time.Time
	Reason  string
	Changes []Change
	Revert  *Link
}
