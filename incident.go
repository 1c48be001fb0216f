package hansei

import (
	"slices"
	"strings"
	"time"
)

// The kinds of incident. Only real ones count in metrics unless asked.
const (
	IncidentReal        = "real"
	IncidentNearMiss    = "near_miss"
	IncidentDrill       = "drill"
	IncidentTest        = "test"
	IncidentBackfilled  = "backfilled"
	IncidentMaintenance = "maintenance" // planned work posted in the same place
)

var incidentTypes = []string{
	IncidentReal, IncidentNearMiss, IncidentDrill, IncidentTest, IncidentBackfilled, IncidentMaintenance,
}

// The states of an incident. Only an open one is censored in durations.
const (
	StatusOpen     = "open"
	StatusResolved = "resolved"
	StatusClosed   = "closed"
	StatusCanceled = "canceled" // declared by mistake, or merged away at the source
)

// Incident is something that hurt.
type Incident struct {
	Header
	Title       string `json:"title,omitempty"`
	Description string `json:"description,omitempty"`
	URL         string `json:"url,omitempty"`
	Type        string `json:"type,omitempty"` // IncidentReal when empty
	Status      string `json:"status,omitempty"`
	Severity    string `json:"severity,omitempty"` // sev1 (worst) … sev5
	Priority    string `json:"priority,omitempty"`
	Urgency     string `json:"urgency,omitempty"`

	Services   []ID     `json:"services,omitempty"`
	Teams      []ID     `json:"teams,omitempty"`
	Responders []ID     `json:"responders,omitempty"`
	Factors    []string `json:"factors,omitempty"`   // contributing factors confirmed by a person
	CausedBy   []string `json:"caused_by,omitempty"` // changes named as cause: record ids or the source's names
	FixedBy    []string `json:"fixed_by,omitempty"`
	Repeats    []ID     `json:"repeats,omitempty"` // earlier incidents a person marked "same lesson"
	Detection  string   `json:"detection,omitempty"`
	Labels     []string `json:"labels,omitempty"`

	CustomersLow    *float64 `json:"customers_low,omitempty"`
	Customers       *float64 `json:"customers_affected,omitempty"` // best estimate
	CustomersHigh   *float64 `json:"customers_high,omitempty"`
	CustomersMethod string   `json:"customers_method,omitempty"`

	Milestones Milestones `json:"milestones,omitempty"`
	Impacts    []Window   `json:"impacts,omitempty"` // when customers felt it; their union counts
	Updates    []Update   `json:"updates,omitempty"`
}

// CountedMethod is the CustomersMethod of an incident whose Counted stands.
const CountedMethod = "customers with support tickets; at least"

// CustomersAtLeast says that its customers are only those who wrote to support.
func (in *Incident) CustomersAtLeast() bool { return in.Counted != nil && in.Counted.Stands }

// Window is a half-open span of time [Since, Until).
type Window struct {
	Since time.Time `json:"since"`
	Until time.Time `json:"until"`
	Note  string    `json:"note,omitempty"`
}

// Update is one message posted while the incident went on.
type Update struct {
	ID     string    `json:"id,omitempty"` // the source's own, so that an edited message replaces itself
	At     time.Time `json:"at"`
	Status string    `json:"status,omitempty"`
	Text   string    `json:"text,omitempty"`
	By     string    `json:"by,omitempty"`
	Edited time.Time `json:"edited,omitzero"` // the newest wording wins
}

// Kind is KindIncident.
func (*Incident) Kind() Kind { return KindIncident }

// StartRoles is where an incident's clock starts: the first of these that is
// known. Impact that began is best; the moment it was declared is a stand-in,
// and figures say how often it had to stand in.
var StartRoles = []Role{RoleBegan, RoleDetected, RoleAlerted, RoleDeclared}

// Start is when the incident began, as well as is known.
func (in *Incident) Start() (time.Time, bool) {
	_, t, ok := in.Milestones.First(StartRoles...)
	return t, ok
}

// Impact is how long customers felt it: the union of its impact windows, else
// from its start until it was mitigated or, failing that, resolved.
func (in *Incident) Impact() (time.Duration, bool) {
	if len(in.Impacts) > 0 {
		return union(in.Impacts), true
	}
	since, ok := in.Start()
	_, until, ended := in.Milestones.First(RoleMitigated, RoleResolved)
	if !ok || !ended || until.Before(since) {
		return 0, false
	}
	return until.Sub(since), true
}

func union(ws []Window) time.Duration {
	ws = slices.Clone(ws)
	slices.SortFunc(ws, func(a, b Window) int { return a.Since.Compare(b.Since) })
	var total time.Duration
	var end time.Time
	for _, w := range ws {
		since := w.Since
		if since.Before(end) {
			since = end
		}
		if w.Until.After(since) {
			total += w.Until.Sub(since)
			end = w.Until
		}
	}
	return total
}

// Validate checks what an incident must have.
func (in *Incident) Validate() error {
	if in.ID == "" {
		return Invalid("id", "an incident needs an id")
	}
	if in.MergedInto != "" || in.Deleted {
		return nil
	}
	if _, ok := in.Start(); !ok {
		return Invalid("began", "an incident needs a start: began, detected, alerted or declared")
	}
	if in.Type != "" && !slices.Contains(incidentTypes, in.Type) {
		return Invalid("type", "%q is not a kind of incident; expected one of %s", in.Type, strings.Join(incidentTypes, ", "))
	}
	for _, c := range []struct {
		name string
		v    *float64
	}{{"customers_low", in.CustomersLow}, {"customers_affected", in.Customers}, {"customers_high", in.CustomersHigh}} {
		if c.v != nil && !(*c.v >= 0) {
			return Invalid(c.name, "%v is not a number of customers; expected 0 or more", *c.v)
		}
	}
	for _, m := range in.Milestones {
		if err := ValidTime(string(m.Role), m.At); err != nil {
			return err
		}
	}
	return nil
}

// ValidTime refuses times that no tool can have meant.
func ValidTime(field string, t time.Time) error {
	if t.IsZero() || (t.Year() >= 1970 && t.Year() < 2100) {
		return nil
	}
	return Invalid(field, "%s is outside 1970 to 2100", t.UTC().Format(time.RFC3339))
}
