package followup

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/intake"
	"hansei/internal/record"
)

// Add makes a follow-up; see retro.Desk.Add.
func (d *Desk) Add(ctx context.Context, who auth.Actor, f hansei.FollowUp) (hansei.ID, record.Seq, error) {
	return d.Retros.Add(ctx, who, f)
}

// Edit sets fields of a follow-up; read is the revision the person saw, 0 for
// whichever there is.
func (d *Desk) Edit(ctx context.Context, who auth.Actor, id hansei.ID, read record.Revision, sets []intake.Set, reason string) (record.Seq, error) {
	return d.People.Edit(ctx, who, hansei.KindFollowUp, id, read, sets, reason)
}

// Close brings a follow-up to a status: done, declined with a reason, or open
// again.
func (d *Desk) Close(ctx context.Context, who auth.Actor, id hansei.ID, status, reason string) (record.Seq, error) {
	edits, err := d.closing(status, reason)
	if err != nil {
		return 0, err
	}
	return d.People.Edit(ctx, who, hansei.KindFollowUp, id, 0, edits, reason)
}

func (d *Desk) closing(status, reason string) ([]intake.Set, error) {
	reason = strings.TrimSpace(reason)
	switch {
	case !slices.Contains([]string{hansei.FollowUpOpen, hansei.FollowUpDone, hansei.FollowUpDeclined}, status):
		return nil, hansei.Invalid("status", "%q: expected open, done or declined", status)
	case status == hansei.FollowUpDeclined && reason == "":
		return nil, hansei.Invalid("reason", "a follow-up is declined with a reason")
	}
	return closing(status, d.Now().UTC().Truncate(time.Second), reason), nil
}

// Verify says whether a follow-up had the effect it was made for, and when
// somebody looked; nil takes that back.
func (d *Desk) Verify(ctx context.Context, who auth.Actor, id hansei.ID, worked *bool, at time.Time) (record.Seq, error) {
	edits := []intake.Set{{Field: "worked"}, {Field: "verified_at"}}
	if worked != nil {
		if at.IsZero() {
			at = d.Now()
		}
		for i, v := range []any{*worked, at.UTC().Truncate(time.Second)} {
			text, err := json.Marshal(v)
			if err != nil {
				return 0, err
			}
			edits[i].Value = text
		}
	}
	return d.People.Edit(ctx, who, hansei.KindFollowUp, id, 0, edits, "")
}

// Bulk is a change of several follow-ups at once; empty parts leave things as
// they are.
type Bulk struct {
	IDs      []hansei.ID
	Decline  string // the reason
	Due      time.Time
	Team     string
	Priority string
	Source   string // with Push: where they are to be created
	Place    string
	Push     bool
}

// MaxBulk is how many follow-ups one Bulk changes.
const MaxBulk = 500

// Done is what a Bulk did, and how it is undone.
type Done struct {
	Changed  int        `json:"changed"`
	Unfit    int        `json:"unfit"` // were left alone, because it does not apply to them
	After    record.Seq `json:"after"` // the journal before it
	Through  record.Seq `json:"through"`
	Creating string     `json:"creating,omitempty"` // where issues are being created
}

// Change does a Bulk in one transaction: all of it, or nothing.
func (d *Desk) Change(ctx context.Context, who auth.Actor, b Bulk) (Done, error) {
	b.IDs = slices.Compact(slices.Sorted(slices.Values(b.IDs)))
	if len(b.IDs) == 0 || len(b.IDs) > MaxBulk {
		return Done{}, hansei.Invalid("id", "choose 1 to %d follow-ups; these are %d", MaxBulk, len(b.IDs))
	}
	edits, err := d.edits(b)
	if err != nil {
		return Done{}, err
	}
	var place Place
	if b.Push {
		if place, err = d.place(ctx, who.Scope(), b.Source, b.Place); err != nil {
			return Done{}, err
		}
	} else if len(edits) == 0 {
		return Done{}, hansei.Invalid("action", "nothing to change")
	}
	var out Done
	out.Through, err = d.Records.Write(ctx, who, func(tx *record.Tx) error {
		out = Done{}
		for _, id := range b.IDs {
			ok, err := d.one(ctx, tx, who, id, b, edits, place)
			if err != nil {
				return fmt.Errorf("follow-up %s: %w", id, err)
			}
			if ok {
				out.Changed++
			} else {
				out.Unfit++
			}
		}
		return nil
	})
	out.After = out.Through - record.Seq(out.Changed)
	if b.Push {
		out.Creating = place.Title + " " + place.Place
	}
	return out, err
}

