package followup

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/intake"
	"hansei/internal/record"
	"hansei/internal/tracker"
)

// ours is a follow-up as the trackers' fields tell it, and when each changed.
func ours(f *hansei.FollowUp, zone *time.Location) tracker.Side {
	s := tracker.Side{Values: map[string]string{
		tracker.Title: short(f.Title), tracker.Status: f.Status, tracker.Owner: string(f.Owner), tracker.Priority: strings.ToLower(f.Priority),
		tracker.Due: "",
	}, At: map[string]time.Time{}}
	if !f.Due.IsZero() {
		s.Values[tracker.Due] = tracker.Day(f.Due.In(zone))
	}
	for field, name := range fields {
		if e, ok := f.EditOf(name); ok {
			s.At[field] = e.At
		}
	}
	return s
}

// fields are the fields of a follow-up by those of trackers.
var fields = map[string]string{tracker.Title: "title", tracker.Status: "status", tracker.Due: "due_at", tracker.Owner: "owner", tracker.Priority: "priority"}

// short is a title as every tracker takes it.
func short(title string) string {
	title = strings.Join(strings.Fields(title), " ")
	if r := []rune(title); len(r) > tracker.MaxTitle {
		return string(r[:tracker.MaxTitle-1]) + "…"
	}
	return title
}

// Behind are the fields in which a follow-up waits to be sent to its tracker.
func Behind(f *hansei.FollowUp, zone *time.Location) []string {
	t := f.Tracker
	if t == nil || t.External == "" || t.State == hansei.TrackerGone {
		return nil
	}
	mine := ours(f, zone)
	var out []string
	for field := range t.There {
		if mine.Values[field] != t.Here[field] {
			out = append(out, field)
		}
	}
	slices.Sort(out)
	return out
}

// theirsOf is an issue as a work item tells it.
func theirsOf(w *hansei.WorkItem, told map[string]string, zone *time.Location) tracker.Side {
	s := tracker.Side{Values: map[string]string{tracker.Title: short(w.Title), tracker.Status: hansei.FollowUpOpen}, At: map[string]time.Time{"": heard(w)}}
	if !w.Done.IsZero() {
		s.Values[tracker.Status] = hansei.FollowUpDone
		if w.Outcome == hansei.FollowUpDeclined {
			s.Values[tracker.Status] = hansei.FollowUpDeclined
		}
	}
	// A field that the tracker never told is none of its fields.
	for field, v := range map[string]string{tracker.Owner: string(w.Owner), tracker.Due: tracker.Day(w.Due), tracker.Priority: strings.ToLower(w.Priority)} {
		if _, carried := told[field]; carried || v != "" {
			s.Values[field] = v
		}
	}
	return s
}

// heard is when a work item's tool last told of it, by the tool's clock: no tool
// tells parts of a millisecond, sources add one to what ends in the same second.
func heard(w *hansei.WorkItem) time.Time {
	var at time.Time
	for _, o := range w.From {
		if o.At.After(at) {
			at = o.At
		}
		for _, t := range o.Stamps {
			if t.After(at) {
				at = t
			}
		}
	}
	return at.Truncate(time.Millisecond)
}

// stranger marks an owner whom nobody knows here: such a one is not taken over.
const stranger = "?"

// merged is tracker.Merge without strangers.
func merged(wasHere, wasThere map[string]string, mine, told tracker.Side) (here, there map[string]string) {
	here, there = tracker.Merge(wasHere, wasThere, mine, told)
	if strings.HasPrefix(here[tracker.Owner], stranger) {
		delete(here, tracker.Owner)
	}
	return here, there
}

// theirs is an issue as its tracker just told it.
func theirs(ctx context.Context, r *record.Store, who auth.Scope, x tracker.Issue, carries []string) (tracker.Side, error) {
	s := tracker.Side{Values: map[string]string{}, At: map[string]time.Time{"": x.At}}
	for _, field := range carries {
		v, told := x.Values[field]
		if !told {
			continue
		}
		if field == tracker.Owner && v != "" {
			id, err := personNamed(ctx, r, who, v)
			if err != nil {
				return s, err
			}
			if v = string(id); id == "" {
				v = stranger + x.Values[field]
			}
		}
		if field == tracker.Title {
			v = short(v)
		}
		s.Values[field] = v
	}
	return s, nil
}

// personNamed finds somebody by the name that a tracker uses: the id that
// sources make of it, else any other name of somebody.
func personNamed(ctx context.Context, r *record.Store, who auth.Scope, name string) (hansei.ID, error) {
	id := hansei.Slug(name)
	for range 5 { // merges of merges
		found, err := record.Load(ctx, r, who, hansei.KindPerson, []hansei.ID{id})
		if err != nil {
			return "", err
		}
		x, ok := found[id]
		if !ok || x.Record.Head().Deleted {
			return alias(ctx, r, who, name)
		}
		into := x.Record.Head().MergedInto
		if into == "" {
			return id, nil
		}
		id = into
	}
	return "", nil
}

func alias(ctx context.Context, r *record.Store, who auth.Scope, name string) (hansei.ID, error) {
	for after := hansei.ID(""); ; {
		page, err := r.List(ctx, who, hansei.KindPerson, after, batch)
		if err != nil {
			return "", err
		}
		for _, x := range page {
			p := x.Record.(*hansei.Person)
			after = p.ID
			if !p.Deleted && p.MergedInto == "" && slices.ContainsFunc(append(p.Aliases, p.Name), func(a string) bool { return strings.EqualFold(a, name) }) {
				return p.ID, nil
			}
		}
		if len(page) < batch {
			return "", nil
		}
	}
}

// sets are what a follow-up takes over from its issue, as edits. at is when the
// issue changed, key how people call it.
func sets(f *hansei.FollowUp, here map[string]string, at time.Time, key string, zone *time.Location) ([]intake.Set, error) {
	var out []intake.Set
	set := func(field string, v any) error {
		text, err := json.Marshal(v)
		out = append(out, intake.Set{Field: field, Value: text})
		return err
	}
	var err error
	for _, field := range slices.Sorted(maps.Keys(here)) {
		v := here[field]
		switch field {
		case tracker.Title:
			if v != "" {
				err = set("title", v)
			}
		case tracker.Owner, tracker.Priority:
			err = set(fields[field], v)
		case tracker.Due:
			var day time.Time
			if v != "" {
				if day, err = time.ParseInLocation(time.DateOnly, v, zone); err != nil {
					return nil, err
				}
				day = day.AddDate(0, 0, 1).Add(-time.Second).UTC()
				err = set("due_at", day)
			} else {
				out = append(out, intake.Set{Field: "due_at"})
			}
		case tracker.Status:
			out = append(out, closing(v, later(at, f.Created), "Closed as not planned in the tracker: "+key)...)
		}
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

func later(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}

// closing are the edits that bring a follow-up to a status.
func closing(status string, at time.Time, reason string) []intake.Set {
	quoted := func(v any) json.RawMessage {
		text, err := json.Marshal(v)
		if err != nil { // texts and times of this millennium
			return nil
		}
		return text
	}
	out := []intake.Set{{Field: "status", Value: quoted(status)}, {Field: "resolved_at"}, {Field: "reason"}}
	if status != hansei.FollowUpOpen {
		out[1].Value = quoted(at.UTC())
	}
	if status == hansei.FollowUpDeclined {
		out[2].Value = quoted(reason)
	}
	return out
}
