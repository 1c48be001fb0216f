package duty

import (
	"regexp"
	"strconv"
	"strings"
	"time"

	ics "github.com/arran4/golang-ical"
	"github.com/teambition/rrule-go"

	"hansei"
	"hansei/internal/source"
)

// event is an event of a calendar, as far as duty is concerned.
type event struct {
	uid            string
	start          time.Time     // in its own zone
	length         time.Duration // on the wall clock: a night is as long as it says when the clocks change
	rule           *rrule.ROption
	more, except   []time.Time
	replaces       time.Time // the occurrence of a recurring event that this is instead of
	canceled       bool
	summary, url   string
	people, chiefs []string // attendees who did not decline; organizers
}

func eventOf(v *ics.VEvent, z zones) (event, error) {
	e := event{uid: text(v, ics.PropertyUid), summary: text(v, ics.PropertySummary), url: text(v, ics.PropertyUrl)}
	switch status := strings.ToUpper(text(v, ics.PropertyStatus)); status {
	case "CANCELLED":
		e.canceled = true
	case "", "CONFIRMED", "TENTATIVE":
	default:
		return e, source.Unknown("STATUS", text(v, ics.PropertyStatus))
	}
	e.people, e.chiefs = people(v, ics.PropertyAttendee), people(v, ics.PropertyOrganizer)
	start, whole, err := moments(v, ics.PropertyDtstart, z)
	if err != nil {
		return e, err
	}
	if e.uid == "" || len(start) != 1 {
		return e, hansei.Invalid("VEVENT", "an event needs a UID and a DTSTART: %q", e.summary)
	}
	e.start = start[0]
	if err := e.measure(v, z, whole); err != nil {
		return e, err
	}
	if e.more, _, err = moments(v, ics.PropertyRdate, z); err != nil {
		return e, err
	}
	if e.except, _, err = moments(v, ics.PropertyExdate, z); err != nil {
		return e, err
	}
	instead, _, err := moments(v, ics.PropertyRecurrenceId, z)
	if err != nil {
		return e, err
	}
	if len(instead) > 0 {
		e.replaces = instead[0]
		if p := v.GetProperty(ics.ComponentProperty(ics.PropertyRecurrenceId)); len(p.ICalParameters["RANGE"]) > 0 {
			return e, source.Unknown("RANGE", strings.Join(p.ICalParameters["RANGE"], ","))
		}
	}
	if rule := text(v, ics.PropertyRrule); rule != "" {
		if e.rule, err = rrule.StrToROptionInLocation(rule, e.start.Location()); err != nil {
			return e, hansei.Invalid("RRULE", "%q: %v", rule, err)
		}
		if e.rule.Freq > rrule.DAILY {
			return e, hansei.Invalid("RRULE", "%q: duty recurs daily or less often", rule)
		}
		e.rule.Dtstart = e.start
	}
	return e, nil
}

// measure finds how long an event is. One without an end that names a day
// lasts that day.
func (e *event) measure(v *ics.VEvent, z zones, whole bool) error {
	end, _, err := moments(v, ics.PropertyDtend, z)
	if err != nil {
		return err
	}
	switch lasts := text(v, ics.PropertyDuration); {
	case len(end) > 0:
		e.length = wall(end[0].In(e.start.Location())).Sub(wall(e.start))
	case lasts != "":
		e.length, err = duration(lasts)
	case whole:
		e.length = 24 * time.Hour
	}
	return err
}

// at is an occurrence of the event that begins then.
func (e *event) at(start time.Time) (time.Time, time.Time) {
	return start.UTC(), time.Date(start.Year(), start.Month(), start.Day(), start.Hour(), start.Minute(), start.Second()+int(e.length/time.Second), 0, start.Location()).UTC()
}

// wall is what the clock on the wall shows, as if it were UTC.
func wall(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), 0, time.UTC)
}

func text(v *ics.VEvent, name ics.Property) string {
	if p := v.GetProperty(ics.ComponentProperty(name)); p != nil {
		return strings.TrimSpace(p.Value)
	}
	return ""
}

// people are named by their common name, else by their address.
func people(v *ics.VEvent, name ics.Property) []string {
	var out []string
	for _, p := range v.GetProperties(ics.ComponentProperty(name)) {
		who := strings.TrimSpace(p.Value)
		if len(who) > 7 && strings.EqualFold(who[:7], "mailto:") {
			who = who[7:]
		}
		if cn := p.ICalParameters["CN"]; len(cn) > 0 && cn[0] != "" {
			who = cn[0]
		}
		if s := p.ICalParameters["PARTSTAT"]; who != "" && (len(s) == 0 || !strings.EqualFold(s[0], "DECLINED")) {
			out = append(out, who)
		}
	}
	return out
}

// moments reads the times of a property, in the zone it names. whole says that
// it names days.
func moments(v *ics.VEvent, name ics.Property, z zones) (times []time.Time, whole bool, err error) {
	for _, p := range v.GetProperties(ics.ComponentProperty(name)) {
		loc := z.home
		if id := p.ICalParameters["TZID"]; len(id) > 0 {
			if loc, err = z.find(id[0]); err != nil {
				return nil, false, err
			}
		}
		for one := range strings.SplitSeq(p.Value, ",") {
			one, _, _ = strings.Cut(strings.TrimSpace(one), "/") // of a period, its beginning
			layout, in := "20060102T150405", loc
			switch {
			case strings.HasSuffix(one, "Z"):
				layout, in = layout+"Z", time.UTC
			case len(one) == len("20060102"):
				layout, whole = "20060102", true
			}
			t, err := time.ParseInLocation(layout, one, in)
			if err != nil || t.Year() < 1970 || t.Year() > 2099 {
				return nil, false, hansei.Invalid(string(name), "%q is not a time from 1970 to 2099", one)
			}
			times = append(times, t)
		}
	}
	return times, whole, nil
}

var durations = regexp.MustCompile(`^\+?P(?:(\d{1,4})W)?(?:(\d{1,5})D)?(?:T(?:(\d{1,6})H)?(?:(\d{1,8})M)?(?:(\d{1,9})S)?)?$`)

// duration reads "P1W" and "P1DT12H30M".
func duration(s string) (time.Duration, error) {
	m := durations.FindStringSubmatch(s)
	if m == nil {
		return 0, hansei.Invalid("DURATION", "%q is not a duration such as P1DT12H", s)
	}
	var d time.Duration
	for i, unit := range []time.Duration{7 * 24 * time.Hour, 24 * time.Hour, time.Hour, time.Minute, time.Second} {
		if n, err := strconv.Atoi(m[i+1]); err == nil { // a group that is not there is empty
			d += time.Duration(n) * unit
		}
	}
	return d, nil
}
