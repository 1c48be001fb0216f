package clock

import (
	"strings"
	"time"

	"hansei"
)

// The names of styles of time in a plan and a mapping; any other value is a
// pattern such as "DD.MM.YYYY HH:mm", or the same as a Go layout.
const (
	DayFirst   = "day-month-year"
	MonthFirst = "month-day-year"
)

var epochs = map[string]time.Duration{
	"epoch s": time.Second, "epoch ms": time.Millisecond, "epoch us": time.Microsecond, "epoch ns": time.Nanosecond,
}

// StyleOf reads the time format of a column; "" is recognised from each value.
func StyleOf(format string, zone *time.Location) (Style, error) {
	s := Style{Zone: zone}
	switch unit, isEpoch := epochs[format]; {
	case format == "" || format == MonthFirst:
	case format == DayFirst:
		s.DayFirst = true
	case isEpoch:
		s.epoch = unit
	default:
		s.layout = layoutOf(format)
		// A layout that does not hold a whole date would silently give
		// every row the year 0.
		probe := time.Date(2018, 11, 23, 21, 44, 35, 0, time.UTC)
		back, err := time.ParseInLocation(s.layout, probe.Format(s.layout), time.UTC)
		if err != nil || back.Year() != 2018 || back.Month() != 11 || back.Day() != 23 {
			return s, hansei.Invalid("time", "%q does not say year, month and day; expected %s, %s, epoch s, epoch ms, epoch us, epoch ns, or a pattern such as DD.MM.YYYY HH:mm", format, DayFirst, MonthFirst)
		}
	}
	return s, nil
}

var patternWords = strings.NewReplacer(
	"YYYY", "2006", "yyyy", "2006", "YY", "06", "yy", "06",
	"MMMM", "January", "MMM", "Jan", "MM", "01", "DD", "02", "dd", "02",
	"HH", "15", "hh", "03", "mm", "04", "ss", "05", "SSS", "000",
	"ZZ", "-0700", "Z", "Z07:00", "A", "PM", "a", "pm",
)

// layoutOf turns a pattern such as DD-MM-YYYY into a Go layout; a Go layout
// stays as it is.
func layoutOf(pattern string) string {
	if strings.ContainsAny(pattern, "0123456789") {
		return pattern
	}
	return patternWords.Replace(pattern)
}

// Order collects evidence on whether day or month comes first in dates such
// as 03-04-2016.
type Order struct {
	dayFirst, monthFirst, unclear int
	sep                           byte
}

// See takes one value into account; what is no such date changes nothing.
func (o *Order) See(b []byte) {
	d, _, ok := triple(b)
	if !ok || d.lenA == 4 {
		return
	}
	o.sep = d.sep
	switch {
	case d.a > 12 && d.b <= 12:
		o.dayFirst++
	case d.b > 12 && d.a <= 12:
		o.monthFirst++
	default:
		o.unclear++
	}
}

// Add takes the evidence of another column into account.
func (o *Order) Add(p Order) {
	o.dayFirst += p.dayFirst
	o.monthFirst += p.monthFirst
	o.unclear += p.unclear
	if p.sep != 0 {
		o.sep = p.sep
	}
}

// Any says whether there were such dates at all.
func (o Order) Any() bool { return o.dayFirst+o.monthFirst+o.unclear > 0 }

// Clear says whether one of them showed the order.
func (o Order) Clear() bool { return o.dayFirst+o.monthFirst > 0 }

// Decide names the style, and explains it when the dates did not.
func (o Order) Decide() (format, note string) {
	switch {
	case !o.Any():
		return "", ""
	case o.dayFirst > 0 && o.monthFirst > 0:
		format = MonthFirst
		if o.dayFirst >= o.monthFirst {
			format = DayFirst
		}
		return format, "some dates can only be day-month-year and some only month-day-year; read as " + format + ", the others are rejected"
	case o.dayFirst > 0:
		return DayFirst, ""
	case o.monthFirst > 0:
		return MonthFirst, ""
	case o.sep == '/':
		return MonthFirst, "no date shows whether day or month comes first; read as month/day/year because of the slashes"
	}
	return DayFirst, "no date shows whether day or month comes first; read as day-month-year"
}
