package followup

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/fact"
	"hansei/internal/intake"
	"hansei/internal/intake/link"
	"hansei/internal/record"
)

// An issue that people filed in their tracker and marked as a follow-up is one:
// a follow-up is made of it, once, with the issue as its double. Its id is the
// work item's, so that it cannot be made twice, and one that a person deleted
// is not made again.

// followUp is the type of work items that are marked as follow-ups.
const followUp = "follow-up"

// unmarked is what an adopted follow-up says whose issue lost the mark.
const unmarked = "The issue is not marked as a follow-up any more. This one stays, because people worked on it here: decline or delete it if it is none."

// carries is the marker that an issue carries which Hansei created; its text
// also leads back to the follow-up.
var carries = regexp.MustCompile(`\bhansei-[a-z2-7]{16}\b`)

const wayBack = "This follow-up in Hansei"

// adoptable says whether a work item is an issue, marked as a follow-up, that
// people filed.
func adoptable(w *hansei.WorkItem) bool {
	return link.Live(w) && w.Type == followUp && len(w.From) > 0 && !strings.Contains(w.Description, wayBack) &&
		!carries.MatchString(w.Description) && !slices.ContainsFunc(w.Labels, carries.MatchString)
}

// adopt makes a follow-up of an issue that is marked as one, unless it is the
// double of one already, or brings back one that was taken out with the mark.
func (d *Desk) adopt(ctx context.Context, who auth.Actor, id hansei.ID) error {
	w, _, err := record.Get[*hansei.WorkItem](ctx, d.Records, who.Scope(), id)
	if errors.Is(err, hansei.ErrNotFound) || err == nil && !adoptable(w) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := d.creating(ctx, who.Scope(), w); err != nil {
		return err
	}
	if other, err := d.telling(ctx, who.Scope(), w); err != nil || other != "" {
		if err == nil {
			err = d.tie(ctx, who, other, w)
		}
		if err != nil {
			return err
		}
		return d.Sync(ctx, who, other)
	}
	z, err := zone(ctx, d.Records, who.Scope())
	if err != nil {
		return err
	}
	_, err = d.Records.Write(ctx, who, func(tx *record.Tx) error {
		old, rev, err := record.Get[*hansei.FollowUp](ctx, tx, who.Scope(), id)
		if err == nil {
			return d.revive(ctx, tx, who, old, rev)
		}
		if !errors.Is(err, hansei.ErrNotFound) {
			return err
		}
		doubles, err := doublesOf(ctx, tx, who.Scope(), []hansei.ID{id})
		if err != nil || len(doubles) > 0 {
			return err
		}
		f, err := adoptedOf(w, tx.Now(), z)
		if err != nil {
			return err
		}
		if f.Incidents, err = d.about(ctx, tx, who.Scope(), w); err != nil {
			return err
		}
		if err := tx.AddMentions(mentions(f)); err != nil {
			return err
		}
		return record.Put(tx, f, 0)
	})
	return err
}

// creating is a LaterError while a server sets out to create an issue that this
// one may be: it carries its marker, but who knows what its tool tells.
func (d *Desk) creating(ctx context.Context, who auth.Scope, w *hansei.WorkItem) error {
	found, err := record.Mentioning(ctx, d.Records, who, []string{creation(w.From[0].Source)})
	if err != nil {
		return err
	}
	var ids []hansei.ID
	for _, n := range found {
		ids = append(ids, n.ID)
	}
	all, err := record.Load(ctx, d.Records, who, hansei.KindFollowUp, ids)
	for _, x := range all {
		f := x.Record.(*hansei.FollowUp)
		if f.Tracker == nil || f.Tracker.External != "" || short(f.Title) != short(w.Title) {
			continue
		}
		if age := d.Now().Sub(f.Tracker.Claimed); age < unsure {
			return &LaterError{unsure - age}
		}
	}
	return err
}

// creation is what a follow-up mentions while its issue is being created.
func creation(source string) string { return "being created in " + source }

