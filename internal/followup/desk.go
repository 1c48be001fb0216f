package followup

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/fact"
	"hansei/internal/intake"
	"hansei/internal/record"
	"hansei/internal/retro"
	"hansei/internal/tracker"
)

// Desk is where follow-ups are worked on. Its fields are set before the first
// call.
type Desk struct {
	Records *record.Store
	Facts   *fact.View
	People  intake.People
	Retros  *retro.Desk
	Kinds   []tracker.Kind
	// Accounts lists the configured sources whose tool is a tracker, opened,
	// and those that cannot be with the reason.
	Accounts func(ctx context.Context, who auth.Scope) ([]Account, error)
	// Later has a follow-up synced after the transaction commits. again says
	// that it is only to be looked at once more.
	Later func(tx *record.Tx, id hansei.ID, again bool) error
	Now   func() time.Time
	Base  string // the URL under which people reach this server

	mu    sync.Mutex
	seq   record.Seq
	known []*hansei.FollowUp
	busy  map[string]bool // sources that a sync of this server talks to
}

// Account is a configured source that may be a tracker.
type Account struct {
	tracker.Account
	Tool   string
	Paused bool
	Bad    error // why it cannot be used
}

// Get reads a follow-up.
func (d *Desk) Get(ctx context.Context, who auth.Scope, id hansei.ID) (*hansei.FollowUp, record.Revision, error) {
	return get(ctx, d.Records, who, id)
}

func get(ctx context.Context, r record.Reader, who auth.Scope, id hansei.ID) (*hansei.FollowUp, record.Revision, error) {
	f, rev, err := record.Get[*hansei.FollowUp](ctx, r, who, id)
	if err == nil && f.Deleted {
		err = fmt.Errorf("follow-up %s: %w", id, hansei.ErrNotFound)
	}
	return f, rev, err
}

const batch = 1000

// all are the follow-ups that stand, read again only when one changed. They
// are shared and not to be written to.
func (d *Desk) all(ctx context.Context, who auth.Scope) ([]*hansei.FollowUp, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	seq, err := record.LastChange(ctx, d.Records, who, hansei.KindFollowUp)
	if err != nil {
		return nil, err
	}
	if d.known != nil && seq == d.seq {
		return d.known, nil
	}
	known := []*hansei.FollowUp{}
	for after := hansei.ID(""); ; {
		page, err := d.Records.List(ctx, who, hansei.KindFollowUp, after, batch)
		if err != nil {
			return nil, err
		}
		for _, x := range page {
			f := x.Record.(*hansei.FollowUp)
			if after = f.ID; !f.Deleted && f.MergedInto == "" {
				known = append(known, f)
			}
		}
		if len(page) < batch {
			break
		}
	}
	d.seq, d.known = seq, known
	return known, nil
}

// zone is the organization's time zone, in which days begin.
func zone(ctx context.Context, r record.Reader, who auth.Scope) (*time.Location, error) {
	org, _, err := record.Get[*hansei.Organization](ctx, r, who, hansei.OrganizationID)
	if errors.Is(err, hansei.ErrNotFound) {
		return time.UTC, nil
	}
	if err != nil {
		return nil, err
	}
	return time.LoadLocation(org.Zone)
}

// kind finds a kind of tracker.
func (d *Desk) kind(tool string) (tracker.Kind, bool) {
	i := slices.IndexFunc(d.Kinds, func(k tracker.Kind) bool { return k.Name == tool })
	if i < 0 {
		return tracker.Kind{}, false
	}
	return d.Kinds[i], true
}
