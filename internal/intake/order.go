package intake

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/intake/precedence"
	"hansei/internal/record"
)

// ordering is whose word leads, by kind and field.
type ordering struct {
	rules []hansei.SourceOrder
}

// orderIn reads the organization's rules.
func orderIn(ctx context.Context, r record.Reader, who auth.Scope) (ordering, error) {
	found, err := record.Load(ctx, r, who, hansei.KindOrganization, []hansei.ID{hansei.OrganizationID})
	if err != nil {
		return ordering{}, err
	}
	s, ok := found[hansei.OrganizationID]
	if !ok {
		return ordering{}, nil
	}
	return ordering{s.Record.(*hansei.Organization).SourceOrder}, nil
}

// Rules are what the organization decided about live sources; nil leaves a
// rule as it is.
type Rules struct {
	SourceOrder  *[]hansei.SourceOrder `json:"source_order,omitempty"`
	Joining      *hansei.Joining       `json:"joining,omitempty"`
	KeepPayloads *int                  `json:"keep_payloads,omitempty"`
	// Read is the organization's revision they were made from, if a later one is
	// an ErrConflict.
	Read *record.Revision `json:"-"`
}

// SetRules changes the organization's rules. Records that a new order of sources
// concerns are filled anew by Link.
func (p People) SetRules(ctx context.Context, who auth.Actor, r Rules) (record.Seq, error) {
	return p.Records.Write(ctx, who, func(tx *record.Tx) error {
		found, err := record.Load(ctx, tx, who.Scope(), hansei.KindOrganization, []hansei.ID{hansei.OrganizationID})
		if err != nil {
			return err
		}
		o, read := &hansei.Organization{Header: hansei.Header{ID: hansei.OrganizationID}}, record.Revision(0)
		if s, ok := found[hansei.OrganizationID]; ok {
			o, read = s.Record.(*hansei.Organization), s.Revision
		}
		if r.Read != nil && *r.Read != read {
			return fmt.Errorf("rules: %w", hansei.ErrConflict)
		}
		if r.SourceOrder != nil {
			before := o.SourceOrder
			o.SourceOrder = *r.SourceOrder
			if err := cmp.Or(o.Validate(), precedence.Check(ctx, tx, who.Scope(), before, o.SourceOrder)); err != nil {
				return err
			}
		}
		if r.Joining != nil {
			o.Joining = r.Joining
		}
		if r.KeepPayloads != nil {
			o.KeepPayloads = *r.KeepPayloads
		}
		return record.Put(tx, o, read)
	})
}

// of lists the places in from whose word counts (in) for a field, the leading one
// first: those that a rule names, in its order, then the others as they came.
func (o ordering) of(kind hansei.Kind, field string, from []hansei.Observed, in []int) []int {
	if len(o.rules) == 0 || len(in) < 2 {
		return in
	}
	rank := o.ranks(kind, field)
	return slices.SortedStableFunc(slices.Values(in), func(a, b int) int { return rank(from[a].Source) - rank(from[b].Source) })
}

// counting are the places of sources that are not out, or all if all are.
func counting(from []hansei.Observed) []int {
	var in, all []int
	for i, o := range from {
		all = append(all, i)
		if o.Out == "" {
			in = append(in, i)
		}
	}
	if len(in) == 0 {
		return all
	}
	return in
}

// ranks is the rank of a source for a field: a rule for the field itself goes
// before one for its whole kind.
func (o ordering) ranks(kind hansei.Kind, field string) func(source string) int {
	var sources []string
	for _, r := range o.rules {
		if r.Kind == kind && (r.Field == field || (r.Field == "" && sources == nil)) {
			sources = r.Sources
		}
	}
	return func(source string) int {
		if i := slices.Index(sources, source); i >= 0 {
			return i
		}
		return len(sources)
	}
}

// fill fills a record from the versions of its sources.
func (o ordering) fill(to hansei.Record, versions []hansei.Record) {
	from, kind := to.Head().From, to.Kind()
	in, fields := counting(from), hansei.FieldsOf(kind)
	for k := range fields {
		for _, i := range o.of(kind, fields[k].Name, from, in) {
			fields[k].Fill(to, versions[i])
		}
	}
	for _, i := range o.of(kind, "", from, in) {
		fillRest(to, versions[i])
	}
}
