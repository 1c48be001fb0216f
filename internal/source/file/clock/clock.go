// Package clock reads times in any of the ways that tools and people write
// them, without being told which: RFC 3339 and its relatives, numeric dates in
// either order, counts since 1970, and dates with a month's name.
//
// What a single value cannot say (whether 03-04-2016 is in March or April, and
// in which zone) is a Style, which an Order finds from many values or a person
// gives. It asks no clock for the present time.
package clock

import (
	"bytes"
	"strconv"
	"strings"
	"time"
)

// Style is how the times of a column are written, beyond what each says of
// itself.
type Style struct {
	layout   string         // Go layout, when one was given
	epoch    time.Duration  // unit of a count since 1970, when one was given
	DayFirst bool           // 03-04-2016 is the third of April
	Zone     *time.Location // of times that name none
}

// parse reads a time in any of the ways people write them: RFC 3339 and its
// relatives, numeric dates in either order, counts since 1970, and dates with
// a month's name. The result is in UTC.
func (s Style) Parse(b []byte) (time.Time, bool) {
	b = bytes.TrimSpace(b)
	switch {
	case s.layout != "":
		t, err := time.ParseInLocation(s.layout, string(b), s.Zone)
		return t.UTC(), err == nil
	case s.epoch != 0:
		return epoch(b, s.epoch)
	}
	if t, ok := s.numeric(b); ok {
		return t, true
	}
	if t, ok := s.count(b); ok {
		return t, true
	}
	return s.named(string(b))
}

// numeric reads dates made of numbers: 2016-02-29T01:16:00Z, 29-02-2016 01:16,
// 2/29/16 1:16 AM.
func (s Style) numeric(b []byte) (time.Time, bool) {
	d, rest, ok := triple(b)
	if !ok {
		return time.Time{}, false
	}
	year, month, day := d.a, d.b, d.c
	if d.lenA != 4 {
		year, month, day = d.c, d.a, d.b
		if s.DayFirst {
			month, day = d.b, d.a
		}
		if d.lenC == 2 {
			year += 2000
		}
	}
	return s.moment(year, month, day, rest)
}

// date is three numbers between separators.
type date struct {
	a, b, c    int
	lenA, lenC int
	sep        byte
}

// triple reads a date of three numbers and returns what follows it. One of
// the outer numbers has four digits, or the last has two.
func triple(b []byte) (date, []byte, bool) {
	var d date
	var n int
	if d.a, d.lenA = digits(b); d.lenA == 0 || d.lenA == len(b) {
		return d, nil, false
	}
	b = b[d.lenA:]
	if d.sep = b[0]; d.sep != '-' && d.sep != '/' && d.sep != '.' {
		return d, nil, false
	}
	b = b[1:]
	if d.b, n = digits(b); n == 0 || n > 2 || n == len(b) || b[n] != d.sep {
		return d, nil, false
	}
	b = b[n+1:]
	d.c, d.lenC = digits(b)
	iso := d.lenA == 4 && (d.lenC == 1 || d.lenC == 2)
	other := d.lenA <= 2 && (d.lenC == 4 || d.lenC == 2)
	return d, b[d.lenC:], iso || other
}

// digits reads up to nine digits.
func digits(b []byte) (value, n int) {
	for n < len(b) && n < 9 && b[n] >= '0' && b[n] <= '9' {
		value = value*10 + int(b[n]-'0')
		n++
	}
	return value, n
}

// moment completes a date with the time of day and zone that follow it.
func (s Style) moment(year, month, day int, rest []byte) (time.Time, bool) {
	if month < 1 || month > 12 || day < 1 || day > daysIn(year, month) {
		return time.Time{}, false
	}
	zone := s.Zone
	var h, m, sec, ns int
	if len(rest) > 0 {
		var ok bool
		if h, m, sec, ns, rest, ok = timeOfDay(rest); !ok {
			return time.Time{}, false
		}
		if len(rest) > 0 {
			if zone, ok = zoneOf(rest); !ok {
				return time.Time{}, false
			}
		}
	}
	t := time.Date(year, time.Month(month), day, h, m, sec, ns, zone)
	if zone != time.UTC {
		t = t.UTC()
	}
	return t, true
}

func daysIn(year, month int) int {
	switch month {
	case 4, 6, 9, 11:
		return 30
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	}
	return 31
}

