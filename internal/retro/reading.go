package retro

import (
	"context"
	"slices"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/record"
	"hansei/internal/retro/document"
)

// Present are the names of those who took part, for the check of blame.
func (d *Desk) Present(ctx context.Context, who auth.Scope, r *hansei.Retrospective) ([]string, error) {
	incidents, err := record.Load(ctx, d.Records, who, hansei.KindIncident, r.Incidents)
	if err != nil {
		return nil, err
	}
	people := slices.Concat([]hansei.ID{r.Owner, r.Facilitator}, r.Reviewers)
	for _, s := range incidents {
		people = append(people, s.Record.(*hansei.Incident).Responders...)
	}
	found, err := record.Load(ctx, d.Records, who, hansei.KindPerson, people)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, s := range found {
		out = append(out, s.Record.(*hansei.Person).Name)
	}
	slices.Sort(out)
	return out, nil
}

// Document is a retrospective as one thing to read or to take elsewhere.
func (d *Desk) Document(ctx context.Context, who auth.Scope, id hansei.ID) (document.Document, error) {
	follow, err := d.FollowUps(ctx, who, id)
	if err != nil {
		return document.Document{}, err
	}
	return d.Compose(ctx, who, id, follow)
}

// Compose is Document with follow-ups that were looked up before: those of many
// retrospectives are found in one go.
func (d *Desk) Compose(ctx context.Context, who auth.Scope, id hansei.ID, follow []*hansei.FollowUp) (document.Document, error) {
	r, _, err := d.Get(ctx, who, id)
	if err != nil {
		return document.Document{}, err
	}
	if err := d.plain(ctx, who, r); err != nil {
		return document.Document{}, err
	}
	openFirst(follow)
	names := map[record.Ref]string{}
	for kind, ids := range map[hansei.Kind][]hansei.ID{hansei.KindService: r.Services, hansei.KindTeam: r.Teams, hansei.KindPerson: {r.Owner}} {
		found, err := record.Load(ctx, d.Records, who, kind, ids)
		if err != nil {
			return document.Document{}, err
		}
		for id, s := range found {
			names[record.Ref{Kind: kind, ID: id}] = nameOf(s.Record)
		}
	}
	return document.Document{Retrospective: r, FollowUps: follow, Name: func(k hansei.Kind, id hansei.ID) string { return names[record.Ref{Kind: k, ID: id}] }}, nil
}

func nameOf(rec hansei.Record) string {
	switch x := rec.(type) {
	case *hansei.Service:
		return x.Name
	case *hansei.Team:
		return x.Name
	case *hansei.Person:
		return x.Name
	}
	return ""
}
