package followup

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/intake"
	"hansei/internal/record"
	"hansei/internal/retro"
	"hansei/internal/tracker"
)

// errNoTracker means that a source only tells.
var errNoTracker = errors.New("its tool is no tracker that takes follow-ups")

// open makes the tracker of a source.
func (d *Desk) open(ctx context.Context, who auth.Scope, source string) (Account, tracker.Kind, tracker.Tracker, error) {
	list, err := d.Accounts(ctx, who)
	if err != nil {
		return Account{}, tracker.Kind{}, nil, err
	}
	i := slices.IndexFunc(list, func(a Account) bool { return a.Source == source })
	if i < 0 {
		return Account{}, tracker.Kind{}, nil, fmt.Errorf("source %s: %w", source, errNoTracker)
	}
	k, ok := d.kind(list[i].Tool)
	if !ok {
		return Account{}, k, nil, fmt.Errorf("source %s: %w", source, errNoTracker)
	}
	if list[i].Bad != nil {
		return list[i], k, nil, &tracker.RefusedError{Says: "the source " + source + " cannot be used: " + list[i].Bad.Error()}
	}
	tr, err := k.Open(list[i].Account)
	return list[i], k, tr, err
}

// Place is where follow-ups can be created.
type Place struct {
	Source string `json:"source"`
	Tool   string `json:"tool"`  // "github"
	Title  string `json:"title"` // "GitHub"
	Place  string `json:"place"` // "acme/shop"
}

// Places are the repositories, projects and teams of all configured trackers.
func (d *Desk) Places(ctx context.Context, who auth.Scope) ([]Place, error) {
	list, err := d.Accounts(ctx, who)
	if err != nil {
		return nil, err
	}
	out := []Place{}
	for _, a := range list {
		k, ok := d.kind(a.Tool)
		if !ok || a.Bad != nil || a.Paused {
			continue
		}
		tr, err := k.Open(a.Account)
		if err != nil {
			continue // no token: it only tells
		}
		for _, p := range tr.Places() {
			out = append(out, Place{Source: a.Source, Tool: k.Name, Title: k.Title, Place: p})
		}
	}
	return out, nil
}

// place finds where a follow-up is to be created: as somebody says, else by
// the rules, else the first there is.
func (d *Desk) place(ctx context.Context, who auth.Scope, source, name string) (Place, error) {
	if source == "" {
		rules, err := retro.Rules(ctx, d.Records, who)
		if err != nil {
			return Place{}, err
		}
		if r := rules.Tracker; r != nil {
			source = r.Source
			if name == "" {
				name = r.Place
			}
		}
	}
	all, err := d.Places(ctx, who)
	if err != nil {
		return Place{}, err
	}
	var names []string
	for _, p := range all {
		if (source == "" || p.Source == source) && (name == "" || strings.EqualFold(p.Place, name)) {
			return p, nil
		}
		names = append(names, p.Source+" "+p.Place)
	}
	if len(all) == 0 {
		return Place{}, hansei.Invalid("source", "no tracker is configured that takes follow-ups: connect GitHub, GitLab, Jira or Linear under Sources, with a token that may write issues and at least one repository, project or team")
	}
	return Place{}, hansei.Invalid("place", "%s is none of: %s", strings.TrimSpace(source+" "+name), strings.Join(names, ", "))
}

// Push has an issue created for a follow-up. An empty source or place means
// what the rules say.
func (d *Desk) Push(ctx context.Context, who auth.Actor, id hansei.ID, source, place string) (record.Seq, error) {
	p, err := d.place(ctx, who.Scope(), source, place)
	if err != nil {
		return 0, err
	}
	return d.relink(ctx, who, id, func(f *hansei.FollowUp) error {
		if f.Status != hansei.FollowUpOpen {
			return hansei.Invalid("status", "it is %s; open it again first", f.Status)
		}
		if t := f.Tracker; t != nil && t.External != "" && t.State != hansei.TrackerGone {
			return hansei.Invalid("source", "it is in %s already, as %s", t.Source, t.Key)
		}
		f.Tracker = wanted(p.Source, p.Place)
		return nil
	})
}

// wanted is a double that is to be created.
func wanted(source, place string) *hansei.Tracked {
	return &hansei.Tracked{Source: source, Place: place, Marker: "hansei-" + strings.ToLower(rand.Text()[:16])}
}

