// Package reading turns what a status page says into observations: webhooks,
// the lists of its API and its history, which show the same things alike.
//
// It is pure: package statuspage asks and checks who sent.
package reading

import (
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"hansei"
	"hansei/internal/source"
	"hansei/internal/source/file/word"
)

// incident is an incident or a maintenance, as webhooks, the API and the
// page's history show it.
type incident struct {
	ID         jsontext.Value `json:"id"` // a text, but a number in some histories
	Code       string         `json:"code"`
	Name       string         `json:"name"`
	Status     string         `json:"status"`
	Impact     string         `json:"impact"`
	Link       string         `json:"shortlink"`
	Created    time.Time      `json:"created_at"`
	Updated    time.Time      `json:"updated_at"`
	Started    time.Time      `json:"started_at"`
	Monitoring time.Time      `json:"monitoring_at"`
	Resolved   time.Time      `json:"resolved_at"`
	Planned    time.Time      `json:"scheduled_for"`
	Postmortem string         `json:"postmortem_body"`
	Published  time.Time      `json:"postmortem_published_at"`
	Updates    []update       `json:"incident_updates"`
	Components []component    `json:"components"`
}

type update struct {
	ID       string    `json:"id"`
	Status   string    `json:"status"`
	Body     string    `json:"body"`
	Created  time.Time `json:"created_at"`
	Updated  time.Time `json:"updated_at"`
	Shown    time.Time `json:"display_at"`
	Affected []struct {
		Code string `json:"code"`
		Name string `json:"name"`
		Now  string `json:"new_status"`
	} `json:"affected_components"`
}

// at is when an update says that it was so: people may set it back.
func (u *update) at() time.Time {
	if u.Shown.IsZero() {
		return u.Created.UTC()
	}
	return u.Shown.UTC()
}

// statuses are the states of incidents and of maintenance.
var statuses = map[string]string{
	"investigating": hansei.StatusOpen, "identified": hansei.StatusOpen, "monitoring": hansei.StatusOpen,
	"resolved": hansei.StatusResolved, "postmortem": hansei.StatusResolved,
	"scheduled": hansei.StatusOpen, "in_progress": hansei.StatusOpen, "verifying": hansei.StatusOpen, "completed": hansei.StatusResolved,
}

// roleIdentified is when the responders knew what was wrong.
const roleIdentified hansei.Role = "identified"

// roles are the milestones that the first update of a state marks. An incident
// that is only watched hurts no longer.
var roles = map[string]hansei.Role{
	"investigating": hansei.RoleDeclared, "identified": roleIdentified, "monitoring": hansei.RoleMitigated,
	"resolved": hansei.RoleResolved, "completed": hansei.RoleResolved, "in_progress": hansei.RoleBegan,
}

// observe tells an incident; code names it where the page does not.
func (s Page) observe(i *incident, code string) (hansei.Observation, error) {
	var o hansei.Observation
	id := strings.Trim(string(i.ID), `"`)
	for _, c := range []string{id, i.Code} {
		if code == "" || c == i.Code && c != "" {
			code = c
		}
	}
	status, ok := statuses[i.Status]
	switch {
	case code == "" || code == "null":
		return o, hansei.Invalid("id", "an incident needs its id")
	case !ok:
		return o, source.Unknown("status", i.Status)
	}
	in := &hansei.Incident{Title: i.Name, URL: s.URL + "/incidents/" + code, Status: status}
	in.Severity, _ = word.Readings[hansei.KindIncident]["severity"].Read(i.Impact)
	planned := i.Impact == hansei.IncidentMaintenance || !i.Planned.IsZero() || slices.Contains([]string{"scheduled", "in_progress", "verifying", "completed"}, i.Status)
	if planned {
		in.Type, in.Severity = hansei.IncidentMaintenance, ""
	}
	slices.SortStableFunc(i.Updates, func(a, b update) int { return a.at().Compare(b.at()) })
	milestones(in, i, planned)
	for _, u := range i.Updates {
		said := hansei.Update{ID: u.ID, At: u.at(), Status: u.Status, Text: u.Body}
		if u.Updated.After(u.Created) {
			said.Edited = u.Updated.UTC()
		}
		in.Updates = append(in.Updates, said)
	}
	if !i.Published.IsZero() {
		in.Custom = map[string]string{"postmortem_url": in.URL} // the page shows it there
		if i.Postmortem != "" {
			in.Updates = append(in.Updates, hansei.Update{ID: "postmortem", At: i.Published.UTC(), Status: "postmortem", Text: i.Postmortem})
		}
	}
	for _, c := range i.Components {
		if !slices.Contains(in.Services, hansei.ID(c.Name)) {
			in.Services = append(in.Services, hansei.ID(c.Name))
		}
	}
	if !planned {
		var err error
		if in.Impacts, err = impacts(i.Updates, i.Resolved.UTC()); err != nil {
			return o, err
		}
	}
	o = hansei.Observation{Key: hansei.Key{Kind: hansei.KindIncident, Source: s.Name, External: code}, Record: in, At: i.Updated.UTC()}
	for _, n := range []string{i.Link, id} {
		if n != "" && n != "null" && n != code {
			o.Names = append(o.Names, n)
		}
	}
	return o, nil
}

// milestones takes the page's own times before those of the first update of
// each state. A maintenance begins when it is in progress: what the page calls
// its start is when it was announced.
func milestones(in *hansei.Incident, i *incident, planned bool) {
	in.Milestones.Set(hansei.RoleDeclared, i.Created.UTC())
	if !planned {
		in.Milestones.Set(hansei.RoleBegan, i.Started.UTC())
	}
	in.Milestones.Set(hansei.RoleResolved, i.Resolved.UTC())
	for _, u := range i.Updates {
		role, ok := roles[u.Status]
		if _, known := in.Milestones.At(role); ok && !known {
			in.Milestones.Set(role, u.at())
		}
	}
	if _, known := in.Milestones.At(hansei.RoleMitigated); !known && !planned {
		in.Milestones.Set(hansei.RoleMitigated, i.Monitoring.UTC())
	}
}

// impacts are the times in which updates showed a component as hurt. One that
// no update shows as well again was hurt until the incident was resolved.
func impacts(updates []update, resolved time.Time) ([]hansei.Window, error) {
	var out []hansei.Window
	open := map[string]int{} // where in out, by component
	for _, u := range updates {
		for _, a := range u.Affected {
			i, hurt := open[a.Code]
			switch a.Now {
			case "degraded_performance", "partial_outage", "major_outage":
				if !hurt {
					open[a.Code] = len(out)
					out = append(out, hansei.Window{Since: u.at(), Note: a.Name})
				}
			case "operational", "under_maintenance", "":
				if hurt {
					out[i].Until = u.at()
					delete(open, a.Code)
				}
			default:
				return nil, source.Unknown("affected_components.new_status", a.Now)
			}
		}
	}
	for _, i := range open {
		out[i].Until = resolved
	}
	return slices.DeleteFunc(out, func(w hansei.Window) bool { return !w.Until.After(w.Since) }), nil
}
