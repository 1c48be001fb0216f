package connect

import (
	"context"
	"time"

	"hansei/internal/auth"
	"hansei/internal/record"
)

// Replay says what is to be understood again.
type Replay struct {
	Source   string    // all when empty
	Delivery string    // this one alone, when set
	Since    time.Time // received since; the beginning when zero
	Failed   bool      // only what failed
}

// Replay makes deliveries wait to be understood again and says how many. What
// they tell anew replaces what was understood before; records they do not
// change stay as they are.
func (s *Sources) Replay(ctx context.Context, who auth.Actor, r Replay) (n int64, err error) {
	if r.Source != "" {
		if _, err := s.find(ctx, who.Scope(), r.Source); err != nil {
			return 0, err
		}
	}
	_, err = s.Records.Write(ctx, who, func(tx *record.Tx) error {
		if r.Delivery != "" {
			n = 1
			return tx.ReopenDelivery(r.Delivery)
		}
		n, err = tx.ReopenDeliveries(r.Source, r.Since, r.Failed)
		return err
	})
	s.Inbox.Wake()
	return n, err
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
