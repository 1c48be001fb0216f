package file

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"hansei"
	"hansei/internal/source/file/table"
	"hansei/internal/source/file/word"
)

// roleIdentified is when the responders knew what was wrong, as status pages
// say it.
const roleIdentified hansei.Role = "identified"

// finishIncident reads the lists of an incident's row and settles what its
// columns left open.
func (o *observer) finishIncident(d *draft) *fault {
	in := d.incident
	if in.Severity == hansei.IncidentMaintenance {
		in.Severity, in.Type = "", hansei.IncidentMaintenance
	}
	if !d.since.IsZero() && !d.until.IsZero() {
		in.Impacts = append(in.Impacts, hansei.Window{Since: d.since, Until: d.until, Note: d.note})
	}
	if f := o.updates(d); f != nil {
		return f
	}
	if f := o.named(d); f != nil {
		return f
	}
	if f := o.acks(d); f != nil {
		return f
	}
	settleStatus(in)
	if in.Title == "" {
		in.Title = firstLine(in.Description)
		if in.Title == in.Description {
			in.Description = ""
		}
	}
	return nil
}

// settleStatus concludes the status when no column says it. A status that
// contradicts the times stays: figures leave such incidents out and say so.
func settleStatus(in *hansei.Incident) {
	if in.Status != "" {
		return
	}
	in.Status = hansei.StatusOpen
	if _, ok := in.Milestones.At(hansei.RoleResolved); ok {
		in.Status = hansei.StatusResolved
	} else if _, ok := in.Milestones.At(hansei.RoleClosed); ok {
		in.Status = hansei.StatusClosed
	}
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return table.Shorten([]byte(strings.TrimSpace(line)))
}

// updates reads the messages that were posted, and from their states the
// milestones that no column gave.
func (o *observer) updates(d *draft) *fault {
	if d.updates == nil {
		return nil
	}
	list, err := objectsIn(d.updates)
	if err != nil {
		return &fault{d.updates, err.Error()}
	}
	in := d.incident
	for _, u := range list {
		text := first(u, "display_at", "at", "created_at", "timestamp", "occurred_at", "posted_at", "time", "date")
		if text == "" {
			continue
		}
		at, ok := o.moment(text)
		if !ok {
			return &fault{[]byte(text), "a time of a status update, from 1970 to 2099"}
		}
		in.Updates = append(in.Updates, hansei.Update{
			At: at, Status: first(u, "status", "state", "new_status", "new_incident_status", "type"),
			Text: first(u, "message", "body", "text", "description", "content", "markdown_body"),
			By:   first(u, "by", "author", "user", "created_by", "updater"),
		})
	}
	slices.SortStableFunc(in.Updates, func(a, b hansei.Update) int { return a.At.Compare(b.At) })
	for _, u := range in.Updates {
		role, ok := updateRoles[word.Snake(u.Status)]
		if !ok {
			continue
		}
		if _, known := in.Milestones.At(role); !known {
			in.Milestones.Set(role, u.At)
		}
	}
	return nil
}

// updateRoles are the milestones that a first update of a state marks. The
// message that an incident is being watched means that customers no longer
// feel it.
var updateRoles = map[string]hansei.Role{
	"investigating": hansei.RoleDeclared, "identified": roleIdentified, "monitoring": hansei.RoleMitigated,
	"resolved": hansei.RoleResolved, "completed": hansei.RoleResolved,
}

// named reads a list of milestones, each with its name and time.
func (o *observer) named(d *draft) *fault {
	if d.named == nil {
		return nil
	}
	list, err := objectsIn(d.named)
	if err != nil {
		return &fault{d.named, err.Error()}
	}
	for _, m := range list {
		name := first(m, "type", "name", "milestone", "slug", "role", "incident_timestamp", "key")
		text := first(m, "occurred_at", "at", "time", "timestamp", "value", "date")
		role, ok := o.roles[milestoneStem(name)]
		if !ok || text == "" {
			continue
		}
		at, ok := o.moment(text)
		if !ok {
			return &fault{[]byte(text), "a time of a milestone, from 1970 to 2099"}
		}
		if _, known := d.incident.Milestones.At(role); !known {
			d.incident.Milestones.Set(role, at)
		}
	}
	return nil
}

