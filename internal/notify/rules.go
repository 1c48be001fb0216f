package notify

import (
	"context"
	"errors"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/record"
)

// Rules are the organization's rules for what is told, filled with the default
// ones.
func (o *Outbox) Rules(ctx context.Context, who auth.Scope) (hansei.NoticeRules, error) {
	org, _, err := record.Get[*hansei.Organization](ctx, o.Records, who, hansei.OrganizationID)
	if errors.Is(err, hansei.ErrNotFound) {
		return hansei.DefaultNoticeRules, nil
	}
	if err != nil {
		return hansei.NoticeRules{}, err
	}
	return org.Notices.Or(hansei.DefaultNoticeRules), nil
}

// SetRules changes them.
func (o *Outbox) SetRules(ctx context.Context, who auth.Actor, r hansei.NoticeRules) (record.Seq, error) {
	if err := r.Validate(); err != nil {
		return 0, err
	}
	return o.Records.Write(ctx, who, func(tx *record.Tx) error {
		org, read, err := record.Get[*hansei.Organization](ctx, tx, who.Scope(), hansei.OrganizationID)
		if errors.Is(err, hansei.ErrNotFound) {
			org, read, err = &hansei.Organization{Header: hansei.Header{ID: hansei.OrganizationID}}, 0, nil
		}
		if err != nil {
			return err
		}
		org.Notices = &r
		return record.Put(tx, org, read)
	})
}
