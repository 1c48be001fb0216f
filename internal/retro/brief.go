package retro

import (
	"context"
	"time"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/recall"
	"hansei/internal/record"
	"hansei/internal/retro/impact"
)

// Brief is what the record knows about an incident beside its timeline, for
// those who write: it is computed when it is asked for and never stored.
type Brief struct {
	Incident        hansei.ID       `json:"incident"`
	Spans           []Span          `json:"spans"`
	Customers       *float64        `json:"customers_affected,omitempty"`
	CustomerMinutes *float64        `json:"customer_minutes,omitempty"`   // customers times the minutes of impact
	AtLeast         bool            `json:"customers_at_least,omitempty"` // only the customers who wrote to support are known
	Load            Load            `json:"load"`
	Candidates      []Candidate     `json:"candidates"`     // changes that may have to do with it
	Budgets         []impact.Budget `json:"budgets"`        // of its services with an objective
	Cost            *impact.Cost    `json:"cost,omitempty"` // nil where nothing is configured
	Tickets         int             `json:"tickets"`
	Before          []Past          `json:"before"` // similar incidents of the past
	Questions       []Question      `json:"questions"`
}

// Span is the time between two milestones.
type Span struct {
	From    hansei.Role `json:"from"`
	To      hansei.Role `json:"to"`
	Seconds float64     `json:"seconds"` // negative when they are out of order
}

// Load is what the incident asked of people, as counts and never by name.
type Load struct {
	Pages     int `json:"pages"`
	Paged     int `json:"paged"`     // people
	OffHours  int `json:"off_hours"` // pages outside 9 to 18 o'clock or on a weekend, in the person's zone
	Asleep    int `json:"asleep"`    // pages between 22 and 6 o'clock, in the person's zone
	Unknown   int `json:"unknown"`   // pages of people whose zone is not known
	Responded int `json:"responded"` // people
}

// Past is a similar incident, what was learned from it and whether it was
// acted on.
type Past = recall.Past

// Brief computes what the record knows about an incident.
func (d *Desk) Brief(ctx context.Context, who auth.Scope, incident hansei.ID) (Brief, error) {
	in, _, err := record.Get[*hansei.Incident](ctx, d.Records, who, incident)
	if err != nil {
		return Brief{}, err
	}
	rel, err := d.gather(ctx, who, in)
	if err != nil {
		return Brief{}, err
	}
	return d.brief(ctx, who, rel)
}

const (
	maxCandidates = 12
	maxPast       = 5
)

func (d *Desk) brief(ctx context.Context, who auth.Scope, rel *related) (Brief, error) {
	in := rel.incident
	b := Brief{Incident: in.ID, Spans: spans(in), Customers: in.Customers, AtLeast: in.CustomersAtLeast(), Load: load(rel), Tickets: len(rel.tickets), Candidates: []Candidate{}, Before: []Past{}}
	if minutes, ok := impact.CustomerMinutes(in); ok {
		b.CustomerMinutes = &minutes
	}
	b.Budgets = impact.Budgets(in, rel.affected, rel.served)
	b.Cost = impact.CostOf(rel.cost, in, rel.joined(), rel.served)
	for _, c := range candidates(rel) {
		if c.Score >= worthTelling && len(b.Candidates) < maxCandidates {
			b.Candidates = append(b.Candidates, c)
		}
	}
	var err error
	if b.Before, err = d.past(ctx, who, rel); err != nil {
		return b, err
	}
	b.Questions = questions(rel, b)
	return b, nil
}

// spans are the times between milestones that people ask for.
func spans(in *hansei.Incident) []Span {
	out := []Span{}
	var from hansei.Role
	start, _ := in.Start()
	for _, r := range hansei.StartRoles {
		if _, ok := in.Milestones.At(r); ok {
			from = r
			break
		}
	}
	for _, to := range hansei.Roles {
		at, ok := in.Milestones.At(to)
		if ok && to != from && to != hansei.RoleClosed && !at.Equal(start) {
			out = append(out, Span{from, to, at.Sub(start).Seconds()})
		}
	}
	return out
}

// load counts pages by the hour they came at, in the zone of who was paged.
func load(rel *related) Load {
	l := Load{Responded: len(rel.incident.Responders)}
	paged := map[hansei.ID]bool{}
	for _, a := range rel.alerts {
		if a.Responder == "" {
			continue
		}
		l.Pages++
		paged[a.Responder] = true
		p := rel.people[a.Responder]
		if p == nil || p.Zone == "" {
			l.Unknown++
			continue
		}
		zone, err := time.LoadLocation(p.Zone)
		if err != nil {
			l.Unknown++
			continue
		}
		at := a.Triggered.In(zone)
		weekend := at.Weekday() == time.Saturday || at.Weekday() == time.Sunday
		if weekend || at.Hour() < 9 || at.Hour() >= 18 {
			l.OffHours++
		}
		if at.Hour() >= 22 || at.Hour() < 6 {
			l.Asleep++
		}
	}
	l.Paged = len(paged)
	return l
}

// past finds similar incidents from before, and what came of them.
func (d *Desk) past(ctx context.Context, who auth.Scope, rel *related) ([]Past, error) {
	memory := recall.Memory{Records: d.Records, Facts: d.Facts, Search: d.Search, Now: d.Now}
	return memory.Before(ctx, who, rel.incident, maxPast)
}

// maxFollowUps bounds how many follow-ups are looked through.
const maxFollowUps = 50_000

// followUps are all that stand.
func (d *Desk) followUps(ctx context.Context, who auth.Scope) ([]*hansei.FollowUp, error) {
	list, err := d.Records.List(ctx, who, hansei.KindFollowUp, "", maxFollowUps)
	if err != nil {
		return nil, err
	}
	var out []*hansei.FollowUp
	for _, s := range list {
		if f := s.Record.(*hansei.FollowUp); !f.Deleted && f.MergedInto == "" {
			out = append(out, f)
		}
	}
	return out, nil
}
