// Package zone finds the time zones that a calendar names: those of IANA, those
// of Windows, and those that the calendar itself defines.
//
// It is pure, as far as the names that a machine knows are the same everywhere.
package zone

import (
	"strings"
	"time"

	ics "github.com/arran4/golang-ical"

	"hansei/internal/source"
)

// Zones are the time zones of a calendar.
type Zones struct {
	Home    *time.Location // of times that name none
	defined map[string]*ics.VTimezone
	found   map[string]*time.Location
}

// Of are the zones of a calendar. Home is its own, else the one given.
func Of(cal *ics.Calendar, home *time.Location) *Zones {
	z := &Zones{Home: home, defined: map[string]*ics.VTimezone{}, found: map[string]*time.Location{}}
	for _, t := range cal.Timezones() {
		z.defined[bare(text(&t.ComponentBase, ics.PropertyTzid))] = t
	}
	for _, p := range cal.CalendarProperties {
		if p.IANAToken == string(ics.PropertyXWRTimezone) {
			if l, err := z.Find(p.Value); err == nil {
				z.Home = l
			}
		}
	}
	return z
}

// Find is the zone of a name. What a name means that machines know is better
// known than by the definition in a calendar, which often has only the rules of
// today; any other name is what the calendar says (RFC 5545, 3.6.5).
func (z *Zones) Find(name string) (*time.Location, error) {
	if l := z.found[name]; l != nil {
		return l, nil
	}
	l, err := z.look(bare(name))
	if err == nil {
		z.found[name] = l
	}
	return l, err
}

func (z *Zones) look(name string) (*time.Location, error) {
	own := z.defined[name]
	if own != nil {
		if l := load(text(&own.ComponentBase, "X-LIC-LOCATION")); l != nil {
			return l, nil
		}
	}
	if l := load(name); l != nil {
		return l, nil
	}
	if own != nil {
		return define(name, own)
	}
	return nil, source.Unknown("TZID", name)
}

// load knows the names of IANA, also behind a prefix of some program's own
// ("/example.org/20260101/Europe/Berlin"), and those of Windows.
func load(name string) *time.Location {
	if w := windows[strings.ToLower(bare(name))]; w != "" {
		name = w
	}
	parts := strings.Split(strings.Trim(bare(name), "/"), "/")
	for len(parts) > 3 {
		parts = parts[1:]
	}
	for ; len(parts) > 0; parts = parts[1:] {
		tail := strings.Join(parts, "/")
		if l, err := time.LoadLocation(tail); err == nil && tail != "" && tail != "Local" {
			return l
		}
	}
	return nil
}

// bare is a name without what some programs put around it.
func bare(name string) string { return strings.Trim(name, ` "`) }

func text(c *ics.ComponentBase, name ics.Property) string {
	if p := c.GetProperty(ics.ComponentProperty(name)); p != nil {
		return strings.TrimSpace(p.Value)
	}
	return ""
}
