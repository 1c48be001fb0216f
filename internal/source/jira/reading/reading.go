// Package reading understands Jira's webhooks and the pages of its search. It
// is pure.
package reading

import (
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"hansei"
	"hansei/internal/source"
	"hansei/internal/source/jira/adf"
	"hansei/internal/source/jira/stamp"
)

// Site is what a configured source wants of Jira.
type Site struct {
	Name      string   // of the source
	URL       string   // of the site, without a slash at its end
	Incidents []string // issue types, in lower case, that are incidents
	FollowUps []string // issue types and labels, in lower case, of follow-ups
}

type named struct {
	Name    string `json:"name"`
	Display string `json:"displayName"`
	Key     string `json:"key"`
}

// Issue is an issue of Jira's.
type Issue struct {
	ID     string `json:"id"`
	Key    string `json:"key"`
	Fields struct {
		Summary     string         `json:"summary"`
		Description jsontext.Value `json:"description"` // text, or a document (ADF)
		Type        struct {
			Name    string `json:"name"`
			Subtask bool   `json:"subtask"`
			Level   int    `json:"hierarchyLevel"`
		} `json:"issuetype"`
		Project named `json:"project"`
		Status  struct {
			ID       string `json:"id"`
			Name     string `json:"name"`
			Category named  `json:"statusCategory"`
		} `json:"status"`
		Priority   named      `json:"priority"`
		Assignee   named      `json:"assignee"`
		Components []named    `json:"components"`
		Labels     []string   `json:"labels"`
		Parent     named      `json:"parent"`
		Created    stamp.Time `json:"created"`
		Updated    stamp.Time `json:"updated"`
		Due        string     `json:"duedate"` // a day
		Resolution named      `json:"resolution"`
		Resolved   stamp.Time `json:"resolutiondate"`
		Moved      stamp.Time `json:"statuscategorychangedate"`
		Links      []struct {
			In  named `json:"inwardIssue"`
			Out named `json:"outwardIssue"`
		} `json:"issuelinks"`
	} `json:"fields"`
	Changelog Changelog `json:"changelog"`
}

type event struct {
	Event     string `json:"webhookEvent"`
	Timestamp int64  `json:"timestamp"` // milliseconds since 1970
	Issue     Issue  `json:"issue"`
	Changelog struct {
		Items []change `json:"items"`
	} `json:"changelog"`
}

// Normalize makes observations of a webhook or of a page.
func (s *Site) Normalize(d source.Delivery) ([]hansei.Observation, error) {
	switch {
	case d.Name == "pull/projects":
		return s.projects(d.Body)
	case strings.HasPrefix(d.Name, "pull/"):
		return s.page(d.Body)
	}
	var e event
	if err := source.Decode(d.Body, &e); err != nil {
		return nil, hansei.Invalid("payload", "it is not an event of Jira's: %v", err)
	}
	at := time.UnixMilli(e.Timestamp).UTC()
	switch e.Event {
	case "jira:issue_created", "jira:issue_updated":
		e.Issue.Changelog = Changelog{}
		if e.Timestamp > 0 {
			e.Issue.Changelog.Histories = []history{{Created: stamp.Time{Time: at}, Items: e.Changelog.Items}}
		}
		o, err := s.issue(e.Issue, nil, e.Event == "jira:issue_created")
		if err != nil {
			return nil, err
		}
		if o.Key.Kind == hansei.KindIncident && e.Event != "jira:issue_created" {
			apart(&o, e.Issue, categories(nil).moves(e.Issue))
		}
		return []hansei.Observation{o, s.other(o)}, nil
	case "jira:issue_deleted":
		if e.Issue.ID == "" || e.Timestamp <= 0 {
			return nil, hansei.Invalid("issue", "expected the issue and the time")
		}
		kind, rec := s.kind(e.Issue)
		rec.Head().Deleted = true
		o := hansei.Observation{Key: hansei.Key{Kind: kind, Source: s.Name, External: e.Issue.ID}, Record: rec, At: at, Partial: true}
		return []hansei.Observation{o, s.other(o)}, nil
	}
	return nil, source.Unused("event %s", e.Event)
}

// page tells of the issues of a page, which says of what category each status
// is.
func (s *Site) page(body []byte) ([]hansei.Observation, error) {
	var p struct {
		Statuses categories `json:"statuses"`
		Issues   []Issue    `json:"issues"`
	}
	if err := source.Decode(body, &p); err != nil {
		return nil, hansei.Invalid("payload", "it is not a page of issues: %v", err)
	}
	out := make([]hansei.Observation, 0, len(p.Issues))
	for _, x := range p.Issues {
		o, err := s.issue(x, p.Statuses, len(x.Changelog.Histories) >= x.Changelog.Total)
		if err != nil {
			return nil, err
		}
		out = append(out, o, s.other(o))
	}
	if len(out) == 0 {
		return nil, source.Unused("no issues")
	}
	return out, nil
}

