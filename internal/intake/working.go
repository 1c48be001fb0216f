package intake

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/intake/fold"
	"hansei/internal/intake/link"
	"hansei/internal/intake/parts"
	"hansei/internal/intake/resolve"
	"hansei/internal/record"
	"hansei/internal/source"
)

// workingSet holds the records that a batch of deliveries touches, as they
// will be once it is written. Each record is written once, however many
// deliveries told of it.
type workingSet struct {
	records record.Reader
	scope   auth.Scope
	names   *resolve.Resolver
	order   parts.Order
	before  map[hansei.Key]fold.Again  // what a replay that goes on told in earlier batches
	again   map[hansei.Key]*fold.Again // and in this one, too
	have    map[record.Ref]*working
	changed []record.Ref // in the order in which they changed first
	missed  []record.Ref // that were told of and not loaded: who they are was learned in the batch
	// relinked are those of which only what they are called is to be noted anew.
	relinked []record.Ref
	relied   []record.Ref // what must be at the writer's turn as it was read, besides
	sources  record.Seq   // and the newest change of a source; 0: none was asked
	// led are the records that people made and that lead to one, once asked for.
	led map[record.Ref][]hansei.ID
}

// working is one record of the set.
type working struct {
	rec      hansei.Record // nil while there is none
	revision record.Revision
	doc      []byte // as stored; then as it will be stored
	was      hansei.Record
	dirty    bool
	anew     bool // it is not known which of its names are noted

	wasLinks *link.Links // of was
	isLinks  *link.Links // of rec; computed when asked for
}

func (w *working) before() *link.Links {
	if w.wasLinks == nil {
		w.wasLinks = link.Of(w.was)
	}
	return w.wasLinks
}

func (w *working) now() *link.Links {
	if w.isLinks == nil {
		w.isLinks = link.Of(w.rec)
	}
	return w.isLinks
}

func newWorkingSet(ctx context.Context, records record.Reader, scope auth.Scope, names *resolve.Resolver) (*workingSet, error) {
	order, err := orderIn(ctx, records, scope)
	if err != nil {
		return nil, err
	}
	return &workingSet{records: records, scope: scope, names: names, order: order, again: map[hansei.Key]*fold.Again{}, have: map[record.Ref]*working{}, led: map[record.Ref][]hansei.ID{}}, nil
}

// ref is the record an observation tells of, before merges are followed. learn
// remembers what that is called: it is for what is not refused.
func (s *workingSet) ref(o hansei.Observation, learn bool) record.Ref {
	switch {
	case !slices.Contains(resolve.Kinds, o.Key.Kind):
		return record.Ref{Kind: o.Key.Kind, ID: o.Key.ID()}
	case learn:
		return record.Ref{Kind: o.Key.Kind, ID: s.names.Observed(o)}
	}
	return record.Ref{Kind: o.Key.Kind, ID: s.names.Expected(o)}
}

// load reads every record that the batch tells of, and those they were merged into.
func (s *workingSet) load(ctx context.Context, read []outcome, also []record.Ref) error {
	want := slices.Clone(also)
	for _, o := range read {
		for _, said := range o.said {
			if said.Record != nil {
				want = append(want, s.ref(said, false))
			}
		}
	}
	return s.get(ctx, want)
}

// get reads records into the set, following merges.
func (s *workingSet) get(ctx context.Context, want []record.Ref) error {
	for len(want) > 0 {
		ids := map[hansei.Kind][]hansei.ID{}
		for _, r := range want {
			if _, known := s.have[r]; !known {
				s.have[r] = &working{}
				ids[r.Kind] = append(ids[r.Kind], r.ID)
			}
		}
		want = nil
		for kind, list := range ids {
			found, err := record.LoadRaw(ctx, s.records, s.scope, kind, list)
			if err != nil {
				return err
			}
			for id, raw := range found {
				w := s.have[record.Ref{Kind: kind, ID: id}]
				if w.rec, err = record.DecodeDoc(kind, raw.Doc); err != nil {
					return err
				}
				w.was, w.revision, w.doc = w.rec, raw.Revision, raw.Doc
				if into := w.rec.Head().MergedInto; into != "" {
					want = append(want, record.Ref{Kind: kind, ID: into})
				}
			}
		}
	}
	return nil
}