// telling is a follow-up that says itself that an issue is its double, as those
// of files and of documents of the past do.
func (d *Desk) telling(ctx context.Context, who auth.Scope, w *hansei.WorkItem) (hansei.ID, error) {
	id, url := fact.Literal(string(w.ID)), fact.Literal(w.URL)
	rows, err := d.Facts.SQL(ctx, fmt.Sprintf("SELECT id FROM follow_up WHERE merged_into IS NULL AND id <> %[1]s AND (work_item = %[1]s OR work_item IS NULL AND url = %[2]s AND url <> '') ORDER BY id LIMIT 1", id, url), 1)
	if err != nil || len(rows.Rows) == 0 {
		return "", err
	}
	f, _, err := d.Get(ctx, who, hansei.ID(fmt.Sprint(rows.Rows[0][0])))
	if errors.Is(err, hansei.ErrNotFound) || err == nil && f.WorkItem != w.ID && f.Tracker != nil {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return f.ID, nil
}

// tie makes an issue the double of a follow-up that is there already.
func (d *Desk) tie(ctx context.Context, who auth.Actor, id hansei.ID, w *hansei.WorkItem) error {
	return d.change(ctx, who, id, func(f *hansei.FollowUp, _ time.Time) ([]intake.Set, error) {
		if f.Tracker != nil {
			return nil, nil
		}
		o := w.From[0]
		f.Tracker = &hansei.Tracked{Source: o.Source, External: o.External, Key: keyOf(w), URL: w.URL}
		return []intake.Set{setText("work_item", string(w.ID))}, nil
	})
}

// doublesOf are the follow-ups, deleted ones too, whose doubles some work items
// are, by the work items.
func doublesOf(ctx context.Context, r record.Reader, who auth.Scope, ids []hansei.ID) (map[hansei.ID]hansei.ID, error) {
	names := make([]string, len(ids))
	for i, id := range ids {
		names[i] = string(id)
	}
	found, err := record.Mentioning(ctx, r, who, names)
	out := map[hansei.ID]hansei.ID{}
	for _, n := range found {
		if n.Kind == hansei.KindFollowUp {
			out[hansei.ID(n.Name)] = n.ID
		}
	}
	return out, err
}

// adoptedOf is an issue as a follow-up.
func adoptedOf(w *hansei.WorkItem, now time.Time, z *time.Location) (*hansei.FollowUp, error) {
	f := &hansei.FollowUp{Header: hansei.Header{ID: w.ID}, Title: short(w.Title), Description: w.Description, URL: w.URL, Status: hansei.FollowUpOpen,
		Services: w.Services, Team: w.Team, Owner: w.Owner, Priority: w.Priority, WorkItem: w.ID, Created: w.Created}
	if f.Title == "" {
		f.Title = keyOf(w)
	}
	if f.Created.IsZero() {
		f.Created = now
	}
	for _, t := range hansei.FollowUpTypes {
		if slices.ContainsFunc(w.Labels, func(l string) bool { return strings.EqualFold(l, t) }) {
			f.Type = t
		}
	}
	if !w.Due.IsZero() {
		y, m, day := w.Due.Date() // a day, as trackers have it
		f.Due = time.Date(y, m, day+1, 0, 0, -1, 0, z).UTC()
	}
	told := theirsOf(w, nil, z)
	if f.Status = told.Values["status"]; f.Status != hansei.FollowUpOpen {
		f.Closed = later(w.Done, f.Created)
	}
	if f.Status == hansei.FollowUpDeclined {
		f.Reason = "Closed as not planned in the tracker: " + keyOf(w)
	}
	_, err := takeOver(f, w, now, z)
	f.Tracker.Adopted = now
	return f, err
}

// revive brings back a follow-up that Hansei took out because its issue had lost
// the mark. What a person deleted stays deleted.
func (d *Desk) revive(ctx context.Context, tx *record.Tx, who auth.Actor, f *hansei.FollowUp, rev record.Revision) error {
	if !f.Deleted || f.Tracker == nil || f.Tracker.Note != unmarked {
		return nil
	}
	list, err := record.HistoryIn(ctx, tx, who.Scope(), hansei.KindFollowUp, f.ID)
	if err != nil || len(list) == 0 || list[0].Who != who.Name {
		return err
	}
	t := *f.Tracker
	f.Deleted, t.Note = false, ""
	f.Tracker = &t
	if err := d.Later(tx, f.ID, false); err != nil {
		return err
	}
	return record.Put(tx, f, rev)
}

// lapse takes out an adopted follow-up whose issue lost the mark, if nobody
// worked on it here.
func (d *Desk) lapse(ctx context.Context, who auth.Actor, f *hansei.FollowUp) (gone bool, err error) {
	if t := f.Tracker; t == nil || t.Adopted.IsZero() || t.Note != unmarked {
		return false, nil
	}
	_, err = d.Records.Write(ctx, who, func(tx *record.Tx) error {
		list, err := record.HistoryIn(ctx, tx, who.Scope(), hansei.KindFollowUp, f.ID)
		if err != nil || slices.ContainsFunc(list, func(v record.Version) bool { return v.Who != who.Name }) {
			return err
		}
		f, rev, err := get(ctx, tx, who.Scope(), f.ID)
		if err != nil {
			return err
		}
		gone, f.Deleted = true, true
		return record.Put(tx, f, rev)
	})
	return gone, err
}

// marks notes whether the issue of an adopted follow-up still has the mark.
func marks(t *hansei.Tracked, w *hansei.WorkItem) {
	switch {
	case t.Adopted.IsZero():
	case w.Type != followUp, other(w):
		t.Note = unmarked
	case t.Note == unmarked:
		t.Note = ""
	}
}

// other says whether an issue is no work item any more for its source, such as
// one whose type is an incident's now. It is still there.
func other(w *hansei.WorkItem) bool {
	return w.Deleted && slices.ContainsFunc(w.From, func(o hansei.Observed) bool { return o.Out == hansei.OutOther })
}

// maxSwept bounds how many issues one sweep looks at.
const maxSwept = 5000

// unadopted are the issues marked as follow-ups of which none was made: those
// that were there before, or whose jobs were given up.
func (d *Desk) unadopted(ctx context.Context, who auth.Scope) ([]hansei.ID, error) {
	rows, err := d.Facts.SQL(ctx, "SELECT id FROM work_item WHERE type = 'follow-up' AND merged_into IS NULL AND id NOT IN (SELECT id FROM follow_up) ORDER BY id", maxSwept)
	if err != nil {
		return nil, fmt.Errorf("issues that are follow-ups: %w", err)
	}
	var ids []hansei.ID
	for _, r := range rows.Rows {
		ids = append(ids, hansei.ID(fmt.Sprint(r[0])))
	}
	doubles, err := doublesOf(ctx, d.Records, who, ids)
	if err != nil {
		return nil, err
	}
	known, err := record.Load(ctx, d.Records, who, hansei.KindFollowUp, ids)
	if err != nil {
		return nil, err
	}
	items, err := record.Load(ctx, d.Records, who, hansei.KindWorkItem, ids)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(ids, func(id hansei.ID) bool {
		x, ok := items[id]
		_, made := known[id]
		return made || doubles[id] != "" || !ok || !adoptable(x.Record.(*hansei.WorkItem))
	}), nil
}
