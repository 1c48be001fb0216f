package search

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"hansei/internal/auth"
	"hansei/internal/record"
)

// View is the index of what the journal holds, kept at its head. It lives in
// memory: at the start it is built from the journal's current records, which
// takes seconds for 100,000 of them.
type View struct {
	Log *slog.Logger

	index *Index
	mu    sync.Mutex
	at    record.Seq
	moved chan struct{} // closed and replaced when at moves
	epoch record.Epoch
}

// NewView makes an empty view.
func NewView(log *slog.Logger) *View {
	return &View{Log: log, index: New(), moved: make(chan struct{})}
}

const (
	feedPage = 5_000
	retry    = time.Second
	// gatherFor is how long the view waits for more before it looks again.
	gatherFor = 200 * time.Millisecond
)

// Follow keeps the index at the journal's head until ctx ends.
func (v *View) Follow(ctx context.Context, store *record.Store, scope auth.Scope) error {
	for {
		err := v.CatchUp(ctx, store, scope)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			v.Log.Error("the search index cannot follow the journal; trying again", "error", err)
			if err := pause(ctx, retry); err != nil {
				return err
			}
			continue
		}
		if err := store.Wait(ctx, scope, v.Head()); err != nil {
			return err
		}
		if err := pause(ctx, gatherFor); err != nil {
			return err
		}
	}
}

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Head is how far the index is.
func (v *View) Head() record.Seq {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.at
}

// CatchUp brings the index to the journal's head.
func (v *View) CatchUp(ctx context.Context, store *record.Store, scope auth.Scope) error {
	head, err := store.Head(ctx, scope)
	if err != nil {
		return err
	}
	if v.Head() == 0 || v.epoch != head.Epoch || head.Seq < v.Head() {
		// From the current records, not from their history.
		if err := v.build(ctx, store, scope); err != nil {
			return err
		}
		v.epoch = head.Epoch
		v.reach(head.Seq)
	}
	for v.Head() < head.Seq {
		page, err := store.Feed(ctx, scope, v.Head(), feedPage)
		if err != nil {
			return err
		}
		if len(page.Changes) == 0 {
			return errors.New("the journal ends before its head")
		}
		for _, c := range page.Changes {
			if !indexed(c.Kind) {
				continue
			}
			rec, err := record.Decode(c)
			if err != nil {
				return err
			}
			v.apply(rec)
		}
		v.reach(page.Changes[len(page.Changes)-1].Seq)
	}
	return nil
}

func (v *View) reach(seq record.Seq) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.at = seq
	close(v.moved)
	v.moved = make(chan struct{})
}

// Wait returns when the index has applied a sequence.
func (v *View) Wait(ctx context.Context, seq record.Seq) error {
	for {
		v.mu.Lock()
		at, moved := v.at, v.moved
		v.mu.Unlock()
		if at >= seq {
			return nil
		}
		select {
		case <-moved:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Search looks words up. Who may read the journal may search it.
func (v *View) Search(_ context.Context, who auth.Scope, q Query) (Result, error) {
	if _, err := who.MayRead(); err != nil {
		return Result{}, err
	}
	return v.index.Search(q), nil
}

// Similar finds records like one.
func (v *View) Similar(_ context.Context, who auth.Scope, l Like) ([]Similar, error) {
	if _, err := who.MayRead(); err != nil {
		return nil, err
	}
	return v.index.Similar(l), nil
}

// Len is how many records are indexed.
func (v *View) Len() int { return v.index.Len() }

// Doc is what is indexed of a record.
func (v *View) Doc(k Key) (Doc, bool) { return v.index.Doc(k) }
