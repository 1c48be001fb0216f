package intake

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/intake/link"
	"hansei/internal/intake/parts"
	"hansei/internal/record"
)

// Joins is what people do with records that several tools tell of: confirm that
// two are one, take them apart again, and see which incidents look alike.
type Joins struct {
	Records *record.Store
	// Near pairs incidents with those of other sources that went on at the same
	// time or at most within apart; package fact knows.
	Near func(ctx context.Context, who auth.Scope, ids []hansei.ID, within time.Duration) ([][2]hansei.ID, error)
}

// Decide confirms that two records are one, or rejects it.
func (j Joins) Decide(ctx context.Context, who auth.Actor, of hansei.Kind, a, b hansei.ID, one bool) (record.Seq, error) {
	if one {
		return j.Confirm(ctx, who, of, a, b)
	}
	return j.Reject(ctx, who, of, a, b)
}

// Confirm says that two records of a kind are one. The first stands for both. What
// people took apart stays so: it is refused when two such would come together.
func (j Joins) Confirm(ctx context.Context, who auth.Actor, of hansei.Kind, a, b hansei.ID) (record.Seq, error) {
	return j.decide(ctx, who, of, a, b, hansei.JoinConfirmed, func(s *workingSet, ra, rb record.Ref) error {
		switch wa, wb := s.have[ra], s.have[rb]; {
		case ra == rb:
			return nil // they are one already
		case wa.rec == nil || wb.rec == nil:
			return fmt.Errorf("%s: %w", of, hansei.ErrNotFound)
		default:
			parted, err := s.parted(ctx, ra, rb)
			if err != nil {
				return err
			}
			if parted != nil {
				return hansei.Invalid("b", "by this %s and %s would become one, which a person took apart; nothing was changed. Confirm those two first if they are one after all", parted.A, parted.B)
			}
			into, from, err := joined(wa.rec, wb.rec, s.order)
			if err != nil {
				return err
			}
			s.set(ra, into)
			s.set(rb, from)
			return nil
		}
	})
}

// Reject says that two records of a kind are two things: what was joined is taken
// apart, and no source or rule joins them again.
func (j Joins) Reject(ctx context.Context, who auth.Actor, of hansei.Kind, a, b hansei.ID) (record.Seq, error) {
	return j.decide(ctx, who, of, a, b, hansei.JoinRejected, func(s *workingSet, ra, rb record.Ref) error {
		if ra != rb {
			return nil // they are two already
		}
		other := record.Ref{Kind: of, ID: b}
		if first := (record.Ref{Kind: of, ID: a}); s.leadsThrough(first, other) {
			other = first // or it would leave together with b
		}
		if err := s.split(ctx, ra, other); err != nil {
			return err
		}
		return s.unjoin(ctx, ra, other, s.have[joinRef(of, a, b)].rec.(*hansei.Join))
	})
}

// unjoin makes mere suggestions of what links joined across two records that a
// person took apart.
func (s *workingSet) unjoin(ctx context.Context, a, b record.Ref, parted *hansei.Join) error {
	across, err := s.across(ctx, a, b)
	if err != nil {
		return err
	}
	for _, ref := range across {
		if j, ok := s.have[ref].rec.(*hansei.Join); ok && j.Verdict == hansei.JoinExplicit {
			s.set(ref, onlySuggested(j, parted))
		}
	}
	return nil
}

// decide notes a person's verdict and carries it out.
func (j Joins) decide(ctx context.Context, who auth.Actor, of hansei.Kind, a, b hansei.ID, verdict string, do func(*workingSet, record.Ref, record.Ref) error) (record.Seq, error) {
	if !slices.Contains(link.Joined, of) {
		return 0, hansei.Invalid("of", "%q: records of this kind are not joined; expected one of %v", of, link.Joined)
	}
	s, err := newWorkingSet(ctx, j.Records, who.Scope(), nil)
	if err != nil {
		return 0, err
	}
	ra, rb, join := record.Ref{Kind: of, ID: a}, record.Ref{Kind: of, ID: b}, joinRef(of, a, b)
	if err := s.get(ctx, []record.Ref{ra, rb, join}); err != nil {
		return 0, err
	}
	if a == b || s.have[ra].rec == nil || s.have[rb].rec == nil {
		return 0, fmt.Errorf("%s %s and %s: %w", of, a, b, hansei.ErrNotFound)
	}
	said := &hansei.Join{Header: hansei.Header{ID: join.ID}, Of: of, A: a, B: b, Verdict: verdict, By: who.Name}
	if old, ok := s.have[join].rec.(*hansei.Join); ok {
		said.Header, said.Score, said.Reasons = old.Header, old.Score, old.Reasons
	}
	s.set(join, said)
	if err := do(s, s.follow(ra), s.follow(rb)); err != nil {
		return 0, err
	}
	if err := s.encode(); err != nil {
		return 0, err
	}
	return j.Records.Write(ctx, who, s.writing(ctx))
}

