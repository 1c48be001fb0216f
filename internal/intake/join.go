package intake

import (
	"context"
	"fmt"
	"slices"
	"time"

	"hansei"
	"hansei/internal/record"
)

// Two records of different tools are one incident when one names the other and
// they happened at the same time. The joined record holds what every source
// said; the other one leads to it. A person who takes them apart is believed
// for ever: no third record that both belong to brings them together again.

// farApart is from when on naming each other is not enough: the one may tell
// of an earlier incident. Then it is a suggestion.
const farApart = 24 * time.Hour

// joinNamed joins the incidents of the set that newly name, or are named by,
// others.
func (s *workingSet) joinNamed(ctx context.Context) error {
	near := neighbours{map[string][]record.Ref{}, map[string][]record.Ref{}}
	var fresh []record.Ref
	for _, ref := range s.changed {
		if w := s.have[ref]; ref.Kind == hansei.KindIncident && live(w.rec) {
			near.add(ref, w.now())
			if !live(w.was) || !slices.Equal(w.before().called, w.now().called) || !slices.Equal(w.before().mentions, w.now().mentions) {
				fresh = append(fresh, ref)
			}
		}
	}
	if err := s.stored(ctx, fresh, near); err != nil {
		return err
	}
	for _, ref := range fresh {
		var others []record.Ref
		for _, name := range s.have[ref].now().mentions {
			others = append(others, near.called[name]...)
		}
		for _, name := range s.have[ref].now().called {
			others = append(others, near.mentioning[name]...)
		}
		if err := s.get(ctx, others); err != nil {
			return err
		}
		for _, other := range others {
			if err := s.joinPair(ctx, s.follow(ref), s.follow(other)); err != nil {
				return err
			}
		}
	}
	return nil
}

func live(rec hansei.Record) bool {
	return rec != nil && !rec.Head().Deleted && rec.Head().MergedInto == ""
}

// neighbours are the incidents of a set by what they are called and mention.
type neighbours struct{ called, mentioning map[string][]record.Ref }

func (n neighbours) add(ref record.Ref, l *links) {
	for _, name := range l.called {
		n.called[name] = append(n.called[name], ref)
	}
	for _, name := range l.mentions {
		n.mentioning[name] = append(n.mentioning[name], ref)
	}
}

// stored adds the incidents of the store that are called what fresh ones
// mention, or mention what they are called.
func (s *workingSet) stored(ctx context.Context, fresh []record.Ref, near neighbours) error {
	var names, found []string
	for _, ref := range fresh {
		names, found = append(names, s.have[ref].now().called...), append(found, s.have[ref].now().mentions...)
	}
	a, err := record.Named(ctx, s.records, s.scope, found)
	if err != nil {
		return err
	}
	b, err := record.Mentioning(ctx, s.records, s.scope, names)
	if err != nil {
		return err
	}
	for _, x := range a {
		if x.Kind == hansei.KindIncident {
			near.called[x.Name] = append(near.called[x.Name], x.Ref)
		}
	}
	for _, x := range b {
		if x.Kind == hansei.KindIncident {
			near.mentioning[x.Name] = append(near.mentioning[x.Name], x.Ref)
		}
	}
	return nil
}

// joinPair joins two incidents if one names the other.
func (s *workingSet) joinPair(ctx context.Context, a, b record.Ref) error {
	wa, wb := s.have[a], s.have[b]
	if a == b || wa == nil || wb == nil || !live(wa.rec) || !live(wb.rec) || sharedSource(wa.rec, wb.rec) {
		return nil
	}
	via := append(both(wa.now().mentions, wb.now().called), both(wb.now().mentions, wa.now().called)...)
	if len(via) == 0 {
		return nil
	}
	join := record.Ref{Kind: hansei.KindJoin, ID: hansei.JoinID(hansei.KindIncident, a.ID, b.ID)}
	if err := s.get(ctx, []record.Ref{join}); err != nil {
		return err
	}
	j := &hansei.Join{Header: hansei.Header{ID: join.ID}, Of: hansei.KindIncident, A: a.ID, B: b.ID, Verdict: hansei.JoinExplicit,
		Reasons: []string{"one names the other: " + via[0]}}
	if old, ok := s.have[join].rec.(*hansei.Join); ok {
		if old.By != "" {
			return nil // a person decided
		}
		j.Header = old.Header
	}
	if apart := gap(wa.rec.(*hansei.Incident), wb.rec.(*hansei.Incident)); apart > farApart {
		j.Verdict, j.Score = hansei.JoinSuggested, 0.5
		j.Reasons = append(j.Reasons, fmt.Sprintf("but they are %d days apart", int(apart/(24*time.Hour))))
		s.set(join, j)
		return nil
	}
	parted, err := s.parted(ctx, a, b)
	if err != nil {
		return err
	}
	if parted != nil {
		s.set(join, onlySuggested(j, parted))
		return nil
	}
	s.set(join, j)
	return s.unite(a, b)
}

