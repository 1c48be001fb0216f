package document

import (
	"fmt"
	"regexp"
	"strings"
	"time"

	"hansei"
)

const monthNames = `(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sep(?:t(?:ember)?)?|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?)`

var (
	dayISO   = regexp.MustCompile(`\b((?:19|20)\d\d)-(\d\d)-(\d\d)\b`)
	dayUS    = regexp.MustCompile(`\b(` + monthNames + `)\.? (\d{1,2})(?:st|nd|rd|th)?,? ((?:19|20)\d\d)\b`)
	dayWorld = regexp.MustCompile(`\b(\d{1,2})(?:st|nd|rd|th)?(?: of)? (` + monthNames + `)\.?,? ((?:19|20)\d\d)\b`)
	clockUTC = regexp.MustCompile(`\b(\d{1,2}):(\d\d)(?::\d\d)?\s*(?:UTC|GMT|Z)\b`)
	span     = regexp.MustCompile(`\b(?:from|between)?\s*(\d{1,2}):(\d\d)(?:\s*(?:UTC|GMT))?\s*(?:and|to|until|[-–—])\s*(\d{1,2}):(\d\d)\s*(?:UTC|GMT|Z)\b`)
)

// dateIn is the first day that a sentence names in full, and where.
func dateIn(s string) (day time.Time, said string) {
	first := len(s)
	try := func(m []int, layout, value string) {
		if m == nil || m[0] >= first {
			return
		}
		if t, err := time.Parse(layout, value); err == nil && t.Year() >= FirstYear {
			first, day, said = m[0], t, s[m[0]:m[1]]
		}
	}
	group := func(m []int, i int) string {
		if m == nil {
			return ""
		}
		return s[m[2*i]:m[2*i+1]]
	}
	short := func(month string) string { return month[:min(3, len(month))] }
	m := dayISO.FindStringSubmatchIndex(s)
	try(m, time.DateOnly, group(m, 0))
	m = dayUS.FindStringSubmatchIndex(s)
	try(m, "Jan 2 2006", short(group(m, 1))+" "+group(m, 2)+" "+group(m, 3))
	m = dayWorld.FindStringSubmatchIndex(s)
	try(m, "2 Jan 2006", group(m, 1)+" "+short(group(m, 2))+" "+group(m, 3))
	return day, said
}

// dates says when it began and ended: what stands in front, else the title or
// the first sentence that names a day, with times of the same sentence when
// they are said to be UTC. A person confirms what was guessed.
func (x *reader) dates(r *hansei.Retrospective, parts []part) {
	defer func() {
		if !x.found.Began.IsZero() && x.found.Began.Year() < FirstYear {
			x.found.Notes = append(x.found.Notes, "it began before 1970, so no incident is made of it")
		}
	}()
	if !x.found.Began.IsZero() {
		return
	}
	list := append([]string{r.Title}, Sentences(x.text("summary", "description"))...)
	for _, p := range parts {
		list = append(list, Sentences(p.text)...)
	}
	for i, s := range list {
		day, said := dateIn(s)
		if said == "" {
			continue
		}
		// The time of day may stand in one of the next sentences, unless that
		// is about another day.
		for _, next := range list[i+1 : min(i+3, len(list))] {
			if _, other := dateIn(next); other != "" || clockUTC.MatchString(s) || span.MatchString(s) {
				break
			}
			if clockUTC.MatchString(next) || span.MatchString(next) {
				s = next
			}
		}
		x.found.Began = day
		at := func(h, m string) time.Time {
			d, err := time.ParseDuration(h + "h" + m + "m")
			if err != nil || d >= 24*time.Hour {
				return time.Time{}
			}
			return day.Add(d)
		}
		if m := span.FindStringSubmatch(s); m != nil {
			from, to := at(m[1], m[2]), at(m[3], m[4])
			if to.Before(from) {
				to = to.AddDate(0, 0, 1)
			}
			if !from.IsZero() && to.After(from) {
				x.found.Began, x.found.Ended, said = from, either(x.found.Ended, to), said+", "+strings.TrimSpace(m[0])
			}
		} else if m := clockUTC.FindStringSubmatch(s); m != nil {
			if t := at(m[1], m[2]); !t.IsZero() {
				x.found.Began, said = t, said+", "+m[0]
			}
		}
		x.found.Guessed = append(x.found.Guessed, "began")
		x.found.Notes = append(x.found.Notes, fmt.Sprintf("when it began was taken from %q", said))
		return
	}
}

// either is the first of two times that is known.
func either(a, b time.Time) time.Time {
	if a.IsZero() {
		return b
	}
	return a
}
