package intake

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"hansei"
	"hansei/internal/intake/link"
	"hansei/internal/intake/parts"
	"hansei/internal/record"
)

// Two records of different tools are one when both go by a name that means one
// thing everywhere; incidents also when one names the other and they happened
// at the same time. The joined record holds what every source said; the other
// one leads to it. A person who takes them apart is believed for ever: no third
// record that both belong to brings them together again.

// joinNamed joins the records of the set that newly go by a name, or mention
// one, with those of other sources.
func (s *workingSet) joinNamed(ctx context.Context) error {
	for _, ref := range s.named() {
		if _, err := s.reconsider(ctx, ref, nil); err != nil {
			return err
		}
	}
	pairs, again, err := s.pairs(ctx)
	for again && err == nil {
		pairs, again, err = s.pairs(ctx)
	}
	if err != nil {
		return err
	}
	for _, p := range pairs {
		if err := s.joinPair(ctx, s.follow(p[0]), s.follow(p[1])); err != nil {
			return err
		}
	}
	return nil
}

// fresh are the records of the set that newly may be one with others; all are
// put among the neighbours.
func (s *workingSet) fresh(near neighbours) (out []record.Ref) {
	for _, ref := range s.named() {
		w := s.have[ref]
		if !slices.Contains(link.Joined, ref.Kind) || !link.Live(w.rec) {
			continue
		}
		near.add(ref, w.now())
		if w.anew || !link.Live(w.was) || link.Moved(w.was, w.rec) || !slices.Equal(w.before().Called, w.now().Called) || !slices.Equal(w.before().Mentions, w.now().Mentions) {
			out = append(out, ref)
		}
	}
	return out
}

// name is a name of records of one kind.
type name struct {
	kind hansei.Kind
	name string
}

// neighbours are the records of a set by what they are called and mention.
type neighbours struct{ called, mentioning map[name][]record.Ref }

func (n neighbours) add(ref record.Ref, l *link.Links) {
	for _, x := range l.Called {
		n.called[name{ref.Kind, x}] = append(n.called[name{ref.Kind, x}], ref)
	}
	if ref.Kind == hansei.KindIncident {
		for _, x := range l.Mentions {
			n.mentioning[name{ref.Kind, x}] = append(n.mentioning[name{ref.Kind, x}], ref)
		}
	}
}

// of are those that may be one with a record.
func (n neighbours) of(ref record.Ref, l *link.Links) (out []record.Ref) {
	for _, x := range l.Called {
		if link.Shared(ref.Kind, x) {
			out = append(out, n.called[name{ref.Kind, x}]...)
		}
		out = append(out, n.mentioning[name{ref.Kind, x}]...)
	}
	if ref.Kind == hansei.KindIncident {
		for _, x := range l.Mentions {
			out = append(out, n.called[name{ref.Kind, x}]...)
		}
	}
	return slices.DeleteFunc(out, func(r record.Ref) bool { return r == ref })
}

// stored adds the records of the store that fresh ones may be one with.
func (s *workingSet) stored(ctx context.Context, fresh []record.Ref, near neighbours) error {
	var called, named []string // what incidents are called, and what is looked for
	for _, ref := range fresh {
		l := s.have[ref].now()
		for _, n := range l.Called {
			if link.Shared(ref.Kind, n) {
				named = append(named, n)
			}
		}
		if ref.Kind == hansei.KindIncident {
			called, named = append(called, l.Called...), append(named, l.Mentions...)
		}
	}
	a, err := record.Named(ctx, s.records, s.scope, named)
	if err != nil {
		return err
	}
	b, err := record.Mentioning(ctx, s.records, s.scope, called)
	if err != nil {
		return err
	}
	for _, x := range a {
		near.called[name{x.Kind, x.Name}] = append(near.called[name{x.Kind, x.Name}], x.Ref)
	}
	for _, x := range b {
		if x.Kind == hansei.KindIncident {
			near.mentioning[name{x.Kind, x.Name}] = append(near.mentioning[name{x.Kind, x.Name}], x.Ref)
		}
	}
	return nil
}

