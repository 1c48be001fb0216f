package incidents

import (
	"time"

	"github.com/a-h/templ"

	"hansei/internal/web/records"
	"hansei/internal/web/ui"
)

// Incident is the page of one.
type Incident struct {
	Record   records.Record
	Open     bool // it goes on: what helped before stands first
	Badges   []Badge
	Tool     string // where it stands in its own tool; may be empty
	Timeline ui.Timeline
	Errors   []string // what contradicts itself in its data
	Times    []ui.Item
	Impact   []ui.Item
	Who      []ui.Item // services, teams, responders
	Updates  []Update
	Changes  ui.Table
	Told     templ.Component // who told what of it; may be nil
	Before   templ.Component // what it is like
	Retro    templ.Component // what was written of it; may be nil
	Todo     templ.Component // what is to be done after it; may be nil
	NoChange string          // instead of Changes: why there are none
}

// Badge is a word about the incident.
type Badge struct {
	Severity *ui.Severity
	Text     string
	Strong   bool
}

// Update is a message posted while it went on.
type Update struct {
	At               time.Time
	Status, Text, By string
}
