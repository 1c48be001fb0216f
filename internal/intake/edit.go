package intake

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/intake/link"
	"hansei/internal/intake/parts"
	"hansei/internal/record"
)

// People changes records by hand. A person's word stands above every source
// and outlives every later import.
type People struct {
	Records *record.Store
	// Before is called in the transaction, before a record is written that a
	// person made (fresh) or changed: for what must happen with it or not at
	// all. It may change what is no field of the record. May be nil.
	Before func(tx *record.Tx, rec hansei.Record, fresh bool) error
}

func (p People) before(tx *record.Tx, rec hansei.Record, fresh bool) error {
	if p.Before == nil {
		return nil
	}
	return p.Before(tx, rec, fresh)
}

// Set is one field to be set by a person; a null Value gives the field back
// to the sources.
type Set struct {
	Field string          `json:"field"`
	Value json.RawMessage `json:"value"`
}

// Edit sets fields of a record. read is the revision the person saw; when
// somebody was faster it returns ErrConflict and changes nothing. With 0 it sets
// those of the record that stands for it now.
func (p People) Edit(ctx context.Context, who auth.Actor, kind hansei.Kind, id hansei.ID, read record.Revision, sets []Set, reason string) (record.Seq, error) {
	return p.Records.Write(ctx, who, func(tx *record.Tx) error {
		find := one
		if read == 0 {
			find = leading
		}
		stored, err := find(ctx, tx, who.Scope(), kind, id)
		if err != nil {
			return err
		}
		if read != 0 && stored.Revision != read {
			return hansei.ErrConflict
		}
		return p.EditIn(ctx, tx, who, stored, sets, reason)
	})
}

// EditIn is Edit of a record that was read in a transaction, within it.
func (p People) EditIn(ctx context.Context, tx *record.Tx, who auth.Actor, stored record.Stored, sets []Set, reason string) error {
	rec, err := Edited(ctx, tx, who, stored, sets, reason)
	if err == nil {
		err = p.before(tx, rec, false)
	}
	if err != nil {
		return err
	}
	return record.Put(tx, rec, stored.Revision)
}

// Edited is a record with fields set by somebody. It is not written.
func Edited(ctx context.Context, tx *record.Tx, who auth.Actor, stored record.Stored, sets []Set, reason string) (hansei.Record, error) {
	if len(sets) == 0 {
		return nil, hansei.Invalid("fields", "nothing to change")
	}
	if len(reason) > 1000 {
		return nil, hansei.Invalid("reason", "%d characters are too many; at most 1,000", len(reason))
	}
	versions, err := parts.Of(stored.Record)
	if err != nil {
		return nil, err
	}
	head := stored.Record.Head()
	head.Edits = slices.Clone(head.Edits)
	if sets, err = ownValues(ctx, tx, who.Scope(), stored.Record, sets); err != nil {
		return nil, err
	}
	for _, s := range sets {
		if err := standing(stored.Record, s, who.Name, reason, tx.Now()); err != nil {
			return nil, err
		}
	}
	order, err := orderIn(ctx, tx, who.Scope())
	if err != nil {
		return nil, err
	}
	return parts.Assemble(stored.Record, versions, order)
}

// standing puts an edit among the record's edits, in place of an earlier one
// of the same field.
func standing(rec hansei.Record, s Set, by, reason string, at time.Time) error {
	if strings.HasPrefix(s.Field, hansei.CustomPrefix) {
		standingOwn(rec.Head(), s, hansei.Edit{Field: s.Field, Value: s.Value, By: by, At: at, Reason: reason})
		return nil
	}
	f, err := hansei.FieldNamed(rec.Kind(), s.Field)
	if errors.Is(err, hansei.ErrNotFound) {
		return hansei.Invalid(s.Field, "a %s has no such field", rec.Kind())
	}
	if err != nil {
		return err
	}
	head := rec.Head()
	head.Edits = slices.DeleteFunc(head.Edits, func(e hansei.Edit) bool { return e.Field == s.Field })
	if len(s.Value) == 0 || string(s.Value) == "null" {
		if len(head.From) == 0 { // no source to give it back to: it is empty then
			return f.Set(rec, nil)
		}
		return nil
	}
	if _, err := parts.ParseValue(f, s.Value); err != nil {
		return err
	}
	head.Edits = append(head.Edits, hansei.Edit{Field: s.Field, Value: s.Value, By: by, At: at, Reason: reason})
	return nil
}

// Create makes a record by hand. Its fields are edits, so that they say who
// set them.
func (p People) Create(ctx context.Context, who auth.Actor, kind hansei.Kind, id hansei.ID, sets []Set, reason string) (record.Seq, error) {
	rec, err := hansei.New(kind)
	if err != nil {
		return 0, err
	}
	return p.Records.Write(ctx, who, func(tx *record.Tx) error {
		rec.Head().ID, rec.Head().Made = id, true
		sets, err := ownValues(ctx, tx, who.Scope(), rec, sets)
		if err != nil {
			return err
		}
		for _, s := range sets {
			if err := standing(rec, s, who.Name, reason, tx.Now()); err != nil {
				return err
			}
		}
		whole, err := parts.Assemble(rec, nil, parts.Order{})
		if err == nil {
			err = p.before(tx, whole, true)
		}
		if err != nil {
			return err
		}
		return record.Put(tx, whole, 0)
	})
}

// Delete takes a record, or the one that stands for it now, out of every view, or
// puts it back. The journal keeps it.
func (p People) Delete(ctx context.Context, who auth.Actor, kind hansei.Kind, id hansei.ID, deleted bool) (record.Seq, error) {
	return p.Records.Write(ctx, who, func(tx *record.Tx) error {
		stored, err := leading(ctx, tx, who.Scope(), kind, id)
		if err != nil {
			return err
		}
		head := stored.Record.Head()
		if head.Deleted = deleted; parts.Out(head) { // so that it stays so when a source returns
			head.ByHand = deleted
		}
		return record.Put(tx, stored.Record, stored.Revision)
	})
}

// leading is a record, or the one that it was joined into.
func leading(ctx context.Context, r record.Reader, scope auth.Scope, kind hansei.Kind, id hansei.ID) (record.Stored, error) {
	s, err := one(ctx, r, scope, kind, id)
	for n := 0; err == nil && n < maxMerges && slices.Contains(link.Joined, kind) && s.Record.Head().MergedInto != ""; n++ {
		s, err = one(ctx, r, scope, kind, s.Record.Head().MergedInto)
	}
	return s, err
}

func one(ctx context.Context, r record.Reader, scope auth.Scope, kind hansei.Kind, id hansei.ID) (record.Stored, error) {
	found, err := record.Load(ctx, r, scope, kind, []hansei.ID{id})
	if err != nil {
		return record.Stored{}, err
	}
	s, ok := found[id]
	if !ok {
		return s, fmt.Errorf("%s %s: %w", kind, id, hansei.ErrNotFound)
	}
	return s, nil
}
