package intake

import (
	"cmp"
	"context"
	"reflect"
	"slices"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/intake/link"
	"hansei/internal/record"
	"hansei/internal/record/follow"
)

// JobLink is the job that does Link.
const JobLink = "link-records"

// LinkCursor is the cursor of Link: up to there what records are called is noted.
const LinkCursor = "links"

const linkPage = 500 // entries of the journal looked at together

// byInbox is who writes what live sources told. What those records are called
// is noted, and they are joined, as they are written.
const byInbox = "sources"

// beforeLinks is the cursor that stands where the journal was when the inbox
// first ran: what it wrote until then, in earlier versions, was not joined.
const beforeLinks = "before links"

// linkable are the kinds of record that are called something, or mention it.
var linkable = []hansei.Kind{hansei.KindIncident, hansei.KindAlert, hansei.KindTicket, hansei.KindWorkItem, hansei.KindPullRequest, hansei.KindChange, hansei.KindDeployment}

// Link does for what was imported and what people changed what the inbox does
// by itself for live sources: notes what the records are called and mention,
// and joins those that tell of one thing. It also fills records anew whose
// sources were put in another order. It follows the journal from its cursor to
// the end; several servers may do it at once.
func (b *Inbox) Link(ctx context.Context, who auth.Actor) error {
	who = who.As(byInbox)
	if err := b.begin(ctx, who); err != nil {
		return err
	}
	before, err := record.CursorOf(ctx, b.Records, who.Scope(), beforeLinks)
	if err != nil {
		return err
	}
	f := follow.Follower{Records: b.Records, Cursor: LinkCursor, Page: linkPage}
	return f.Run(ctx, who, func(ctx context.Context, page record.Page) (func(*record.Tx) error, error) {
		var refs []record.Ref
		for _, c := range page.Changes {
			switch ref := (record.Ref{Kind: c.Kind, ID: c.ID}); {
			case c.Kind == hansei.KindOrganization:
				if err := b.ordered(ctx, who, c); err != nil {
					return nil, err
				}
			case (c.Who != byInbox || c.Seq <= before.Seq && before.Epoch == page.Epoch) && slices.Contains(linkable, c.Kind) && !slices.Contains(refs, ref):
				refs = append(refs, ref)
			}
		}
		if len(refs) == 0 {
			return nil, nil
		}
		return b.link(ctx, who, refs)
	})
}

// begin notes where the journal is, the first time.
func (b *Inbox) begin(ctx context.Context, who auth.Actor) error {
	if before, err := record.CursorOf(ctx, b.Records, who.Scope(), beforeLinks); err != nil || before.Epoch != "" {
		return err
	}
	head, err := b.Records.Head(ctx, who.Scope())
	if err != nil {
		return err
	}
	_, err = b.Records.Write(ctx, who, func(tx *record.Tx) error {
		return tx.PutCursor(record.Cursor{Name: beforeLinks, Epoch: cmp.Or(head.Epoch, "none yet"), Seq: head.Seq})
	})
	return err
}

// link finds what records are called, and joins them.
func (b *Inbox) link(ctx context.Context, who auth.Actor, refs []record.Ref) (func(*record.Tx) error, error) {
	s, err := newWorkingSet(ctx, b.Records, who.Scope(), nil)
	if err != nil {
		return nil, err
	}
	if err := s.get(ctx, refs); err != nil {
		return nil, err
	}
	for _, ref := range refs {
		if err := s.relink(ctx, b.Records, ref); err != nil {
			return nil, err
		}
	}
	if err := s.joinNamed(ctx); err != nil {
		return nil, err
	}
	if err := s.encode(); err != nil {
		return nil, err
	}
	return func(tx *record.Tx) error {
		if err := s.write(ctx, tx); err != nil || b.Told == nil {
			return err
		}
		return b.Told(tx, s.changedRecords())
	}, nil
}

// relink has all that a record is called noted, and what it was called in
// earlier revisions forgotten.
func (s *workingSet) relink(ctx context.Context, records *record.Store, ref record.Ref) error {
	w := s.have[ref]
	if w.rec == nil {
		return nil
	}
	w.anew, w.wasLinks = true, &link.Links{}
	w.wasLinks.Add(w.now())
	if w.revision > 1 {
		versions, err := record.HistoryIn(ctx, records, s.scope, ref.Kind, ref.ID)
		if err != nil {
			return err
		}
		for _, v := range versions {
			rec, err := record.DecodeDoc(ref.Kind, v.Doc)
			if err != nil {
				return err
			}
			w.wasLinks.Add(link.Of(rec))
		}
	}
	s.relinked = append(s.relinked, ref)
	s.relied = append(s.relied, ref)
	return nil
}

// ordered fills records anew when a revision of the organization puts their
// sources in another order.
func (b *Inbox) ordered(ctx context.Context, who auth.Actor, c record.Change) error {
	versions, err := record.HistoryIn(ctx, b.Records, who.Scope(), c.Kind, c.ID)
	if err != nil {
		return err
	}
	var is, was []hansei.SourceOrder
	for _, v := range versions {
		rec, err := record.DecodeDoc(c.Kind, v.Doc)
		if err != nil {
			return err
		}
		switch order := rec.(*hansei.Organization).SourceOrder; v.Revision {
		case c.Revision:
			is = order
		case c.Revision - 1:
			was = order
		}
	}
	if len(is) == 0 && len(was) == 0 || reflect.DeepEqual(is, was) {
		return nil
	}
	var kinds []hansei.Kind
	for _, o := range slices.Concat(is, was) {
		if !slices.Contains(kinds, o.Kind) {
			kinds = append(kinds, o.Kind)
		}
	}
	for _, kind := range kinds {
		if err := b.reorder(ctx, who, kind); err != nil {
			return err
		}
	}
	return nil
}

// reorder fills every record of a kind anew that several sources tell of.
func (b *Inbox) reorder(ctx context.Context, who auth.Actor, kind hansei.Kind) error {
	organization := record.Ref{Kind: hansei.KindOrganization, ID: hansei.OrganizationID}
	for after := hansei.ID(""); ; {
		page, err := b.Records.List(ctx, who.Scope(), kind, after, linkPage)
		if err != nil || len(page) == 0 {
			return err
		}
		var refs []record.Ref
		for _, x := range page {
			if after = x.Record.Head().ID; len(x.Record.Head().From) > 1 {
				refs = append(refs, record.Ref{Kind: kind, ID: after})
			}
		}
		if _, err := b.changeAll(ctx, who, organization, refs, asTheyAre); err != nil {
			return err
		}
	}
}

// asTheyAre has records filled anew and changes nothing else.
func asTheyAre(*workingSet) (changing, error) { return func(hansei.Record, []hansei.Record) {}, nil }

// Linked finds what is linked with a record, either way: at most 1,000, by kind
// and id, after one.
func Linked(ctx context.Context, r record.Reader, who auth.Scope, rec hansei.Record, after record.Ref) ([]record.Ref, error) {
	own := link.Of(rec)
	return record.Linked(ctx, r, who, record.Ref{Kind: rec.Kind(), ID: rec.Head().ID}, own.Called, own.Mentions, after)
}
