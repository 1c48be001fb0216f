package duty

import (
	"strings"
	"time"

	ics "github.com/arran4/golang-ical"

	"hansei/internal/source"
)

// windows are the names that Outlook and Exchange give to time zones, with the
// city that stands for each in Unicode CLDR.
var windows = map[string]string{
	"utc": "UTC", "gmt standard time": "Europe/London", "greenwich standard time": "Atlantic/Reykjavik",
	"w. europe standard time": "Europe/Berlin", "central europe standard time": "Europe/Budapest", "romance standard time": "Europe/Paris",
	"central european standard time": "Europe/Warsaw", "e. europe standard time": "Europe/Chisinau", "fle standard time": "Europe/Kiev",
	"gtb standard time": "Europe/Bucharest", "turkey standard time": "Europe/Istanbul", "russian standard time": "Europe/Moscow",
	"israel standard time": "Asia/Jerusalem", "south africa standard time": "Africa/Johannesburg", "arabian standard time": "Asia/Dubai",
	"india standard time": "Asia/Calcutta", "se asia standard time": "Asia/Bangkok", "china standard time": "Asia/Shanghai",
	"singapore standard time": "Asia/Singapore", "tokyo standard time": "Asia/Tokyo", "korea standard time": "Asia/Seoul",
	"aus eastern standard time": "Australia/Sydney", "e. australia standard time": "Australia/Brisbane", "w. australia standard time": "Australia/Perth",
	"new zealand standard time": "Pacific/Auckland", "eastern standard time": "America/New_York", "central standard time": "America/Chicago",
	"mountain standard time": "America/Denver", "us mountain standard time": "America/Phoenix", "pacific standard time": "America/Los_Angeles",
	"atlantic standard time": "America/Halifax", "newfoundland standard time": "America/St_Johns", "alaskan standard time": "America/Anchorage",
	"hawaiian standard time": "Pacific/Honolulu", "e. south america standard time": "America/Sao_Paulo", "argentina standard time": "America/Buenos_Aires",
	"sa pacific standard time": "America/Bogota", "central standard time (mexico)": "America/Mexico_City",
}

// zones finds the time zones that a calendar names.
type zones struct {
	home  *time.Location    // of times that name none
	alias map[string]string // what the calendar itself says a name of its own is
}

func zonesOf(cal *ics.Calendar, home *time.Location) zones {
	z := zones{home: home, alias: map[string]string{}}
	for _, p := range cal.CalendarProperties {
		if p.IANAToken == string(ics.PropertyXWRTimezone) {
			if l, err := z.find(p.Value); err == nil {
				z.home = l
			}
		}
	}
	for _, t := range cal.Timezones() {
		id, place := t.GetProperty(ics.ComponentProperty(ics.PropertyTzid)), t.GetProperty("X-LIC-LOCATION")
		if id != nil && place != nil {
			z.alias[id.Value] = place.Value
		}
	}
	return z
}

// find knows the names of IANA, also behind a prefix of some program's own
// ("/example.org/20260101/Europe/Berlin"), and those of Windows.
func (z zones) find(name string) (*time.Location, error) {
	if a := z.alias[name]; a != "" {
		name = a
	}
	if w := windows[strings.ToLower(strings.TrimSpace(name))]; w != "" {
		name = w
	}
	parts := strings.Split(strings.Trim(name, `/ "`), "/")
	for len(parts) > 3 {
		parts = parts[1:]
	}
	for ; len(parts) > 0; parts = parts[1:] {
		tail := strings.Join(parts, "/")
		if l, err := time.LoadLocation(tail); err == nil && tail != "" && tail != "Local" {
			return l, nil
		}
	}
	return nil, source.Unknown("TZID", name)
}
