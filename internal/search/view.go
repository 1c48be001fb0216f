package search

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/record"
)

// View is the index of what a journal holds, kept at its head. It lives in
// memory: at the start it is built from the journal's current records, which
// takes seconds for 100,000 of them; until then it finds nothing.
type View struct {
	Log *slog.Logger

	index     atomic.Pointer[Index] // replaced when it is built anew, with readers in the old one
	following sync.Mutex            // one follower at a time
	epoch     record.Epoch          // of what is in the index; with following

	mu      sync.Mutex
	journal auth.Journal // whose records these are; "" before the first
	at      record.Seq
	moved   chan struct{} // closed and replaced when at moves
}

// NewView makes an empty view.
func NewView(log *slog.Logger) *View {
	v := &View{Log: log, moved: make(chan struct{})}
	v.index.Store(New())
	return v
}

const (
	feedPage = 5_000
	retry    = time.Second
	// gatherFor is how long passes are apart while the journal moves all the time.
	gatherFor = 500 * time.Millisecond
)

// Follow keeps the index at the journal's head until ctx ends.
func (v *View) Follow(ctx context.Context, store *record.Store, scope auth.Scope) error {
	for {
		err := v.CatchUp(ctx, store, scope)
		passed := time.Now()
		if err == nil {
			err = store.Wait(ctx, scope, v.Head())
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil { // the database may be away for a while
			v.Log.Error("the search index cannot follow the journal; trying again", "error", err)
			if err := pause(ctx, retry); err != nil {
				return err
			}
			continue
		}
		if err := pause(ctx, gatherFor-time.Since(passed)); err != nil {
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
	journal, err := scope.MayRead()
	if err != nil {
		return err
	}
	v.following.Lock()
	defer v.following.Unlock()
	head, err := store.Head(ctx, scope)
	if err != nil {
		return err
	}
	if v.Head() == 0 || v.epoch != head.Epoch || head.Seq < v.Head() {
		// From the current records, not from their history.
		fresh, err := build(ctx, store, scope)
		if err != nil {
			return err
		}
		v.index.Store(fresh)
		v.epoch = head.Epoch
		v.begin(journal, head.Seq)
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
			v.index.Load().apply(rec)
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

// begin notes whose records were indexed, and how far.
func (v *View) begin(journal auth.Journal, seq record.Seq) {
	v.mu.Lock()
	v.journal = journal
	v.mu.Unlock()
	v.reach(seq)
}

// readable is the index for who may read the journal that it is made of.
func (v *View) readable(ctx context.Context, who auth.Scope) (*Index, error) {
	journal, err := who.MayRead()
	if err != nil {
		return nil, err
	}
	v.mu.Lock()
	other := v.journal != "" && v.journal != journal
	v.mu.Unlock()
	if other {
		return nil, hansei.ErrForbidden
	}
	return v.index.Load(), ctx.Err()
}

// Search looks words up. Who may read the journal may search it.
func (v *View) Search(ctx context.Context, who auth.Scope, q Query) (Result, error) {
	x, err := v.readable(ctx, who)
	if err != nil {
		return Result{}, err
	}
	return x.Search(q), nil
}

// Similar finds records like one.
func (v *View) Similar(ctx context.Context, who auth.Scope, l Like) ([]Similar, error) {
	x, err := v.readable(ctx, who)
	if err != nil {
		return nil, err
	}
	return x.Similar(l), nil
}

// Len is how many documents are indexed.
func (v *View) Len() int { return v.index.Load().Len() }

// Doc is what is indexed of a record, for who may read it.
func (v *View) Doc(ctx context.Context, who auth.Scope, k Key) (Doc, bool) {
	x, err := v.readable(ctx, who)
	if err != nil {
		return Doc{}, false
	}
	return x.Doc(k)
}
