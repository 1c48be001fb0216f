package followups

import (
	"context"
	"net/url"
	"strings"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/followup"
	"hansei/internal/metric"
	"hansei/internal/record"
	"hansei/internal/web/people"
	"hansei/internal/web/records"
	"hansei/internal/web/shell"
	"hansei/internal/web/ui"
)

// Path is the address of the list.
const Path = "/follow-ups"

// Pages are the pages about follow-ups.
type Pages struct {
	*shell.Shell
	Desk   *followup.Desk
	People *people.Directory
	// Figures computes metrics as cards.
	Figures func(ctx context.Context, who auth.Actor, asks ...metric.Query) ([]ui.Card, error)
}

// figures are those above the list.
var figures = []metric.Query{
	{Metric: "follow_up_completion", Statistic: "d30"}, {Metric: "follow_up_completion", Statistic: "d60"}, {Metric: "follow_up_completion", Statistic: "d90"},
	{Metric: "open_follow_up_age"}, {Metric: "overdue_follow_ups"}, {Metric: "exposure_at_risk"},
}

// Routes are the addresses of the pages.
func (p *Pages) Routes() map[string]shell.Page {
	one := Path + "/{id}"
	return map[string]shell.Page{
		"GET " + Path:               p.list,
		"GET " + Path + "/new":      p.newPage,
		"POST " + Path + "/new":     p.add,
		"POST " + Path + "/changes": p.change,
		"POST " + Path + "/undo":    p.undo,
		"GET " + one:                p.one,
		"GET " + one + "/edit":      p.editPage,
		"POST " + one + "/edit":     p.edit,
		"POST " + one + "/state":    p.state,
		"POST " + one + "/effect":   p.effect,
		"POST " + one + "/tracker":  p.track,
	}
}

// URL is the page of a follow-up.
func URL(id hansei.ID) string { return Path + "/" + url.PathEscape(string(id)) }

// names are what records are called, by kind and id.
type names map[record.Ref]string

// Of is what a record is called; its id when nobody knows.
func (n names) Of(kind hansei.Kind, id hansei.ID) string {
	if name := n[record.Ref{Kind: kind, ID: id}]; name != "" {
		return name
	}
	return string(id)
}

// List are the names of several.
func (n names) List(kind hansei.Kind, ids []hansei.ID) string {
	out := make([]string, len(ids))
	for i, id := range ids {
		out[i] = n.Of(kind, id)
	}
	return strings.Join(out, ", ")
}

// named looks up what the records are called that some follow-ups name.
func (p *Pages) named(ctx context.Context, who auth.Scope, list ...*hansei.FollowUp) (names, error) {
	want := map[hansei.Kind][]hansei.ID{}
	for _, f := range list {
		want[hansei.KindTeam] = append(want[hansei.KindTeam], f.Team)
		want[hansei.KindPerson] = append(want[hansei.KindPerson], f.Owner)
		want[hansei.KindService] = append(want[hansei.KindService], f.Services...)
		want[hansei.KindIncident] = append(want[hansei.KindIncident], f.Incidents...)
		want[hansei.KindRetrospective] = append(want[hansei.KindRetrospective], f.Retrospective)
	}
	out := names{}
	for kind, ids := range want {
		found, err := record.Load(ctx, p.Records, who, kind, ids)
		if err != nil {
			return nil, err
		}
		for id, x := range found {
			out[record.Ref{Kind: kind, ID: id}] = records.Title(x.Record)
		}
	}
	return out, nil
}
