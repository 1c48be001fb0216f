package batch

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/record"
	"hansei/internal/retro"
)

const (
	// every is after how many drafts it is noted how far a batch is. What a
	// crash loses of that is found again by the drafts' writer.
	every = 10
	// inARow is how many drafts may fail one after the other for reasons that
	// are none of their incidents' before the batch gives up.
	inARow = 10
)

// Work drafts until the batch is done, was stopped, or ctx ends; it goes on
// where it, or another, was broken off.
func (b *Batches) Work(ctx context.Context, who auth.Actor, id string) error {
	it, far, err := b.read(ctx, who.Scope(), id)
	if errors.Is(err, hansei.ErrNotFound) {
		return nil
	}
	if err != nil || it.State == Done || it.State == Failed {
		return err
	}
	head, err := b.Records.Head(ctx, who.Scope())
	if err == nil {
		err = b.Settled(ctx, head.Seq)
	}
	if err != nil {
		return err
	}
	r := &run{Batches: b, who: who.As(id), batch: it, far: far}
	if err := r.all(ctx); err != nil {
		// What was done is noted, whoever ended it.
		return errors.Join(err, r.note(context.WithoutCancel(ctx), nil))
	}
	return nil
}

// run is a batch that is being worked on.
type run struct {
	*Batches
	who   auth.Actor // under the batch's name
	batch Batch
	far   progress
	odd   int // how many failed in a row and nobody knows why
}

// errBroken says that a draft failed for a reason that may be none of its
// incident's; the log has it.
var errBroken = errors.New("something broke on our side; the server's log says what")

func (r *run) all(ctx context.Context) error {
	for r.far.At < len(r.batch.incidents) {
		if r.far.At%every == 0 {
			if err := r.note(ctx, nil); err != nil {
				return err
			}
			now, err := r.Get(ctx, r.who.Scope(), r.batch.ID)
			if err != nil {
				return err
			}
			r.batch.State = now.State
		}
		incident := r.batch.incidents[r.far.At]
		left, err := r.one(ctx, incident)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, errStopped):
			return r.note(ctx, nil)
		case err != nil:
			r.Log.Error("a draft of a batch failed", "batch", r.batch.ID, "incident", incident, "error", err)
			left = &Left{incident, Broken, errBroken.Error()}
			r.odd++
		default:
			r.odd = 0
		}
		if left != nil {
			r.far.Left = append(r.far.Left, *left)
		}
		if r.far.At++; r.odd == inARow {
			return r.giveUp(ctx)
		}
	}
	return r.end(ctx, Done, "")
}

// giveUp goes back to before what failed in a row, so that it is tried again
// when somebody has the batch go on.
func (r *run) giveUp(ctx context.Context) error {
	r.far.At -= inARow
	r.far.Left = r.far.Left[:len(r.far.Left)-inARow]
	return r.end(ctx, Failed, fmt.Sprintf("%d drafts in a row failed: %s. What was drafted before stays.", inARow, errBroken))
}

func (r *run) end(ctx context.Context, state, problem string) error {
	return r.note(ctx, func(tx *record.Tx) error {
		r.far.Ended = tx.Now()
		_, err := tx.MoveWork(r.batch.ID, Running, state, problem)
		return err
	})
}

// note keeps how far the batch is.
func (r *run) note(ctx context.Context, then func(*record.Tx) error) error {
	_, err := r.Records.Write(ctx, r.who, func(tx *record.Tx) error {
		if then != nil {
			if err := then(tx); err != nil {
				return err
			}
		}
		text, err := json.Marshal(r.far)
		if err != nil {
			return err
		}
		return tx.NoteWork(r.batch.ID, string(text))
	})
	return err
}

// errStopped says that the batch is not to go on.
var errStopped = errors.New("the batch was stopped")

// one drafts for an incident, or says why there is none to draft: nil when the
// batch has drafted it, now or before.
func (r *run) one(ctx context.Context, incident hansei.ID) (*Left, error) {
	ours, left, err := r.there(ctx, incident)
	if ours || left != nil || err != nil {
		return left, err
	}
	if r.batch.State != Running {
		return nil, errStopped
	}
	id, _, err := r.Desk.DraftPast(ctx, r.who, incident)
	var invalid *hansei.InvalidError
	switch {
	case err == nil && id != retro.ID(incident):
		return &Left{Incident: incident, Reason: Gone}, nil // it was merged; the other one has its draft
	case errors.Is(err, hansei.ErrConflict): // somebody was faster
		_, left, err = r.there(ctx, incident)
		if left == nil && err == nil {
			left = &Left{Incident: incident, Reason: Gone}
		}
		return left, err
	case errors.Is(err, hansei.ErrNotFound):
		return &Left{Incident: incident, Reason: Gone}, nil
	case errors.As(err, &invalid):
		return &Left{incident, Broken, cut(invalid.Error())}, nil
	}
	return nil, err
}

func cut(s string) string { return strings.ToValidUTF8(s[:min(len(s), 300)], "") }

// there looks whether an incident has a retrospective, or had one, and whether
// it is this batch's.
func (r *run) there(ctx context.Context, incident hansei.ID) (ours bool, left *Left, err error) {
	history, err := record.HistoryIn(ctx, r.Records, r.who.Scope(), hansei.KindRetrospective, retro.ID(incident))
	if errors.Is(err, hansei.ErrNotFound) || err == nil && len(history) == 0 {
		return false, nil, nil
	}
	if err != nil {
		return false, nil, err
	}
	if history[len(history)-1].Who == r.who.Name {
		return true, nil, nil
	}
	rec, err := record.DecodeDoc(hansei.KindRetrospective, history[0].Doc)
	if err != nil {
		return false, nil, err
	}
	reason := HasOne
	if rec.Head().Deleted {
		reason = Removed
	}
	return false, &Left{Incident: incident, Reason: reason}, nil
}
