package retro

import (
	"context"
	"errors"
	"fmt"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/record"
)

// MarkRead keeps that somebody has opened a published retrospective, for the
// figure of how many of those on call have. It writes nothing when who asks has
// not said which person they are, when it is not published, and when they have
// opened this revision before. See hansei.Reading for who sees it: nobody.
func (d *Desk) MarkRead(ctx context.Context, who auth.Actor, id hansei.ID) error {
	r, rev, err := d.Get(ctx, who.Scope(), id)
	if err != nil || !r.Done() {
		return err
	}
	p, _, err := record.Get[*hansei.Person](ctx, d.Records, who.Scope(), hansei.ID(who.Name))
	if errors.Is(err, hansei.ErrNotFound) || err == nil && p.Deleted {
		return nil
	}
	if err != nil {
		return err
	}
	mark := hansei.NewReading(id, p.ID)
	if had, _, err := record.Get[*hansei.Reading](ctx, d.Records, who.Scope(), mark.ID); err == nil && had.Revision >= int64(rev) {
		return nil
	} else if err != nil && !errors.Is(err, hansei.ErrNotFound) {
		return err
	}
	_, err = d.Records.Write(ctx, who, func(tx *record.Tx) error {
		had, before, err := record.Get[*hansei.Reading](ctx, tx, who.Scope(), mark.ID)
		switch {
		case err == nil:
			mark.At = had.At
		case errors.Is(err, hansei.ErrNotFound):
			mark.At = d.Now().UTC()
		default:
			return err
		}
		mark.Revision = int64(rev)
		return record.Put(tx, mark, before)
	})
	if err != nil {
		return fmt.Errorf("mark that %s was read: %w", id, err)
	}
	return nil
}
