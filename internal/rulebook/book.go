package rulebook

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/fact"
	"hansei/internal/intake"
	"hansei/internal/record"
	"hansei/internal/retro"
	"hansei/internal/schema"
)

// Book is the organization's rules for retrospectives.
type Book struct {
	Records *record.Store
	Facts   *fact.View
	People  intake.People
	Desk    *retro.Desk
	// Later has Renew done by a job after the transaction commits; nil does
	// everything at once.
	Later func(tx *record.Tx, names []string) error
}

// State is the rules as they are.
type State struct {
	Rules    hansei.RetroRules `json:"rules"`    // with the default where nothing was said
	Revision record.Revision   `json:"revision"` // of the organization; 0 when it said nothing yet
	Own      []string          `json:"own"`      // the parts that are not the default
}

// Change is what became of a change of the rules.
type Change struct {
	Seq      record.Seq      `json:"-"`
	Revision record.Revision `json:"revision"` // to be undone by
	Renewed  int             `json:"renewed"`  // records that bear the new name of a factor now
	Waiting  int             `json:"waiting"`  // records that a job renews
}

// Read reads the rules.
func (b *Book) Read(ctx context.Context, who auth.Scope) (State, error) {
	own, rev, err := stored(ctx, b.Records, who)
	if err != nil {
		return State{}, err
	}
	parts, err := partsOf(own.Retrospectives)
	if err != nil {
		return State{}, err
	}
	out := State{Rules: own.Retrospectives.Or(hansei.DefaultRetroRules), Revision: rev, Own: []string{}}
	for name := range parts {
		out.Own = append(out.Own, name)
	}
	slices.Sort(out.Own)
	return out, nil
}

// stored is the organization's record; an empty one when there is none.
func stored(ctx context.Context, r record.Reader, who auth.Scope) (*hansei.Organization, record.Revision, error) {
	org, rev, err := record.Get[*hansei.Organization](ctx, r, who, hansei.OrganizationID)
	if errors.Is(err, hansei.ErrNotFound) {
		return &hansei.Organization{Header: hansei.Header{ID: hansei.OrganizationID}}, 0, nil
	}
	return org, rev, err
}

// Change lets fn change the rules: own is what the organization said itself,
// now what holds with the default. read is the revision that the person saw; 0
// asks for no check.
func (b *Book) Change(ctx context.Context, who auth.Actor, read record.Revision, fn func(own *hansei.RetroRules, now hansei.RetroRules) error) (Change, error) {
	var out Change
	var was, now hansei.Taxonomy
	seq, err := b.Records.Write(ctx, who, func(tx *record.Tx) error {
		org, rev, err := stored(ctx, tx, who.Scope())
		if err != nil {
			return err
		}
		if read != 0 && read != rev {
			return hansei.ErrConflict
		}
		rules, err := copied(org.Retrospectives)
		if err != nil {
			return err
		}
		before := rules.Or(hansei.DefaultRetroRules)
		if err := fn(rules, before); err != nil {
			return err
		}
		if err := rules.Validate(); err != nil {
			return err
		}
		after := rules.Or(hansei.DefaultRetroRules)
		was, now = before.Taxonomy, after.Taxonomy
		org.Retrospectives, out.Revision = rules, rev+1
		return record.Put(tx, org, rev)
	})
	if err != nil {
		return Change{}, err
	}
	out.Seq = seq
	if moved := schema.Moved(was, now); len(moved) > 0 {
		err = b.renewed(ctx, who, moved, &out)
	}
	return out, err
}

func copied(r *hansei.RetroRules) (*hansei.RetroRules, error) {
	out := &hansei.RetroRules{}
	if r == nil {
		return out, nil
	}
	text, err := json.Marshal(r)
	if err == nil {
		err = json.Unmarshal(text, out)
	}
	return out, err
}

// partsOf are the parts that were said, by their names in JSON.
func partsOf(r *hansei.RetroRules) (map[string]json.RawMessage, error) {
	out := map[string]json.RawMessage{}
	text, err := json.Marshal(r)
	if err != nil {
		return nil, fmt.Errorf("read the rules: %w", err)
	}
	if string(text) == "null" {
		return out, nil
	}
	return out, json.Unmarshal(text, &out)
}

// partTaxonomy is the part of the rules whose names are never forgotten.
const partTaxonomy = "taxonomy"

