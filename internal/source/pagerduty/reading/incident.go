package reading

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"time"

	"hansei"
	"hansei/internal/source"
	"hansei/internal/source/file/word"
)

// roleEscalated is when an incident last went to the next level.
const roleEscalated hansei.Role = "escalated"

// snapshot tells an incident as it stood at a time. It is partial because the
// log and the notes tell the rest; what it does tell is whole, so that a
// priority which was taken away is gone.
func (s Account) snapshot(i *thing, at time.Time) (hansei.Observation, error) {
	in := &hansei.Incident{Title: i.Title, URL: i.URL, Urgency: i.Urgency, Priority: i.Priority.label()}
	o := s.partial(hansei.KindIncident, i.ID, in, at)
	o.Clear = []string{"title", "type", "priority", "urgency", "services", "teams", "labels"}
	o.First = []string{"declared_at", "acknowledged_at", "alerted_at"}
	o.Names = []string{i.Self}
	if i.Conference != nil && i.Conference.Bridge != "" {
		o.Mentions = []string{i.Conference.Bridge}
	}
	in.Milestones.Set(hansei.RoleDeclared, i.Created.UTC())
	switch {
	case i.Status == "resolved":
		in.Status = hansei.StatusResolved
		if k := i.Reason.Kind(); len(i.Reason) > 0 && k != 'n' {
			in.Status = hansei.StatusCanceled // merged into another: the only reason there is
		}
		in.Milestones.Set(hansei.RoleResolved, i.Resolved.UTC())
	case i.Status == "triggered", i.Status == "acknowledged":
		in.Status = hansei.StatusOpen
		o.Clear = append(o.Clear, "resolved_at")
	default:
		return o, source.Unknown("status", i.Status)
	}
	in.Services = ids(i.Service)
	for _, t := range i.Teams {
		in.Teams = append(in.Teams, ids(&t)...)
	}
	if name := i.Sort.label(); name != "" && name != "incident_default" {
		in.Labels = []string{name}
		in.Type, _ = word.IncidentType(name)
	}
	for _, a := range i.Acks {
		acknowledged(in, a.By, a.At)
	}
	for _, r := range i.Responders {
		if r.State == "joined" {
			respond(in, r.User)
		}
	}
	return o, nil
}

// ids are the names of things that are there.
func ids(things ...*ref) (out []hansei.ID) {
	for _, t := range things {
		if name := t.label(); name != "" {
			out = append(out, hansei.ID(name))
		}
	}
	return out
}

func (s Account) partial(kind hansei.Kind, id string, r hansei.Record, at time.Time) hansei.Observation {
	return hansei.Observation{Key: hansei.Key{Kind: kind, Source: s.Name, External: id}, Record: r, At: at.UTC(), Partial: true}
}

// acknowledged notes that somebody took an incident. The first one counts.
func acknowledged(in *hansei.Incident, by *ref, at time.Time) {
	if old, ok := in.Milestones.At(hansei.RoleAcknowledged); !ok || at.Before(old) {
		in.Milestones.Set(hansei.RoleAcknowledged, at.UTC())
	}
	respond(in, by)
}

func respond(in *hansei.Incident, who *ref) {
	if id := hansei.ID(who.label()); who.person() && !slices.Contains(in.Responders, id) {
		in.Responders = append(in.Responders, id)
	}
}

// put adds to what is told of an incident what happened to it: what as webhooks
// name it, by an agent, to people. It tells of the people who were paged, one
// page for each however often they were notified.
func (s Account) put(o *hansei.Observation, i *thing, what string, at time.Time, agent *ref, people []ref) []hansei.Observation {
	in := o.Record.(*hansei.Incident)
	at = at.UTC()
	alert := hansei.Alert{Title: i.title(), URL: i.URL, Incident: i.ID, Services: ids(i.Service)}
	switch what {
	case "triggered", "escalated", "reassigned", "delegated":
		alert.Status, alert.Triggered = "triggered", at
		if slices.ContainsFunc(people, func(t ref) bool { return t.person() }) {
			in.Milestones.Set(hansei.RoleAlerted, at)
		}
	case "acknowledged":
		acknowledged(in, agent, at)
		alert.Status, alert.Acknowledged = "acknowledged", at
		if agent != nil {
			people = []ref{*agent}
		}
	case "resolved":
		in.Milestones.Set(hansei.RoleResolved, at)
		respond(in, agent)
		alert.Status, alert.Resolved = "resolved", at
	default:
		return nil
	}
	switch {
	case what == "escalated":
		in.Milestones.Set(roleEscalated, at)
	case what == "triggered" && agent.person():
		in.Detection = "person"
	case what == "triggered" && agent != nil && (strings.Contains(agent.Type, "integration") || strings.HasPrefix(agent.Type, "service")):
		in.Detection = "monitoring"
	}
	var pages []hansei.Observation
	for _, who := range people {
		if who.person() {
			a := alert
			a.Responder = hansei.ID(who.label())
			page := s.partial(hansei.KindAlert, i.ID+":"+who.ID, &a, at)
			page.First = []string{"triggered_at", "acknowledged_at"}
			pages = append(pages, page)
		}
	}
	return pages
}

// note adds what somebody wrote. A note has one id in a webhook and another in
// the log, so its text names it.
func note(in *hansei.Incident, text string, by *ref, at time.Time) {
	sum := sha256.Sum256([]byte(strings.TrimSpace(text)))
	in.Updates = []hansei.Update{{ID: "note:" + hex.EncodeToString(sum[:8]), At: at.UTC(), Status: "note", Text: text, By: by.label()}}
	respond(in, by)
}