// parted is a person's word that something of one record and something of
// another are two, or nil: then they may become one.
func (s *workingSet) parted(ctx context.Context, a, b record.Ref) (*hansei.Join, error) {
	across := s.across(a, b)
	if err := s.get(ctx, across); err != nil {
		return nil, err
	}
	for _, ref := range across {
		if j, ok := s.have[ref].rec.(*hansei.Join); ok && j.Verdict == hansei.JoinRejected {
			return j, nil
		}
	}
	s.relied = append(s.relied, across...)
	return nil, nil
}

// across are the joins of everything that one record is made of with
// everything that another is made of.
func (s *workingSet) across(a, b record.Ref) []record.Ref {
	var out []record.Ref
	for _, x := range s.members(a) {
		for _, y := range s.members(b) {
			if x != y {
				out = append(out, joinRef(x, y))
			}
		}
	}
	return out
}

// members are the ids that a record stands for: its own, and those by which
// its sources know it.
func (s *workingSet) members(r record.Ref) []hansei.ID {
	out := []hansei.ID{r.ID}
	for _, o := range s.have[r].rec.Head().From {
		if id := (hansei.Key{Kind: r.Kind, Source: o.Source, External: o.External}).ID(); !slices.Contains(out, id) {
			out = append(out, id)
		}
	}
	return out
}

// onlySuggested is a join that must not be, for what a person took apart would
// come together by it.
func onlySuggested(j, parted *hansei.Join) *hansei.Join {
	out := *j
	out.Verdict, out.Score = hansei.JoinSuggested, 0.5
	out.Reasons = append(slices.Clip(j.Reasons), fmt.Sprintf("but a person said that %s and %s are two", parted.A, parted.B))
	return &out
}

// unite makes two records one: the one that the journal knew first, or whose
// id comes first, stands for both.
func (s *workingSet) unite(a, b record.Ref) error {
	if wa, wb := s.have[a], s.have[b]; (wa.revision == 0) != (wb.revision == 0) && wa.revision == 0 || (wa.revision == 0) == (wb.revision == 0) && b.ID < a.ID {
		a, b = b, a
	}
	into, from, err := joined(s.have[a].rec, s.have[b].rec, s.order)
	if err != nil {
		return err
	}
	s.set(a, into)
	s.set(b, from)
	return nil
}

// joined puts what every source said of one record into another: into holds
// both, from leads there.
func joined(a, b hansei.Record, order ordering) (into, from hansei.Record, err error) {
	va, err := versionsOf(a)
	if err != nil {
		return nil, nil, err
	}
	vb, err := versionsOf(b)
	if err != nil {
		return nil, nil, err
	}
	if into, err = hansei.New(a.Kind()); err != nil {
		return nil, nil, err
	}
	head := into.Head()
	*head = *a.Head()
	wasOut := allOut(head.From)
	head.From = append(cloneFrom(head.From), cloneFrom(b.Head().From)...)
	for _, e := range b.Head().Edits {
		if _, has := head.EditOf(e.Field); !has {
			head.Edits = append(slices.Clip(head.Edits), e)
		}
	}
	if into, err = assemble(into, append(va, vb...), order); err != nil {
		return nil, nil, err
	}
	if err := settleDeleted(into, wasOut); err != nil {
		return nil, nil, err
	}
	if from, err = hansei.New(b.Kind()); err != nil {
		return nil, nil, err
	}
	if err := copyFields(from, b); err != nil {
		return nil, nil, err
	}
	*from.Head() = *b.Head()
	from.Head().MergedInto = a.Head().ID
	return into, from, nil
}

func sharedSource(a, b hansei.Record) bool {
	return slices.ContainsFunc(a.Head().From, func(x hansei.Observed) bool {
		return slices.ContainsFunc(b.Head().From, func(y hansei.Observed) bool { return x.Source == y.Source })
	})
}

// both are the elements that two sorted lists have in common.
func both(a, b []string) []string {
	return slices.DeleteFunc(slices.Clone(a), func(s string) bool { _, has := slices.BinarySearch(b, s); return !has })
}

// gap is how long two incidents are apart, 0 when they overlap. One that is
// open is taken to have ended when it began: it may be forgotten.
func gap(a, b *hansei.Incident) time.Duration {
	sa, ea := span(a)
	sb, eb := span(b)
	return max(0, sb.Sub(ea), sa.Sub(eb))
}

func span(in *hansei.Incident) (since, until time.Time) {
	since, _ = in.Start()
	until = since
	for _, m := range in.Milestones {
		if m.At.After(until) {
			until = m.At
		}
	}
	return since, until
}
