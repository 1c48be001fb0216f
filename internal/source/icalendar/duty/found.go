package duty

import (
	"maps"
	"slices"
	"strings"
	"time"

	ics "github.com/arran4/golang-ical"

	"hansei/internal/source/icalendar/zone"
)

// found is what a calendar holds of duty.
type found struct {
	events   []event
	first    time.Time        // when the first event of all begins, duty or not
	masters  map[string]int   // how many events of a UID stand for themselves
	replaced map[string]bool  // occurrences for which another event stands
	flaws    map[string]error // by UID
}

// Flaw is what is wrong with an event that may be duty, or with another of its
// series. Nothing is told of any event of that UID.
type Flaw struct {
	UID string
	Err error // a *hansei.InvalidError or *source.UnknownError
}

// Of says whether a shift's key is of the event.
func (f Flaw) Of(key string) bool { return key == f.UID || strings.HasPrefix(key, f.UID+":") }

func (f *found) flawed(uid string) bool { return f.flaws[uid] != nil }

// flaw notes what is wrong with an event. Of one UID the first is enough.
func (f *found) flaw(uid string, err error) {
	if !f.flawed(uid) {
		f.flaws[uid] = err
	}
}

// listed are the flaws, in the order of UIDs: a feed's own may change.
func (f *found) listed() (out []Flaw) {
	for _, uid := range slices.Sorted(maps.Keys(f.flaws)) {
		out = append(out, Flaw{uid, f.flaws[uid]})
	}
	return out
}

// find reads the events that are duty. Of one that is none it needs to know only
// whether it stands for an occurrence of one that is: somebody renamed it.
func (r *Reader) find(cal *ics.Calendar) found {
	out := found{masters: map[string]int{}, replaced: map[string]bool{}, flaws: map[string]error{}}
	z, events := zone.Of(cal, r.Zone), cal.Events()
	who, series := make([][]string, len(events)), map[string]bool{}
	for i, v := range events {
		who[i] = r.who(v)
		if uid := text(v, ics.PropertyUid); text(v, ics.PropertyRecurrenceId) == "" {
			out.masters[uid]++
			series[uid] = series[uid] || len(who[i]) > 0
		}
	}
	for i, v := range events {
		e, err := event{uid: text(v, ics.PropertyUid)}, error(nil)
		switch {
		case len(who[i]) > 0:
			e, err = eventOf(v, z)
			e.who = who[i]
			out.events = append(out.events, e) // of a flawed one nothing is told
		case series[e.uid]:
			e.replaces, err = instead(v, z)
		}
		if err != nil {
			out.flaw(e.uid, err)
		}
		if !e.replaces.IsZero() {
			out.replaced[occurrence(e.uid, e.replaces)] = true
		}
		if at, _, err := moments(v, ics.PropertyDtstart, z); err == nil && len(at) > 0 && (out.first.IsZero() || at[0].Before(out.first)) {
			out.first = at[0]
		}
	}
	return out
}

// who is on call by an event: nobody when it is not duty.
func (r *Reader) who(v *ics.VEvent) []string {
	switch r.Person {
	case FromAttendee:
		return people(v, ics.PropertyAttendee)
	case FromOrganizer:
		return people(v, ics.PropertyOrganizer)
	}
	m := r.Pattern.FindStringSubmatch(strings.TrimSpace(ics.FromText(text(v, ics.PropertySummary))))
	if m == nil || strings.TrimSpace(m[1]) == "" {
		return nil
	}
	return []string{strings.TrimSpace(m[1])}
}
