package retro

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/fact"
	"hansei/internal/intake"
	"hansei/internal/record"
)

// related is everything in the record that may belong to an incident.
type related struct {
	incident     *hansei.Incident
	since, until time.Time // of the incident; until is now while it is open
	services     []hansei.ID
	needs        []hansei.ID          // services that its services depend on
	names        map[hansei.ID]string // of services and people

	alerts      []*hansei.Alert
	deployments []*hansei.Deployment
	changes     []*hansei.Change
	tickets     []*hansei.Ticket
	shifts      []*hansei.Shift
	people      map[hansei.ID]*hansei.Person
	linked      map[record.Ref]bool // one names the other

	affected []*hansei.Service // as its services are described
	served   *float64          // customers in all; nil when nobody said
	cost     *hansei.CostRule  // nil when nobody said
}

const (
	changesBefore = 24 * time.Hour // how long before an incident a change may have to do with it
	around        = time.Hour      // how long before and after it alerts and tickets may
	maxRelated    = 5_000          // records of one kind
)

// gather reads what may belong to an incident.
func (d *Desk) gather(ctx context.Context, who auth.Scope, in *hansei.Incident) (*related, error) {
	rel := &related{incident: in, services: in.Services, names: map[hansei.ID]string{}, people: map[hansei.ID]*hansei.Person{}, linked: map[record.Ref]bool{}}
	rel.since, _ = in.Start()
	rel.until = d.Now()
	if _, t, ok := in.Milestones.First(hansei.RoleClosed, hansei.RoleResolved, hansei.RoleMitigated); ok {
		rel.until = t
	}
	if t, ok := in.Milestones.At(hansei.RoleResolved); ok {
		rel.until = t
	}
	org, _, err := record.Get[*hansei.Organization](ctx, d.Records, who, hansei.OrganizationID)
	if err != nil && !errors.Is(err, hansei.ErrNotFound) {
		return nil, err
	}
	if err == nil {
		rel.served, rel.cost = org.CustomersServed, org.Retrospectives.Or(hansei.DefaultRetroRules).Cost
	}
	if err := d.dependencies(ctx, who, rel); err != nil {
		return nil, err
	}
	refs, err := d.inTime(ctx, rel)
	if err != nil {
		return nil, err
	}
	links, err := intake.Linked(ctx, d.Records, who, in, record.Ref{})
	if err != nil {
		return nil, err
	}
	for _, ref := range links {
		rel.linked[ref] = true
		refs[ref.Kind] = append(refs[ref.Kind], ref.ID)
	}
	for kind, ids := range refs {
		slices.Sort(ids)
		if err := d.load(ctx, who, rel, kind, slices.Compact(ids)); err != nil {
			return nil, err
		}
	}
	return rel, d.persons(ctx, who, rel)
}

// joined is when responders came, where a tool told.
func (rel *related) joined() map[hansei.ID]time.Time {
	out := map[hansei.ID]time.Time{}
	for _, from := range rel.incident.From {
		for field, at := range from.Stamps {
			id, ok := strings.CutPrefix(field, "responders/")
			if _, told := out[hansei.ID(id)]; ok && !told && slices.Contains(rel.incident.Responders, hansei.ID(id)) {
				out[hansei.ID(id)] = at
			}
		}
	}
	return out
}

// dependencies finds the names of the services, and what they need to work.
func (d *Desk) dependencies(ctx context.Context, who auth.Scope, rel *related) error {
	own, err := record.Load(ctx, d.Records, who, hansei.KindService, rel.services)
	if err != nil {
		return err
	}
	for id, s := range own {
		svc := s.Record.(*hansei.Service)
		rel.names[id] = svc.Name
		rel.affected = append(rel.affected, svc)
		for _, need := range svc.DependsOn {
			if !slices.Contains(rel.services, need) && !slices.Contains(rel.needs, need) {
				rel.needs = append(rel.needs, need)
			}
		}
	}
	slices.SortFunc(rel.affected, func(a, b *hansei.Service) int { return strings.Compare(string(a.ID), string(b.ID)) })
	slices.Sort(rel.needs)
	needed, err := record.Load(ctx, d.Records, who, hansei.KindService, rel.needs)
	for id, s := range needed {
		rel.names[id] = s.Record.(*hansei.Service).Name
	}
	return err
}

