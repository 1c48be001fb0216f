package followup

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"slices"
	"strings"
	"time"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/intake"
	"hansei/internal/intake/link"
	"hansei/internal/record"
)

// about are the incidents that an issue names in its text and links, at most
// maxAbout. They may be known later than the issue.
func (d *Desk) about(ctx context.Context, r record.Reader, who auth.Scope, w *hansei.WorkItem) ([]hansei.ID, error) {
	names := link.Of(w).Mentions
	found, err := record.Named(ctx, r, who, names)
	if err != nil {
		return nil, err
	}
	var out []hansei.ID
	for _, n := range found {
		if n.Kind == hansei.KindIncident {
			out = append(out, n.ID)
		}
	}
	for _, n := range names { // our own page of an incident
		if _, id, ok := strings.Cut("https://"+n, strings.Replace(strings.TrimSuffix(d.Base, "/"), "http://", "https://", 1)+"/incidents/"); ok {
			if id, err := url.PathUnescape(id); err == nil {
				out = append(out, hansei.ID(id))
			}
		}
	}
	return standing(ctx, r, who, out)
}

const maxAbout = 20

// standing are the incidents that stand for some.
func standing(ctx context.Context, r record.Reader, who auth.Scope, ids []hansei.ID) ([]hansei.ID, error) {
	var out []hansei.ID
	for range maxAbout { // merges of merges
		found, err := record.Load(ctx, r, who, hansei.KindIncident, ids)
		if err != nil {
			return nil, err
		}
		ids = nil
		for id, x := range found {
			switch head := x.Record.Head(); {
			case head.MergedInto != "":
				ids = append(ids, head.MergedInto)
			case !head.Deleted:
				out = append(out, id)
			}
		}
		if len(ids) == 0 {
			break
		}
	}
	slices.Sort(out)
	out = slices.Compact(out)
	return out[:min(len(out), maxAbout)], nil
}

// relate ties an adopted follow-up to the incidents that its issue names, while
// no person said which they are.
func (d *Desk) relate(ctx context.Context, who auth.Actor, f *hansei.FollowUp) error {
	if !relatable(f) {
		return nil
	}
	w, _, err := record.Get[*hansei.WorkItem](ctx, d.Records, who.Scope(), f.WorkItem)
	if errors.Is(err, hansei.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	ids, err := d.about(ctx, d.Records, who.Scope(), w)
	if err != nil || slices.Equal(ids, f.Incidents) || len(ids) == 0 {
		return err
	}
	text, err := json.Marshal(ids)
	if err != nil {
		return err
	}
	return d.change(ctx, who, f.ID, func(f *hansei.FollowUp, _ time.Time) ([]intake.Set, error) {
		if !relatable(f) {
			return nil, nil
		}
		return []intake.Set{{Field: "incidents", Value: text}}, nil
	})
}

func relatable(f *hansei.FollowUp) bool {
	if f.Tracker == nil || f.Tracker.Adopted.IsZero() || f.WorkItem == "" {
		return false
	}
	e, edited := f.EditOf("incidents")
	return !edited || e.By == f.Tracker.Source
}

// unrelated are adopted follow-ups whose issues name incidents that they are
// not tied to: those came later.
func (d *Desk) unrelated(ctx context.Context, who auth.Scope, all []*hansei.FollowUp) (out []hansei.ID, err error) {
	of := map[hansei.ID]hansei.ID{}
	var ids []hansei.ID
	for _, f := range all {
		if relatable(f) && len(f.Incidents) == 0 {
			of[f.WorkItem], ids = f.ID, append(ids, f.WorkItem)
		}
	}
	items, err := record.Load(ctx, d.Records, who, hansei.KindWorkItem, ids)
	if err != nil {
		return nil, err
	}
	by := map[string][]hansei.ID{}
	var names []string
	for _, id := range ids {
		if x, ok := items[id]; ok {
			for _, n := range link.Of(x.Record).Mentions {
				by[n], names = append(by[n], of[id]), append(names, n)
			}
		}
	}
	slices.Sort(names)
	found, err := record.Named(ctx, d.Records, who, slices.Compact(names))
	for _, n := range found {
		if n.Kind == hansei.KindIncident {
			out = append(out, by[n.Name]...)
		}
	}
	slices.Sort(out)
	return slices.Compact(out), err
}
