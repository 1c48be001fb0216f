// Package recur says when what recurs begins, and when it ends: by a rule, on
// given dates, in its own time zone.
package recur

import (
	"slices"
	"time"

	"github.com/teambition/rrule-go"

	"hansei"
)

// Most bounds how many shifts one feed may tell of.
const Most = 50_000

// maxInterval bounds how far apart a rule's occurrences are: a century of hours.
// Beyond the end of its numbers the library does not know where it is.
const maxInterval = 1_000_000

// Series is what happens once or recurs.
type Series struct {
	Start        time.Time     // in its own zone
	Length       time.Duration // on the wall clock: a night is as long as it says when the clocks change
	Rule         *rrule.ROption
	More, Except []time.Time
}

// Rule reads a rule by which what begins then recurs.
func Rule(text string, start time.Time) (*rrule.ROption, error) {
	o, err := rrule.StrToROptionInLocation(text, start.Location())
	switch {
	case err != nil:
		return nil, hansei.Invalid("RRULE", "%q: %v", text, err)
	case o.Freq > rrule.HOURLY:
		return nil, hansei.Invalid("RRULE", "%q: duty recurs hourly, daily or less often", text)
	case o.Freq == rrule.HOURLY && len(o.Bysetpos) > 0: // may choose nothing of any hour, which the library notices in the year 9999
		return nil, hansei.Invalid("RRULE", "%q: an hourly rule does not choose by BYSETPOS", text)
	case o.Interval > maxInterval:
		return nil, hansei.Invalid("RRULE", "%q: an interval of more than %d", text, maxInterval)
	}
	o.Dtstart = start
	return o, nil
}

// Once says whether it does not recur.
func (s *Series) Once() bool { return s.Rule == nil && len(s.More) == 0 }

// At is an occurrence that begins then.
func (s *Series) At(start time.Time) (time.Time, time.Time) {
	return start.UTC(), time.Date(start.Year(), start.Month(), start.Day(), start.Hour(), start.Minute(), start.Second()+int(s.Length/time.Second), 0, start.Location()).UTC()
}

// Wall is what the clock on the wall shows, as if it were UTC.
func Wall(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), 0, time.UTC)
}

// Starts are the beginnings of its occurrences, until then: all that end after
// since, and perhaps some before.
func (s *Series) Starts(since, until time.Time) ([]time.Time, error) {
	if s.Once() {
		return []time.Time{s.Start}, nil
	}
	var set rrule.Set
	if s.Rule == nil {
		set.RDate(s.Start)
	} else {
		o := *s.Rule
		ahead(&o, since.Add(-s.Length))
		if o.Until.IsZero() || o.Until.After(until) {
			o.Until = until // else the library ends it after 292 years
		}
		rule, err := rrule.NewRRule(o)
		if err != nil {
			return nil, hansei.Invalid("RRULE", "%v", err)
		}
		if meets(&o) {
			set.RRule(rule)
		}
	}
	for _, t := range s.More {
		set.RDate(t)
	}
	for _, t := range s.Except {
		set.ExDate(t)
	}
	var out []time.Time
	next := set.Iterator()
	for t, ok := next(); ok && !t.After(until); t, ok = next() {
		if len(out) >= Most {
			return nil, hansei.Invalid("feed", "more than %d shifts", Most)
		}
		out = append(out, t)
	}
	return out, nil
}

// cycles are after how many days a rule that recurs every hour, day or week is
// where it was.
var cycles = map[rrule.Frequency]int{rrule.HOURLY: 1, rrule.DAILY: 1, rrule.WEEKLY: 7}

// ahead has a rule begin not long before then: an hourly one of years has more
// occurrences than a feed may. A rule that counts them has to begin where it does.
func ahead(o *rrule.ROption, then time.Time) {
	cycle := cycles[o.Freq] * max(o.Interval, 1)
	if cycle == 0 || o.Count > 0 {
		return
	}
	begins := o.Dtstart
	// One cycle less, for the first week of a rule may be half a week.
	for n := int(then.Unix()-begins.Unix())/(24*60*60)/cycle - 1; n > 0; n-- {
		at := begins.AddDate(0, 0, n*cycle)
		if Wall(at).Equal(Wall(begins).AddDate(0, 0, n*cycle)) { // not where the clocks skip it
			o.Dtstart = at
			return
		}
	}
}

// meets says whether an hourly rule ever comes to one of the hours that it
// names: the library would look for one for ever.
func meets(o *rrule.ROption) bool {
	if o.Freq != rrule.HOURLY || len(o.Byhour) == 0 {
		return true
	}
	for n := range 24 {
		if slices.Contains(o.Byhour, (o.Dtstart.Hour()+n*max(o.Interval, 1))%24) {
			return true
		}
	}
	return false
}
