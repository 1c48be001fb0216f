package zone

import (
	"cmp"
	"encoding/binary"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	ics "github.com/arran4/golang-ical"
	"github.com/teambition/rrule-go"

	"hansei"
)

// maxChanges bounds how often the clocks of a zone change: twice a year since
// 1601, where the rules of Outlook begin, are a thousand.
const maxChanges = 5_000

// maxInterval bounds how many years, or months, are between two changes.
const maxInterval = 10_000

// last is when nobody asks any more how the clocks change.
var last = time.Date(2101, 1, 1, 0, 0, 0, 0, time.UTC)

// change is a moment from which another offset holds, in seconds.
type change struct {
	at       int64
	from, to int
}

// define makes a zone of its definition. Each of its parts, for standard time
// and for daylight saving, says when an offset begins to hold.
func define(name string, v *ics.VTimezone) (*time.Location, error) {
	var changes []change
	for _, c := range v.SubComponents() {
		var part *ics.ComponentBase
		switch c := c.(type) {
		case *ics.Standard:
			part = &c.ComponentBase
		case *ics.Daylight:
			part = &c.ComponentBase
		default:
			continue
		}
		more, err := changesOf(part)
		if err != nil {
			return nil, err
		}
		if changes = append(changes, more...); len(changes) > maxChanges {
			return nil, hansei.Invalid("VTIMEZONE", "%q changes its clocks more than %d times", name, maxChanges)
		}
	}
	if len(changes) == 0 {
		return nil, hansei.Invalid("VTIMEZONE", "%q says of no time how far it is from UTC", name)
	}
	slices.SortStableFunc(changes, func(a, b change) int { return cmp.Compare(a.at, b.at) })
	l, err := time.LoadLocationFromTZData(name, tzif(changes))
	if err != nil {
		return nil, hansei.Invalid("VTIMEZONE", "%q: %v", name, err)
	}
	return l, nil
}

// changesOf are the changes that a part tells of.
func changesOf(part *ics.ComponentBase) ([]change, error) {
	from, err := offset(part, ics.PropertyTzoffsetfrom)
	if err != nil {
		return nil, err
	}
	to, err := offset(part, ics.PropertyTzoffsetto)
	if err != nil {
		return nil, err
	}
	before := time.FixedZone("", from) // what the clocks show when they are changed
	begins, err := times(part, ics.PropertyDtstart, before)
	if err != nil || len(begins) != 1 {
		return nil, hansei.Invalid("VTIMEZONE", "a part of a time zone begins once: %q", text(part, ics.PropertyDtstart))
	}
	at, err := times(part, ics.PropertyRdate, before)
	if err != nil {
		return nil, err
	}
	// With a rule the beginning is a change only when the rule says so: Outlook
	// begins its rules on the first day of a year.
	if rule := text(part, ics.PropertyRrule); rule == "" {
		at = append(at, begins[0])
	} else {
		ruled, err := follow(rule, begins[0])
		if err != nil {
			return nil, err
		}
		at = append(at, ruled...)
	}
	out := make([]change, len(at))
	for i, t := range at {
		out[i] = change{t.Unix(), from, to}
	}
	return out, nil
}

// follow are the times of a rule, until the last that anybody asks for.
func follow(text string, begins time.Time) ([]time.Time, error) {
	o, err := rrule.StrToROptionInLocation(text, begins.Location())
	if err != nil || o.Freq > rrule.DAILY || o.Interval > maxInterval {
		return nil, hansei.Invalid("VTIMEZONE", "%q is not a rule by which clocks are changed", text)
	}
	o.Dtstart = begins
	if o.Until.IsZero() || o.Until.After(last) {
		o.Until = last // else the library ends it after 292 years
	}
	rule, err := rrule.NewRRule(*o)
	if err != nil {
		return nil, hansei.Invalid("VTIMEZONE", "%q: %v", text, err)
	}
	var out []time.Time
	next := rule.Iterator()
	for t, ok := next(); ok; t, ok = next() {
		if out = append(out, t); len(out) > maxChanges {
			break // whoever asked counts them too
		}
	}
	return out, nil
}

func times(part *ics.ComponentBase, name ics.Property, in *time.Location) ([]time.Time, error) {
	var out []time.Time
	for _, p := range part.GetProperties(ics.ComponentProperty(name)) {
		for one := range strings.SplitSeq(p.Value, ",") {
			t, err := time.ParseInLocation("20060102T150405", strings.TrimSpace(one), in)
			if err != nil {
				return nil, hansei.Invalid("VTIMEZONE", "%q is not a time such as 20261025T030000", one)
			}
			out = append(out, t)
		}
	}
	return out, nil
}

var offsets = regexp.MustCompile(`^([+-])(\d{2})(\d{2})(\d{2})?$`)

// offset reads how far a clock is ahead of UTC, in seconds: "+0530", "-033000".
func offset(part *ics.ComponentBase, name ics.Property) (int, error) {
	m := offsets.FindStringSubmatch(text(part, name))
	if m == nil {
		return 0, hansei.Invalid(string(name), "%q is not an offset such as +0100", text(part, name))
	}
	out := 0
	for _, digits := range m[2:] {
		n, _ := strconv.Atoi(digits) // seconds that are not there are none
		out = out*60 + n
	}
	if m[1] == "-" {
		out = -out
	}
	return out, nil
}

// tzif writes changes as time zones are kept in files (RFC 8536), of which
// package time makes a zone: an empty part for times of 32 bits, then one for
// times of 64. It is nothing where there are more offsets than a file can hold.
func tzif(changes []change) []byte {
	// Before the first change its own offset held, which no change begins.
	kinds := []int{changes[0].from}
	index := make([]byte, len(changes))
	for i, c := range changes {
		k := slices.Index(kinds[1:], c.to) + 1
		if k == 0 {
			k = len(kinds)
			kinds = append(kinds, c.to)
		}
		index[i] = byte(k)
	}
	if len(kinds) > 256 {
		return nil
	}
	out := head(nil, 0, 0)
	out = head(out, len(changes), len(kinds))
	for _, c := range changes {
		out = binary.BigEndian.AppendUint64(out, uint64(c.at))
	}
	out = append(out, index...)
	for _, k := range kinds {
		out = binary.BigEndian.AppendUint32(out, uint32(int32(k)))
		out = append(out, 0, 0) // nobody asks which are daylight saving, nor for names
	}
	return append(out, 0) // the end of the one name, which is empty
}

// head begins a part of a file.
func head(out []byte, changes, kinds int) []byte {
	out = append(out, "TZif2"...)
	out = append(out, make([]byte, 15)...)
	for _, n := range []int{0, 0, 0, changes, kinds, min(kinds, 1)} {
		out = binary.BigEndian.AppendUint32(out, uint32(n))
	}
	return out
}
