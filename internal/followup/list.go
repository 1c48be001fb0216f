package followup

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"hansei"
	"hansei/internal/auth"
)

// Filter narrows the list of follow-ups; empty parts let everything through.
type Filter struct {
	Status        string // open, done, declined
	Due           string // overdue, soon, later, none: of open ones
	Type          string
	Priority      string
	Factor        string
	Team          hansei.ID
	Service       hansei.ID
	Owner         hansei.ID
	Retrospective hansei.ID
	Incident      hansei.ID
	Tracker       string // none, synced, waiting, refused, or the name of a source
}

// The words of Filter.Due and Filter.Tracker.
const (
	DueOverdue = "overdue"
	DueSoon    = "soon" // within a week
	DueLater   = "later"
	DueNone    = "none"

	TrackerNone    = "none"
	TrackerSynced  = "synced"
	TrackerWaiting = "waiting" // to be created or changed there
	TrackerRefused = "refused" // needs a person
)

// Soon is how long before its due date a follow-up is due soon.
const Soon = 7 * 24 * time.Hour

// Entry is a follow-up in a list.
type Entry struct {
	*hansei.FollowUp
	Due   string        // one of the words of Filter.Due; empty for one that ended
	State string        // one of the words of Filter.Tracker
	Age   time.Duration // since it was created, or until it ended
}

// Counts say how many follow-ups there are in a filter without its status and
// due date.
type Counts struct {
	Open     int `json:"open"`
	Overdue  int `json:"overdue"`
	Soon     int `json:"soon"`
	Done     int `json:"done"`
	Declined int `json:"declined"`
}

// List is the open ones first, then in the order in which they are due or
// ended.
func (d *Desk) List(ctx context.Context, who auth.Scope, f Filter) ([]Entry, Counts, error) {
	if err := f.validate(); err != nil {
		return nil, Counts{}, err
	}
	all, err := d.all(ctx, who)
	if err != nil {
		return nil, Counts{}, err
	}
	z, err := zone(ctx, d.Records, who)
	if err != nil {
		return nil, Counts{}, err
	}
	now := d.Now()
	var counts Counts
	out := []Entry{}
	for _, x := range all {
		e := EntryOf(x, now, z)
		if !f.about(e) {
			continue
		}
		counts.add(e)
		if (f.Status == "" || f.Status == x.Status) && (f.Due == "" || f.Due == e.Due) {
			out = append(out, e)
		}
	}
	slices.SortFunc(out, order)
	return out, counts, nil
}

func (f Filter) validate() error {
	for _, c := range []struct {
		field, value string
		words        []string
	}{
		{"status", f.Status, []string{hansei.FollowUpOpen, hansei.FollowUpDone, hansei.FollowUpDeclined}},
		{"due", f.Due, []string{DueOverdue, DueSoon, DueLater, DueNone}},
		{"type", f.Type, hansei.FollowUpTypes},
	} {
		if c.value != "" && !slices.Contains(c.words, c.value) {
			return hansei.Invalid(c.field, "%q: expected one of %s", c.value, strings.Join(c.words, ", "))
		}
	}
	return nil
}

// about says whether a follow-up is in a filter, its status and due date apart.
func (f Filter) about(e Entry) bool {
	x := e.FollowUp
	return (f.Type == "" || f.Type == x.Type) && (f.Priority == "" || strings.EqualFold(f.Priority, x.Priority)) &&
		(f.Factor == "" || strings.EqualFold(f.Factor, x.Factor)) && (f.Team == "" || f.Team == x.Team) && (f.Owner == "" || f.Owner == x.Owner) &&
		(f.Service == "" || slices.Contains(x.Services, f.Service)) && (f.Retrospective == "" || f.Retrospective == x.Retrospective) &&
		(f.Incident == "" || slices.Contains(x.Incidents, f.Incident)) &&
		(f.Tracker == "" || f.Tracker == e.State || x.Tracker != nil && f.Tracker == x.Tracker.Source)
}

func (c *Counts) add(e Entry) {
	switch e.Status {
	case hansei.FollowUpDone:
		c.Done++
	case hansei.FollowUpDeclined:
		c.Declined++
	default:
		c.Open++
	}
	switch e.Due {
	case DueOverdue:
		c.Overdue++
	case DueSoon:
		c.Soon++
	}
}

// EntryOf is a follow-up as lists show it.
func EntryOf(f *hansei.FollowUp, now time.Time, zone *time.Location) Entry {
	e := Entry{FollowUp: f, State: state(f, zone), Age: now.Sub(f.Created)}
	if f.Status != hansei.FollowUpOpen {
		e.Age = f.Closed.Sub(f.Created)
		return e
	}
	switch left := f.Due.Sub(now); {
	case f.Due.IsZero():
		e.Due = DueNone
	case left < 0:
		e.Due = DueOverdue
	case left <= Soon:
		e.Due = DueSoon
	default:
		e.Due = DueLater
	}
	return e
}

func state(f *hansei.FollowUp, zone *time.Location) string {
	switch t := f.Tracker; {
	case t == nil:
		return TrackerNone
	case t.Refused:
		return TrackerRefused
	case t.External == "" || t.There == nil || t.Problem != "" || len(Behind(f, zone)) > 0:
		return TrackerWaiting
	}
	return TrackerSynced
}

func order(a, b Entry) int {
	rank := func(e Entry) int {
		switch {
		case e.Status != hansei.FollowUpOpen:
			return 2
		case e.FollowUp.Due.IsZero():
			return 1
		}
		return 0
	}
	if c := cmp.Compare(rank(a), rank(b)); c != 0 {
		return c
	}
	c := a.FollowUp.Due.Compare(b.FollowUp.Due)
	if rank(a) == 2 {
		c = b.Closed.Compare(a.Closed)
	}
	return cmp.Or(c, a.Created.Compare(b.Created), cmp.Compare(a.ID, b.ID))
}
