package watch

import (
	"cmp"
	"context"
	"time"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/record"
)

// listPage is how many records are read at a time: documents are large, and
// little of them is kept.
const listPage = 200

// each calls fn with every record of a kind that is in the views.
func (w *Watch) each(ctx context.Context, who auth.Scope, kind hansei.Kind, fn func(hansei.Record)) error {
	after := hansei.ID("")
	for {
		page, err := w.Records.List(ctx, who, kind, after, listPage)
		if err != nil || len(page) == 0 {
			return err
		}
		for _, s := range page {
			if h := s.Record.Head(); !h.Deleted && h.MergedInto == "" {
				fn(s.Record)
			}
		}
		after = page[len(page)-1].Record.Head().ID
	}
}

// open are the retrospectives and follow-ups that are to be finished.
func (w *Watch) open(ctx context.Context, who auth.Scope, p policy) ([]thing, error) {
	type unowned struct {
		thing
		person   hansei.ID
		own      []hansei.ID // teams
		services []hansei.ID
	}
	var found []unowned
	severity, owners, incidents, follow := map[hansei.ID]string{}, []hansei.ID{}, []hansei.ID{}, []*hansei.FollowUp{}
	err := w.each(ctx, who, hansei.KindRetrospective, func(rec hansei.Record) {
		r := rec.(*hansei.Retrospective)
		severity[r.ID] = r.Severity
		if r.State == hansei.RetroDraft || r.State == hansei.RetroInReview {
			owners = append(owners, r.Owner)
			found = append(found, unowned{thing{kind: hansei.KindRetrospective, id: r.ID, noun: "retrospective", title: r.Title, path: retroPath(r.ID), due: r.Due, pace: p.rules.Pace},
				r.Owner, r.Teams, r.Services})
		}
	})
	if err != nil {
		return nil, err
	}
	err = w.each(ctx, who, hansei.KindFollowUp, func(rec hansei.Record) {
		if f := rec.(*hansei.FollowUp); f.Status == hansei.FollowUpOpen {
			follow, owners, incidents = append(follow, f), append(owners, f.Owner), append(incidents, f.Incidents...)
		}
	})
	if err != nil {
		return nil, err
	}
	people, err := w.people(ctx, who, owners)
	if err != nil {
		return nil, err
	}
	behind, err := record.Load(ctx, w.Records, who, hansei.KindIncident, incidents)
	if err != nil {
		return nil, err
	}
	for _, f := range follow {
		worst := severity[f.Retrospective]
		for _, id := range f.Incidents {
			if x, ok := behind[id]; ok {
				if in := x.Record.(*hansei.Incident); worst == "" || hansei.Needs(in.Severity, worst) {
					worst = cmp.Or(in.Severity, worst)
				}
			}
		}
		var since time.Time
		if f.Tracker != nil {
			since = f.Tracker.Adopted
		}
		found = append(found, unowned{thing{kind: hansei.KindFollowUp, id: f.ID, noun: "follow-up", title: f.Title, path: followUpPath(f.ID), due: f.Due, since: since, pace: p.rules.PaceOf(f.Type, worst)},
			f.Owner, []hansei.ID{f.Team}, f.Services})
	}
	var out []thing
	for _, x := range found {
		t := x.thing
		t.owner = people[x.person]
		if t.teams, err = w.ofTeams(ctx, who, x.own, x.services, t.owner); err != nil {
			return nil, err
		}
		out = append(out, t)
	}
	return out, nil
}

// ofTeams are whose matter a thing is: its own teams, those of its services, or
// its owner's.
func (w *Watch) ofTeams(ctx context.Context, who auth.Scope, own, services []hansei.ID, owner *hansei.Person) ([]hansei.ID, error) {
	out, err := w.teams(ctx, who, own, services)
	if err == nil && len(out) == 0 && owner != nil && owner.Team != "" {
		out = []hansei.ID{owner.Team}
	}
	return out, err
}
