package intake

import (
	"context"
	"slices"

	"hansei"
	"hansei/internal/auth"
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

// Unmerge takes a merge back.
func (p People) Unmerge(ctx context.Context, who auth.Actor, kind hansei.Kind, id hansei.ID) (record.Seq, error) {
	return p.Records.Write(ctx, who, func(tx *record.Tx) error {
		stored, err := one(ctx, tx, who.Scope(), kind, id)
		if err != nil {
			return err
		}
		if stored.Record.Head().MergedInto == "" {
			return hansei.Invalid("id", "%s is not merged into anything", id)
		}
		stored.Record.Head().MergedInto = ""
		return record.Put(tx, stored.Record, stored.Revision)
	})
}
