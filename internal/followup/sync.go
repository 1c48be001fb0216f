package followup

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"time"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/intake"
	"hansei/internal/record"
	"hansei/internal/source/fetch"
	"hansei/internal/tracker"
)

// LaterError asks for a sync to be run again after a while. Its attempt does
// not count.
type LaterError struct{ After time.Duration }

func (e *LaterError) Error() string { return fmt.Sprintf("again after %s", e.After) }

const (
	// unsure is how long an issue that may have been created is left alone: by
	// then it can be found, and whoever was creating it has given up.
	unsure  = 2 * time.Minute
	backlog = 10 * time.Minute // clocks differ: how much before the intention an issue is looked for
	turn    = 2 * time.Second  // between looks whether another sync of the source is done
)

// Sync brings a follow-up and its issue in step, or makes a follow-up of an
// issue that is marked as one. Its error is one that may
// pass; what needs a person is written to the follow-up.
func (d *Desk) Sync(ctx context.Context, who auth.Actor, id hansei.ID) error {
	f, _, err := d.Get(ctx, who.Scope(), id)
	if errors.Is(err, hansei.ErrNotFound) {
		return d.adopt(ctx, who, id)
	}
	if err != nil {
		return err
	}
	if err := d.relate(ctx, who, f); err != nil {
		return err
	}
	unclear, err := d.follow(ctx, who, f)
	if err != nil {
		return err
	}
	if f, _, err = d.Get(ctx, who.Scope(), id); err != nil || f.Tracker == nil {
		return err
	}
	if gone, err := d.lapse(ctx, who, f); err != nil || gone {
		return err
	}
	z, err := zone(ctx, d.Records, who.Scope())
	if err != nil {
		return err
	}
	t := f.Tracker
	if t.External != "" && t.There != nil && len(Behind(f, z)) == 0 && t.Problem == "" && !unclear {
		return nil
	}
	return d.meet(ctx, who, f, z)
}

// meet talks to the tracker, one sync of a source at a time.
func (d *Desk) meet(ctx context.Context, who auth.Actor, f *hansei.FollowUp, z *time.Location) error {
	a, k, tr, err := d.open(ctx, who.Scope(), f.Tracker.Source)
	if errors.Is(err, errNoTracker) {
		return nil // it tells, and takes nothing
	}
	if err == nil && a.Paused {
		err = &tracker.RefusedError{Says: "the source " + a.Source + " is paused"}
	}
	if err != nil {
		return d.trouble(ctx, who, f, k, err)
	}
	if !d.begin(a.Source) {
		return &LaterError{turn}
	}
	defer d.end(a.Source)
	if f.Tracker.External == "" {
		err = d.create(ctx, who, f, tr, z)
	} else {
		err = d.agree(ctx, who, f, tr, z)
	}
	var later *LaterError
	if err == nil || errors.As(err, &later) || ctx.Err() != nil || errors.Is(err, hansei.ErrConflict) {
		return err
	}
	return d.trouble(ctx, who, f, k, err)
}

// begin takes a source's turn unless another sync of this server has it.
func (d *Desk) begin(source string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.busy[source] {
		return false
	}
	if d.busy == nil {
		d.busy = map[string]bool{}
	}
	d.busy[source] = true
	return true
}

func (d *Desk) end(source string) {
	d.mu.Lock()
	delete(d.busy, source)
	d.mu.Unlock()
}

// change reads a follow-up, lets fn change how it stands in the tracker and
// name what it takes over from there, and writes it, all in one transaction.
// What a person changed meanwhile, and the tracker does not know, is sent next.
func (d *Desk) change(ctx context.Context, who auth.Actor, id hansei.ID, fn func(f *hansei.FollowUp, now time.Time) ([]intake.Set, error)) error {
	_, err := d.Records.Write(ctx, who, func(tx *record.Tx) error {
		f, rev, err := get(ctx, tx, who.Scope(), id)
		if err != nil {
			return err
		}
		was, gone := f.Tracker, mentions(f)
		if was != nil {
			copied := *was
			copied.Here, copied.There = maps.Clone(was.Here), maps.Clone(was.There)
			f.Tracker = &copied
		}
		edits, err := fn(f, tx.Now())
		if err != nil || f.Tracker == nil && was == nil {
			return err
		}
		rec := hansei.Record(f)
		if len(edits) > 0 {
			if rec, err = intake.Edited(ctx, tx, who.As(f.Tracker.Source), record.Stored{Record: f, Revision: rev}, edits, ""); err != nil {
				return err
			}
		}
		whole := rec.(*hansei.FollowUp)
		if len(edits) == 0 && reflect.DeepEqual(was, whole.Tracker) {
			return nil
		}
		tidy(whole)
		if err := errors.Join(tx.DropMentions(gone), tx.AddMentions(mentions(whole))); err != nil {
			return err
		}
		z, err := zone(ctx, tx, who.Scope())
		if err != nil {
			return err
		}
		if t := whole.Tracker; t != nil && t.Problem == "" && len(Behind(whole, z)) > 0 {
			if err := d.Later(tx, id, false); err != nil {
				return err
			}
		}
		return record.Put(tx, whole, rev)
	})
	return err
}

