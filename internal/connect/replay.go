package connect

import (
	"context"
	"slices"
	"time"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/record"
)

// Replay says what is to be understood again.
type Replay struct {
	Source   string    // all when empty
	Delivery string    // this one alone, when set
	Since    time.Time // received since; the beginning when zero
	State    string    // only what failed or was set aside; "" is all but what was set aside
}

// Replay makes deliveries wait to be understood again and says how many. What
// they tell anew replaces what was understood before; records they do not
// change stay as they are. What came from a source that is gone, or that cannot
// be used now, is left as it is: nothing could understand it.
func (s *Sources) Replay(ctx context.Context, who auth.Actor, r Replay) (n int64, err error) {
	if r.State != "" && r.State != record.DeliveryFailed && r.State != record.DeliveryAside {
		return 0, hansei.Invalid("state", "%q: expected %s or %s", r.State, record.DeliveryFailed, record.DeliveryAside)
	}
	if r.Source != "" {
		if _, err := s.find(ctx, who.Scope(), r.Source); err != nil {
			return 0, err
		}
	}
	if r.Delivery != "" {
		return 1, s.replayOne(ctx, who, r.Delivery)
	}
	ids, err := s.usable(ctx, who.Scope(), r.Source)
	if err != nil {
		return 0, err
	}
	_, err = s.Records.Write(ctx, who, func(tx *record.Tx) error {
		n = 0
		found, err := record.Load(ctx, tx, who.Scope(), hansei.KindSource, ids)
		if err != nil {
			return err
		}
		for _, id := range ids {
			x, ok := found[id]
			if !ok || x.Record.Head().Deleted {
				continue // by another server, a moment ago
			}
			some, err := tx.ReopenDeliveries(string(id), r.Since, r.State)
			if err != nil {
				return err
			}
			n += some
			if r.State == record.DeliveryAside || x.Record.(*hansei.Source).Paused {
				continue // what is held stays so
			}
			if some, err = tx.ReleaseDeliveries(string(id)); err != nil {
				return err
			}
			n += some
		}
		return nil
	})
	s.Inbox.Wake()
	return n, err
}

// replayOne makes one delivery wait, if what it came from is still there.
func (s *Sources) replayOne(ctx context.Context, who auth.Actor, id string) error {
	d, err := s.Records.GetDelivery(ctx, who.Scope(), id)
	if err != nil {
		return err
	}
	ids, err := s.usable(ctx, who.Scope(), d.Source)
	if err != nil {
		return err
	}
	if d.Options == "" && len(ids) == 0 { // a file's has options
		return hansei.Invalid("delivery", "the source %s, which it came from, is gone or cannot be used; the delivery stays as it is", d.Source)
	}
	_, err = s.Records.Write(ctx, who, func(tx *record.Tx) error { return tx.ReopenDelivery(id) })
	s.Inbox.Wake()
	return err
}

// SetAside says that nobody need look any more at what failed: one delivery, or
// else all of a source, or of all sources. It says how many those are. They are
// kept as what was understood is, and a replay of one takes it back.
func (s *Sources) SetAside(ctx context.Context, who auth.Actor, name, delivery string) (n int64, err error) {
	if name != "" { // one that was removed, too
		if _, _, err := record.Get[*hansei.Source](ctx, s.Records, who.Scope(), hansei.ID(name)); err != nil {
			return 0, err
		}
	}
	_, err = s.Records.Write(ctx, who, func(tx *record.Tx) error {
		n, err = tx.SetAside(name, delivery)
		return err
	})
	if err != nil || delivery == "" || n > 0 {
		return n, err
	}
	switch d, err := s.Records.GetDelivery(ctx, who.Scope(), delivery); {
	case err != nil:
		return 0, err
	case d.Options != "":
		return 0, hansei.Invalid("delivery", "it is an import; only what live sources delivered can be set aside")
	case name != "" && d.Source != name:
		return 0, hansei.Invalid("delivery", "it came from %s, not from %s", d.Source, name)
	}
	return 0, hansei.Invalid("delivery", "only what failed can be set aside; this one has not")
}

// usable are the sources, all or one by its name, that can understand what
// they deliver.
func (s *Sources) usable(ctx context.Context, who auth.Scope, only string) ([]hansei.ID, error) {
	if err := s.look(ctx, who); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var ids []hansei.ID
	for name, o := range s.open {
		if o.bad == nil && (only == "" || only == name) {
			ids = append(ids, o.rec.ID)
		}
	}
	slices.Sort(ids)
	return ids, nil
}

// How long Settle waits, and how long before it looks again.
const (
	settling = 2 * time.Minute
	look     = 20 * time.Millisecond
)

// Settle waits until what was received before a time, and has its row, was
// understood by who runs the inbox. When that takes too long it is an InvalidError.
func (s *Sources) Settle(ctx context.Context, who auth.Scope, before time.Time) error {
	for began := time.Now(); ; {
		waits, err := s.Records.Inbox(ctx, who, 1, 1)
		switch {
		case err != nil || len(waits) == 0 || !waits[0].Received.Before(before):
			return err
		case time.Since(began) > settling:
			return hansei.Invalid("name", "nothing is forgotten yet, for what was received before still waits to be understood and may be lost by it; try again once it was")
		}
		s.Inbox.Wake()
		select {
		case <-time.After(look):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

const expireBatch = 500

// Expire drops payloads that were understood and are older than the
// organization keeps them, and returns how many. What failed stays.
func (s *Sources) Expire(ctx context.Context, who auth.Actor, days int) (total int64, err error) {
	if days <= 0 {
		return 0, nil
	}
	before := s.Now().AddDate(0, 0, -days)
	for {
		var n int64
		_, err := s.Records.Write(ctx, who, func(tx *record.Tx) error {
			var err error
			n, err = tx.DropDeliveries("", before, expireBatch)
			return err
		})
		total += n
		if err != nil || n < expireBatch {
			return total, err
		}
	}
}
