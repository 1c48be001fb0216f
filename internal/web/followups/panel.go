package followups

import (
	"context"
	"slices"
	"time"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/followup"
)

// panelShown is how many follow-ups the page of an incident shows.
const panelShown = 8

// panel is what is to be done after an incident.
type panel struct {
	Entries []followup.Entry // the open ones first
	More    int
	All     string // the list of them
	Zone    *time.Location
}

// Of are the follow-ups of an incident, also those that were made of one of the
// incidents that it was joined of; nil when there are none.
func (p *Pages) Of(ctx context.Context, who auth.Scope, in *hansei.Incident, zone *time.Location) (*panel, error) {
	ids := []hansei.ID{in.ID}
	for _, o := range in.From {
		if id := (hansei.Key{Kind: hansei.KindIncident, Source: o.Source, External: o.External}).ID(); !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	v := &panel{Zone: zone}
	seen := map[hansei.ID]bool{}
	for _, id := range ids {
		list, _, err := p.Desk.List(ctx, who, followup.Filter{Incident: id})
		if err != nil {
			return nil, err
		}
		for _, e := range list {
			if !seen[e.ID] {
				v.Entries = append(v.Entries, e)
			}
			seen[e.ID] = true
		}
		if len(list) > 0 && v.All == "" {
			v.All = Path + "?incident=" + string(id)
		}
	}
	if len(v.Entries) == 0 {
		return nil, nil
	}
	slices.SortStableFunc(v.Entries, func(a, b followup.Entry) int {
		open := func(e followup.Entry) int {
			if e.Status == hansei.FollowUpOpen {
				return 0
			}
			return 1
		}
		return open(a) - open(b)
	})
	v.More = max(0, len(v.Entries)-panelShown)
	v.Entries = v.Entries[:len(v.Entries)-v.More]
	return v, nil
}