func milestoneStem(name string) string {
	s, _ := word.Stem(word.Snake(name))
	return s
}

// rolesByName maps the stems of times' names to milestones.
func rolesByName(l *lexicon) map[string]hansei.Role {
	roles := map[string]hansei.Role{"identified": roleIdentified}
	for name, claims := range l.moment {
		for _, c := range claims {
			if f, err := hansei.FieldNamed(hansei.KindIncident, c.field); err == nil && f.Role != "" {
				roles[name] = f.Role
			}
		}
	}
	return roles
}

// acks finds the first acknowledgement where no column says it: in a list of
// them, or so many seconds after the record was opened.
func (o *observer) acks(d *draft) *fault {
	in := d.incident
	if _, known := in.Milestones.At(hansei.RoleAcknowledged); known {
		return nil
	}
	var earliest time.Time
	if opened, ok := in.Milestones.At(hansei.RoleDeclared); ok && d.ackAfter > 0 {
		earliest = opened.Add(time.Duration(d.ackAfter * float64(time.Second)))
	}
	if d.acks != nil {
		list, err := objectsIn(d.acks)
		if err != nil {
			return &fault{d.acks, err.Error()}
		}
		for _, a := range list {
			text := first(a, "at", "created_at", "timestamp")
			if text == "" {
				continue
			}
			at, ok := o.moment(text)
			if !ok {
				return &fault{[]byte(text), "a time of an acknowledgement, from 1970 to 2099"}
			}
			if earliest.IsZero() || at.Before(earliest) {
				earliest = at
			}
		}
	}
	in.Milestones.Set(hansei.RoleAcknowledged, earliest)
	return nil
}

// moment reads a time within a list.
func (o *observer) moment(text string) (time.Time, bool) {
	at, ok := o.style.Parse([]byte(text))
	return at, ok && at.Year() >= firstYear && at.Year() < afterYears
}

// finishPullRequest settles the status of a pull request.
func finishPullRequest(pr *hansei.PullRequest) {
	switch {
	case !pr.Merged.IsZero():
		pr.Status = "merged"
	case pr.Status != "":
	case !pr.Closed.IsZero():
		pr.Status = "closed"
	default:
		pr.Status = "open"
	}
}

// contentKey names a thing that has no id by what tells it from others.
func contentKey(r hansei.Record) string {
	switch r := r.(type) {
	case *hansei.Incident:
		start, _ := r.Start()
		return hash(start, r.Title, fmt.Sprint(r.Services))
	case *hansei.Deployment:
		return hash(r.Started, r.Finished, string(r.Service), r.Environment, r.Commit, r.Title)
	case *hansei.PullRequest:
		if r.Number != "" {
			return string(r.Service) + "#" + r.Number
		}
		return hash(r.Created, r.Title, string(r.Service), r.MergeCommit, r.FirstCommitAt)
	case *hansei.Change:
		return hash(r.At, r.Title, fmt.Sprint(r.Services), r.Commit)
	case *hansei.Alert:
		return hash(r.Triggered, r.Title, fmt.Sprint(r.Services), string(r.Responder))
	case *hansei.Ticket:
		return hash(r.Created, r.Title, r.Customer)
	case *hansei.WorkItem:
		return hash(r.Created, r.Title)
	case *hansei.Shift:
		return hash(r.Began, r.Ended, string(r.Person), r.Schedule)
	case *hansei.Service:
		return r.Name
	case *hansei.Team:
		return r.Name
	case *hansei.Person:
		return r.Name
	}
	return ""
}
