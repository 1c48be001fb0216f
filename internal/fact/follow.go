package fact

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"time"

	"golang.org/x/sync/errgroup"

	"hansei/internal/auth"
	"hansei/internal/record"
)

const (
	pageSize  = 5_000  // changes read from the journal at a time
	batchSize = 60_000 // changes whose rows are appended together
)

// Progress is how far the facts are behind the journal.
type Progress struct{ Applied, Head record.Seq }

// CatchUp applies everything the journal holds. Reading and decoding run
// beside appending. progress may be nil.
func (v *View) CatchUp(ctx context.Context, store *record.Store, scope auth.Scope, progress func(Progress)) error {
	for {
		head, err := store.Head(ctx, scope)
		if err != nil {
			return err
		}
		at, epoch := v.Head()
		if at > head.Seq || (epoch != "" && epoch != head.Epoch) {
			v.log.Warn("the journal is another one than the facts were built from; they are rebuilt",
				"facts", at, "journal", head.Seq)
			if err := v.Reset(ctx); err != nil {
				return err
			}
			at = 0
		}
		if at == head.Seq {
			return nil
		}
		err = v.pass(ctx, store, scope, at, head, progress)
		if err != nil && !errors.Is(err, errOvertaken) {
			return err
		}
	}
}

// errOvertaken says that a rebuild, or somebody else who catches up, moved the
// facts while this pass waited for its turn; its rows would be there twice.
var errOvertaken = errors.New("the facts were moved by somebody else")

// pass applies the journal from after one sequence up to a known head.
func (v *View) pass(ctx context.Context, store *record.Store, scope auth.Scope, after record.Seq, head record.Head, progress func(Progress)) error {
	g, ctx := errgroup.WithContext(ctx)
	pages := make(chan chan []Decoded, runtime.GOMAXPROCS(0))
	g.Go(func() error {
		defer close(pages)
		after := after
		for after < head.Seq {
			page, err := store.Feed(ctx, scope, after, pageSize)
			if err != nil {
				return err
			}
			if len(page.Changes) == 0 {
				return fmt.Errorf("the journal ends at %d, before its head %d", after, head.Seq)
			}
			after = page.Changes[len(page.Changes)-1].Seq
			out := make(chan []Decoded, 1)
			select {
			case pages <- out:
			case <-ctx.Done():
				return ctx.Err()
			}
			g.Go(func() error {
				list, err := decode(page.Changes)
				out <- list
				return err
			})
		}
		return nil
	})
	g.Go(func() error { return v.append(ctx, pages, after, head, progress) })
	return g.Wait()
}

// append writes the pages in one transaction: what was written to the journal
// together becomes visible together.
func (v *View) append(ctx context.Context, pages <-chan chan []Decoded, after record.Seq, head record.Head, progress func(Progress)) error {
	b, err := v.begin(ctx)
	if err != nil {
		return err
	}
	if at, _ := v.Head(); at != after {
		b.abandon(ctx)
		return errOvertaken
	}
	var pending []Decoded
	flush := func() error {
		if len(pending) == 0 {
			return nil
		}
		after = pending[len(pending)-1].Seq
		err := b.write(ctx, pending)
		pending = pending[:0]
		if progress != nil && err == nil {
			progress(Progress{Applied: after, Head: head.Seq})
		}
		return err
	}
	for out := range pages {
		select {
		case list := <-out:
			pending = append(pending, list...)
		case <-ctx.Done():
			b.abandon(ctx)
			return ctx.Err()
		}
		if len(pending) >= batchSize {
			if err := flush(); err != nil {
				b.abandon(ctx)
				return err
			}
		}
	}
	if err := flush(); err != nil {
		b.abandon(ctx)
		return err
	}
	if after < head.Seq {
		b.abandon(ctx)
		return fmt.Errorf("reading the journal stopped at %d, before its head %d", after, head.Seq)
	}
	first, _ := v.Head()
	if err := b.commit(ctx, after, head.Epoch); err != nil {
		return err
	}
	if after-first > largePass {
		debug.FreeOSMemory() // a rebuild should not be seen in the idle server
	}
	return nil
}

// largePass is from how many changes a pass gives its memory back at once.
const largePass = 100_000

func decode(changes []record.Change) ([]Decoded, error) {
	out := make([]Decoded, len(changes))
	for i, c := range changes {
		rec, err := record.Decode(c)
		if err != nil {
			return nil, fmt.Errorf("journal entry %d: %w", c.Seq, err)
		}
		out[i] = Decoded{Seq: c.Seq, Revision: c.Revision, At: c.At, Record: rec}
	}
	return out, nil
}

// Follow keeps the facts at the journal's head until ctx ends.
func (v *View) Follow(ctx context.Context, store *record.Store, scope auth.Scope) error {
	for {
		err := v.CatchUp(ctx, store, scope, nil)
		passed := time.Now()
		if err == nil {
			v.fail(nil)
			at, _ := v.Head()
			err = store.Wait(ctx, scope, at)
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil { // the database may be away for a while
			v.fail(err)
			v.log.Error("the facts cannot follow the journal; trying again", "error", err)
			select {
			case <-time.After(time.Second):
			case <-ctx.Done():
				return ctx.Err()
			}
			continue
		}
		if err := v.gather(ctx, gatherFor-time.Since(passed)); err != nil {
			return err
		}
	}
}

// gatherFor is how long passes are apart while the journal moves all the time:
// a pass costs much the same for one entry and for a hundred.
const gatherFor = 250 * time.Millisecond

// gather waits a little, but not while somebody waits for the facts.
func (v *View) gather(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-v.hurry:
	case <-timer.C:
	case <-ctx.Done():
		return ctx.Err()
	}
	return nil
}