func (d *Desk) edits(b Bulk) ([]intake.Set, error) {
	var out []intake.Set
	if b.Decline != "" {
		edits, err := d.closing(hansei.FollowUpDeclined, b.Decline)
		if err != nil {
			return nil, err
		}
		out = append(out, edits...)
	}
	if !b.Due.IsZero() {
		text, err := json.Marshal(b.Due.UTC())
		if err != nil {
			return nil, err
		}
		out = append(out, intake.Set{Field: "due_at", Value: text})
	}
	if b.Team != "" {
		out = append(out, setText("team", b.Team))
	}
	if b.Priority != "" {
		out = append(out, setText("priority", b.Priority))
	}
	return out, nil
}

// one changes one of several; it is false for one to which the change does not
// apply.
func (d *Desk) one(ctx context.Context, tx *record.Tx, who auth.Actor, id hansei.ID, b Bulk, edits []intake.Set, place Place) (bool, error) {
	f, rev, err := get(ctx, tx, who.Scope(), id)
	if err != nil {
		return false, err
	}
	if (b.Decline != "" || b.Push) && f.Status != hansei.FollowUpOpen || b.Push && f.Tracker != nil && f.Tracker.State != hansei.TrackerGone {
		return false, nil
	}
	if !b.Push {
		return true, d.People.EditIn(ctx, tx, who, record.Stored{Record: f, Revision: rev}, edits, b.Decline)
	}
	f.Tracker = wanted(place.Source, place.Place)
	if err := d.Later(tx, id, false); err != nil {
		return false, err
	}
	return true, record.Put(tx, f, rev)
}

// Undo takes a Bulk back: what it set and nobody changed since is as before.
// Issues that were created meanwhile stay; their links go.
func (d *Desk) Undo(ctx context.Context, who auth.Actor, after, through record.Seq) (record.Seq, error) {
	if through <= after || through-after > MaxBulk {
		return 0, hansei.Invalid("through", "expected 1 to %d entries of the journal", MaxBulk)
	}
	page, err := d.Records.Feed(ctx, who.Scope(), after, int(through-after))
	if err != nil {
		return 0, err
	}
	return d.Records.Write(ctx, who, func(tx *record.Tx) error {
		for _, c := range page.Changes {
			if c.Kind != hansei.KindFollowUp || c.Seq > through || c.Who != who.Name {
				continue
			}
			if err := d.back(ctx, tx, who, c, after); err != nil {
				return err
			}
		}
		return nil
	})
}

// back takes one change back.
func (d *Desk) back(ctx context.Context, tx *record.Tx, who auth.Actor, c record.Change, after record.Seq) error {
	was, err := record.GetAt(ctx, tx, who.Scope(), c.Kind, c.ID, after)
	if err != nil {
		return err
	}
	set, err := record.Decode(c)
	if err != nil {
		return err
	}
	now, rev, err := get(ctx, tx, who.Scope(), c.ID)
	if err != nil {
		return err
	}
	old, did := was.Record.(*hansei.FollowUp), set.(*hansei.FollowUp)
	var edits []intake.Set
	for _, f := range hansei.FieldsOf(c.Kind) {
		a, hadA := old.EditOf(f.Name)
		b, hadB := did.EditOf(f.Name)
		x, hasX := now.EditOf(f.Name)
		if hadA == hadB && bytes.Equal(a.Value, b.Value) || hadB != hasX || !bytes.Equal(b.Value, x.Value) {
			continue // it set nothing, or somebody changed it since
		}
		edits = append(edits, intake.Set{Field: f.Name, Value: a.Value})
	}
	if old.Tracker == nil && did.Tracker != nil && now.Tracker != nil && now.Tracker.Marker == did.Tracker.Marker {
		now.Tracker = nil
		if len(edits) == 0 {
			return record.Put(tx, now, rev)
		}
	}
	if len(edits) == 0 {
		return nil
	}
	return d.People.EditIn(ctx, tx, who, record.Stored{Record: now, Revision: rev}, edits, "undone")
}