// timeOfDay reads "T01:16", " 1:16:30.5 AM" and returns what follows it.
func timeOfDay(b []byte) (h, m, s, ns int, rest []byte, ok bool) {
	if b[0] == 'T' || b[0] == 't' || b[0] == '_' || b[0] == ',' {
		b = b[1:]
	}
	b = bytes.TrimLeft(b, " ")
	b = bytes.TrimPrefix(b, []byte("at "))
	var n int
	if h, n = digits(b); n == 0 || n > 2 || n == len(b) || b[n] != ':' {
		return 0, 0, 0, 0, nil, false
	}
	b = b[n+1:]
	if m, n = digits(b); n != 2 {
		return 0, 0, 0, 0, nil, false
	}
	b = b[n:]
	if len(b) > 0 && b[0] == ':' {
		if s, n = digits(b[1:]); n != 2 {
			return 0, 0, 0, 0, nil, false
		}
		b = b[1+n:]
		if len(b) > 1 && (b[0] == '.' || b[0] == ',') {
			ns, n = fraction(b[1:])
			b = b[1+n:]
		}
	}
	b = bytes.TrimLeft(b, " ")
	if len(b) >= 2 && (b[1] == 'M' || b[1] == 'm') && (len(b) == 2 || b[2] == ' ') {
		switch {
		case h < 1 || h > 12:
			return 0, 0, 0, 0, nil, false
		case b[0] == 'P' || b[0] == 'p':
			h = h%12 + 12
		case b[0] == 'A' || b[0] == 'a':
			h %= 12
		default:
			return 0, 0, 0, 0, nil, false
		}
		b = bytes.TrimLeft(b[2:], " ")
	}
	whole := h == 24 && m == 0 && s == 0
	return h, m, s, ns, b, (h < 24 || whole) && m < 60 && s <= 60
}

// fraction reads digits after a decimal mark as nanoseconds.
func fraction(b []byte) (ns, n int) {
	unit := 100_000_000
	for n < len(b) && b[n] >= '0' && b[n] <= '9' {
		ns += int(b[n]-'0') * unit
		unit /= 10
		n++
	}
	return ns, n
}

// zoneOf reads a zone behind a time: Z, UTC, +02:00, -0700, +02, EST.
func zoneOf(b []byte) (*time.Location, bool) {
	if len(b) == 1 && (b[0] == 'Z' || b[0] == 'z') {
		return time.UTC, true
	}
	if b[0] != '+' && b[0] != '-' {
		name := strings.ToUpper(strings.Trim(string(b), "() "))
		if hours, ok := abbreviations[name]; ok {
			return fixed(hours * 3600), true
		}
		for _, prefix := range []string{"UTC", "GMT"} {
			if rest, found := strings.CutPrefix(name, prefix); found && rest != "" && (rest[0] == '+' || rest[0] == '-') {
				return zoneOf([]byte(rest))
			}
		}
		return nil, false
	}
	h, n := digits(b[1:])
	rest, m := b[1+n:], 0
	switch {
	case n == 4:
		h, m = h/100, h%100
	case n > 2 || n == 0:
		return nil, false
	case len(rest) == 3 && rest[0] == ':':
		m, n = digits(rest[1:])
		rest = rest[1+n:]
	}
	if len(rest) > 0 && rest[0] != ' ' && rest[0] != '[' || h > 18 || m > 59 {
		return nil, false
	}
	offset := h*3600 + m*60
	if b[0] == '-' {
		offset = -offset
	}
	return fixed(offset), true
}

func fixed(offset int) *time.Location {
	if offset == 0 {
		return time.UTC
	}
	return time.FixedZone("", offset)
}

// abbreviations of zones that mean one thing where incidents are exported,
// as hours from UTC. Ambiguous ones (IST, CST in Asia) are for the mapping.
var abbreviations = map[string]int{
	"UTC": 0, "GMT": 0, "WET": 0, "BST": 1, "WEST": 1, "CET": 1, "CEST": 2, "EET": 2, "EEST": 3,
	"EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7,
}