// Patch sets whole parts of the rules, by their names in JSON; null brings the
// default back.
func (b *Book) Patch(ctx context.Context, who auth.Actor, read record.Revision, parts map[string]json.RawMessage) (Change, error) {
	if len(parts) == 0 {
		return Change{}, hansei.Invalid("rules", "nothing to change")
	}
	return b.Change(ctx, who, read, patching(parts))
}

// TryPatch says what Patch would mean for the retrospectives that are there.
func (b *Book) TryPatch(ctx context.Context, who auth.Scope, parts map[string]json.RawMessage) ([]Lack, error) {
	return b.WhatIf(ctx, who, patching(parts))
}

func patching(parts map[string]json.RawMessage) func(*hansei.RetroRules, hansei.RetroRules) error {
	return func(own *hansei.RetroRules, now hansei.RetroRules) error {
		patched, err := patch(own, parts)
		if err != nil {
			return err
		}
		if _, ok := parts[partTaxonomy]; ok {
			if patched.Taxonomy, err = replaced(now.Taxonomy, patched.Taxonomy); err != nil {
				return err
			}
		}
		*own = *patched
		return nil
	}
}

// replaced takes over another taxonomy; the default one when it is empty.
func replaced(now, by hansei.Taxonomy) (hansei.Taxonomy, error) {
	if len(by) == 0 {
		by = hansei.DefaultRetroRules.Taxonomy
	}
	return schema.Replace(now, by)
}

func patch(own *hansei.RetroRules, parts map[string]json.RawMessage) (*hansei.RetroRules, error) {
	all, err := partsOf(own)
	if err != nil {
		return nil, err
	}
	known := partNames()
	for name, value := range parts {
		if !slices.Contains(known, name) {
			return nil, hansei.Invalid(name, "the rules have no such part; expected one of %s", strings.Join(known, ", "))
		}
		if string(value) == "null" {
			delete(all, name)
			continue
		}
		dec := json.NewDecoder(strings.NewReader(`{"` + name + `":` + string(value) + `}`))
		dec.DisallowUnknownFields()
		if err := dec.Decode(&hansei.RetroRules{}); err != nil {
			return nil, hansei.Invalid(name, "it cannot be read: %s", strings.TrimPrefix(err.Error(), "json: "))
		}
		all[name] = value
	}
	text, err := json.Marshal(all)
	if err != nil {
		return nil, fmt.Errorf("write the rules: %w", err)
	}
	out := &hansei.RetroRules{}
	return out, json.Unmarshal(text, out)
}

// partNames are the names of the parts in JSON.
func partNames() []string {
	var out []string
	t := reflect.TypeFor[hansei.RetroRules]()
	for i := range t.NumField() {
		name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		out = append(out, name)
	}
	return out
}

// Undo brings back the rules as they were before a revision, unless they were
// changed again since.
func (b *Book) Undo(ctx context.Context, who auth.Actor, rev record.Revision) (Change, error) {
	versions, err := b.Records.History(ctx, who.Scope(), hansei.KindOrganization, hansei.OrganizationID)
	if err != nil {
		return Change{}, err
	}
	at := slices.IndexFunc(versions, func(v record.Version) bool { return v.Revision == rev })
	if at < 0 {
		return Change{}, fmt.Errorf("revision %d of the rules: %w", rev, hansei.ErrNotFound)
	}
	then, before := &hansei.Organization{}, &hansei.Organization{}
	if err := decode(versions[at], then); err != nil {
		return Change{}, err
	}
	if at+1 < len(versions) {
		if err := decode(versions[at+1], before); err != nil {
			return Change{}, err
		}
	}
	return b.Change(ctx, who, 0, func(own *hansei.RetroRules, _ hansei.RetroRules) error {
		same, err := copied(then.Retrospectives)
		if err != nil {
			return err
		}
		if !reflect.DeepEqual(same, own) {
			return hansei.ErrConflict
		}
		back, err := copied(before.Retrospectives)
		if err != nil {
			return err
		}
		*own = *back
		return nil
	})
}

func decode(v record.Version, to *hansei.Organization) error {
	if err := json.Unmarshal(v.Doc, to); err != nil {
		return fmt.Errorf("revision %d of the organization: %w", v.Revision, err)
	}
	return nil
}
