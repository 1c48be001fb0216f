package followup

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"time"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/intake"
	"hansei/internal/record"
	"hansei/internal/retro"
	"hansei/internal/tracker"
)

// Told has the follow-ups looked at whose issues a source told of, and issues
// that are marked as follow-ups, in the transaction that writes the work items.
func (d *Desk) Told(tx *record.Tx, changed []hansei.Record) error {
	var names []string
	fresh := map[hansei.ID]bool{} // issues that are no follow-up's double yet
	for _, rec := range changed {
		if w, ok := rec.(*hansei.WorkItem); ok {
			fresh[w.ID] = adoptable(w)
			for _, o := range w.From {
				names = append(names, string(hansei.Key{Kind: hansei.KindWorkItem, Source: o.Source, External: o.External}.ID()))
			}
		}
	}
	if len(names) == 0 {
		return nil
	}
	found, err := record.Mentioning(context.Background(), tx, auth.Local().Scope(), names)
	if err != nil {
		return err
	}
	seen := map[hansei.ID]bool{}
	for _, n := range found {
		if n.Kind != hansei.KindFollowUp || seen[n.ID] {
			continue
		}
		seen[n.ID] = true
		if err := d.Later(tx, n.ID, false); err != nil {
			return err
		}
	}
	for _, n := range found {
		if n.Kind == hansei.KindFollowUp {
			fresh[hansei.ID(n.Name)] = false
		}
	}
	for id, is := range fresh {
		if !is || seen[id] {
			continue
		}
		if err := d.Later(tx, id, false); err != nil {
			return err
		}
	}
	return nil
}

// Before is what must happen with a change of a follow-up by a person: what
// keeps it from being sent is tried again, and the sync is asked for.
func (d *Desk) Before(tx *record.Tx, rec hansei.Record, fresh bool) error {
	f, ok := rec.(*hansei.FollowUp)
	if !ok || f.Deleted {
		return nil
	}
	tidy(f)
	ctx, who := context.Background(), auth.Local().Scope()
	if fresh && f.Tracker == nil && f.Status == hansei.FollowUpOpen && f.WorkItem == "" {
		rules, err := retro.Rules(ctx, tx, who)
		if err != nil {
			return err
		}
		if r := rules.Tracker; r != nil && r.Auto && r.Source != "" {
			f.Tracker = wanted(r.Source, r.Place)
		}
	}
	if err := tx.AddMentions(mentions(f)); err != nil {
		return err
	}
	z, err := zone(ctx, tx, who)
	if err != nil {
		return err
	}
	t := f.Tracker
	if t == nil && f.WorkItem == "" || t != nil && t.External != "" && t.There != nil && len(Behind(f, z)) == 0 {
		return nil
	}
	return d.Later(tx, f.ID, false)
}

// tidy holds what a status says of the other fields.
func tidy(f *hansei.FollowUp) {
	if f.Status == hansei.FollowUpOpen {
		f.Closed, f.Reason = time.Time{}, ""
	}
}

// follow takes over what the work item says that is the follow-up's double.
// unclear means that it contradicts what was heard before and is as new, so
// that only the tracker itself knows.
func (d *Desk) follow(ctx context.Context, who auth.Actor, f *hansei.FollowUp) (unclear bool, err error) {
	id := f.WorkItem
	if f.Tracker != nil && f.Tracker.External != "" {
		id = issueKey(f.Tracker).ID()
	}
	if id == "" {
		return false, nil
	}
	w, _, err := record.Get[*hansei.WorkItem](ctx, d.Records, who.Scope(), id)
	if errors.Is(err, hansei.ErrNotFound) || err == nil && len(w.From) == 0 {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	z, err := zone(ctx, d.Records, who.Scope())
	if err != nil {
		return false, err
	}
	if t := f.Tracker; t != nil {
		at := heard(w)
		if at.Before(t.Seen) {
			return false, nil // an echo, or older than what is known
		}
		is := *t
		if marks(&is, w); at.Equal(t.Seen) && !w.Deleted && is.Note == t.Note {
			return contradicts(t, theirsOf(w, t.There, z).Values), nil
		}
	}
	return false, d.change(ctx, who, f.ID, func(f *hansei.FollowUp, now time.Time) ([]intake.Set, error) {
		return takeOver(f, w, now, z)
	})
}

func contradicts(t *hansei.Tracked, told map[string]string) bool {
	for field, v := range told {
		if was, met := t.There[field]; met && was != v {
			return true
		}
	}
	return false
}

// takeOver is what a follow-up becomes by what its work item says now.
func takeOver(f *hansei.FollowUp, w *hansei.WorkItem, now time.Time, z *time.Location) ([]intake.Set, error) {
	if f.Tracker == nil {
		o := w.From[0]
		f.Tracker = &hansei.Tracked{Source: o.Source, External: o.External, Key: keyOf(w), URL: w.URL}
	}
	t := f.Tracker
	marks(t, w)
	if w.Deleted && !other(w) {
		if t.State != hansei.TrackerGone {
			t.State, t.Refused, t.Since = hansei.TrackerGone, true, now
			t.Problem = tracker.Explain(tracker.Kind{Title: "the tracker"}, t.Source, t.Place, tracker.ErrGone).Says
		}
		t.Seen = later(heard(w), t.Seen)
		return nil, nil
	}
	if t.State == hansei.TrackerGone {
		t.Problem, t.Refused, t.Since = "", false, time.Time{}
	}
	told, mine := theirsOf(w, t.There, z), ours(f, z)
	wasHere, wasThere := adopted(t, mine, told)
	here, there := merged(wasHere, wasThere, mine, told)
	edits, err := sets(f, here, later(w.Done, time.Time{}), keyOf(w), z)
	if err != nil {
		return nil, err
	}
	maps.Copy(mine.Values, here)
	t.Seen, t.State, t.URL = told.At[""], told.Values[tracker.Status], w.URL
	t.Here, t.There = maps.Clone(wasHere), maps.Clone(wasThere)
	for field, v := range told.Values {
		if _, waits := there[field]; waits { // our later word is still to be sent
			if _, met := t.There[field]; !met {
				t.There[field], t.Here[field] = v, ""
			}
			continue
		}
		t.Here[field], t.There[field] = mine.Values[field], v
	}
	return edits, nil
}

// keyOf is how people call an issue.
func keyOf(w *hansei.WorkItem) string {
	for _, o := range w.From {
		for _, n := range o.Names {
			if len(n) < 60 && n != w.URL {
				return n
			}
		}
	}
	return string(w.ID)
}

func setText(field, v string) intake.Set {
	text, err := json.Marshal(v)
	if err != nil { // no text fails
		return intake.Set{Field: field}
	}
	return intake.Set{Field: field, Value: text}
}