// follow is the record that stands for another one now.
func (s *workingSet) follow(r record.Ref) record.Ref {
	for range maxMerges {
		w := s.have[r]
		if w == nil || w.rec == nil || w.rec.Head().MergedInto == "" {
			return r
		}
		r.ID = w.rec.Head().MergedInto
	}
	return r
}

const maxMerges = 20 // how long a chain of merges may be

// set puts a record into the set.
func (s *workingSet) set(r record.Ref, rec hansei.Record) {
	w := s.have[r]
	if w == nil {
		w = &working{}
		s.have[r] = w
	}
	w.rec, w.isLinks = rec, nil
	if !w.dirty {
		w.dirty = true
		s.changed = append(s.changed, r)
	}
}

// take puts what a delivery told into the set: all of it, or nothing when
// something is wrong with it.
func (s *workingSet) take(o outcome) result {
	out := result{id: o.delivery.ID, state: record.DeliveryDone}
	if o.err != nil && (len(o.said) == 0 || !errors.Is(o.err, source.ErrUnused)) {
		return refused(out, o.err)
	}
	o.again = toldBefore(o.delivery)
	type change struct {
		ref record.Ref
		rec hansei.Record
	}
	var changes []change
	mine := map[record.Ref]hansei.Record{} // within this delivery
	list := slices.Clone(o.said)
	for i := 0; i < len(list); i++ {
		said := list[i]
		ref, rec, err := s.observe(said, o, mine)
		if err == nil && rec == nil {
			continue
		}
		if err != nil {
			s.names.Undo()
			return refused(out, fmt.Errorf("%s %s: %w", said.Key.Kind, said.Key.External, err))
		}
		list = append(list, fold.Instead(rec, said, o.said)...)
		mine[ref] = rec
		changes = append(changes, change{ref, rec})
	}
	for _, rec := range s.names.Take() {
		ref := record.Ref{Kind: rec.Kind(), ID: rec.Head().ID}
		if w := s.have[ref]; (w == nil || w.rec == nil) && mine[ref] == nil {
			s.set(ref, rec)
		}
	}
	for _, c := range changes {
		s.set(c.ref, c.rec)
		if !slices.Contains(out.touched, c.ref) {
			out.touched = append(out.touched, c.ref)
		}
	}
	if len(changes) == 0 {
		return refused(out, cmp.Or(o.err, source.Unused("it tells of nothing")))
	}
	return out
}

// refused is the result of a delivery that gave no records.
func refused(out result, err error) result {
	out.state, out.says = record.DeliveryFailed, err.Error()
	if errors.Is(err, source.ErrUnused) {
		out.state = record.DeliveryUnused
	}
	return out
}

// observe folds one observation into the record it tells of. There is no record
// when it says that something nobody knows is none.
func (s *workingSet) observe(said hansei.Observation, o outcome, mine map[record.Ref]hansei.Record) (record.Ref, hansei.Record, error) {
	if said.Record == nil || said.Key.Kind != said.Record.Kind() || said.Key.Source != o.delivery.Source {
		return record.Ref{}, nil, fmt.Errorf("observation with the key %v: %w", said.Key, hansei.ErrForbidden)
	}
	ref := s.follow(s.ref(said, !said.None))
	if err := s.names.Refs(said.Record); err != nil {
		return ref, nil, err
	}
	existing := mine[ref]
	if existing == nil {
		if w := s.have[ref]; w != nil {
			existing = w.rec
		} else {
			s.missed = append(s.missed, ref)
		}
	}
	if said.None && !fold.Told(existing, said.Key) {
		return ref, nil, nil
	}
	if said.At.IsZero() {
		said.At = o.delivery.Received
	}
	if err := hansei.ValidTime("at", said.At); err != nil {
		return ref, nil, err
	}
	var again *fold.Again
	if o.again {
		if again = s.again[said.Key]; again == nil {
			told := s.before[said.Key]
			again = &told
			s.again[said.Key] = again
		}
	}
	rec, err := s.fold(existing, ref.ID, said, o.reading, again)
	return ref, rec, err
}

