// Package resolve finds the services, teams and people that sources name.
package resolve

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/record"
)

// Resolver finds services, teams and people by any name a source uses, and
// remembers which are to be created. One goroutine may use it at a time.
type Resolver struct {
	byName  map[hansei.Kind]map[string]hansei.ID
	created []hansei.Record // since the last Take, in the order in which they were met
	learned []learned       // since then
}

// learned is a name that nobody knew before.
type learned struct {
	kind hansei.Kind
	name string
}

// Kinds are the kinds that sources refer to by name.
var Kinds = []hansei.Kind{hansei.KindService, hansei.KindTeam, hansei.KindPerson}

const listPage = 1000

// New knows what the record calls things now.
func New(ctx context.Context, store *record.Store, who auth.Scope) (*Resolver, error) {
	r := &Resolver{byName: map[hansei.Kind]map[string]hansei.ID{}}
	for _, kind := range Kinds {
		r.byName[kind] = map[string]hansei.ID{}
		after := hansei.ID("")
		var gone []hansei.Record
		for {
			page, err := store.List(ctx, who, kind, after, listPage)
			if err != nil {
				return nil, fmt.Errorf("list %ss: %w", kind, err)
			}
			for _, s := range page {
				if s.Record.Head().Deleted {
					gone = append(gone, s.Record)
				} else {
					r.learn(s.Record)
				}
				after = s.Record.Head().ID
			}
			if len(page) < listPage {
				break
			}
		}
		for _, rec := range gone { // their ids are taken
			r.learn(rec)
		}
		r.settle(kind)
	}
	return r, nil
}

// settle follows merges of merges to their end.
func (r *Resolver) settle(kind hansei.Kind) {
	names := r.byName[kind]
	for name, id := range names {
		for range len(names) {
			next, ok := names[string(id)]
			if !ok || next == id {
				break
			}
			id = next
		}
		names[name] = id
	}
}

// learn remembers every name of a record. A merged one's names lead to the
// record it was merged into; a deleted one has those that no other has.
func (r *Resolver) learn(rec hansei.Record) {
	names := r.byName[rec.Kind()]
	id := rec.Head().ID
	if into := rec.Head().MergedInto; into != "" {
		id = into
	}
	note := func(name string) {
		if _, taken := names[name]; !taken || !rec.Head().Deleted {
			names[name] = id
		}
	}
	note(string(rec.Head().ID))
	for _, o := range rec.Head().From {
		note(sourceName(o.Source, o.External))
	}
	name, aliases := namesOf(rec)
	for _, n := range append(aliases, name) {
		if slug := hansei.Slug(n); slug != "" {
			note(string(slug))
		}
	}
}

func namesOf(rec hansei.Record) (name string, aliases []string) {
	switch x := rec.(type) {
	case *hansei.Service:
		return x.Name, slices.Clone(x.Aliases)
	case *hansei.Team:
		return x.Name, slices.Clone(x.Aliases)
	case *hansei.Person:
		return x.Name, append(slices.Clone(x.Aliases), x.Email)
	}
	return "", nil
}

// ID finds the record a name stands for, or notes that it is to be created.
func (r *Resolver) ID(kind hansei.Kind, name string) hansei.ID {
	name = strings.TrimSpace(name)
	names := r.byName[kind]
	// Most names come again and again as they are.
	if id, ok := names[name]; ok {
		return id
	}
	slug := hansei.Slug(name)
	if slug == "" {
		return ""
	}
	id, ok := names[string(slug)]
	if !ok {
		id = slug
		rec, err := hansei.New(kind)
		if err != nil {
			return ""
		}
		rec.Head().ID = id
		setName(rec, name)
		r.created = append(r.created, rec)
		r.name(kind, string(slug), id)
	}
	r.name(kind, name, id)
	return id
}

// name notes what a thing is called that nobody called so before.
func (r *Resolver) name(kind hansei.Kind, name string, id hansei.ID) {
	if _, known := r.byName[kind][name]; !known {
		r.learned = append(r.learned, learned{kind, name})
	}
	r.byName[kind][name] = id
}

// sourceName cannot be the slug of anything.
func sourceName(source, external string) string { return source + "\x00" + external }

// Observed finds the service, team or person that a source tells of: by the
// source's own id of it, else by any of its names, else it is a new one.
func (r *Resolver) Observed(o hansei.Observation) hansei.ID {
	names := r.byName[o.Key.Kind]
	key := sourceName(o.Key.Source, o.Key.External)
	if id, ok := names[key]; ok {
		return id
	}
	name, aliases := namesOf(o.Record)
	for _, n := range append([]string{name}, aliases...) {
		if id, ok := names[string(hansei.Slug(n))]; ok && n != "" {
			r.name(o.Key.Kind, key, id)
			return id
		}
	}
	if name == "" {
		name = o.Key.External
	}
	id := hansei.Slug(name)
	if id == "" {
		id = o.Key.ID()
	}
	for _, n := range append([]string{name}, aliases...) {
		if slug := hansei.Slug(n); slug != "" {
			r.name(o.Key.Kind, string(slug), id)
		}
	}
	r.name(o.Key.Kind, key, id)
	return id
}

// Undo forgets every name learned since the last Take, and that records were to
// be created: what told of them is refused.
func (r *Resolver) Undo() {
	for _, l := range r.learned {
		delete(r.byName[l.kind], l.name)
	}
	r.created, r.learned = nil, nil
}

func setName(rec hansei.Record, name string) {
	switch x := rec.(type) {
	case *hansei.Service:
		x.Name = name
	case *hansei.Team:
		x.Name = name
	case *hansei.Person:
		x.Name = name
	}
}

// Refs replaces the names in a record's references by ids.
func (r *Resolver) Refs(rec hansei.Record) error {
	fields := hansei.FieldsOf(rec.Kind())
	for i := range fields {
		f := &fields[i]
		if f.Of == "" || !slices.Contains(Kinds, f.Of) {
			continue
		}
		if f.Type == hansei.Refs {
			list := hansei.ListIn[hansei.ID](f, rec)
			var ids []hansei.ID // what was told stays as it was
			for _, name := range *list {
				if id := r.ID(f.Of, string(name)); id != "" && !slices.Contains(ids, id) {
					ids = append(ids, id)
				}
			}
			*list = ids
		} else if name, ok := f.Get(rec); ok {
			if err := f.Set(rec, r.ID(f.Of, string(name.(hansei.ID)))); err != nil {
				return err
			}
		}
	}
	return nil
}

// Take returns the records to be created since the last call. What was learned
// stands from now on.
func (r *Resolver) Take() []hansei.Record {
	out := r.created
	r.created, r.learned = nil, nil
	return out
}
