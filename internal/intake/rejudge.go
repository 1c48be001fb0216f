package intake

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/intake/parts"
	"hansei/internal/record"
)

// rejudgeBatch is how many records are looked at in one transaction.
const rejudgeBatch = 200

// Rejudge looks at every incident that a source told of, as its filter is now:
// what counted and no longer does leaves every figure, and the other way
// round. It returns how many changed. Those that the filter has no answer for
// stay as they are: the error is an *UnansweredError then.
func (b *Inbox) Rejudge(ctx context.Context, who auth.Actor, source string) (int, error) {
	unanswered := map[hansei.ID]error{}
	n, err := b.eachOf(ctx, who, source, func(s *workingSet) (changing, error) {
		r, err := b.Source(source)
		s.sources = r.Seq
		return func(rec hansei.Record, versions []hansei.Record) {
			was := slices.Clone(rec.Head().From)
			for i, o := range was {
				if o.Source != source || o.Out == hansei.OutIncomplete {
					continue
				}
				if err := judge(versions[i], &rec.Head().From[i], r); err != nil {
					unanswered[rec.Head().ID] = err
					copy(rec.Head().From, was)
					return
				}
			}
			delete(unanswered, rec.Head().ID) // somebody was faster, and this is another try
		}, err
	}, hansei.KindIncident)
	if err == nil && len(unanswered) > 0 {
		first := slices.Min(slices.Collect(maps.Keys(unanswered)))
		err = &UnansweredError{N: len(unanswered), First: first, Why: unanswered[first]}
	}
	return n, err
}

// UnansweredError says that a filter has no answer for some incidents.
type UnansweredError struct {
	N     int
	First hansei.ID // of them
	Why   error     // it has none for that one
}

func (e *UnansweredError) Error() string { return fmt.Sprintf("%s: %v", e.First, e.Why) }

func (e *UnansweredError) Unwrap() error { return e.Why }

// ForgetSource takes out what a source told that was removed with its data:
// what only it told of is deleted, what others tell of too keeps their part. It
// returns how many records changed: none when the source was added again, for
// then it tells anew.
func (b *Inbox) ForgetSource(ctx context.Context, who auth.Actor, source string) (int, error) {
	found, err := record.Load(ctx, b.Records, who.Scope(), hansei.KindSource, []hansei.ID{hansei.ID(source)})
	if x, ok := found[hansei.ID(source)]; err != nil || !ok || !x.Record.(*hansei.Source).Forget {
		return 0, err
	}
	return b.eachOf(ctx, who, source, func(s *workingSet) (changing, error) {
		src, _ := s.have[s.relied[0]].rec.(*hansei.Source)
		return func(rec hansei.Record, _ []hansei.Record) {
			for i := range rec.Head().From {
				if rec.Head().From[i].Source == source && src != nil && src.Forget {
					rec.Head().From[i].Out = hansei.OutRemoved
				}
			}
		}, nil
	}, hansei.Kinds...)
}

// changing changes a record with the versions of its sources.
type changing func(rec hansei.Record, versions []hansei.Record)

// begin looks at what holds for a batch of changes. The first that the set
// relies on is what they are made for, as it is now.
type begin func(s *workingSet) (changing, error)

// eachOf changes every record that a source told of, a batch a transaction.
func (b *Inbox) eachOf(ctx context.Context, who auth.Actor, source string, begin begin, kinds ...hansei.Kind) (n int, err error) {
	for after := ""; ; {
		refs, next, err := record.OfSource(ctx, b.Records, who.Scope(), source, after, rejudgeBatch)
		if err != nil {
			return n, err
		}
		refs = slices.DeleteFunc(refs, func(r record.Ref) bool { return !slices.Contains(kinds, r.Kind) })
		changed, err := b.changeAll(ctx, who, record.Ref{Kind: hansei.KindSource, ID: hansei.ID(source)}, refs, begin)
		if n += changed; err != nil {
			return n, err
		}
		if next == "" {
			return n, nil
		}
		after = next
	}
}

// changeAll changes records in one transaction, again while others are faster.
// relied is the record for whose sake they are changed.
func (b *Inbox) changeAll(ctx context.Context, who auth.Actor, relied record.Ref, refs []record.Ref, begin begin) (int, error) {
	if len(refs) == 0 {
		return 0, nil
	}
	for attempt := 0; ; attempt++ {
		n, err := b.change(ctx, who, relied, refs, begin)
		if err == nil || !errors.Is(err, hansei.ErrConflict) || attempt == maxConflicts || ctx.Err() != nil {
			return n, err
		}
	}
}