// inTime asks the facts what happened to the services at about that time.
func (d *Desk) inTime(ctx context.Context, rel *related) (map[hansei.Kind][]hansei.ID, error) {
	out := map[hansei.Kind][]hansei.ID{}
	if len(rel.services) == 0 {
		return out, nil
	}
	own, all := fact.Literals(rel.services), fact.Literals(slices.Concat(rel.services, rel.needs))
	span := func(column string, before, after time.Duration) string {
		return fmt.Sprintf("%s BETWEEN %s AND %s", column, fact.Timestamp(rel.since.Add(-before)), fact.Timestamp(rel.until.Add(after)))
	}
	parts := []string{
		"SELECT 'deployment' AS kind, id, coalesce(finished_at, started_at) AS happened FROM deployment WHERE service IN (" + all + ") AND " + span("coalesce(finished_at, started_at)", changesBefore, 0),
		"SELECT 'change', c.id, c.changed_at FROM change c JOIN change_service s ON s.change = c.id WHERE s.service IN (" + all + ") AND " + span("c.changed_at", changesBefore, 0),
		"SELECT 'alert', a.id, a.triggered_at FROM alert a JOIN alert_service s ON s.alert = a.id WHERE s.service IN (" + own + ") AND " + span("a.triggered_at", around, 0),
		"SELECT 'ticket', t.id, t.created_at FROM ticket t JOIN ticket_service s ON s.ticket = t.id WHERE s.service IN (" + own + ") AND " + span("t.created_at", 0, around),
		"SELECT 'shift', f.id, f.began_at FROM shift f JOIN shift_service s ON s.shift = f.id WHERE s.service IN (" + own + ") AND f.began_at <= " + fact.Timestamp(rel.until) + " AND f.ended_at > " + fact.Timestamp(rel.since),
	}
	rows, err := d.Facts.SQL(ctx, "SELECT DISTINCT kind, id, happened FROM ("+strings.Join(parts, " UNION ALL ")+") ORDER BY happened, id", maxRelated)
	if err != nil {
		return nil, fmt.Errorf("what happened at that time: %w", err)
	}
	for _, row := range rows.Rows {
		kind := hansei.Kind(fmt.Sprint(row[0]))
		out[kind] = append(out[kind], hansei.ID(fmt.Sprint(row[1])))
	}
	return out, nil
}

func (d *Desk) load(ctx context.Context, who auth.Scope, rel *related, kind hansei.Kind, ids []hansei.ID) error {
	switch kind {
	case hansei.KindAlert, hansei.KindDeployment, hansei.KindChange, hansei.KindTicket, hansei.KindShift:
	default:
		return nil
	}
	found, err := record.Load(ctx, d.Records, who, kind, ids)
	if err != nil {
		return err
	}
	for _, id := range ids {
		s, ok := found[id]
		if !ok || s.Record.Head().Deleted || s.Record.Head().MergedInto != "" {
			continue
		}
		switch x := s.Record.(type) {
		case *hansei.Alert:
			rel.alerts = append(rel.alerts, x)
		case *hansei.Deployment:
			rel.deployments = append(rel.deployments, x)
		case *hansei.Change:
			rel.changes = append(rel.changes, x)
		case *hansei.Ticket:
			rel.tickets = append(rel.tickets, x)
		case *hansei.Shift:
			rel.shifts = append(rel.shifts, x)
		}
	}
	return nil
}

// persons reads everybody who appears.
func (d *Desk) persons(ctx context.Context, who auth.Scope, rel *related) error {
	ids := slices.Clone(rel.incident.Responders)
	for _, a := range rel.alerts {
		ids = append(ids, a.Responder)
	}
	for _, s := range rel.shifts {
		ids = append(ids, s.Person)
	}
	for _, x := range rel.deployments {
		ids = append(ids, x.Author)
	}
	for _, x := range rel.changes {
		ids = append(ids, x.Author)
	}
	slices.Sort(ids)
	found, err := record.Load(ctx, d.Records, who, hansei.KindPerson, slices.Compact(ids))
	for id, s := range found {
		p := s.Record.(*hansei.Person)
		rel.people[id], rel.names[id] = p, p.Name
	}
	return err
}

// name is what a service or person is called.
func (rel *related) name(id hansei.ID) string {
	if n := rel.names[id]; n != "" {
		return n
	}
	return string(id)
}
