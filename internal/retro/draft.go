package retro

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/chart"
	"hansei/internal/record"
)

// Draft makes the retrospective of an incident, or brings the timeline of the
// one that is there up to date; what people wrote stays as it is.
func (d *Desk) Draft(ctx context.Context, who auth.Actor, incident hansei.ID) (hansei.ID, record.Seq, error) {
	return d.draft(ctx, who, incident, false)
}

// DraftPast makes the retrospective of an incident of the past, only where
// there is none and none was removed: else it returns ErrConflict. A day until
// when it was due that has passed is left out: nobody was late.
func (d *Desk) DraftPast(ctx context.Context, who auth.Actor, incident hansei.ID) (hansei.ID, record.Seq, error) {
	return d.draft(ctx, who, incident, true)
}

func (d *Desk) draft(ctx context.Context, who auth.Actor, incident hansei.ID, past bool) (hansei.ID, record.Seq, error) {
	in, _, err := record.Get[*hansei.Incident](ctx, d.Records, who.Scope(), incident)
	if err != nil {
		return "", 0, err
	}
	if in.MergedInto != "" {
		return d.draft(ctx, who, in.MergedInto, past)
	}
	if in.Deleted {
		return "", 0, fmt.Errorf("incident %s: %w", incident, hansei.ErrNotFound)
	}
	rel, err := d.gather(ctx, who.Scope(), in)
	if err != nil {
		return "", 0, err
	}
	brief, err := d.brief(ctx, who.Scope(), rel)
	if err != nil {
		return "", 0, err
	}
	moments := timeline(rel)
	id := ID(in.ID)
	seq, err := d.Records.Write(ctx, who, func(tx *record.Tx) error {
		rules, err := Rules(ctx, tx, who.Scope())
		if err != nil {
			return err
		}
		r, rev, err := record.Get[*hansei.Retrospective](ctx, tx, who.Scope(), id)
		switch {
		case err == nil && past:
			return fmt.Errorf("retrospective %s: %w", id, hansei.ErrConflict)
		case err == nil && !r.Deleted:
			r.Timeline = again(r.Timeline, moments)
		case err == nil || errors.Is(err, hansei.ErrNotFound):
			r = fresh(rel, brief, rules, moments)
			if r.Drafted = tx.Now(); past && r.Due.Before(r.Drafted) {
				r.Due = time.Time{}
			}
		default:
			return err
		}
		settle(r, rules)
		return record.Put(tx, r, rev)
	})
	return id, seq, err
}

// fresh is a draft: the metadata as far as the incident says, the prose as far
// as figures can be put in words.
func fresh(rel *related, b Brief, rules hansei.RetroRules, moments []hansei.Moment) *hansei.Retrospective {
	in := rel.incident
	r := &hansei.Retrospective{
		Header: hansei.Header{ID: ID(in.ID)}, Title: cmp.Or(in.Title, "Incident "+string(in.ID)), State: hansei.RetroDraft,
		Severity: in.Severity, Incidents: []hansei.ID{in.ID}, Services: slices.Clone(in.Services), Teams: slices.Clone(in.Teams),
		CustomersLow: in.CustomersLow, Customers: in.Customers, CustomersHigh: in.CustomersHigh, CustomersMethod: in.CustomersMethod,
		Detection: in.Detection, Due: hansei.Workdays(rel.until, rules.DueDays), Timeline: moments,
	}
	for _, name := range in.Factors {
		r.Factors = append(r.Factors, hansei.Factor{Name: name})
	}
	r.Use(rules.TemplateFor(in.Severity, in.Type))
	for i := range r.Sections {
		s := &r.Sections[i]
		switch s.ID {
		case "summary":
			s.Text = summary(rel)
		case "impact":
			s.Text = impactText(rel, b)
		case "response":
			s.Text = responseText(rel, b)
		}
	}
	return r
}

// summary says in sentences what the milestones and fields say.
func summary(rel *related) string {
	in := rel.incident
	start, _ := in.Start()
	var names []string
	for _, id := range rel.services {
		names = append(names, rel.name(id))
	}
	text := "The incident"
	if in.Title != "" {
		text = "“" + in.Title + "”"
	}
	text += fmt.Sprintf(" began on %s UTC", start.UTC().Format("2 January 2006 at 15:04"))
	if len(names) > 0 {
		text += " and affected " + list(names)
	}
	if lasted, ok := in.Impact(); ok {
		text += fmt.Sprintf(". It lasted %s", chart.Duration(lasted.Seconds()))
	} else if in.Status != hansei.StatusResolved && in.Status != hansei.StatusClosed {
		text += ". It is not over yet"
	}
	return text + "."
}

func impactText(rel *related, b Brief) string {
	in := rel.incident
	var lines []string
	if b.AtLeast {
		lines = append(lines, fmt.Sprintf("At least %s customers were affected: so many wrote to support.", count(*in.Customers)))
	} else if in.Customers != nil {
		line := fmt.Sprintf("%s customers were affected", count(*in.Customers))
		if in.CustomersLow != nil && in.CustomersHigh != nil {
			line += fmt.Sprintf(" (between %s and %s)", count(*in.CustomersLow), count(*in.CustomersHigh))
		}
		if in.CustomersMethod != "" {
			line += ", as known from " + in.CustomersMethod
		}
		lines = append(lines, line+".")
	}
	if b.CustomerMinutes != nil {
		least := ""
		if b.AtLeast {
			least = "at least "
		}
		lines = append(lines, fmt.Sprintf("That is %s%s customer-minutes.", least, count(*b.CustomerMinutes)))
	}
	for _, budget := range b.Budgets {
		lines = append(lines, budget.Says(rel.name(budget.Service)))
	}
	if b.Cost != nil {
		lines = append(lines, b.Cost.Says())
	}
	if b.Tickets > 0 {
		lines = append(lines, fmt.Sprintf("%d support tickets came in about it.", b.Tickets))
	}
	return strings.Join(lines, " ")
}

func responseText(rel *related, b Brief) string {
	var lines []string
	for _, s := range b.Spans {
		if s.Seconds >= 0 {
			lines = append(lines, fmt.Sprintf("- %s after %s: %s", lower(roleText[s.To]), lower(roleText[s.From]), chart.Duration(s.Seconds)))
		}
	}
	if b.Load.Pages > 0 {
		lines = append(lines, fmt.Sprintf("- %d pages reached %d people; %d came outside working hours, %d between 22 and 6 o'clock of their own time", b.Load.Pages, b.Load.Paged, b.Load.OffHours, b.Load.Asleep))
	}
	if rel.incident.Detection != "" {
		lines = append(lines, "- noticed by: "+rel.incident.Detection)
	}
	return strings.Join(lines, "\n")
}

func lower(s string) string {
	if s == "" {
		return s
	}
	return strings.ToLower(s[:1]) + s[1:]
}

// list writes names as people do: a, b and c.
func list(names []string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	return strings.Join(names[:len(names)-1], ", ") + " and " + names[len(names)-1]
}

func count(v float64) string { return fmt.Sprintf("%.0f", v) }
