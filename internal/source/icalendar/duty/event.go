package duty

import (
	"regexp"
	"strconv"
	"strings"
	"time"

	ics "github.com/arran4/golang-ical"

	"hansei"
	"hansei/internal/source"
	"hansei/internal/source/icalendar/recur"
	"hansei/internal/source/icalendar/zone"
)

// event is an event of a calendar, as far as duty is concerned.
type event struct {
	recur.Series
	uid      string
	replaces time.Time // the occurrence of a recurring event that this is instead of
	canceled bool
	url      string
	who      []string // is on call
}

func eventOf(v *ics.VEvent, z *zone.Zones) (event, error) {
	e := event{uid: text(v, ics.PropertyUid), url: text(v, ics.PropertyUrl)}
	switch status := strings.ToUpper(text(v, ics.PropertyStatus)); status {
	case "CANCELLED":
		e.canceled = true
	case "", "CONFIRMED", "TENTATIVE":
	default:
		return e, source.Unknown("STATUS", text(v, ics.PropertyStatus))
	}
	start, whole, err := moments(v, ics.PropertyDtstart, z)
	if err != nil {
		return e, err
	}
	if e.uid == "" || len(start) != 1 {
		return e, hansei.Invalid("VEVENT", "an event needs a UID and a DTSTART: %q", text(v, ics.PropertySummary))
	}
	e.Start = start[0]
	if err := e.measure(v, z, whole); err != nil {
		return e, err
	}
	if e.More, _, err = moments(v, ics.PropertyRdate, z); err != nil {
		return e, err
	}
	if e.Except, _, err = moments(v, ics.PropertyExdate, z); err != nil {
		return e, err
	}
	if e.replaces, err = instead(v, z); err != nil {
		return e, err
	}
	if rule := text(v, ics.PropertyRrule); rule != "" {
		if e.Rule, err = recur.Rule(rule, e.Start); err != nil {
			return e, err
		}
	}
	return e, nil
}

// instead is which occurrence of a recurring event an event stands for, of one
// that does.
func instead(v *ics.VEvent, z *zone.Zones) (time.Time, error) {
	at, _, err := moments(v, ics.PropertyRecurrenceId, z)
	if err != nil || len(at) == 0 {
		return time.Time{}, err
	}
	if r := v.GetProperty(ics.ComponentProperty(ics.PropertyRecurrenceId)).ICalParameters["RANGE"]; len(r) > 0 {
		return time.Time{}, source.Unknown("RANGE", strings.Join(r, ","))
	}
	return at[0], nil
}

// measure finds how long an event is. One without an end that names a day
// lasts that day.
func (e *event) measure(v *ics.VEvent, z *zone.Zones, whole bool) error {
	end, _, err := moments(v, ics.PropertyDtend, z)
	if err != nil {
		return err
	}
	switch lasts := text(v, ics.PropertyDuration); {
	case len(end) > 0:
		e.Length = recur.Wall(end[0].In(e.Start.Location())).Sub(recur.Wall(e.Start))
	case lasts != "":
		e.Length, err = duration(lasts)
	case whole:
		e.Length = 24 * time.Hour
	}
	return err
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
func moments(v *ics.VEvent, name ics.Property, z *zone.Zones) (times []time.Time, whole bool, err error) {
	for _, p := range v.GetProperties(ics.ComponentProperty(name)) {
		loc := z.Home
		if id := p.ICalParameters["TZID"]; len(id) > 0 {
			if loc, err = z.Find(id[0]); err != nil {
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
			if err != nil || t.Year() < 1583 || t.Year() > 2099 { // the calendar of ISO 8601 begins in 1583
				return nil, false, hansei.Invalid(string(name), "%q is not a time from 1583 to 2099", one)
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
