package intake

import (
	"context"
	"errors"
	"slices"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/intake/parts"
	"hansei/internal/intake/resolve"
	"hansei/internal/record"
)

// Merge says that one service, team or person is another: from now on its
// names lead there, in what was imported and in what will be. Undo with
// Unmerge.
func (p People) Merge(ctx context.Context, who auth.Actor, kind hansei.Kind, from, into hansei.ID) (record.Seq, error) {
	if !slices.Contains(resolve.Kinds, kind) {
		return 0, hansei.Invalid("kind", "%q cannot be merged; expected service, team or person", kind)
	}
	if from == into {
		return 0, hansei.Invalid("into", "%s cannot be merged into itself", from)
	}
	return p.Records.Write(ctx, who, func(tx *record.Tx) error {
		a, err := one(ctx, tx, who.Scope(), kind, from)
		if err != nil {
			return err
		}
		b, err := one(ctx, tx, who.Scope(), kind, into)
		if err != nil {
			return err
		}
		switch {
		case b.Record.Head().MergedInto != "":
			return hansei.Invalid("into", "%s was itself merged into %s", into, b.Record.Head().MergedInto)
		case a.Record.Head().MergedInto != "":
			return hansei.Invalid("from", "%s was already merged into %s; undo that first", from, a.Record.Head().MergedInto)
		}
		a.Record.Head().MergedInto = into
		return record.Put(tx, a.Record, a.Revision)
	})
}

// Unmerge takes a merge back. What sources told of the one meanwhile, which went
// to the other, is its own again.
func (p People) Unmerge(ctx context.Context, who auth.Actor, kind hansei.Kind, id hansei.ID) (record.Seq, error) {
	return p.Records.Write(ctx, who, func(tx *record.Tx) error {
		stored, err := one(ctx, tx, who.Scope(), kind, id)
		if err != nil {
			return err
		}
		into := stored.Record.Head().MergedInto
		if into == "" {
			return hansei.Invalid("id", "%s is not merged into anything", id)
		}
		stored.Record.Head().MergedInto = ""
		other, err := one(ctx, tx, who.Scope(), kind, into)
		for n := 0; err == nil && n < maxMerges && other.Record.Head().MergedInto != ""; n++ {
			other, err = one(ctx, tx, who.Scope(), kind, other.Record.Head().MergedInto)
		}
		if err != nil {
			return err
		}
		order, err := orderIn(ctx, tx, who.Scope())
		if err != nil {
			return err
		}
		mine, theirs, err := takenBack(stored.Record, other.Record, order)
		if err != nil {
			return err
		}
		if theirs != nil {
			if err := record.Put(tx, theirs, other.Revision); err != nil {
				return err
			}
		}
		return record.Put(tx, mine, stored.Revision)
	})
}

// takenBack moves what sources told of one record from another that it was merged
// into: both as they are then. theirs is nil when there is nothing of that.
func takenBack(one, other hansei.Record, order parts.Order) (mine, theirs hansei.Record, err error) {
	of := func(f hansei.Observed) int {
		return slices.IndexFunc(one.Head().From, func(x hansei.Observed) bool { return x.Source == f.Source && x.External == f.External })
	}
	from := other.Head().From
	if !slices.ContainsFunc(from, func(f hansei.Observed) bool { return of(f) >= 0 }) {
		return one, nil, nil
	}
	a, err := parts.Of(one)
	if err != nil {
		return nil, nil, err
	}
	b, err := parts.Of(other)
	if err != nil {
		return nil, nil, err
	}
	mine, theirs = parts.Emptied(one), parts.Emptied(other)
	mine.Head().From = cloneFrom(one.Head().From)
	var left []hansei.Record
	for i, f := range from {
		switch k := of(f); {
		case k < 0:
			theirs.Head().From, left = append(theirs.Head().From, f), append(left, b[i])
		case !f.At.IsZero(): // told whole since; a part of it says less than what was known
			mine.Head().From[k], a[k] = f, b[i]
		}
	}
	if len(left) == 0 { // what it was before nobody knows any more
		parts.Copy(theirs, other)
	}
	if mine, err = parts.Assemble(mine, a, order); err != nil {
		return nil, nil, err
	}
	if theirs, err = parts.Assemble(theirs, left, order); err != nil {
		return nil, nil, err
	}
	return mine, theirs, errors.Join(settleDeleted(mine, parts.Out(one.Head())), settleDeleted(theirs, parts.Out(other.Head())))
}
