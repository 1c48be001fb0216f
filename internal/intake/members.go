package intake

import (
	"context"
	"slices"

	"hansei"
	"hansei/internal/intake/link"
	"hansei/internal/record"
)

// across are the joins of everything that one record is made of with
// everything that another is made of, read into the set.
func (s *workingSet) across(ctx context.Context, a, b record.Ref) ([]record.Ref, error) {
	if err := s.getLed(ctx, []record.Ref{a, b}); err != nil {
		return nil, err
	}
	out := s.joinsOf(a, b)
	return out, s.get(ctx, out)
}

// getAcross reads together what across would read for one pair after another,
// for most of them.
func (s *workingSet) getAcross(ctx context.Context, pairs [][2]record.Ref) error {
	var refs, joins []record.Ref
	for _, p := range pairs {
		refs = append(refs, p[0], p[1])
	}
	if err := s.getLed(ctx, refs); err != nil {
		return err
	}
	for _, p := range pairs {
		if len(joins) < 10*linkPage {
			joins = append(joins, s.joinsOf(p[0], p[1])...)
		}
	}
	return s.get(ctx, joins)
}

func (s *workingSet) joinsOf(a, b record.Ref) []record.Ref {
	var out []record.Ref
	for _, x := range s.members(a) {
		for _, y := range s.members(b) {
			if x != y {
				out = append(out, joinRef(a.Kind, x, y))
			}
		}
	}
	return out
}

// members are the ids that a record stands for: its own, those by which its
// sources know it, and those of records that people made and that lead to it.
func (s *workingSet) members(r record.Ref) []hansei.ID {
	out := []hansei.ID{r.ID}
	for _, id := range link.IDs(s.have[r].rec) {
		if !slices.Contains(out, id) {
			out = append(out, id)
		}
	}
	for i := 0; i < len(out); i++ {
		for _, id := range s.led[record.Ref{Kind: r.Kind, ID: out[i]}] {
			if !slices.Contains(out, id) && s.leadsThrough(record.Ref{Kind: r.Kind, ID: id}, r) {
				out = append(out, id)
			}
		}
	}
	return out
}

// getLed reads the records that people made and that lead to one of these.
func (s *workingSet) getLed(ctx context.Context, to []record.Ref) error {
	for len(to) > 0 {
		var parts []string
		for _, r := range to {
			for _, id := range s.members(r) {
				into := record.Ref{Kind: r.Kind, ID: id}
				if _, asked := s.led[into]; !asked {
					s.led[into] = nil
					parts = append(parts, link.PartOf(into.Kind, into.ID))
				}
			}
		}
		found, err := record.Named(ctx, s.records, s.scope, parts)
		if err != nil {
			return err
		}
		to = nil
		for _, x := range found {
			to = append(to, x.Ref)
		}
		if err := s.get(ctx, to); err != nil {
			return err
		}
		for _, r := range to {
			s.lead(r)
		}
	}
	return nil
}

// lead notes where a record leads that people made.
func (s *workingSet) lead(r record.Ref) {
	head := s.have[r].rec.Head()
	into := record.Ref{Kind: r.Kind, ID: head.MergedInto}
	if known, asked := s.led[into]; asked && len(head.From) == 0 && !slices.Contains(known, r.ID) {
		s.led[into] = append(known, r.ID)
	}
}
