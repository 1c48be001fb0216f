package watch

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/notify"
	"hansei/internal/record"
	"hansei/internal/retro"
)

// The kinds of job.
const (
	JobFollow  = "watch"               // acts on what the journal says since the last time
	JobDraft   = "draft-retrospective" // incident
	JobSimilar = "tell-similar"        // incident
	JobRemind  = "remind"
)

// Recent is how long ago something may have happened that is still acted on.
const Recent = 7 * 24 * time.Hour

// Watch acts on the journal and the clock. Its fields are set before the first
// call.
type Watch struct {
	Records *record.Store
	Retros  *retro.Desk
	Outbox  *notify.Outbox
	// Settled returns once facts and search hold a sequence.
	Settled func(ctx context.Context, seq record.Seq) error
	// Later has a job done for an incident after the transaction, once while
	// one waits or runs.
	Later func(tx *record.Tx, kind string, incident hansei.ID) error
	Now   func() time.Time
	Log   *slog.Logger
}

// policy is what the organization decided, and the channels it has.
type policy struct {
	rules    hansei.NoticeRules
	retros   hansei.RetroRules
	zone     *time.Location
	channels []*hansei.Channel
}

func (w *Watch) policy(ctx context.Context, who auth.Scope) (policy, error) {
	p := policy{rules: hansei.DefaultNoticeRules, retros: hansei.DefaultRetroRules, zone: time.UTC}
	org, _, err := record.Get[*hansei.Organization](ctx, w.Records, who, hansei.OrganizationID)
	switch {
	case errors.Is(err, hansei.ErrNotFound):
	case err != nil:
		return p, err
	default:
		p.rules, p.retros = org.Notices.Or(p.rules), org.Retrospectives.Or(p.retros)
		if zone, err := time.LoadLocation(org.Zone); err == nil {
			p.zone = zone
		}
	}
	p.rules.FollowUps = (&p.rules).Or(p.rules).FollowUps // filled by the general pace
	p.channels, err = notify.Channels(ctx, w.Records, who)
	return p, err
}

// hearing are the channels that an event in a matter of some teams is told to.
func (p policy) hearing(event string, teams []hansei.ID) []notify.To {
	var out []notify.To
	if !p.rules.Tells(event) {
		return nil
	}
	for _, c := range p.channels {
		if c.Hears(event, teams) {
			out = append(out, notify.To{Channel: c.ID})
		}
	}
	return out
}

// mailed is a person as somebody to write to, when that is wanted and their
// address is known. The message waits for their quiet hours to end.
func (p policy) mailed(event string, person *hansei.Person, now time.Time) (notify.To, bool) {
	if person == nil || person.Email == "" || person.Deleted || p.rules.ChannelsOnly || !p.rules.Tells(event) {
		return notify.To{}, false
	}
	return notify.To{Person: person.ID, At: awake(now, person.Zone, p.rules.QuietFrom, p.rules.QuietUntil)}, true
}

// awake is now, or the end of the quiet hours that it lies in, in a person's
// zone. An unknown zone has none.
func awake(now time.Time, zone string, from, until int) time.Time {
	if zone == "" || from == until {
		return now
	}
	loc, err := time.LoadLocation(zone)
	if err != nil {
		return now
	}
	local := now.In(loc)
	hour, quiet := local.Hour(), false
	if from < until {
		quiet = hour >= from && hour < until
	} else {
		quiet = hour >= from || hour < until
	}
	if !quiet {
		return now
	}
	end := time.Date(local.Year(), local.Month(), local.Day(), until, 0, 0, 0, loc)
	if !end.After(now) {
		end = time.Date(local.Year(), local.Month(), local.Day()+1, until, 0, 0, 0, loc)
	}
	return end.UTC()
}

// people reads persons by id, those that were merged as who they are now.
func (w *Watch) people(ctx context.Context, who auth.Scope, ids []hansei.ID) (map[hansei.ID]*hansei.Person, error) {
	out := map[hansei.ID]*hansei.Person{}
	ids = slices.Compact(slices.Sorted(slices.Values(ids)))
	found, err := record.Load(ctx, w.Records, who, hansei.KindPerson, ids)
	if err != nil {
		return nil, err
	}
	for id, s := range found {
		p := s.Record.(*hansei.Person)
		for range 10 { // merges of merges, and no circle
			if p.MergedInto == "" {
				break
			}
			next, _, err := record.Get[*hansei.Person](ctx, w.Records, who, p.MergedInto)
			if errors.Is(err, hansei.ErrNotFound) {
				break
			}
			if err != nil {
				return nil, err
			}
			p = next
		}
		if !p.Deleted && p.MergedInto == "" {
			out[id] = p
		}
	}
	return out, nil
}

// teams are those whose matter something is: its own, else those of its
// services.
func (w *Watch) teams(ctx context.Context, who auth.Scope, own, services []hansei.ID) ([]hansei.ID, error) {
	own = slices.DeleteFunc(slices.Clone(own), func(id hansei.ID) bool { return id == "" })
	if len(own) > 0 {
		return own, nil
	}
	found, err := record.Load(ctx, w.Records, who, hansei.KindService, services)
	var out []hansei.ID
	for _, id := range services {
		if s, ok := found[id]; ok {
			if team := s.Record.(*hansei.Service).Team; team != "" && !slices.Contains(out, team) {
				out = append(out, team)
			}
		}
	}
	return out, err
}
