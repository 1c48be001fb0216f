package recall

import (
	"context"
	"errors"
	"fmt"
	"time"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/fact"
	"hansei/internal/record"
	"hansei/internal/search"
)

// Memory is what the past is asked through.
type Memory struct {
	Records *record.Store
	Facts   *fact.View
	Search  *search.View
	Now     func() time.Time
}

// Said is a person's word on a pair of records of one kind.
type Said struct {
	Of      hansei.Kind
	A, B    hansei.ID
	Verdict string // LessonSame or LessonOther
	Place   int    // in the list of suggestions, from 1; 0 when it was not in one
}

// Judge keeps a person's word on a pair, in place of an earlier one.
func (m *Memory) Judge(ctx context.Context, who auth.Actor, said Said) (*hansei.Judgement, record.Seq, error) {
	var kept *hansei.Judgement
	seq, err := m.Records.Write(ctx, who, func(tx *record.Tx) error {
		if err := both(ctx, tx, who.Scope(), said); err != nil {
			return err
		}
		j, rev, err := m.of(ctx, tx, who.Scope(), said)
		if err != nil {
			return err
		}
		j.Deleted, j.Verdict, j.By, j.At, j.Place = false, said.Verdict, who.Name, m.Now().UTC().Truncate(time.Second), nil
		if said.Place != 0 {
			place := float64(said.Place)
			j.Place = &place
		}
		kept = j
		return record.Put(tx, j, rev)
	})
	return kept, seq, err
}

// Retract takes a person's word on a pair back.
func (m *Memory) Retract(ctx context.Context, who auth.Actor, said Said) (record.Seq, error) {
	return m.Records.Write(ctx, who, func(tx *record.Tx) error {
		j, rev, err := m.of(ctx, tx, who.Scope(), said)
		if err != nil {
			return err
		}
		if rev == 0 || j.Deleted {
			return fmt.Errorf("judgement of %s and %s: %w", said.A, said.B, hansei.ErrNotFound)
		}
		j.Deleted = true
		return record.Put(tx, j, rev)
	})
}

// of reads the judgement of a pair; a new one has revision 0.
func (m *Memory) of(ctx context.Context, r record.Reader, who auth.Scope, said Said) (*hansei.Judgement, record.Revision, error) {
	fresh := hansei.NewJudgement(said.Of, said.A, said.B)
	j, rev, err := record.Get[*hansei.Judgement](ctx, r, who, fresh.ID)
	if errors.Is(err, hansei.ErrNotFound) {
		return fresh, 0, nil
	}
	return j, rev, err
}

// both checks that the two records are there.
func both(ctx context.Context, r record.Reader, who auth.Scope, said Said) error {
	if said.A == said.B {
		return hansei.Invalid("b", "a judgement needs two different records")
	}
	found, err := record.Load(ctx, r, who, said.Of, []hansei.ID{said.A, said.B})
	if err != nil {
		return err
	}
	for _, id := range []hansei.ID{said.A, said.B} {
		if s, ok := found[id]; !ok || s.Record.Head().Deleted {
			return fmt.Errorf("%s %s: %w", said.Of, id, hansei.ErrNotFound)
		}
	}
	return nil
}
