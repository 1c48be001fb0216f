package batch

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/record"
	"hansei/internal/retro"
)

// atOnce is how many drafts are taken back in one transaction.
const atOnce = 100

// Turned is what came of taking the drafts of a batch back, or of putting them
// there again.
type Turned struct {
	N    int `json:"n"`    // drafts that were turned
	Stay int `json:"stay"` // drafts that somebody has worked on since, and that are left alone
}

// Remove takes back the drafts of a batch that nobody has touched since: no
// word, no comment, no state, no follow-up. Doing it again, as after a crash,
// goes on.
func (b *Batches) Remove(ctx context.Context, who auth.Actor, id string) (Turned, record.Seq, error) {
	return b.turn(ctx, who, id, true)
}

// Restore puts back what Remove took.
func (b *Batches) Restore(ctx context.Context, who auth.Actor, id string) (Turned, record.Seq, error) {
	return b.turn(ctx, who, id, false)
}

func (b *Batches) turn(ctx context.Context, who auth.Actor, id string, remove bool) (out Turned, seq record.Seq, err error) {
	it, far, err := b.read(ctx, who.Scope(), id)
	if err != nil {
		return out, 0, err
	}
	if it.State == Running {
		return out, 0, fmt.Errorf("batch %s is running; stop it first: %w", id, hansei.ErrConflict)
	}
	t := turning{who: who.As(id), remove: remove}
	if t.used, err = b.followed(ctx, who.Scope()); err != nil {
		return out, 0, err
	}
	far.Removed = 0
	for ids := range slices.Chunk(it.drafts(), atOnce) {
		var part tally
		last, err := b.Records.Write(ctx, t.who, func(tx *record.Tx) error {
			part = tally{}
			for _, r := range ids {
				if err := t.one(ctx, tx, r, &part); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return out, seq, err
		}
		out.N, out.Stay, far.Removed, seq = out.N+part.turned, out.Stay+part.stay, far.Removed+part.away, max(seq, last)
	}
	text, err := json.Marshal(far)
	if err != nil {
		return out, seq, err
	}
	_, err = b.Records.Write(ctx, t.who, func(tx *record.Tx) error { return tx.NoteWork(id, string(text)) })
	return out, seq, err
}

// drafts are the retrospectives that a batch has drafted.
func (b Batch) drafts() []hansei.ID {
	left := make(map[hansei.ID]bool, len(b.Left))
	for _, l := range b.Left {
		left[l.Incident] = true
	}
	var out []hansei.ID
	for _, incident := range b.incidents[:b.Done] {
		if !left[incident] {
			out = append(out, retro.ID(incident))
		}
	}
	return out
}

// followed are the retrospectives that have a follow-up.
func (b *Batches) followed(ctx context.Context, who auth.Scope) (map[hansei.ID]bool, error) {
	out := map[hansei.ID]bool{}
	for after := hansei.ID(""); ; {
		list, err := b.Records.List(ctx, who, hansei.KindFollowUp, after, 1000)
		if err != nil || len(list) == 0 {
			return out, err
		}
		for _, s := range list {
			if f := s.Record.(*hansei.FollowUp); !f.Deleted {
				out[f.Retrospective] = true
			}
		}
		after = list[len(list)-1].Record.Head().ID
	}
}

// turning is one way of turning drafts.
type turning struct {
	who    auth.Actor
	remove bool
	used   map[hansei.ID]bool
}

type tally struct{ turned, stay, away int }

// one turns a draft of which every revision is the batch's own.
func (t turning) one(ctx context.Context, tx *record.Tx, id hansei.ID, to *tally) error {
	history, err := record.HistoryIn(ctx, tx, t.who.Scope(), hansei.KindRetrospective, id)
	if errors.Is(err, hansei.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	rec, err := record.DecodeDoc(hansei.KindRetrospective, history[0].Doc)
	if err != nil {
		return err
	}
	own := !slices.ContainsFunc(history, func(v record.Version) bool { return v.Who != t.who.Name })
	r := rec.(*hansei.Retrospective)
	switch {
	case r.Deleted && !own:
		return nil // somebody removed it by hand
	case !own, t.remove && t.used[id]:
		to.stay++
		return nil
	case r.Deleted != t.remove:
		r.Deleted = t.remove
		to.turned++
		err = record.Put(tx, r, history[0].Revision)
	}
	if r.Deleted {
		to.away++
	}
	return err
}
