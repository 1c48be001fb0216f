// Package duty reads on-call duty from iCalendar text: its events, expanded
// where they recur, in their time zones, with the person whom each names.
//
// It is pure: it knows neither where a calendar comes from nor what was read
// of it before.
package duty

import (
	"bytes"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	ics "github.com/arran4/golang-ical"
	"github.com/teambition/rrule-go"

	"hansei"
)

// maxShifts bounds how many shifts one feed may tell of.
const maxShifts = 50_000

// Where an event names the person.
const (
	FromSummary   = "summary" // in its title, by Pattern
	FromAttendee  = "attendee"
	FromOrganizer = "organizer"
)

// Reader says how a calendar is to be understood.
type Reader struct {
	Person   string         // FromSummary, FromAttendee or FromOrganizer
	Pattern  *regexp.Regexp // its first group is the person in a title
	Schedule string         // the rota; the calendar's own name when empty
	Team     string
	Level    *float64
	Zone     *time.Location // of times without one, when the calendar names none
}

// Shift is one shift, and the name that the calendar has for it.
type Shift struct {
	Key string
	hansei.Shift
}

// Read tells every shift of a calendar that began by until and ended after
// since, in the order of their beginnings, and when the first event of all
// begins. Its errors are *hansei.InvalidError.
func (r *Reader) Read(body []byte, since, until time.Time) ([]Shift, time.Time, error) {
	cal, err := ics.ParseCalendar(bytes.NewReader(body))
	if err != nil {
		return nil, time.Time{}, hansei.Invalid("feed", "not a calendar: %v", err)
	}
	z, schedule := zonesOf(cal, r.Zone), r.Schedule
	for _, p := range cal.CalendarProperties {
		if schedule == "" && (p.IANAToken == string(ics.PropertyXWRCalName) || p.IANAToken == string(ics.PropertyName)) {
			schedule = p.Value
		}
	}
	var events []event
	var first time.Time
	masters, replaced := map[string]int{}, map[string]bool{}
	for _, v := range cal.Events() {
		e, err := eventOf(v, z)
		if err != nil {
			return nil, first, err
		}
		if first.IsZero() || e.start.Before(first) {
			first = e.start
		}
		if e.replaces.IsZero() {
			masters[e.uid]++
		} else {
			replaced[occurrence(e.uid, e.replaces)] = true
		}
		events = append(events, e)
	}
	var out []Shift
	for i := range events {
		e := &events[i]
		starts, err := e.starts(until, maxShifts-len(out))
		if err != nil {
			return nil, first, err
		}
		for _, start := range starts {
			key := occurrence(e.uid, start)
			switch {
			case !e.replaces.IsZero():
				key = occurrence(e.uid, e.replaces)
			case replaced[key]:
				continue
			case e.rule == nil && len(e.more) == 0 && masters[e.uid] == 1:
				key = e.uid // may be moved and stay what it is
			}
			began, ended := e.at(start)
			if ended.After(began) && ended.After(since) && !began.After(until) {
				out = r.append(out, e, key, hansei.Shift{Schedule: schedule, Team: hansei.ID(r.Team), Level: r.Level, Began: began, Ended: ended, URL: e.url})
			}
		}
	}
	slices.SortStableFunc(out, func(a, b Shift) int { return a.Began.Compare(b.Began) })
	return out, first, nil
}

func occurrence(uid string, start time.Time) string {
	return uid + ":" + strconv.FormatInt(start.Unix(), 10)
}

// starts are the beginnings of an event's occurrences, until then.
func (e *event) starts(until time.Time, most int) ([]time.Time, error) {
	if e.canceled {
		return nil, nil
	}
	if e.rule == nil && len(e.more) == 0 {
		return []time.Time{e.start}, nil
	}
	var set rrule.Set
	if e.rule != nil {
		rule, err := rrule.NewRRule(*e.rule)
		if err != nil {
			return nil, hansei.Invalid("RRULE", "%v", err)
		}
		set.RRule(rule)
	} else {
		set.RDate(e.start)
	}
	for _, t := range e.more {
		set.RDate(t)
	}
	for _, t := range e.except {
		set.ExDate(t)
	}
	var out []time.Time
	next := set.Iterator()
	for t, ok := next(); ok && !t.After(until); t, ok = next() {
		if len(out) >= most {
			return nil, hansei.Invalid("feed", "more than %d shifts", maxShifts)
		}
		out = append(out, t)
	}
	return out, nil
}

// append adds the shifts of an occurrence: one for each person on call.
func (r *Reader) append(out []Shift, e *event, key string, s hansei.Shift) []Shift {
	who := e.people
	switch r.Person {
	case FromOrganizer:
		who = e.chiefs
	case FromSummary:
		if m := r.Pattern.FindStringSubmatch(strings.TrimSpace(ics.FromText(e.summary))); m != nil && strings.TrimSpace(m[1]) != "" {
			s.Person = hansei.ID(strings.TrimSpace(m[1]))
			return append(out, Shift{key, s})
		}
		return out
	}
	for _, w := range who {
		s.Person = hansei.ID(w)
		out = append(out, Shift{key + ":" + w, s})
	}
	return out
}