// split takes a record out of the one that it was joined into, with everything
// that was joined into it before.
func (s *workingSet) split(ctx context.Context, from, other record.Ref) error {
	w := s.have[from]
	versions, err := parts.Of(w.rec)
	if err != nil {
		return err
	}
	var own []record.Ref
	for _, id := range link.IDs(w.rec) {
		own = append(own, record.Ref{Kind: from.Kind, ID: id})
	}
	if err := s.get(ctx, own); err != nil {
		return err
	}
	stay, leave := parts.Emptied(w.rec), parts.Emptied(s.have[other].rec)
	var stays, leaves []hansei.Record
	for i, o := range w.rec.Head().From {
		if s.leadsThrough(own[i], other) {
			leave.Head().From, leaves = append(leave.Head().From, o), append(leaves, versions[i])
		} else {
			stay.Head().From, stays = append(stay.Head().From, o), append(stays, versions[i])
		}
	}
	// One that people made has no sources to take along; it is what they wrote.
	byHand := len(s.have[other].rec.Head().From) == 0 && s.leadsThrough(other, from)
	if len(leaves) == 0 && !byHand || len(stays) == 0 && len(w.rec.Head().Edits) == 0 {
		return hansei.Invalid("b", "%s was not joined into %s", other.ID, from.ID)
	}
	if byHand {
		parts.Copy(leave, s.have[other].rec)
	}
	leave.Head().MergedInto = ""
	stay.Head().Edits = slices.DeleteFunc(slices.Clone(stay.Head().Edits), func(e hansei.Edit) bool {
		mine, has := s.have[other].rec.Head().EditOf(e.Field)
		return has && mine.At.Equal(e.At)
	})
	stay.Head().Made = w.rec.Head().Made && len(stay.Head().Edits) > 0 || len(stays) == 0
	// If the one was deleted, so are both.
	was := w.rec.Head()
	leave.Head().Made = parts.Made(s.have[other].rec)
	leave.Head().Deleted, leave.Head().ByHand = was.Deleted, was.ByHand
	if stay, err = s.part(stay, stays, parts.Out(was)); err != nil {
		return err
	}
	if leave, err = s.part(leave, leaves, parts.Out(was)); err != nil {
		return err
	}
	s.set(from, stay)
	s.set(other, leave)
	return nil
}

// part is one of two records that were one, of which every source was out or not.
func (s *workingSet) part(rec hansei.Record, versions []hansei.Record, wasOut bool) (hansei.Record, error) {
	rec, err := parts.Assemble(rec, versions, s.order)
	if err != nil {
		return nil, err
	}
	return rec, settleDeleted(rec, wasOut)
}

// reconsider takes apart what names joined and what is told to be two by now, or
// what belongs rather to a record beside it. A person who said that it is one is
// believed. It says whether anything was taken apart.
func (s *workingSet) reconsider(ctx context.Context, ref record.Ref, beside hansei.Record) (did bool, err error) {
	rec := s.have[ref].rec
	if !link.Live(rec) || len(rec.Head().From) < 2 || ref.Kind != hansei.KindDeployment && ref.Kind != hansei.KindChange {
		return false, nil
	}
	versions, err := parts.Of(rec)
	if err != nil {
		return false, err
	}
	for _, id := range link.Odd(rec, versions, beside) {
		own := record.Ref{Kind: ref.Kind, ID: id}
		across, err := s.across(ctx, ref, ref)
		if err != nil {
			return false, err
		}
		if err := s.get(ctx, []record.Ref{own}); err != nil {
			return false, err
		}
		confirmed := func(r record.Ref) bool {
			j, ok := s.have[r].rec.(*hansei.Join)
			return ok && j.Verdict == hansei.JoinConfirmed
		}
		if slices.ContainsFunc(across, confirmed) || !s.leadsThrough(own, ref) {
			continue
		}
		s.relied = append(append(s.relied, across...), own)
		var bad *hansei.InvalidError
		if err := s.split(ctx, ref, own); errors.As(err, &bad) {
			continue // alone it would not be whole
		} else if err != nil {
			return false, err
		}
		_, err = s.reconsider(ctx, ref, beside)
		return true, err
	}
	return false, nil
}

