package retro

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/record"
	"hansei/internal/retro/document"
)

// Imported is what came of a document.
type Imported struct {
	ID        hansei.ID `json:"id"`
	Title     string    `json:"title"`
	Incident  hansei.ID `json:"incident,omitempty"`
	Services  []string  `json:"services,omitempty"`
	Factors   []string  `json:"factors,omitempty"`
	Sections  int       `json:"sections"`
	Moments   int       `json:"moments"`
	FollowUps int       `json:"follow_ups"`
	New       bool      `json:"new"` // false: it was there already, and is left as it is
	Notes     []string  `json:"notes,omitempty"`
}

// Import takes a document of the past in: a draft whose metadata people
// confirm. Its incident is the one that it names; else, when it says when it
// began, one of type backfilled is made of it. The same document again changes
// nothing.
func (d *Desk) Import(ctx context.Context, who auth.Actor, name string, text []byte) (Imported, record.Seq, error) {
	rules, err := Rules(ctx, d.Records, who.Scope())
	if err != nil {
		return Imported{}, 0, err
	}
	found, err := document.Read(name, text, rules)
	if err != nil {
		return Imported{}, 0, err
	}
	r := found.Retrospective
	sum := sha256.Sum256([]byte(document.Origin(found, name)))
	key := hex.EncodeToString(sum[:8])
	r.ID = ID(told(hansei.KindIncident, key).ID) // whether or not there is an incident
	out := Imported{ID: r.ID, Title: r.Title, Services: found.Services, Sections: len(r.Sections), Moments: len(r.Timeline), FollowUps: len(found.FollowUps), Notes: found.Notes}
	seq, err := d.Records.Write(ctx, who, func(tx *record.Tx) error {
		out.New = false
		was, rev, err := record.Get[*hansei.Retrospective](ctx, tx, who.Scope(), r.ID)
		if err == nil && !was.Deleted {
			if len(was.Incidents) > 0 {
				out.Incident = was.Incidents[0]
			}
			return errUnchanged
		}
		if err != nil && !errors.Is(err, hansei.ErrNotFound) {
			return err
		}
		out.New = true
		if r.Services, err = services(ctx, tx, who, found.Services); err != nil {
			return err
		}
		if out.Incident, err = backfill(ctx, tx, who, found, key); err != nil {
			return err
		}
		if out.Incident != "" {
			r.Incidents = []hansei.ID{out.Incident}
		}
		r.Drafted = tx.Now()
		settle(r, rules)
		out.Factors = r.FactorNames
		if err := record.Put(tx, r, rev); err != nil {
			return err
		}
		return followUps(tx, r, found, key)
	})
	if errors.Is(err, errUnchanged) {
		return out, 0, nil
	}
	if err != nil {
		return out, 0, fmt.Errorf("%s: %w", name, err)
	}
	return out, seq, nil
}

// services finds the services of some names, and makes those that are new.
func services(ctx context.Context, tx *record.Tx, who auth.Actor, names []string) (out []hansei.ID, err error) {
	for _, name := range names {
		id := hansei.Slug(name)
		if id == "" || slices.Contains(out, id) {
			continue
		}
		s, _, err := record.Get[*hansei.Service](ctx, tx, who.Scope(), id)
		switch {
		case errors.Is(err, hansei.ErrNotFound):
			if err := record.Put(tx, &hansei.Service{Header: hansei.Header{ID: id, From: []hansei.Observed{{Source: documents, External: name}}}, Name: name}, 0); err != nil {
				return nil, err
			}
		case err != nil:
			return nil, err
		case s.MergedInto != "":
			id = s.MergedInto
		}
		out = append(out, id)
	}
	return out, nil
}

// documents is the source that documents of the past are.
const documents = "documents"

// told is the header of a record that a document told of.
func told(kind hansei.Kind, external string) hansei.Header {
	return hansei.Header{ID: hansei.Key{Kind: kind, Source: documents, External: external}.ID(), From: []hansei.Observed{{Source: documents, External: external}}}
}

// backfill is the incident that a document is about: one that it names by id,
// else one made of it.
func backfill(ctx context.Context, tx *record.Tx, who auth.Actor, f *document.Found, key string) (hansei.ID, error) {
	if f.Began.Year() < document.FirstYear {
		return "", nil
	}
	r := f.Retrospective
	in := &hansei.Incident{Header: told(hansei.KindIncident, key), Title: r.Title, URL: r.URL, Type: hansei.IncidentBackfilled, Status: hansei.StatusResolved,
		Severity: r.Severity, Services: r.Services, Customers: r.Customers, CustomersMethod: r.CustomersMethod, Detection: r.Detection}
	if s := r.Section("summary"); s != nil {
		in.Description = document.Cut(s.Text, 4000)
	}
	in.Milestones.Set(hansei.RoleBegan, f.Began)
	if !f.Ended.IsZero() && !f.Ended.Before(f.Began) {
		in.Milestones.Set(hansei.RoleResolved, f.Ended)
	}
	was, rev, err := record.Get[*hansei.Incident](ctx, tx, who.Scope(), in.ID)
	if err == nil && !was.Deleted {
		return in.ID, nil
	}
	if err != nil && !errors.Is(err, hansei.ErrNotFound) {
		return "", err
	}
	return in.ID, record.Put(tx, in, rev)
}

// followUps writes the follow-ups of a document. They were created when it was
// published, as well as is known.
func followUps(tx *record.Tx, r *hansei.Retrospective, found *document.Found, key string) error {
	for i, f := range found.FollowUps {
		f.Header = told(hansei.KindFollowUp, fmt.Sprintf("%s-%d", key, i+1))
		f.Retrospective, f.Incidents, f.Services = r.ID, r.Incidents, r.Services
		f.Created = either(r.Published, either(found.Ended, either(found.Began, tx.Now())))
		if f.Status != hansei.FollowUpOpen {
			f.Closed = f.Created // when, nobody knows
		}
		if err := record.Put(tx, &f, 0); err != nil {
			return err
		}
	}
	return nil
}

// either is the first of two times that is known.
func either(a, b time.Time) time.Time {
	if a.IsZero() {
		return b
	}
	return a
}
