// Package affected counts the customers of whom support tickets say that an
// incident affected them: the distinct customers of the tickets that are linked
// with it, by a name in either's texts and fields, and of those that belong to
// such a ticket (Zendesk's problem). Many who are affected never write: the
// count is a lower bound, and stands only while nobody says more
// (hansei.Counted).
//
// It follows the journal behind the links that package intake notes, so that
// tickets and incidents may come in any order, by webhook, pull, file or hand,
// and be changed, deleted, joined and taken apart.
package affected

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/intake"
	"hansei/internal/intake/link"
	"hansei/internal/record"
	"hansei/internal/record/follow"
)

// Counter counts.
type Counter struct{ Records *record.Store }

const (
	// By is who writes what was counted.
	By     = "support tickets"
	cursor = "customers"
	page   = 500 // entries of the journal looked at together
)

// Follow counts anew for all incidents whose tickets may have changed since the
// last time. Several servers may do it at once, any number of times.
func (c Counter) Follow(ctx context.Context, who auth.Actor) error {
	who = who.As(By)
	f := follow.Follower{Records: c.Records, Cursor: cursor, Page: page, Behind: intake.LinkCursor}
	return f.Run(ctx, who, func(ctx context.Context, p record.Page) (func(*record.Tx) error, error) {
		if tickets, err := c.Records.List(ctx, who.Scope(), hansei.KindTicket, "", 1); err != nil || len(tickets) == 0 {
			return nil, err // nothing can be counted
		}
		incidents, err := c.touched(ctx, who.Scope(), p.Changes)
		if err != nil || len(incidents) == 0 {
			return nil, err
		}
		return c.counted(ctx, who.Scope(), incidents)
	})
}

