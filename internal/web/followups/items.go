package followups

import (
	"net/url"

	"hansei"
	"hansei/internal/web/records"
	"hansei/internal/web/ui"
)

// items are what a follow-up says, line by line.
func (v one) items() []ui.Item {
	text := func(name, value, absent string) ui.Item {
		return ui.Item{Name: name, Text: value, Absent: absentOf(value, absent)}
	}
	out := []ui.Item{
		text("Kind", v.Type, "not said"),
		text("Priority", v.Priority, "not said"),
		{Name: "Due", Text: dateOf(v), Absent: absentOf(dateOf(v), "no due date")},
		text("Size", v.Size, "not said"),
		{Name: "Owner", Text: v.name(hansei.KindPerson, v.Owner), Absent: absentOf(string(v.Owner), "nobody yet")},
		{Name: "Team", Text: v.name(hansei.KindTeam, v.Team), Absent: absentOf(string(v.Team), "none")},
		text("Contributing factor", v.Factor, "none named"),
	}
	if len(v.Services) > 0 {
		out = append(out, ui.Item{Name: "Improves", Component: links(hansei.KindService, v.Services, v.Names)})
	}
	if v.Retrospective != "" {
		out = append(out, ui.Item{Name: "Retrospective", Component: links(hansei.KindRetrospective, []hansei.ID{v.Retrospective}, v.Names)})
	}
	if len(v.Incidents) > 0 {
		out = append(out, ui.Item{Name: "Follows", Component: links(hansei.KindIncident, v.Incidents, v.Names)})
	}
	return append(out, ui.Item{Name: "Made", Component: ui.Time(v.Created, v.Zone)})
}

func (v one) name(kind hansei.Kind, id hansei.ID) string {
	if id == "" {
		return ""
	}
	return v.Names.Of(kind, id)
}

func absentOf(value, absent string) string {
	if value == "" {
		return absent
	}
	return ""
}

func dateOf(v one) string {
	if v.FollowUp.Due.IsZero() {
		return ""
	}
	return ui.Date(v.FollowUp.Due, v.Zone)
}

// linkTo is the page of a record that a follow-up names.
func linkTo(kind hansei.Kind, id hansei.ID) string {
	escaped := url.PathEscape(string(id))
	switch kind {
	case hansei.KindService:
		return "/services/" + escaped
	case hansei.KindRetrospective:
		return "/retrospectives/" + escaped
	}
	return records.URL(kind, id)
}
