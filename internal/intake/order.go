package intake

import (
	"cmp"
	"context"
	"fmt"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/intake/parts"
	"hansei/internal/intake/precedence"
	"hansei/internal/record"
)

// orderIn reads the organization's rules.
func orderIn(ctx context.Context, r record.Reader, who auth.Scope) (parts.Order, error) {
	found, err := record.Load(ctx, r, who, hansei.KindOrganization, []hansei.ID{hansei.OrganizationID})
	if err != nil {
		return parts.Order{}, err
	}
	s, ok := found[hansei.OrganizationID]
	if !ok {
		return parts.Order{}, nil
	}
	return parts.Order{Rules: s.Record.(*hansei.Organization).SourceOrder}, nil
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
