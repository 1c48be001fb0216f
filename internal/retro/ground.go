package retro

import (
	"context"
	"errors"
	"maps"
	"slices"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/record"
)

// Ground is what a retrospective rests on, for those who draft from it.
type Ground struct {
	Retro     *hansei.Retrospective
	Incidents []*hansei.Incident
	Briefs    []Brief                      // of the incidents, in their order
	People    map[hansei.ID]*hansei.Person // who appear in any of it
	Services  []string                     // what those of it are called
}

// Ground gathers what a retrospective rests on.
func (d *Desk) Ground(ctx context.Context, who auth.Scope, id hansei.ID) (Ground, error) {
	r, _, err := d.Get(ctx, who, id)
	if err != nil {
		return Ground{}, err
	}
	g := Ground{Retro: r, People: map[hansei.ID]*hansei.Person{}}
	for _, incident := range r.Incidents {
		in, _, err := record.Get[*hansei.Incident](ctx, d.Records, who, incident)
		if errors.Is(err, hansei.ErrNotFound) || err == nil && in.Deleted {
			continue
		}
		if err != nil {
			return g, err
		}
		rel, err := d.gather(ctx, who, in)
		if err != nil {
			return g, err
		}
		b, err := d.brief(ctx, who, rel)
		if err != nil {
			return g, err
		}
		g.Incidents, g.Briefs = append(g.Incidents, in), append(g.Briefs, b)
		maps.Copy(g.People, rel.people)
	}
	people := slices.Concat([]hansei.ID{r.Owner, r.Facilitator}, r.Reviewers)
	found, err := record.Load(ctx, d.Records, who, hansei.KindPerson, slices.DeleteFunc(people, func(p hansei.ID) bool { return p == "" }))
	if err != nil {
		return g, err
	}
	for id, s := range found {
		g.People[id] = s.Record.(*hansei.Person)
	}
	services, err := record.Load(ctx, d.Records, who, hansei.KindService, r.Services)
	if err != nil {
		return g, err
	}
	for _, id := range r.Services {
		if s, ok := services[id]; ok {
			g.Services = append(g.Services, nameOf(s.Record))
		}
	}
	return g, nil
}
