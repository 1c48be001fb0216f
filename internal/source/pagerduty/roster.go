package pagerduty

import (
	"strconv"
	"strings"
	"time"

	"hansei"
	"hansei/internal/source"
)

// member is a team, a person, or what on-call duty names.
type member struct {
	ID    string   `json:"id"`
	Name  string   `json:"name"`
	Title string   `json:"summary"` // its name where it is only named
	URL   string   `json:"html_url"`
	Self  string   `json:"self"`
	Email string   `json:"email"`
	Zone  string   `json:"time_zone"`
	Teams []member `json:"teams"`
}

// duty is an entry of the on-call list. Those who are always on call have no
// Start or no End.
type duty struct {
	User     member    `json:"user"`
	Schedule member    `json:"schedule"` // empty for who stands in the policy itself
	Policy   member    `json:"escalation_policy"`
	Level    float64   `json:"escalation_level"`
	Start    time.Time `json:"start"`
	End      time.Time `json:"end"`
}

// Normalize understands a webhook or a page of a list.
func (s *pagerDuty) Normalize(d source.Delivery) ([]hansei.Observation, error) {
	switch d.Name {
	case "pull/teams", "pull/users", "pull/oncalls":
		return s.roster(d)
	}
	return s.Account.Normalize(d)
}

// roster understands the lists of teams, people and on-call duty.
func (s *pagerDuty) roster(d source.Delivery) ([]hansei.Observation, error) {
	var p struct {
		Teams  []member `json:"teams"`
		Users  []member `json:"users"`
		Duties []duty   `json:"oncalls"`
	}
	if err := source.Decode(d.Body, &p); err != nil {
		return nil, hansei.Invalid("body", "not a list of PagerDuty: %v", err)
	}
	var out []hansei.Observation
	add := func(id string, r hansei.Record, names ...string) {
		out = append(out, hansei.Observation{Key: hansei.Key{Kind: r.Kind(), Source: s.Name, External: id}, Record: r, Names: names, Line: len(out) + 1})
	}
	for _, t := range p.Teams {
		add(t.ID, &hansei.Team{Name: t.Name}, t.URL, t.Self)
	}
	for _, u := range p.Users {
		rec := &hansei.Person{Name: u.Name, Email: u.Email, Zone: u.Zone}
		if len(u.Teams) > 0 {
			rec.Team = hansei.ID(u.Teams[0].Title) // there is no main one
		}
		add(u.ID, rec, u.URL, u.Self)
	}
	for _, d := range p.Duties {
		if !d.Start.IsZero() && !d.End.IsZero() {
			id, rec := d.shift()
			add(id, rec)
		}
	}
	for _, o := range out {
		if o.Key.External == "" {
			return nil, hansei.Invalid("id", "a %s without an id", o.Key.Kind)
		}
	}
	if len(out) == 0 {
		return nil, source.Unused("%s without news", d.Name)
	}
	return out, nil
}

// shift is named by its beginning, not by its end: one that somebody takes
// over early is the same.
func (d duty) shift() (string, *hansei.Shift) {
	rota := d.Policy
	if d.Schedule.ID != "" {
		rota = d.Schedule
	}
	id := strings.Join([]string{d.Policy.ID, strconv.Itoa(int(d.Level)), d.Schedule.ID, d.User.ID, strconv.FormatInt(d.Start.Unix(), 10)}, ":")
	return id, &hansei.Shift{Person: hansei.ID(d.User.Title), Schedule: rota.Title, Level: &d.Level, Began: d.Start.UTC(), Ended: d.End.UTC(), URL: rota.URL}
}
