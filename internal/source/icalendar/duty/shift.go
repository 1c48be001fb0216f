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
	"time"

	ics "github.com/arran4/golang-ical"

	"hansei"
	"hansei/internal/source/icalendar/recur"
)

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

// Duty is what a calendar tells.
type Duty struct {
	Shifts []Shift   // in the order of their beginnings
	First  time.Time // when the first event of all begins, duty or not
	Flaws  []Flaw    // of what could not be understood, and may be duty; by UID
}

// Read tells every shift of a calendar that began by until and ended after
// since. An error is a *hansei.InvalidError: it is no calendar, or tells too much.
func (r *Reader) Read(body []byte, since, until time.Time) (Duty, error) {
	cal, err := ics.ParseCalendar(bytes.NewReader(body))
	if err != nil {
		return Duty{}, hansei.Invalid("feed", "not a calendar: %v", err)
	}
	schedule := r.Schedule
	for _, p := range cal.CalendarProperties {
		if schedule == "" && (p.IANAToken == string(ics.PropertyXWRCalName) || p.IANAToken == string(ics.PropertyName)) {
			schedule = p.Value
		}
	}
	found := r.find(cal)
	starts, n := make([][]time.Time, len(found.events)), 0
	for i := range found.events {
		e := &found.events[i]
		if e.canceled || found.flawed(e.uid) {
			continue
		}
		if starts[i], err = e.Starts(since, until); err != nil {
			found.flaw(e.uid, err)
		}
		if n += len(starts[i]); n > recur.Most {
			return Duty{}, hansei.Invalid("feed", "more than %d shifts", recur.Most)
		}
	}
	var out []Shift
	for i := range found.events {
		e := &found.events[i]
		if found.flawed(e.uid) {
			continue
		}
		for _, start := range starts[i] {
			key := occurrence(e.uid, start)
			switch {
			case !e.replaces.IsZero():
				key = occurrence(e.uid, e.replaces)
			case found.replaced[key]:
				continue
			case e.Once() && found.masters[e.uid] == 1:
				key = e.uid // may be moved and stay what it is
			}
			began, ended := e.At(start)
			if ended.After(began) && ended.After(since) && !began.After(until) {
				out = r.append(out, e.who, key, hansei.Shift{Schedule: schedule, Team: hansei.ID(r.Team), Level: r.Level, Began: began, Ended: ended, URL: e.url})
			}
		}
	}
	slices.SortStableFunc(out, func(a, b Shift) int { return a.Began.Compare(b.Began) })
	return Duty{out, found.first, found.listed()}, nil
}

func occurrence(uid string, start time.Time) string {
	return uid + ":" + strconv.FormatInt(start.Unix(), 10)
}

// append adds the shifts of an occurrence: one for each person on call.
func (r *Reader) append(out []Shift, who []string, key string, s hansei.Shift) []Shift {
	for _, w := range who {
		s.Person = hansei.ID(w)
		if r.Person == FromSummary { // which names one
			out = append(out, Shift{key, s})
		} else {
			out = append(out, Shift{key + ":" + w, s})
		}
	}
	return out
}