// fold makes the record anew with what one source now says of it.
func (s *workingSet) fold(existing hansei.Record, id hansei.ID, said hansei.Observation, r Reading, again *fold.Again) (hansei.Record, error) {
	var err error
	if existing == nil {
		if existing, err = hansei.New(said.Key.Kind); err != nil {
			return nil, err
		}
	}
	versions, err := parts.Of(existing)
	if err != nil {
		return nil, err
	}
	rec := parts.Emptied(existing)
	head := rec.Head()
	head.ID, head.From, head.Made = id, cloneFrom(existing.Head().From), parts.Made(existing)
	wasOut := parts.Out(head)
	i := slices.IndexFunc(head.From, func(f hansei.Observed) bool {
		return f.Source == said.Key.Source && f.External == said.Key.External
	})
	if i < 0 {
		v, err := hansei.New(said.Key.Kind)
		if err != nil {
			return nil, err
		}
		i = len(head.From)
		head.From = append(head.From, hansei.Observed{Source: said.Key.Source, External: said.Key.External})
		versions = append(versions, v)
	}
	if head.From[i].Out == hansei.OutRemoved { // nothing of what it told before stands
		head.From[i] = hansei.Observed{Source: said.Key.Source, External: said.Key.External}
		if versions[i], err = hansei.New(said.Key.Kind); err != nil {
			return nil, err
		}
	}
	if err := fold.Into(versions[i], &head.From[i], said, said.At, again); err != nil {
		return nil, err
	}
	if err := judge(versions[i], &head.From[i], r); err != nil {
		return nil, err
	}
	out, err := parts.Assemble(rec, versions, s.order)
	if err != nil {
		return nil, err
	}
	if bad := flaw(out); bad != nil && out.Head().From[i].Out == "" {
		if !said.Partial {
			return nil, bad
		}
		// What makes it whole may come in another delivery.
		out.Head().From[i].Out = hansei.OutIncomplete
		if out, err = parts.Assemble(out, versions, s.order); err != nil {
			return nil, err
		}
	}
	return out, settleDeleted(out, wasOut)
}

// whole leaves the sources out whose word does not make a whole record.
func (s *workingSet) whole(rec hansei.Record, versions []hansei.Record) (hansei.Record, error) {
	if flaw(rec) == nil {
		return rec, nil
	}
	from := rec.Head().From
	for i := range from {
		if from[i].Out == "" {
			from[i].Out = hansei.OutIncomplete
		}
	}
	return parts.Assemble(rec, versions, s.order)
}

// flaw is what is wrong with a record, deleted or not.
func flaw(rec hansei.Record) error {
	head := rec.Head()
	was := head.Deleted
	head.Deleted = false
	err := rec.Validate()
	head.Deleted = was
	return err
}

// settleDeleted deletes a record whose last source went out, and brings it
// back with the first that returns. What a person deleted stays so.
func settleDeleted(rec hansei.Record, wasOut bool) error {
	head := rec.Head()
	if head.Made && flaw(rec) != nil { // nothing that people wrote stands alone
		head.Made = false
	}
	switch out := parts.Out(head); {
	case out && !wasOut:
		head.Deleted, head.ByHand = true, head.Deleted
	case !out && wasOut:
		head.Deleted, head.ByHand = head.Deleted && head.ByHand, false
	}
	return rec.Validate()
}

// judge says whether a source's version of a thing counts.
func judge(v hansei.Record, seen *hansei.Observed, r Reading) error {
	if gone(*seen) {
		return nil
	}
	seen.Out = ""
	in, ok := v.(*hansei.Incident)
	if !ok || r.Counts == nil {
		return nil
	}
	counts, err := r.Counts(in)
	if err != nil {
		return fmt.Errorf("filter: %w", err)
	}
	if !counts {
		seen.Out = hansei.OutFiltered
	}
	return nil
}

// gone says that a source's version stands for nothing that is there.
func gone(o hansei.Observed) bool {
	return slices.Contains([]string{hansei.OutDeleted, hansei.OutOther, hansei.OutRemoved}, o.Out)
}

// cloneFrom copies what fold changes.
func cloneFrom(from []hansei.Observed) []hansei.Observed {
	out := slices.Clone(from)
	for i := range out {
		out[i].Stamps = maps.Clone(out[i].Stamps)
	}
	return out
}
