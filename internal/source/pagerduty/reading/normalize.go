package reading

import (
	"cmp"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"hansei"
	"hansei/internal/source"
)

// Account is one account of PagerDuty, by the name of its source.
type Account struct{ Name string }

// event is a webhook, about what is in its data.
type event[D any] struct {
	Event struct {
		Type  string    `json:"event_type"`
		At    time.Time `json:"occurred_at"`
		Agent *ref      `json:"agent"`
		Data  D         `json:"data"`
	} `json:"event"`
}

// Normalize understands a webhook, or a page of incidents, of their log or of
// services.
func (s Account) Normalize(d source.Delivery) ([]hansei.Observation, error) {
	if name, ok := strings.CutPrefix(d.Name, "pull/"); ok {
		return s.page(name, d.Body)
	}
	var w event[thing]
	bad := source.Decode(d.Body, &w)
	e := &w.Event
	if bad != nil { // it may be of a sort that we do not read
		var t event[struct {
			Type string `json:"type"`
		}]
		if err := source.Decode(d.Body, &t); err != nil {
			return nil, hansei.Invalid("body", "not an event of PagerDuty: %v", err)
		}
		e.Type, e.At, e.Data.Type = t.Event.Type, t.Event.At, t.Event.Data.Type
	}
	sort, what, _ := strings.Cut(e.Type, ".")
	switch {
	case e.Type == "" || e.At.IsZero():
		return nil, hansei.Invalid("event", "expected its event_type and occurred_at")
	case sort != "incident" && sort != "service":
		return nil, source.Unused("event %s", e.Type)
	}
	switch e.Data.Type {
	case "incident", "service", "incident_note", "incident_status_update", "incident_responder", "incident_conference_bridge", "incident_field_values":
	default:
		return nil, source.Unused("event %s about %q", e.Type, e.Data.Type)
	}
	if bad != nil {
		return nil, hansei.Invalid("data", "%v", bad)
	}
	switch e.Data.Type {
	case "incident":
		o, err := s.snapshot(&e.Data, e.At)
		if err != nil {
			return nil, err
		}
		return named(append([]hansei.Observation{o}, s.put(&o, &e.Data, what, e.At, e.Agent, e.Data.Assignees)...), nil)
	case "service":
		o := s.service(&e.Data)
		o.At, o.Record.Head().Deleted = e.At.UTC(), what == "deleted"
		return named([]hansei.Observation{o}, nil)
	}
	return named(s.part(&e.Data, e.Agent, e.At))
}

// named refuses what has no id.
func named(out []hansei.Observation, err error) ([]hansei.Observation, error) {
	for i := range out {
		out[i].Line = i + 1
		if out[i].Key.External == "" {
			return nil, hansei.Invalid("id", "a %s without an id", out[i].Key.Kind)
		}
	}
	return out, err
}

// part tells what was added to an incident that the event only names.
func (s Account) part(p *thing, agent *ref, at time.Time) ([]hansei.Observation, error) {
	if p.Incident == nil {
		return nil, hansei.Invalid("incident", "the event does not say which incident it is about")
	}
	in := &hansei.Incident{URL: p.Incident.URL}
	o := s.partial(hansei.KindIncident, p.Incident.ID, in, at)
	switch {
	case p.Type == "incident_note":
		note(in, p.Content, agent, at)
		if p.Trimmed {
			in.Updates[0].ID = p.ID // the log has the whole text
		}
	case p.Type == "incident_status_update":
		in.Updates = []hansei.Update{{ID: p.ID, At: at.UTC(), Status: "status update", Text: p.Message, By: agent.label()}}
	case p.Type == "incident_conference_bridge" && p.Bridge != "":
		o.Mentions = []string{p.Bridge}
	case p.Type == "incident_field_values" && len(p.Fields) > 0:
		in.Custom = map[string]string{}
		for _, f := range p.Fields {
			in.Custom[f.Name] = plain(f.Value)
		}
	case p.State == "joined":
		respond(in, p.User)
	default:
		return nil, source.Unused("%s without news", p.Type)
	}
	return []hansei.Observation{o}, nil
}

// entries are the entries of the log that tell something, by what webhooks
// call it.
var entries = map[string]string{
	"trigger_log_entry": "triggered", "acknowledge_log_entry": "acknowledged", "resolve_log_entry": "resolved", "escalate_log_entry": "escalated",
	"assign_log_entry": "reassigned", "delegate_log_entry": "delegated", "notify_log_entry": "reassigned", "annotate_log_entry": "note",
}

// entry understands one entry of the log, and the incident inside it when this
// page has not told of it yet.
func (s Account) entry(e *thing, told map[string]bool) ([]hansei.Observation, error) {
	if e.Incident == nil || e.Created.IsZero() {
		return nil, hansei.Invalid("log_entries", "entry %q has no incident or no time", e.ID)
	}
	var out []hansei.Observation
	i := e.Incident
	whole := i.Type == "incident"
	if whole && !told[i.ID] {
		told[i.ID] = true
		o, err := s.snapshot(i, i.Updated)
		if err != nil {
			return nil, err
		}
		out = append(out, o)
	}
	if i.Service == nil {
		i.Service = e.Service
	}
	in := &hansei.Incident{URL: i.URL}
	o := s.partial(hansei.KindIncident, i.ID, in, e.Created)
	o.First = []string{"declared_at", "acknowledged_at", "alerted_at"}
	what, people := entries[e.Type], e.Assignees
	if e.User != nil {
		people = append(people, *e.User)
	}
	switch {
	case what == "":
		return out, nil // snoozed, repeated, a field changed: the incident itself tells
	case what == "note":
		note(in, cmp.Or(e.Note, e.Channel.label(), e.Summary), e.Agent, e.Created)
	case what == "triggered":
		in.Milestones.Set(hansei.RoleDeclared, e.Created.UTC())
	case what == "resolved" && !whole:
		in.Status = hansei.StatusResolved // nothing else on this page says so
	}
	pages := s.put(&o, i, what, e.Created, e.Agent, people)
	return append(append(out, o), pages...), nil
}

// page understands a page of a list.
func (s Account) page(name string, body []byte) ([]hansei.Observation, error) {
	var p map[string]jsontext.Value
	var list []thing
	err := source.Decode(body, &p)
	if err == nil {
		err = source.Decode(p[name], &list)
	}
	if err != nil {
		return nil, hansei.Invalid("body", "not a list of %s: %v", name, err)
	}
	var out []hansei.Observation
	told := map[string]bool{}
	for i := range list {
		some, err := s.listed(name, &list[i], told)
		if err != nil {
			return nil, err
		}
		out = append(out, some...)
	}
	if len(out) == 0 {
		return nil, source.Unused("a page of %s without news", name)
	}
	return named(out, nil)
}

// listed understands one thing of a list.
func (s Account) listed(name string, t *thing, told map[string]bool) ([]hansei.Observation, error) {
	switch name {
	case "log_entries":
		return s.entry(t, told)
	case "services":
		return []hansei.Observation{s.service(t)}, nil
	}
	o, err := s.snapshot(t, t.Updated)
	return []hansei.Observation{o}, err
}

// service tells of a service with its first team: there is no main one.
func (s Account) service(t *thing) hansei.Observation {
	rec := &hansei.Service{Name: t.label(), URL: t.URL}
	if len(t.Teams) > 0 {
		rec.Team = hansei.ID(t.Teams[0].label())
	}
	return hansei.Observation{Key: hansei.Key{Kind: hansei.KindService, Source: s.Name, External: t.ID}, Record: rec, Names: []string{t.Self}}
}
