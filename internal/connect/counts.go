package connect

import (
	"context"
	"sync"
	"time"

	"hansei/internal/auth"
	"hansei/internal/record"
)

// counts gathers what is counted and writes it now and then: a flood that is
// refused must not cost a write each.
type counts struct {
	mu sync.Mutex
	n  map[countKey]int64
}

type countKey struct {
	source, name string
	day          time.Time
}

func (s *Sources) count(source, name string, n int64) {
	key := countKey{source, name, s.Now().UTC().Truncate(24 * time.Hour)}
	s.counts.mu.Lock()
	if s.counts.n == nil {
		s.counts.n = map[countKey]int64{}
	}
	s.counts.n[key] += n
	s.counts.mu.Unlock()
}

const unknownAddress = "refused: unknown address"

// Astray is how many webhooks of the last 7 days came to an address that no
// source has.
func (s *Sources) Astray(ctx context.Context, who auth.Scope) (n int64, err error) {
	counted, err := s.Records.Counts(ctx, who, s.Now().AddDate(0, 0, 1-week))
	for _, c := range counted {
		if c.Source == "" && c.Name == unknownAddress {
			n += c.N
		}
	}
	return n, err
}

// Overview is every source with what it covers, and Astray.
func (s *Sources) Overview(ctx context.Context, who auth.Scope) (list []View, astray int64, err error) {
	if list, err = s.List(ctx, who); err == nil && s.Cover != nil {
		err = s.Cover(ctx, who, list)
	}
	if err == nil {
		astray, err = s.Astray(ctx, who)
	}
	return list, astray, err
}

// Flush writes what was counted.
func (s *Sources) Flush(ctx context.Context) error {
	s.counts.mu.Lock()
	n := s.counts.n
	s.counts.n = nil
	s.counts.mu.Unlock()
	if len(n) == 0 {
		return nil
	}
	_, err := s.Records.Write(ctx, auth.Local().As("counters"), func(tx *record.Tx) error {
		for k, v := range n {
			if err := tx.AddCount(record.Count{Source: k.source, Day: k.day, Name: k.name, N: v}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		s.counts.mu.Lock()
		for k, v := range n {
			if s.counts.n == nil {
				s.counts.n = map[countKey]int64{}
			}
			s.counts.n[k] += v
		}
		s.counts.mu.Unlock()
	}
	return err
}

const flushEvery = 3 * time.Second

// Run writes the counters until ctx ends.
func (s *Sources) Run(ctx context.Context) error {
	tick := time.NewTicker(flushEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			if err := s.Flush(ctx); err != nil && ctx.Err() == nil {
				s.Log.Warn("counters could not be written; they are tried again", "error", err)
			}
		case <-ctx.Done():
			end, cancel := context.WithTimeout(context.WithoutCancel(ctx), flushEvery)
			defer cancel()
			return s.Flush(end)
		}
	}
}