// leadsThrough says whether following merges from one record meets another.
func (s *workingSet) leadsThrough(r, through record.Ref) bool {
	for range maxMerges {
		if r == through {
			return true
		}
		w := s.have[r]
		if w == nil || w.rec == nil || w.rec.Head().MergedInto == "" {
			return false
		}
		r.ID = w.rec.Head().MergedInto
	}
	return false
}

// Suggest looks for incidents of other sources that look like one of these,
// by the organization's rule, and notes each pair nobody decided on yet. It
// returns how many it noted.
func (j Joins) Suggest(ctx context.Context, who auth.Actor, ids []hansei.ID) (int, error) {
	rule := hansei.DefaultJoining
	org, err := record.Load(ctx, j.Records, who.Scope(), hansei.KindOrganization, []hansei.ID{hansei.OrganizationID})
	if err != nil {
		return 0, err
	}
	if o, ok := org[hansei.OrganizationID]; ok && o.Record.(*hansei.Organization).Joining != nil {
		rule = *o.Record.(*hansei.Organization).Joining
	}
	if rule.Off {
		return 0, nil
	}
	s, err := newWorkingSet(ctx, j.Records, who.Scope(), nil)
	if err != nil {
		return 0, err
	}
	pairs, err := j.Near(ctx, s.scope, ids, time.Duration(rule.Within)*time.Minute)
	if err != nil || len(pairs) == 0 {
		return 0, err
	}
	var refs []record.Ref
	for _, p := range pairs {
		refs = append(refs, incidentRef(p[0]), incidentRef(p[1]), joinRef(hansei.KindIncident, p[0], p[1]))
	}
	if err := s.get(ctx, refs); err != nil {
		return 0, err
	}
	for _, p := range pairs {
		if err := s.suggest(ctx, p[0], p[1], rule); err != nil {
			return 0, err
		}
	}
	if err := s.encode(); err != nil || len(s.changed) == 0 {
		return 0, err
	}
	_, err = j.Records.Write(ctx, who.As("joining"), s.writing(ctx))
	return len(s.changed), err
}

func incidentRef(id hansei.ID) record.Ref { return record.Ref{Kind: hansei.KindIncident, ID: id} }

func joinRef(of hansei.Kind, a, b hansei.ID) record.Ref {
	return record.Ref{Kind: hansei.KindJoin, ID: hansei.JoinID(of, a, b)}
}

// suggest notes a pair that looks like one, unless somebody or something
// decided on it already, or it would bring together what a person took apart.
func (s *workingSet) suggest(ctx context.Context, a, b hansei.ID, rule hansei.Joining) error {
	x, isX := s.have[incidentRef(a)].rec.(*hansei.Incident)
	y, isY := s.have[incidentRef(b)].rec.(*hansei.Incident)
	join := joinRef(hansei.KindIncident, a, b)
	if !isX || !isY || !link.Live(x) || !link.Live(y) || len(x.From) == 0 || len(y.From) == 0 || link.SameSource(x, y) || s.have[join].rec != nil {
		return nil
	}
	score, reasons := link.Alike(x, y, rule)
	if score == 0 {
		return nil
	}
	parted, err := s.parted(ctx, incidentRef(a), incidentRef(b))
	if err == nil && parted == nil {
		s.set(join, &hansei.Join{Header: hansei.Header{ID: join.ID}, Of: hansei.KindIncident, A: a, B: b,
			Verdict: hansei.JoinSuggested, Score: score, Reasons: reasons})
	}
	return err
}