// count reads seconds, milli-, micro- or nanoseconds since 1970, told apart
// by their size, and the compact forms 20160229 and 20160229011600.
func (s Style) count(b []byte) (time.Time, bool) {
	n := 0
	for n < len(b) && b[n] >= '0' && b[n] <= '9' {
		n++
	}
	if n < len(b) && b[n] != '.' && b[n] != 'e' && b[n] != 'E' {
		return time.Time{}, false
	}
	switch {
	case n == 8 && n == len(b):
		return s.named(string(b))
	case n == 14 && n == len(b):
		return s.named(string(b))
	case n == 9 || n == 10:
		return epoch(b, time.Second)
	case n == 12 || n == 13:
		return epoch(b, time.Millisecond)
	case n == 15 || n == 16:
		return epoch(b, time.Microsecond)
	case n == 18 || n == 19:
		return epoch(b, time.Nanosecond)
	case n == 1 && len(b) > 6: // 1.6e9
		f, err := strconv.ParseFloat(string(b), 64)
		if err == nil && f >= 1e8 && f < 1e19 {
			return s.count(strconv.AppendFloat(nil, f, 'f', -1, 64))
		}
	}
	return time.Time{}, false
}

func epoch(b []byte, unit time.Duration) (time.Time, bool) {
	whole, frac, _ := strings.Cut(string(b), ".")
	n, err := strconv.ParseInt(whole, 10, 64)
	if err != nil {
		return time.Time{}, false
	}
	per := int64(time.Second / unit)
	t := time.Unix(n/per, n%per*int64(unit)).UTC()
	if frac != "" {
		f, err := strconv.ParseFloat("0."+frac, 64)
		if err != nil {
			return time.Time{}, false
		}
		t = t.Add(time.Duration(f * float64(unit)))
	}
	return t, true
}

// namedLayouts are dates with a month's name, after the weekday and a zone's
// abbreviation were taken off.
var namedLayouts = []string{
	"02/Jan/06 15:04", "02/Jan/06 3:04 PM", "02/Jan/2006 15:04", "02/Jan/2006:15:04:05 -0700", "02/Jan/06", "02/Jan/2006 3:04 PM",
	"Jan 2, 2006 15:04:05", "Jan 2, 2006 15:04", "Jan 2, 2006 3:04:05 PM", "Jan 2, 2006 3:04 PM", "Jan 2, 2006, 3:04 PM", "Jan 2, 2006, 3:04:05 PM",
	"Jan 2, 2006 at 3:04 PM", "Jan 2, 2006 at 15:04", "Jan 2, 2006 - 15:04", "Jan 2, 2006, 15:04", "Jan 2, 2006", "Jan 2 2006 15:04:05", "Jan 2 2006 15:04",
	"January 2, 2006 15:04:05", "January 2, 2006 15:04", "January 2, 2006 3:04 PM", "January 2, 2006 at 3:04 PM", "January 2, 2006, 3:04 PM", "January 2, 2006",
	"2 Jan 2006 15:04:05 -0700", "2 Jan 2006 15:04:05", "2 Jan 2006 15:04", "2 Jan 2006, 15:04", "2 Jan 2006 3:04 PM", "2 Jan 2006",
	"2 January 2006 15:04:05", "2 January 2006 15:04", "2 January 2006, 15:04", "2 January 2006",
	"2-Jan-2006 15:04:05", "2-Jan-2006 15:04", "2-Jan-2006 3:04 PM", "2-Jan-2006", "2-Jan-06 15:04", "2-Jan-06 3:04 PM", "2-Jan-06",
	"Jan _2 15:04:05 2006", "Jan _2 15:04:05 -0700 2006", "20060102", "20060102150405", "20060102T150405", "2006-Jan-02 15:04:05", "2006 Jan 2 15:04",
}

// named reads dates with a month's name.
func (s Style) named(text string) (time.Time, bool) {
	if len(text) < 6 || len(text) > 48 || !strings.ContainsAny(text, "0123456789") {
		return time.Time{}, false
	}
	zone := s.Zone
	if i := strings.LastIndexByte(text, ' '); i > 0 {
		if z, ok := zoneOf([]byte(text[i+1:] + " ")); ok && text[i+1] >= 'A' {
			text, zone = text[:i], z
		}
	}
	for _, day := range []string{"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"} {
		if strings.HasPrefix(text, day) {
			_, text, _ = strings.Cut(text, " ")
			break
		}
	}
	text = strings.TrimSuffix(text, "Z")
	for _, layout := range namedLayouts {
		if t, err := time.ParseInLocation(layout, text, zone); err == nil {
			return t.UTC(), true
		}
	}
	return time.Time{}, false
}
