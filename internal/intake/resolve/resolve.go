// Package resolve finds the services, teams and people that sources name.
package resolve

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/intake/parts"
	"hansei/internal/record"
)

// Resolver finds services, teams and people by any name a source uses, and
// remembers which are to be created. One goroutine may use it at a time.
type Resolver struct {
	byName  map[hansei.Kind]map[string]hansei.ID
	told    map[hansei.Kind]map[told]int
	created []hansei.Record // since the last Take, in the order in which they were met
	learned []learned       // since then
}

// learned is a name that nobody knew before.
type learned struct {
	kind hansei.Kind
	name string
}

// told is a record that a source tells of, under how many ids of its own.
type told struct {
	id     hansei.ID
	source string
}

// Kinds are the kinds that sources refer to by name.
var Kinds = []hansei.Kind{hansei.KindService, hansei.KindTeam, hansei.KindPerson}

const listPage = 1000

// New knows what the record calls things now.
func New(ctx context.Context, store *record.Store, who auth.Scope) (*Resolver, error) {
	r := &Resolver{byName: map[hansei.Kind]map[string]hansei.ID{}, told: map[hansei.Kind]map[told]int{}}
	for _, kind := range Kinds {
		r.byName[kind], r.told[kind] = map[string]hansei.ID{}, map[told]int{}
		live, gone, err := listed(ctx, store, who, kind)
		if err != nil {
			return nil, fmt.Errorf("list %ss: %w", kind, err)
		}
		for _, rec := range live { // an id is its own record's, whatever another is called
			r.byName[kind][string(rec.Head().ID)] = leads(rec)
		}
		merged := map[hansei.ID]hansei.ID{}
		for _, rec := range append(live, gone...) { // those that are gone have what no other has
			if err := r.learn(rec); err != nil {
				return nil, err
			}
			if into := rec.Head().MergedInto; into != "" {
				merged[rec.Head().ID] = into
			}
		}
		r.settle(kind, merged)
	}
	return r, nil
}

// listed are the records of a kind, those that are deleted apart.
func listed(ctx context.Context, store *record.Store, who auth.Scope, kind hansei.Kind) (live, gone []hansei.Record, err error) {
	for after := hansei.ID(""); ; {
		page, err := store.List(ctx, who, kind, after, listPage)
		if err != nil {
			return nil, nil, err
		}
		for _, s := range page {
			if after = s.Record.Head().ID; s.Record.Head().Deleted {
				gone = append(gone, s.Record)
			} else {
				live = append(live, s.Record)
			}
		}
		if len(page) < listPage {
			return live, gone, nil
		}
	}
}

// leads is the record that stands for one, as it says itself.
func leads(rec hansei.Record) hansei.ID { return cmp.Or(rec.Head().MergedInto, rec.Head().ID) }

// settle follows merges of merges to their end.
func (r *Resolver) settle(kind hansei.Kind, merged map[hansei.ID]hansei.ID) {
	for name, id := range r.byName[kind] {
		for range len(merged) {
			next, ok := merged[id]
			if !ok {
				break
			}
			id = next
		}
		r.byName[kind][name] = id
	}
}

// learn remembers every name of a record that nobody else has, also what only one
// of its sources calls it. A merged one's names lead to the record it was merged
// into.
func (r *Resolver) learn(rec hansei.Record) error {
	kind, id := rec.Kind(), leads(rec)
	note := func(name string) {
		if _, taken := r.byName[kind][name]; !taken && name != "" {
			r.byName[kind][name] = id
		}
	}
	note(string(rec.Head().ID))
	for _, o := range rec.Head().From {
		note(sourceName(o.Source, o.External))
		r.told[kind][told{id, o.Source}]++
	}
	said, err := parts.Of(rec)
	for _, v := range append([]hansei.Record{rec}, said...) {
		for _, n := range namesOf(v) {
			note(string(hansei.Slug(n)))
		}
	}
	return err
}

// namesOf is what a record says it is called: its name, a person's e-mail
// address, then the others.
func namesOf(rec hansei.Record) []string {
	switch x := rec.(type) {
	case *hansei.Service:
		return append([]string{x.Name}, x.Aliases...)
	case *hansei.Team:
		return append([]string{x.Name}, x.Aliases...)
	case *hansei.Person:
		return append([]string{x.Name, x.Email}, x.Aliases...)
	}
	return []string{""}
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

// Observed finds the service, team or person that a source tells of, and
// remembers what it is called now.
func (r *Resolver) Observed(o hansei.Observation) hansei.ID {
	id, kind := r.Expected(o), o.Key.Kind
	if key := sourceName(o.Key.Source, o.Key.External); r.byName[kind][key] == "" {
		r.name(kind, key, id)
		r.told[kind][told{id, o.Key.Source}]++
	}
	names := namesOf(o.Record)
	if names[0] == "" {
		names[0] = o.Key.External
	}
	for _, n := range names {
		if r.byName[kind][n] != "" {
			continue // most come again and again as they are
		}
		slug := string(hansei.Slug(n))
		if slug == "" {
			continue
		}
		if r.byName[kind][slug] == "" {
			r.name(kind, slug, id)
		}
		r.name(kind, n, r.byName[kind][slug])
	}
	return id
}

// Expected is the service, team or person that a source tells of: by the
// source's own id of it, else by any of its names, else it is a new one. Two
// people of one source who have but their name in common are two.
func (r *Resolver) Expected(o hansei.Observation) hansei.ID {
	kind, known := o.Key.Kind, r.byName[o.Key.Kind]
	if id, ok := known[sourceName(o.Key.Source, o.Key.External)]; ok {
		return id
	}
	names, another := namesOf(o.Record), false
	if kind == hansei.KindPerson { // of two who are called the same it says who
		if id, ok := known[string(hansei.Slug(names[1]))]; ok && names[1] != "" {
			return id
		}
	}
	for _, n := range names {
		id, ok := known[string(hansei.Slug(n))]
		if !ok || n == "" {
			continue
		}
		if kind != hansei.KindPerson || strings.Contains(n, "@") || r.told[kind][told{id, o.Key.Source}] == 0 {
			return id
		}
		another = true
	}
	id := hansei.Slug(cmp.Or(names[0], o.Key.External))
	if another {
		id = hansei.Slug(strings.Join([]string{names[0], o.Key.Source, o.Key.External}, " "))
	}
	return cmp.Or(id, o.Key.ID())
}

// Undo forgets every name learned since the last Take, and that records were to
// be created: what told of them is refused.
func (r *Resolver) Undo() {
	for _, l := range r.learned {
		if source, _, ok := strings.Cut(l.name, "\x00"); ok {
			r.told[l.kind][told{r.byName[l.kind][l.name], source}]--
		}
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
