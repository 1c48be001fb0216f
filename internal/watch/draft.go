package watch

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/record"
	"hansei/internal/retro"
)

// Draft drafts the retrospective of an incident that was resolved. One that is
// there, was removed, or is not required stays as it is.
func (w *Watch) Draft(ctx context.Context, who auth.Actor, incident hansei.ID) error {
	in, err := w.incident(ctx, who.Scope(), incident)
	if in == nil || err != nil {
		return err
	}
	id := retro.ID(in.ID)
	have, err := record.Load(ctx, w.Records, who.Scope(), hansei.KindRetrospective, []hansei.ID{id})
	if err != nil {
		return err
	}
	p, err := w.policy(ctx, who.Scope())
	if err != nil {
		return err
	}
	if s, ok := have[id]; !ok {
		if !w.wantsDraft(p, in, w.Now()) {
			return nil // it was reopened, or judged milder, meanwhile
		}
		if err := w.settled(ctx, who.Scope()); err != nil {
			return err
		}
		var seq record.Seq
		if id, seq, err = w.Retros.Draft(ctx, who, in.ID); err != nil {
			return err
		}
		if err := w.suggest(ctx, who, id, in); err != nil {
			return err
		}
		w.Log.Info("a retrospective was drafted by policy", "incident", in.ID, "retrospective", id, "seq", seq)
	} else if s.Record.Head().Deleted {
		return nil
	}
	return w.tellDrafted(ctx, who, p, id)
}

// incident reads an incident, as the one it was merged into; nil when it is
// not there any more.
func (w *Watch) incident(ctx context.Context, who auth.Scope, id hansei.ID) (*hansei.Incident, error) {
	for range 10 {
		in, _, err := record.Get[*hansei.Incident](ctx, w.Records, who, id)
		switch {
		case errors.Is(err, hansei.ErrNotFound) || err == nil && in.Deleted:
			return nil, nil
		case err != nil:
			return nil, err
		case in.MergedInto == "":
			return in, nil
		}
		id = in.MergedInto
	}
	return nil, nil
}

// settled waits until facts and search hold everything that is written.
func (w *Watch) settled(ctx context.Context, who auth.Scope) error {
	head, err := w.Records.Head(ctx, who)
	if err != nil {
		return err
	}
	return w.Settled(ctx, head.Seq)
}

// leads are the organization's own fields of an incident that may name who led
// the response.
var leads = []string{"lead", "incident_lead", "incident lead", "commander", "incident_commander", "incident commander"}

// suggest sets the owner and the team of a draft where the incident says who
// they are: the lead that it names, and the team of who responded first when
// neither it nor its services have one.
func (w *Watch) suggest(ctx context.Context, who auth.Actor, id hansei.ID, in *hansei.Incident) error {
	var lead hansei.ID
	for name, value := range in.Custom {
		if slices.Contains(leads, strings.ToLower(name)) {
			lead = hansei.Slug(value)
		}
	}
	wanted := []hansei.ID{lead}
	if len(in.Responders) > 0 {
		wanted = append(wanted, in.Responders[0])
	}
	people, err := w.people(ctx, who.Scope(), wanted)
	if err != nil {
		return err
	}
	teams, err := w.teams(ctx, who.Scope(), in.Teams, in.Services)
	if err != nil {
		return err
	}
	set := map[string]any{}
	if p := people[lead]; p != nil {
		set["owner"] = p.ID
	}
	if len(in.Teams) == 0 {
		if len(teams) == 0 && len(in.Responders) > 0 {
			if p := people[in.Responders[0]]; p != nil && p.Team != "" {
				teams = []hansei.ID{p.Team}
			}
		}
		if len(teams) > 0 {
			set["teams"] = teams
		}
	}
	if len(set) == 0 {
		return nil
	}
	fields := retro.Metadata{}
	for name, v := range set {
		if fields[name], err = json.Marshal(v); err != nil {
			return err
		}
	}
	_, err = w.Retros.Describe(ctx, who, id, fields)
	return err
}

// tellDrafted tells channels, and the owner, of a draft that is still one.
func (w *Watch) tellDrafted(ctx context.Context, who auth.Actor, p policy, id hansei.ID) error {
	r, _, err := w.Retros.Get(ctx, who.Scope(), id)
	if errors.Is(err, hansei.ErrNotFound) {
		return nil
	}
	if err != nil || r.State != hansei.RetroDraft {
		return err
	}
	teams, err := w.teams(ctx, who.Scope(), r.Teams, r.Services)
	if err != nil {
		return err
	}
	people, err := w.people(ctx, who.Scope(), []hansei.ID{r.Owner})
	if err != nil {
		return err
	}
	_, err = w.Records.Write(ctx, who, func(tx *record.Tx) error {
		key := "drafted/" + string(id) + "/"
		for _, to := range p.hearing(hansei.EventDrafted, teams) {
			if err := w.once(tx, key+"channel/"+string(to.Channel), to, drafted(r, p.zone, false)); err != nil {
				return err
			}
		}
		if to, ok := p.mailed(hansei.EventDrafted, people[r.Owner], w.Now()); ok {
			return w.once(tx, key+"person/"+string(to.Person), to, drafted(r, p.zone, true))
		}
		return nil
	})
	return err
}
