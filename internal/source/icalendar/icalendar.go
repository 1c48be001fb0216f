// Package icalendar brings on-call duty from a calendar: the feed of a
// scheduling tool, or a calendar that people keep by hand.
//
// A feed is read whole each time. It holds events, some of which recur, in
// time zones of their own; duty is brought once it has begun, because it
// changes until then. An event that was moved, shortened or removed changes
// what was told of it within the last weeks; what slid out of a feed that
// only shows some weeks stays. An event that cannot be understood becomes a
// failed delivery, once; the others are told all the same.
//
// Built against RFC 5545 and against what scheduling tools and calendars
// export; it is not a CalDAV client and writes nothing.
package icalendar

import (
	"cmp"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"hansei"
	"hansei/internal/source"
	"hansei/internal/source/icalendar/duty"
)

// Kind is a calendar as a person adds it.
var Kind = source.Kind{
	Name:  "icalendar",
	Title: "iCalendar feed",
	About: "On-call duty from the calendar feed of a scheduling tool or of a shared calendar.",
	Docs:  "https://www.rfc-editor.org/rfc/rfc5545",
	Settings: []source.Setting{
		{Name: "url", Title: "Address of the feed", Secret: true, Required: true, Place: true, Help: "An address that begins with https or webcal. Whoever has it can read the calendar. PagerDuty: open the schedule, Schedule Info, WebCal feed. Opsgenie: open the schedule, Export calendar. Google Calendar: Settings of the calendar, Secret address in iCal format."},
		{Name: "person", Title: "Who is on call", Means: true, Default: duty.FromSummary, Enum: named, Help: "Where an event names the person: in its title, as an attendee (each one is on call), or as its organizer."},
		{Name: "pattern", Title: "Person within the title", Means: true, Default: defaultPattern, Help: "A regular expression whose first group is the person. An event whose title does not fit is not duty. The default understands “Ann Lee”, “On Call - Ann Lee - Team” and “[Primary] Ann Lee on call”."},
		{Name: "schedule", Title: "Name of the rota", Means: true, Help: "The name of the calendar when empty."},
		{Name: "team", Title: "Team", Means: true, Help: "Whose rota it is."},
		{Name: "level", Title: "Level of escalation", Means: true, Help: "1 when its people are paged first. May be empty."},
		{Name: "zone", Title: "Time zone", Means: true, Default: "UTC", Help: "Of events without a time zone, when the calendar names none: Europe/Berlin."},
	},
	Steps: []string{"Copy the secret address of the feed and enter it here. There is nothing to set up at the other side."},
	Gives: []hansei.Kind{hansei.KindShift},
	New:   open,
}

var named = []string{duty.FromSummary, duty.FromAttendee, duty.FromOrganizer}

const defaultPattern = `(?i)^(?:\[[^\]]*\]\s*)?(?:on[- ]?call\s*[-–:]\s*)?(.+?)(?:\s+[-–]\s+.*|\s+(?:is\s+)?on[- ]?call.*)?$`

// feed is one configured calendar.
type feed struct {
	name, url string
	secrets   []string // what no error may show of the address
	duty.Reader
}

func open(c source.Config) (source.Source, error) {
	f := &feed{name: c.Name, Reader: duty.Reader{Person: cmp.Or(c.Settings["person"], duty.FromSummary), Schedule: c.Settings["schedule"], Team: c.Settings["team"]}}
	u, err := url.Parse(strings.TrimSpace(c.Settings["url"]))
	switch {
	case err != nil || u.Host == "":
		return nil, hansei.Invalid("url", "expected the address of a feed, such as https://example.com/on-call.ics")
	case u.Scheme == "webcal" || u.Scheme == "webcals":
		u.Scheme = "https"
	case u.Scheme != "https" && u.Scheme != "http":
		return nil, hansei.Invalid("url", "expected an address that begins with https, http or webcal")
	}
	f.url = u.String()
	f.secrets = []string{f.url, u.RequestURI(), u.EscapedPath(), u.Path}
	f.secrets = slices.DeleteFunc(f.secrets, func(s string) bool { return len(s) < 2 })
	if !slices.Contains(named, f.Person) {
		return nil, hansei.Invalid("person", "%q is not one of %s", f.Person, strings.Join(named, ", "))
	}
	if f.Pattern, err = regexp.Compile(cmp.Or(c.Settings["pattern"], defaultPattern)); err != nil || f.Pattern.NumSubexp() < 1 {
		return nil, hansei.Invalid("pattern", "expected a regular expression with a group for the person")
	}
	if text := c.Settings["level"]; text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			return nil, hansei.Invalid("level", "%q is not a level of escalation: 1, 2, …", text)
		}
		level := float64(n)
		f.Level = &level
	}
	if f.Zone, err = time.LoadLocation(c.Settings["zone"]); err != nil {
		return nil, hansei.Invalid("zone", "%q is not a time zone; expected a name such as Europe/Berlin", c.Settings["zone"])
	}
	return f, nil
}
