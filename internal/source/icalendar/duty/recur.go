package duty

import (
	"slices"
	"time"

	"github.com/teambition/rrule-go"

	"hansei"
)

// maxInterval bounds how far apart a rule's occurrences are: a century of hours.
// Beyond the end of its numbers the library does not know where it is.
const maxInterval = 1_000_000

// ruleOf reads a rule by which what begins then recurs.
func ruleOf(text string, start time.Time) (*rrule.ROption, error) {
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

// starts are the beginnings of an event's occurrences, until then: all that end
// after since, and perhaps some before.
func (e *event) starts(since, until time.Time, most int) ([]time.Time, error) {
	if e.canceled {
		return nil, nil
	}
	if e.rule == nil && len(e.more) == 0 {
		return []time.Time{e.start}, nil
	}
	var set rrule.Set
	if e.rule == nil {
		set.RDate(e.start)
	} else {
		o := *e.rule
		ahead(&o, since.Add(-e.length))
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
		if wall(at).Equal(wall(begins).AddDate(0, 0, n*cycle)) { // not where the clocks skip it
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