func (s *Site) kind(x Issue) (hansei.Kind, hansei.Record) {
	if slices.Contains(s.Incidents, strings.ToLower(x.Fields.Type.Name)) {
		return hansei.KindIncident, &hansei.Incident{}
	}
	return hansei.KindWorkItem, &hansei.WorkItem{}
}

// other tells that an issue is not what it may have been before its type was
// another one, or before other types were incidents.
func (s *Site) other(o hansei.Observation) hansei.Observation {
	if o.Key.Kind == hansei.KindIncident {
		return source.None(s.Name, o.Key.External, &hansei.WorkItem{}, o.At)
	}
	return source.None(s.Name, o.Key.External, &hansei.Incident{}, o.At)
}

// issue tells of an issue; whole says that all its moves are known.
func (s *Site) issue(x Issue, statuses categories, whole bool) (hansei.Observation, error) {
	f := x.Fields
	if x.ID == "" || x.Key == "" || f.Updated.IsZero() || f.Created.IsZero() {
		return hansei.Observation{}, hansei.Invalid("issue", "expected its id, key, created and updated")
	}
	category := f.Status.Category.Key
	if !slices.Contains([]string{categoryNone, categoryNew, categoryBusy, categoryDone}, category) {
		return hansei.Observation{}, source.Unknown("status.statusCategory.key", category)
	}
	moves := statuses.moves(x)
	done := ended(x, moves)
	kind, rec := s.kind(x)
	o := hansei.Observation{Key: hansei.Key{Kind: kind, Source: s.Name, External: x.ID}, Record: rec, At: f.Updated.Time, Names: []string{x.Key}}
	for _, l := range f.Links {
		for _, other := range []string{l.In.Key, l.Out.Key} {
			if other != "" {
				o.Mentions = append(o.Mentions, other)
			}
		}
	}
	switch r := rec.(type) {
	case *hansei.Incident:
		s.incident(r, x)
		milestones(r, x, moves, done, whole)
		o.First = []string{"acknowledged_at"}
	case *hansei.WorkItem:
		*r = hansei.WorkItem{Title: f.Summary, Description: adf.Text(f.Description), URL: s.browse(x.Key), Type: s.workType(x), Status: f.Status.Name,
			Priority: f.Priority.Name, Services: services(x), Owner: hansei.ID(f.Assignee.Display), Parent: f.Parent.Key, Created: f.Created.Time, Started: began(x, moves, whole), Done: done, Labels: f.Labels}
		if r.Due, _ = time.Parse(time.DateOnly, f.Due); !done.IsZero() { // a day that is none is none
			r.Outcome = hansei.FollowUpDone
			if hansei.Declines(f.Resolution.Name) || hansei.Declines(f.Status.Name) {
				r.Outcome = hansei.FollowUpDeclined
			}
		}
		o.First = []string{"started_at"}
		if r.Parent == "" {
			r.Parent = f.Project.Key
		}
	}
	return o, nil
}

func (s *Site) browse(key string) string { return s.URL + "/browse/" + key }

func services(x Issue) []hansei.ID {
	var out []hansei.ID
	for _, c := range x.Fields.Components {
		out = append(out, hansei.ID(c.Name))
	}
	return out
}

// incident fills an incident that is kept as an issue.
func (s *Site) incident(in *hansei.Incident, x Issue) {
	f := x.Fields
	in.Title, in.Description, in.URL, in.Priority, in.Services, in.Labels = f.Summary, adf.Text(f.Description), s.browse(x.Key), f.Priority.Name, services(x), f.Labels
	in.Milestones.Set(hansei.RoleDeclared, f.Created.Time)
	if f.Assignee.Display != "" {
		in.Responders = []hansei.ID{hansei.ID(f.Assignee.Display)}
	}
}

// workType reads what sort of work an issue is: follow-ups as configured,
// then by the level of its type, then by the type's name.
func (s *Site) workType(x Issue) string {
	t := strings.ToLower(x.Fields.Type.Name)
	if slices.Contains(s.FollowUps, t) || slices.ContainsFunc(x.Fields.Labels, func(l string) bool { return slices.Contains(s.FollowUps, strings.ToLower(l)) }) {
		return "follow-up"
	}
	switch {
	case x.Fields.Type.Level > 0 || t == "epic" || t == "initiative":
		return "epic"
	case strings.Contains(t, "bug") || strings.Contains(t, "defect"):
		return "bug"
	case strings.Contains(t, "story") || strings.Contains(t, "feature") || strings.Contains(t, "improvement"):
		return "feature"
	}
	return "chore"
}
