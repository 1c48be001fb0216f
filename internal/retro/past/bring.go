package past

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
	"hansei/internal/intake"
	"hansei/internal/record"
	"hansei/internal/retro"
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

// Import takes a document in at once, as it was read: a draft whose metadata
// people confirm. Its incident is the one that it names; else, when it says
// when it began, one of type backfilled is made of it. The same document again
// changes nothing.
func (s *Shelf) Import(ctx context.Context, who auth.Actor, name string, text []byte) (out Imported, seq record.Seq, err error) {
	rules, err := retro.Rules(ctx, s.Records, who.Scope())
	if err != nil {
		return out, 0, err
	}
	found, err := document.Read(Name(name), text, rules)
	if err != nil {
		return out, 0, err
	}
	seq, err = s.Records.Write(ctx, who, func(tx *record.Tx) error {
		out, err = bring(ctx, tx, who, Name(name), found, rules)
		return err
	})
	if err != nil {
		return out, 0, fmt.Errorf("%s: %w", name, err)
	}
	if !out.New {
		seq = 0
	}
	return out, seq, nil
}

// bring writes the records of a document, unless they are there.
func bring(ctx context.Context, tx *record.Tx, who auth.Actor, name string, found *document.Found, rules hansei.RetroRules) (Imported, error) {
	copied := *found.Retrospective
	r := &copied
	sum := sha256.Sum256([]byte(document.Origin(found, name)))
	key := hex.EncodeToString(sum[:8])
	r.ID = retro.ID(told(hansei.KindIncident, key).ID) // whether or not there is an incident
	out := Imported{ID: r.ID, Title: r.Title, Services: found.Services, Sections: len(r.Sections), Moments: len(r.Timeline), FollowUps: len(found.FollowUps), Notes: found.Notes}
	was, rev, err := record.Get[*hansei.Retrospective](ctx, tx, who.Scope(), r.ID)
	if err == nil && !was.Deleted {
		if len(was.Incidents) > 0 {
			out.Incident = was.Incidents[0]
		}
		return out, nil
	}
	if err != nil && !errors.Is(err, hansei.ErrNotFound) {
		return out, err
	}
	out.New = true
	if r.Services, err = services(ctx, tx, who, found.Services); err != nil {
		return out, err
	}
	if r.Incidents, err = about(ctx, tx, who, found, r, key); err != nil {
		return out, err
	}
	if len(r.Incidents) > 0 {
		out.Incident = r.Incidents[0]
	}
	r.Drafted, r.FactorNames = tx.Now(), nil
	for _, f := range r.Factors {
		r.FactorNames = append(r.FactorNames, f.Name)
	}
	score, _ := retro.Completeness(r, rules)
	r.Completeness, out.Factors = &score, r.FactorNames
	if err := record.Put(tx, r, rev); err != nil {
		return out, err
	}
	return out, followUps(ctx, tx, who, r, found, key)
}

// about are the incidents that a document is about: those that it names and
// that are here, else one made of it.
func about(ctx context.Context, tx *record.Tx, who auth.Actor, f *document.Found, r *hansei.Retrospective, key string) ([]hansei.ID, error) {
	there, err := record.Load(ctx, tx, who.Scope(), hansei.KindIncident, f.Incidents)
	if err != nil {
		return nil, err
	}
	var out []hansei.ID
	for _, id := range f.Incidents {
		if _, ok := there[id]; ok {
			out = append(out, id)
		}
	}
	if len(out) > 0 {
		return out, nil
	}
	id, err := backfill(ctx, tx, who, f, r, key)
	if id == "" || err != nil {
		return nil, err
	}
	return []hansei.ID{id}, nil
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
const documents = intake.Documents

// told is the header of a record that a document told of.
func told(kind hansei.Kind, external string) hansei.Header {
	return hansei.Header{ID: hansei.Key{Kind: kind, Source: documents, External: external}.ID(), From: []hansei.Observed{{Source: documents, External: external}}}
}

// backfill makes an incident of a document that says when it began.
func backfill(ctx context.Context, tx *record.Tx, who auth.Actor, f *document.Found, r *hansei.Retrospective, key string) (hansei.ID, error) {
	if f.Began.Year() < document.FirstYear {
		return "", nil
	}
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
func followUps(ctx context.Context, tx *record.Tx, who auth.Actor, r *hansei.Retrospective, found *document.Found, key string) error {
	for i, f := range found.FollowUps {
		f.Header = told(hansei.KindFollowUp, fmt.Sprintf("%s-%d", key, i+1))
		f.Retrospective, f.Incidents, f.Services = r.ID, r.Incidents, r.Services
		f.Created = either(r.Published, either(found.Ended, either(found.Began, tx.Now())))
		if f.Status != hansei.FollowUpOpen {
			f.Closed = f.Created // when, nobody knows
		}
		was, rev, err := record.Get[*hansei.FollowUp](ctx, tx, who.Scope(), f.ID)
		if err == nil && !was.Deleted {
			continue // of a retrospective that was removed and comes back
		}
		if err != nil && !errors.Is(err, hansei.ErrNotFound) {
			return err
		}
		if err := record.Put(tx, &f, rev); err != nil {
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