// pairs are the records that may be one, the nearest first: a deployment that is
// repeated is told several times by both tools. They are to be asked for again
// when something had to leave a record for it is nearer to a fresh one.
func (s *workingSet) pairs(ctx context.Context) (out [][2]record.Ref, again bool, err error) {
	near := neighbours{map[name][]record.Ref{}, map[name][]record.Ref{}}
	fresh := s.fresh(near)
	if err := s.stored(ctx, fresh, near); err != nil {
		return nil, false, err
	}
	others := make([][]record.Ref, len(fresh))
	for i, ref := range fresh {
		others[i] = near.of(ref, s.have[ref].now())
	}
	if err := s.get(ctx, slices.Concat(others...)); err != nil {
		return nil, false, err
	}
	for i, ref := range fresh {
		for _, other := range others[i] {
			rec := s.have[ref].rec
			if other = s.follow(other); other != ref && ref.Kind == hansei.KindDeployment && link.Live(s.have[other].rec) && !link.Contradict(rec, s.have[other].rec) {
				left, err := s.reconsider(ctx, other, rec)
				if again = again || left; err != nil {
					return nil, false, err
				}
			}
		}
	}
	gaps := map[[2]record.Ref]time.Duration{}
	for i, ref := range fresh {
		for _, other := range others[i] {
			if other = s.follow(other); len(s.via(ref, other)) > 0 {
				gaps[[2]record.Ref{ref, other}] = link.Gap(s.have[ref].rec, s.have[other].rec)
			}
		}
	}
	var likely [][2]record.Ref // that are not too far apart
	for p, gap := range gaps {
		if out = append(out, p); gap <= link.FarApart {
			likely = append(likely, p)
		}
	}
	slices.SortFunc(out, func(a, b [2]record.Ref) int {
		return cmp.Or(cmp.Compare(gaps[a], gaps[b]), cmp.Compare(a[0].ID, b[0].ID), cmp.Compare(a[1].ID, b[1].ID), cmp.Compare(a[0].Kind, b[0].Kind))
	})
	return out, again, s.getAcross(ctx, likely)
}

// via are the names by which two records may be one.
func (s *workingSet) via(a, b record.Ref) []string {
	wa, wb := s.have[a], s.have[b]
	if a == b || wa == nil || wb == nil || !link.Live(wa.rec) || !link.Live(wb.rec) || link.SameSource(wa.rec, wb.rec) || link.Contradict(wa.rec, wb.rec) {
		return nil
	}
	return link.Common(a.Kind, wa.now(), wb.now())
}

// joinPair joins two records if their names say that they are one.
func (s *workingSet) joinPair(ctx context.Context, a, b record.Ref) error {
	via := s.via(a, b)
	if len(via) == 0 {
		return nil
	}
	if a.Kind == hansei.KindIncident {
		return s.joinIncidents(ctx, a, b, via[0])
	}
	// Their name is reason enough. There are so many of them that only what a
	// person says of one is noted.
	if parted, err := s.parted(ctx, a, b); err != nil || parted != nil {
		return err
	}
	return s.unite(a, b)
}

// joinIncidents joins two incidents, or suggests it where a name is not enough.
func (s *workingSet) joinIncidents(ctx context.Context, a, b record.Ref, via string) error {
	join := joinRef(a.Kind, a.ID, b.ID)
	if err := s.get(ctx, []record.Ref{join}); err != nil {
		return err
	}
	j := &hansei.Join{Header: hansei.Header{ID: join.ID}, Of: a.Kind, A: a.ID, B: b.ID, Verdict: hansei.JoinExplicit,
		Reasons: []string{"one names the other: " + via}}
	if old, ok := s.have[join].rec.(*hansei.Join); ok {
		if old.By != "" {
			return nil // a person decided
		}
		j.Header = old.Header
	}
	if apart := link.Gap(s.have[a].rec, s.have[b].rec); apart > link.FarApart {
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
	across, err := s.across(ctx, a, b)
	if err != nil {
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
	s.lead(b)
	return nil
}

// joined puts what every source said of one record into another: into holds
// both, from leads there.
func joined(a, b hansei.Record, order parts.Order) (into, from hansei.Record, err error) {
	va, err := parts.Of(a)
	if err != nil {
		return nil, nil, err
	}
	vb, err := parts.Of(b)
	if err != nil {
		return nil, nil, err
	}
	into, from = parts.Emptied(a), parts.Emptied(b)
	head, wasOut := into.Head(), parts.Out(a.Head())
	head.Made = parts.Made(a) || parts.Made(b)
	head.From = append(cloneFrom(a.Head().From), cloneFrom(b.Head().From)...)
	for _, e := range b.Head().Edits {
		if _, has := head.EditOf(e.Field); !has {
			head.Edits = append(slices.Clip(head.Edits), e)
		}
	}
	if into, err = parts.Assemble(into, append(va, vb...), order); err != nil {
		return nil, nil, err
	}
	if err := settleDeleted(into, wasOut); err != nil {
		return nil, nil, err
	}
	parts.Copy(from, b)
	*from.Head() = *b.Head()
	from.Head().MergedInto = a.Head().ID
	return into, from, nil
}