// mentions are the names by which a follow-up's issue is found among work items.
func mentions(f *hansei.FollowUp) []record.Naming {
	ref := record.Ref{Kind: hansei.KindFollowUp, ID: f.ID}
	var out []record.Naming
	if f.WorkItem != "" {
		out = append(out, record.Naming{Ref: ref, Name: string(f.WorkItem)})
	}
	if t := f.Tracker; t != nil && t.External != "" {
		out = append(out, record.Naming{Ref: ref, Name: string(issueKey(t).ID())})
	} else if t != nil && !t.Claimed.IsZero() {
		out = append(out, record.Naming{Ref: ref, Name: creation(t.Source)})
	}
	return out
}

func issueKey(t *hansei.Tracked) hansei.Key {
	return hansei.Key{Kind: hansei.KindWorkItem, Source: t.Source, External: t.External}
}

// create makes the issue, once.
func (d *Desk) create(ctx context.Context, who auth.Actor, f *hansei.FollowUp, tr tracker.Tracker, z *time.Location) error {
	if f.Status != hansei.FollowUpOpen { // it ended before it was ever there
		return d.change(ctx, who, f.ID, func(f *hansei.FollowUp, _ time.Time) ([]intake.Set, error) {
			f.Tracker = nil
			return nil, nil
		})
	}
	t := f.Tracker
	var made tracker.Issue
	err := tracker.ErrNone
	if !t.Claimed.IsZero() {
		if age := d.Now().Sub(t.Claimed); age < unsure {
			return &LaterError{unsure - age}
		}
		if made, err = tr.Find(ctx, t.Place, t.Marker, t.Claimed.Add(-backlog)); err != nil && !errors.Is(err, tracker.ErrNone) {
			return err
		}
	}
	if err != nil {
		draft, draftErr := d.draft(ctx, who.Scope(), f, z)
		if draftErr != nil {
			return draftErr
		}
		if err := d.claim(ctx, who, f); err != nil {
			return err
		}
		if made, err = tr.Create(ctx, t.Place, draft); err != nil {
			return created(err)
		}
	}
	return d.met(ctx, who, f, ours(f, z).Values, made, tr, nil, z)
}

// notCreatedError is a refusal that says that there is no issue now.
type notCreatedError struct{ error }

func (e *notCreatedError) Unwrap() error { return e.error }

// created says of a failed creation whether it is certain that nothing was
// created.
func created(err error) error {
	var no *fetch.StatusError
	var refused *tracker.RefusedError
	if errors.As(err, &no) && no.Status >= 400 && no.Status < http.StatusInternalServerError || errors.As(err, &refused) {
		return &notCreatedError{err}
	}
	return err
}

// claim notes that this server sets out to create the issue. It is ErrConflict
// when another one did.
func (d *Desk) claim(ctx context.Context, who auth.Actor, read *hansei.FollowUp) error {
	return d.change(ctx, who, read.ID, func(f *hansei.FollowUp, now time.Time) ([]intake.Set, error) {
		if f.Tracker == nil || f.Tracker.External != "" || !f.Tracker.Claimed.Equal(read.Tracker.Claimed) {
			return nil, hansei.ErrConflict
		}
		f.Tracker.Claimed = now
		return nil, nil
	})
}