// Link makes an issue that there is a follow-up's double. external is what the
// tracker calls it: "acme/shop#12", "OPS-12", "ENG-12".
func (d *Desk) Link(ctx context.Context, who auth.Actor, id hansei.ID, source, external string) (record.Seq, error) {
	external = strings.TrimSpace(external)
	if external == "" || len(external) > 200 {
		return 0, hansei.Invalid("issue", "expected the issue as its tracker calls it, such as acme/shop#12 or OPS-12")
	}
	_, _, tr, err := d.open(ctx, who.Scope(), source)
	if errors.Is(err, errNoTracker) {
		return 0, hansei.Invalid("source", "%s is no source of a tracker", source)
	}
	var refused *tracker.RefusedError
	if errors.As(err, &refused) {
		return 0, hansei.Invalid("source", "%s", refused.Says)
	}
	if err != nil {
		return 0, err
	}
	place := ""
	if p := tr.Places(); len(p) > 0 {
		place = p[0]
	}
	if err := d.single(ctx, who.Scope(), id, hansei.Key{Kind: hansei.KindWorkItem, Source: source, External: external}.ID()); err != nil {
		return 0, err
	}
	return d.relink(ctx, who, id, func(f *hansei.FollowUp) error {
		f.Tracker = &hansei.Tracked{Source: source, Place: place, External: external, Key: external}
		return nil
	})
}

// single refuses an issue of which a follow-up was made already.
func (d *Desk) single(ctx context.Context, who auth.Scope, id, issue hansei.ID) error {
	doubles, err := doublesOf(ctx, d.Records, who, []hansei.ID{issue})
	if other := doubles[issue]; err == nil && other != "" && other != id {
		f, _, err := d.Get(ctx, who, other)
		if err == nil && f.Tracker != nil && !f.Tracker.Adopted.IsZero() {
			return hansei.Invalid("issue", "it is the follow-up %q (%s) already: delete that one first if it is the same, then link it here", f.Title, other)
		}
		if errors.Is(err, hansei.ErrNotFound) {
			return nil
		}
		return err
	}
	return err
}

// Unlink takes the link to the issue away. The issue stays.
func (d *Desk) Unlink(ctx context.Context, who auth.Actor, id hansei.ID) (record.Seq, error) {
	return d.relink(ctx, who, id, func(f *hansei.FollowUp) error {
		f.Tracker = nil
		return nil
	})
}

// Retry tries again what a tracker refused, and sends once more what it could
// not take.
func (d *Desk) Retry(ctx context.Context, who auth.Actor, id hansei.ID) (record.Seq, error) {
	return d.relink(ctx, who, id, func(f *hansei.FollowUp) error {
		if f.Tracker == nil {
			return hansei.Invalid("tracker", "it is in no tracker")
		}
		t := *f.Tracker
		t.Here = map[string]string{}
		for field, v := range t.There {
			t.Here[field] = v
		}
		if t.State == hansei.TrackerGone { // look whether it is there again
			t.State, t.Seen = "", time.Time{}
		}
		t.Problem, t.Refused, t.Since, t.Note = "", false, time.Time{}, ""
		f.Tracker = &t
		return nil
	})
}

// relink changes how a follow-up stands in the tracker by a person's wish.
func (d *Desk) relink(ctx context.Context, who auth.Actor, id hansei.ID, fn func(*hansei.FollowUp) error) (record.Seq, error) {
	return d.Records.Write(ctx, who, func(tx *record.Tx) error {
		f, rev, err := get(ctx, tx, who.Scope(), id)
		if err != nil {
			return err
		}
		gone := mentions(f)
		if err := fn(f); err != nil {
			return err
		}
		rec := hansei.Record(f)
		if f.Tracker == nil && f.WorkItem != "" {
			if rec, err = intake.Edited(ctx, tx, who, record.Stored{Record: f, Revision: rev}, []intake.Set{{Field: "work_item"}}, "taken out of the tracker"); err != nil {
				return err
			}
		}
		if err := errors.Join(tx.DropMentions(gone), tx.AddMentions(mentions(rec.(*hansei.FollowUp)))); err != nil {
			return err
		}
		if f.Tracker != nil {
			if err := d.Later(tx, id, false); err != nil {
				return err
			}
		}
		return record.Put(tx, rec, rev)
	})
}

// Sweep has everything looked at again that waits for its tracker and is not
// refused, for the jobs of its changes were given up; issues that are follow-ups
// and were not made one; and those whose incidents came later.
func (d *Desk) Sweep(ctx context.Context, who auth.Actor) error {
	all, err := d.all(ctx, who.Scope())
	if err != nil {
		return err
	}
	z, err := zone(ctx, d.Records, who.Scope())
	if err != nil {
		return err
	}
	var ids []hansei.ID
	for _, f := range all {
		if t := f.Tracker; t != nil && !t.Refused && (t.External == "" || t.There == nil || t.Problem != "" || len(Behind(f, z)) > 0) {
			ids = append(ids, f.ID)
		}
	}
	fresh, err := d.unadopted(ctx, who.Scope())
	if err != nil {
		return err
	}
	related, err := d.unrelated(ctx, who.Scope(), all)
	if err != nil {
		return err
	}
	if ids = slices.Concat(ids, fresh, related); len(ids) == 0 {
		return nil
	}
	_, err = d.Records.Write(ctx, who, func(tx *record.Tx) error {
		for _, id := range ids {
			if err := d.Later(tx, id, true); err != nil {
				return err
			}
		}
		return nil
	})
	return err
}