// touched are the incidents whose count may be another one by some changes:
// those that changed, and those that tickets which changed belong to or
// belonged to.
func (c Counter) touched(ctx context.Context, who auth.Scope, changes []record.Change) ([]hansei.ID, error) {
	out := map[hansei.ID]bool{}
	called, mentioned := map[string]bool{}, map[string]bool{}
	for _, x := range changes {
		switch {
		case x.Kind == hansei.KindIncident && x.Who != By:
			out[x.ID] = true
		case x.Kind == hansei.KindTicket:
			if err := c.names(ctx, who, x, called, mentioned); err != nil {
				return nil, err
			}
		}
	}
	named, err := record.Named(ctx, c.Records, who, slices.Sorted(maps.Keys(mentioned)))
	if err != nil {
		return nil, err
	}
	naming, err := record.Mentioning(ctx, c.Records, who, slices.Sorted(maps.Keys(called)))
	if err != nil {
		return nil, err
	}
	problems := map[hansei.ID]bool{}
	for _, x := range slices.Concat(named, naming) {
		switch x.Kind {
		case hansei.KindIncident:
			out[x.ID] = true
		case hansei.KindTicket:
			problems[x.ID] = true
		}
	}
	found, err := record.Load(ctx, c.Records, who, hansei.KindTicket, slices.Sorted(maps.Keys(problems)))
	if err != nil {
		return nil, err
	}
	for _, x := range found {
		linked, err := intake.Linked(ctx, c.Records, who, x.Record, record.Ref{})
		if err != nil {
			return nil, err
		}
		for _, x := range linked {
			if x.Kind == hansei.KindIncident {
				out[x.ID] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(out)), nil
}

// names adds what a ticket is and was called and mentions.
func (c Counter) names(ctx context.Context, who auth.Scope, x record.Change, called, mentioned map[string]bool) error {
	add := func(rec hansei.Record) {
		l := link.Of(rec)
		for _, n := range l.Called {
			called[n] = true
		}
		for _, n := range l.Mentions {
			mentioned[n] = true
		}
	}
	rec, err := record.Decode(x)
	if err != nil {
		return err
	}
	add(rec)
	if x.Revision == 1 {
		return nil
	}
	old, err := record.GetAt(ctx, c.Records, who, x.Kind, x.ID, x.Seq-1)
	if errors.Is(err, hansei.ErrNotFound) {
		return nil
	}
	if err == nil {
		add(old.Record)
	}
	return err
}

// counted puts what was counted into the incidents.
func (c Counter) counted(ctx context.Context, who auth.Scope, ids []hansei.ID) (func(*record.Tx) error, error) {
	found, err := record.Load(ctx, c.Records, who, hansei.KindIncident, ids)
	if err != nil {
		return nil, err
	}
	linked, err := c.linked(ctx, who, found)
	if err != nil {
		return nil, err
	}
	var changed []record.Stored
	for _, id := range ids {
		x, ok := found[id]
		if !ok || !link.Live(x.Record) {
			continue // it is counted when it is back
		}
		in := x.Record.(*hansei.Incident)
		if !linked[id] && in.Counted == nil {
			continue
		}
		n, err := c.count(ctx, who, id)
		if err != nil {
			return nil, err
		}
		if same(in.Counted, n) {
			continue
		}
		if x.Record, err = intake.Counted(ctx, c.Records, who, in, n); err != nil {
			return nil, err
		}
		changed = append(changed, x)
	}
	return func(tx *record.Tx) error {
		for _, x := range changed {
			if err := record.Put(tx, x.Record, x.Revision); err != nil {
				return err
			}
		}
		return nil
	}, nil
}

// linked are those of some incidents that are linked with tickets. Most are
// not, and nothing more is asked for them.
func (c Counter) linked(ctx context.Context, who auth.Scope, incidents map[hansei.ID]record.Stored) (map[hansei.ID]bool, error) {
	called, mentioned := map[string][]hansei.ID{}, map[string][]hansei.ID{}
	for id, x := range incidents {
		l := link.Of(x.Record)
		for _, n := range l.Called {
			called[n] = append(called[n], id)
		}
		for _, n := range l.Mentions {
			mentioned[n] = append(mentioned[n], id)
		}
	}
	out := map[hansei.ID]bool{}
	for _, side := range []struct {
		ids map[string][]hansei.ID
		ask func(context.Context, record.Reader, auth.Scope, []string) ([]record.Naming, error)
	}{{called, record.Mentioning}, {mentioned, record.Named}} {
		list, err := side.ask(ctx, c.Records, who, slices.Sorted(maps.Keys(side.ids)))
		if err != nil {
			return nil, err
		}
		for _, x := range list {
			for _, id := range side.ids[x.Name] {
				out[id] = out[id] || x.Kind == hansei.KindTicket
			}
		}
	}
	return out, nil
}

func same(a, b *hansei.Counted) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Tickets == b.Tickets && a.Customers == b.Customers
}

// count is what the tickets of an incident say; nil when there are none.
func (c Counter) count(ctx context.Context, who auth.Scope, id hansei.ID) (*hansei.Counted, error) {
	s := seen{tickets: map[hansei.ID]bool{}, customers: map[string]bool{}}
	var problems []*hansei.Ticket
	in, _, err := record.Get[*hansei.Incident](ctx, c.Records, who, id)
	if errors.Is(err, hansei.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	err = c.tickets(ctx, who, in, func(t *hansei.Ticket) {
		if s.add(t) {
			problems = append(problems, t)
		}
	})
	if err != nil {
		return nil, err
	}
	for _, p := range problems {
		err := c.tickets(ctx, who, p, func(t *hansei.Ticket) {
			if belongs(t, p) {
				s.add(t)
			}
		})
		if err != nil {
			return nil, err
		}
	}
	if len(s.tickets) == 0 {
		return nil, nil
	}
	return &hansei.Counted{Tickets: len(s.tickets), Customers: len(s.customers)}, nil
}

// seen are the tickets of one incident and whose they are.
type seen struct {
	tickets   map[hansei.ID]bool
	customers map[string]bool
}

// add counts a ticket, and says whether it is a new one.
func (s seen) add(t *hansei.Ticket) bool {
	if s.tickets[t.ID] {
		return false
	}
	s.tickets[t.ID] = true
	if name := strings.ToLower(strings.TrimSpace(t.Customer)); name != "" {
		s.customers[name] = true
	}
	return true
}

// belongs says whether a ticket names another one of its tool as what it is
// about.
func belongs(t, problem *hansei.Ticket) bool {
	return t.Incident != "" && slices.ContainsFunc(t.From, func(o hansei.Observed) bool {
		return slices.ContainsFunc(problem.From, func(p hansei.Observed) bool { return p.Source == o.Source && p.External == t.Incident })
	})
}

// tickets calls fn with every ticket linked with a record that is not deleted.
func (c Counter) tickets(ctx context.Context, who auth.Scope, of hansei.Record, fn func(*hansei.Ticket)) error {
	after := record.Ref{Kind: hansei.KindTicket}
	for {
		refs, err := intake.Linked(ctx, c.Records, who, of, after)
		if err != nil {
			return err
		}
		var ids []hansei.ID
		for _, r := range refs {
			if r.Kind == hansei.KindTicket {
				ids = append(ids, r.ID)
			}
		}
		if len(ids) == 0 {
			return nil
		}
		found, err := record.Load(ctx, c.Records, who, hansei.KindTicket, ids)
		if err != nil {
			return err
		}
		for _, id := range ids {
			if x, ok := found[id]; ok && link.Live(x.Record) {
				fn(x.Record.(*hansei.Ticket))
			}
		}
		after.ID = ids[len(ids)-1]
	}
}
