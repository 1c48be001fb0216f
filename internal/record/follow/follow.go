// Package follow lets somebody act on what the journal says, from where they
// came to the last time on. What they do and how far they came are one
// transaction: several servers may follow at once, and nothing is done twice or
// left out.
package follow

import (
	"context"
	"errors"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/record"
)

// Follower is one who follows the journal.
type Follower struct {
	Records *record.Store
	Cursor  string // the name under which it is kept how far they came
	Page    int    // how many entries are looked at together
	// Behind is the cursor of another one, who comes first; the journal's own
	// head when empty.
	Behind string
	// Begin is where they begin the first time, or in another journal; at the
	// first entry when nil.
	Begin func(context.Context) (record.Seq, error)
}

// Step looks at entries and says what to do in the transaction that moves the
// cursor; nil when that is nothing.
type Step func(context.Context, record.Page) (func(*record.Tx) error, error)

const maxConflicts = 50 // in a row

// Run follows to the end. Where another server was faster, it goes on from there.
func (f Follower) Run(ctx context.Context, who auth.Actor, step Step) error {
	for conflicts := 0; ; {
		more, err := f.next(ctx, who, step)
		switch {
		case errors.Is(err, hansei.ErrConflict) && conflicts < maxConflicts && ctx.Err() == nil:
			conflicts++
		case err != nil || !more:
			return err
		default:
			conflicts = 0
		}
	}
}

// next looks at entries until there is something to do, and does it.
func (f Follower) next(ctx context.Context, who auth.Actor, step Step) (more bool, err error) {
	was, err := record.CursorOf(ctx, f.Records, who.Scope(), f.Cursor)
	if err != nil {
		return false, err
	}
	end, err := f.end(ctx, who.Scope())
	if err != nil {
		return false, err
	}
	next := was
	if was.Epoch != end.Epoch {
		next.Epoch, next.Seq = end.Epoch, 0
		if f.Begin != nil {
			if next.Seq, err = f.Begin(ctx); err != nil {
				return false, err
			}
		}
	}
	var act func(*record.Tx) error
	for next.Seq < end.Seq && act == nil {
		page, err := f.Records.Feed(ctx, who.Scope(), next.Seq, min(f.Page, int(end.Seq-next.Seq)))
		if err != nil || len(page.Changes) == 0 || page.Epoch != end.Epoch {
			return false, err
		}
		if act, err = step(ctx, page); err != nil {
			return false, err
		}
		next.Seq = page.Changes[len(page.Changes)-1].Seq
	}
	if next == was {
		return false, nil
	}
	_, err = f.Records.Write(ctx, who, func(tx *record.Tx) error {
		now, err := record.CursorOf(ctx, tx, who.Scope(), f.Cursor)
		if err != nil {
			return err
		}
		if now != was {
			return hansei.ErrConflict
		}
		if act != nil {
			if err := act(tx); err != nil {
				return err
			}
		}
		return tx.PutCursor(next)
	})
	return next.Seq < end.Seq, err
}

// end is up to where there is something to look at.
func (f Follower) end(ctx context.Context, who auth.Scope) (record.Cursor, error) {
	if f.Behind != "" {
		return record.CursorOf(ctx, f.Records, who, f.Behind)
	}
	head, err := f.Records.Head(ctx, who)
	return record.Cursor{Epoch: head.Epoch, Seq: head.Seq}, err
}