func (b *Inbox) change(ctx context.Context, who auth.Actor, relied record.Ref, refs []record.Ref, begin begin) (int, error) {
	s, err := newWorkingSet(ctx, b.Records, who.Scope(), nil)
	if err != nil {
		return 0, err
	}
	if err := s.get(ctx, append([]record.Ref{relied}, refs...)); err != nil {
		return 0, err
	}
	s.relied = append(s.relied, relied)
	change, err := begin(s)
	if err != nil {
		return 0, err
	}
	for _, ref := range refs {
		rec := s.have[ref].rec
		if rec == nil || rec.Head().MergedInto != "" {
			continue
		}
		versions, err := parts.Of(rec)
		if err != nil {
			return 0, err
		}
		next := parts.Emptied(rec)
		next.Head().From = cloneFrom(rec.Head().From)
		wasOut := parts.Out(next.Head())
		change(next, versions)
		if next, err = parts.Assemble(next, versions, s.order); err != nil {
			return 0, err
		}
		if next, err = s.whole(next, versions); err != nil {
			return 0, err
		}
		if err := settleDeleted(next, wasOut); err != nil {
			return 0, err
		}
		s.set(ref, next)
	}
	if err := s.joinNamed(ctx); err != nil { // what counts only now was not joined before
		return 0, err
	}
	if err := s.encode(); err != nil || len(s.changed) == 0 {
		return 0, err
	}
	_, err = b.Records.Write(ctx, who.As(byInbox), s.writing(ctx))
	return len(s.changed), err
}

// Judged is what a filter would make of a source's incidents.
type Judged struct {
	Counted  int          `json:"counted"`
	Left     int          `json:"left_out"`
	Examples []JudgedItem `json:"examples"` // some of both
	Partial  bool         `json:"partial"`  // there are more incidents than were tried
}

// JudgedItem is one incident under a filter.
type JudgedItem struct {
	ID     hansei.ID `json:"id"`
	Title  string    `json:"title"`
	Counts bool      `json:"counts"`
}

const (
	maxJudged   = 20_000 // incidents a trial looks at
	maxExamples = 10     // of each sort
)

// TryFilter tells what a filter would make of the incidents that a source told
// of so far. Nothing is changed.
func (b *Inbox) TryFilter(ctx context.Context, who auth.Scope, source string, counts func(*hansei.Incident) (bool, error)) (out Judged, err error) {
	tried := map[record.Ref]bool{} // one that has several names of the source comes with each
	for after := ""; ; {
		refs, next, err := record.OfSource(ctx, b.Records, who, source, after, rejudgeBatch)
		if err != nil {
			return out, err
		}
		refs = slices.DeleteFunc(refs, func(r record.Ref) bool {
			if r.Kind != hansei.KindIncident || tried[r] {
				return true
			}
			tried[r] = true
			return false
		})
		if err := b.try(ctx, who, source, refs, counts, &out); err != nil {
			return out, err
		}
		if len(tried) >= maxJudged || next == "" {
			out.Partial = next != ""
			return out, nil
		}
		after = next
	}
}

func (b *Inbox) try(ctx context.Context, who auth.Scope, source string, refs []record.Ref, counts func(*hansei.Incident) (bool, error), out *Judged) error {
	s, err := newWorkingSet(ctx, b.Records, who, nil)
	if err != nil {
		return err
	}
	if err := s.get(ctx, refs); err != nil {
		return err
	}
	for _, ref := range refs {
		rec := s.have[ref].rec
		if rec == nil || rec.Head().MergedInto != "" {
			continue
		}
		versions, err := parts.Of(rec)
		if err != nil {
			return err
		}
		var item *JudgedItem // counted when one of what the source told of it counts
		for i, o := range rec.Head().From {
			if o.Source != source || gone(o) || o.Out == hansei.OutIncomplete {
				continue
			}
			in, ok := versions[i].(*hansei.Incident), true
			if counts != nil {
				if ok, err = counts(in); err != nil {
					return hansei.Invalid("filter", "%s: %v", ref.ID, err)
				}
			}
			if item == nil || ok && !item.Counts {
				item = &JudgedItem{ref.ID, in.Title, ok}
			}
		}
		if item != nil {
			out.add(*item)
		}
	}
	return nil
}

func (j *Judged) add(item JudgedItem) {
	n := &j.Left
	if item.Counts {
		n = &j.Counted
	}
	if *n++; *n <= maxExamples {
		j.Examples = append(j.Examples, item)
	}
}
