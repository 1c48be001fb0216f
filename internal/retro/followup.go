package retro

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/intake"
	"hansei/internal/record"
)

// Add makes a follow-up. What is not said comes from its retrospective and the
// rules: incidents, services, team, and until when it is due.
func (d *Desk) Add(ctx context.Context, who auth.Actor, f hansei.FollowUp) (hansei.ID, record.Seq, error) {
	rules, err := Rules(ctx, d.Records, who.Scope())
	if err != nil {
		return "", 0, err
	}
	if f.Retrospective != "" {
		r, _, err := d.Get(ctx, who.Scope(), f.Retrospective)
		if err != nil {
			return "", 0, err
		}
		if len(f.Incidents) == 0 {
			f.Incidents = r.Incidents
		}
		if len(f.Services) == 0 {
			f.Services = r.Services
		}
		if f.Team == "" && len(r.Teams) == 1 {
			f.Team = r.Teams[0]
		}
	}
	f.ID, f.Status = hansei.ID("follow-up-"+random()), hansei.FollowUpOpen
	f.Title = strings.TrimSpace(f.Title)
	if f.Created.IsZero() {
		f.Created = d.Now().UTC().Truncate(time.Second)
	}
	if f.Due.IsZero() {
		if f.Due, err = d.dueAt(ctx, who.Scope(), rules, &f); err != nil {
			return "", 0, err
		}
	}
	if err := f.Validate(); err != nil {
		return "", 0, err
	}
	sets, err := setsOf(&f)
	if err != nil {
		return "", 0, err
	}
	seq, err := d.People.Create(ctx, who, hansei.KindFollowUp, f.ID, sets, "")
	return f.ID, seq, err
}

// dueAt is until when the rules have a follow-up be done.
func (d *Desk) dueAt(ctx context.Context, who auth.Scope, rules hansei.RetroRules, f *hansei.FollowUp) (time.Time, error) {
	zone := time.UTC
	org, _, err := record.Get[*hansei.Organization](ctx, d.Records, who, hansei.OrganizationID)
	if err == nil {
		zone, err = time.LoadLocation(org.Zone)
	}
	if err != nil && !errors.Is(err, hansei.ErrNotFound) {
		return time.Time{}, err
	}
	found, err := record.Load(ctx, d.Records, who, hansei.KindIncident, f.Incidents)
	if err != nil {
		return time.Time{}, err
	}
	severity := ""
	for _, x := range found {
		severity = hansei.Worse(severity, x.Record.(*hansei.Incident).Severity)
	}
	at, _ := rules.DueAt(f, severity, zone)
	return at, nil
}

// setsOf are the fields of a record as a person's words.
func setsOf(rec hansei.Record) ([]intake.Set, error) {
	var out []intake.Set
	for _, f := range hansei.FieldsOf(rec.Kind()) {
		v, ok := f.Get(rec)
		if !ok {
			continue
		}
		text, err := json.Marshal(v)
		if err != nil {
			return nil, err
		}
		out = append(out, intake.Set{Field: f.Name, Value: text})
	}
	return out, nil
}

// Close ends a follow-up as done, or as declined with a reason.
func (d *Desk) Close(ctx context.Context, who auth.Actor, id hansei.ID, status, reason string) (record.Seq, error) {
	at, err := json.Marshal(d.Now().UTC().Truncate(time.Second))
	if err != nil {
		return 0, err
	}
	why, err := json.Marshal(strings.TrimSpace(reason))
	if err != nil {
		return 0, err
	}
	sets := []intake.Set{{Field: "status", Value: json.RawMessage(`"` + status + `"`)}, {Field: "resolved_at", Value: at}}
	switch status {
	case hansei.FollowUpDeclined:
		if strings.TrimSpace(reason) == "" {
			return 0, hansei.Invalid("reason", "a follow-up is declined with a reason")
		}
		sets = append(sets, intake.Set{Field: "reason", Value: why})
	case hansei.FollowUpDone:
	case hansei.FollowUpOpen:
		sets[1].Value = nil
		sets = append(sets, intake.Set{Field: "reason"})
	default:
		return 0, hansei.Invalid("status", "%q: expected open, done or declined", status)
	}
	return d.People.Edit(ctx, who, hansei.KindFollowUp, id, 0, sets, reason)
}

// FollowUps are those of a retrospective, the open ones first.
func (d *Desk) FollowUps(ctx context.Context, who auth.Scope, of hansei.ID) ([]*hansei.FollowUp, error) {
	all, err := d.followUps(ctx, who)
	if err != nil {
		return nil, err
	}
	out := slices.DeleteFunc(all, func(f *hansei.FollowUp) bool { return f.Retrospective != of })
	openFirst(out)
	return out, nil
}

// openFirst sorts follow-ups: the open ones first, then by when they are due.
func openFirst(list []*hansei.FollowUp) {
	slices.SortStableFunc(list, func(a, b *hansei.FollowUp) int {
		if (a.Status == hansei.FollowUpOpen) != (b.Status == hansei.FollowUpOpen) {
			if a.Status == hansei.FollowUpOpen {
				return -1
			}
			return 1
		}
		return a.Due.Compare(b.Due)
	})
}
