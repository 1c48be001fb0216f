package intake

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"hansei"
	"hansei/internal/intake/link"
	"hansei/internal/intake/parts"
	"hansei/internal/record"
)

// update merges an observation into a record that exists, and writes it if
// that changes anything.
func (r *reading) update(ctx context.Context, tx *record.Tx, p prepared, have map[hansei.ID]record.Raw) error {
	if bytes.Equal(have[p.id].Doc, p.doc) {
		r.sum.Unchanged++
		return nil
	}
	if r.plan.EventLog && !r.touched[p.id] {
		// A log read again begins with states long past. They are news only
		// once something in it was.
		past, err := r.past(ctx, tx, p)
		if err != nil || past {
			r.sum.Unchanged++
			return err
		}
	}
	id, existing, err := r.standing(ctx, tx, p.id, have)
	if err != nil {
		return err
	}
	wasOut := parts.Out(existing.Head())
	rec, err := parts.Merge(existing, p.rec, p.key, r.order)
	if err != nil {
		return err
	}
	if wasOut {
		if err := settleDeleted(rec, wasOut); err != nil {
			return err
		}
	}
	doc, err := record.Encode(rec)
	if err != nil {
		return err
	}
	old := have[id]
	if bytes.Equal(old.Doc, doc) {
		r.sum.Unchanged++
		return nil
	}
	if err := record.PutEncoded(tx, rec, doc, old.Revision); err != nil {
		return err
	}
	r.sum.Updated++
	r.touch(p.id)
	have[id] = record.Raw{Doc: doc, Revision: old.Revision + 1}
	return nil
}

// standing is the record that a source's own one was joined into, or that one
// itself. It is added to what the batch has.
func (r *reading) standing(ctx context.Context, tx *record.Tx, id hansei.ID, have map[hansei.ID]record.Raw) (hansei.ID, hansei.Record, error) {
	for range maxMerges {
		if _, ok := have[id]; !ok {
			found, err := record.LoadRaw(ctx, tx, r.who.Scope(), r.plan.Kind, []hansei.ID{id})
			if err != nil {
				return id, nil, err
			}
			have[id] = found[id]
		}
		rec, err := record.DecodeDoc(r.plan.Kind, have[id].Doc)
		if err != nil {
			return id, nil, err
		}
		if into := rec.Head().MergedInto; into != "" && slices.Contains(link.Joined, r.plan.Kind) {
			id = into
			continue
		}
		return id, rec, nil
	}
	return id, nil, fmt.Errorf("%s %s was joined into others more than %d times", r.plan.Kind, id, maxMerges)
}

// past says whether the record once stood exactly as this row says.
func (r *reading) past(ctx context.Context, tx *record.Tx, p prepared) (bool, error) {
	versions, err := record.HistoryIn(ctx, tx, r.who.Scope(), r.plan.Kind, p.id)
	if err != nil {
		return false, err
	}
	return slices.ContainsFunc(versions, func(v record.Version) bool { return bytes.Equal(v.Doc, p.doc) }), nil
}