// agree looks at the issue, compares, and changes what is to be changed there
// and here.
func (d *Desk) agree(ctx context.Context, who auth.Actor, f *hansei.FollowUp, tr tracker.Tracker, z *time.Location) error {
	t := f.Tracker
	found, err := tr.Look(ctx, t.External)
	if err != nil {
		return err
	}
	told, err := theirs(ctx, d.Records, who.Scope(), found, tr.Carries())
	if err != nil {
		return err
	}
	mine := ours(f, z)
	wasHere, wasThere := adopted(t, mine, told)
	here, there := merged(wasHere, wasThere, mine, told)
	after := found
	if len(there) > 0 {
		c := tracker.Change{Values: there}
		if _, ok := there[tracker.Owner]; ok {
			if c.Owner, err = d.person(ctx, who.Scope(), f.Owner); err != nil {
				return err
			}
		}
		if after, err = tr.Change(ctx, found, c); err != nil {
			return err
		}
	}
	maps.Copy(mine.Values, here)
	return d.met(ctx, who, f, mine.Values, after, tr, here, z)
}

// adopted is what the sides held when they last met. One that was linked by
// hand keeps its own words: only the status is brought in step.
func adopted(t *hansei.Tracked, mine, told tracker.Side) (here, there map[string]string) {
	if t.There != nil {
		return t.Here, t.There
	}
	here, there = maps.Clone(mine.Values), maps.Clone(told.Values)
	delete(here, tracker.Status)
	delete(there, tracker.Status)
	return here, there
}

// met writes what both sides hold now: held is what was here when they met, and
// here what the follow-up takes over from the issue.
func (d *Desk) met(ctx context.Context, who auth.Actor, read *hansei.FollowUp, held map[string]string, x tracker.Issue, tr tracker.Tracker, here map[string]string, z *time.Location) error {
	told, err := theirs(ctx, d.Records, who.Scope(), x, tr.Carries())
	if err != nil {
		return err
	}
	before := ours(read, z).Values
	return d.change(ctx, who, read.ID, func(f *hansei.FollowUp, _ time.Time) ([]intake.Set, error) {
		t := f.Tracker
		if t == nil || t.Source != read.Tracker.Source || t.Marker != read.Tracker.Marker {
			return nil, nil // the link was taken away or made anew meanwhile
		}
		take := untouched(here, before, ours(f, z).Values)
		edits, err := sets(f, take, x.At, x.Key, z)
		if err != nil {
			return nil, err
		}
		t.External, t.Key, t.URL, t.State = x.External, x.Key, x.URL, x.Values[tracker.Status]
		if t.Note != unmarked || x.Note != "" {
			t.Note = x.Note
		}
		t.Here, t.There = map[string]string{}, told.Values
		for field := range told.Values {
			t.Here[field] = held[field]
		}
		t.Seen = later(x.At, t.Seen)
		t.Problem, t.Refused, t.Since, t.Claimed = "", false, time.Time{}, time.Time{}
		if id := issueKey(t).ID(); f.WorkItem != id {
			edits = append(edits, setText("work_item", string(id)))
		}
		return edits, nil
	})
}

// untouched are the values that nobody changed here since they were compared.
func untouched(here, before, now map[string]string) map[string]string {
	out := map[string]string{}
	for field, v := range here {
		if before[field] == now[field] {
			out[field] = v
		}
	}
	return out
}

// trouble writes what keeps the two apart, and returns what may pass.
func (d *Desk) trouble(ctx context.Context, who auth.Actor, read *hansei.FollowUp, k tracker.Kind, why error) error {
	t := tracker.Explain(k, read.Tracker.Source, read.Tracker.Place, why)
	var not *notCreatedError
	certain := errors.As(why, &not)
	err := d.change(context.WithoutCancel(ctx), who, read.ID, func(f *hansei.FollowUp, now time.Time) ([]intake.Set, error) {
		if f.Tracker == nil {
			return nil, nil
		}
		if f.Tracker.Problem == "" {
			f.Tracker.Since = now
		}
		f.Tracker.Problem, f.Tracker.Refused = t.Says, t.Refused
		if certain {
			f.Tracker.Claimed = time.Time{}
		}
		if errors.Is(why, tracker.ErrGone) {
			f.Tracker.State = hansei.TrackerGone
		}
		return nil, nil
	})
	switch {
	case err != nil:
		return err
	case t.Refused:
		return nil
	case t.After > 0:
		return &LaterError{t.After}
	}
	return why
}
