package rulebook

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/fact"
	"hansei/internal/intake"
	"hansei/internal/record"
	"hansei/internal/retro"
	"hansei/internal/search"
)

var who = auth.Local()

func book(t *testing.T, recs ...hansei.Record) *Book {
	t.Helper()
	ctx, dir := t.Context(), t.TempDir()
	store, err := record.Open(ctx, record.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	facts, err := fact.Open(ctx, fact.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	following, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- facts.Follow(following, store, who.Scope()) }()
	t.Cleanup(func() {
		stop()
		<-done
		facts.Close()
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	people := intake.People{Records: store}
	b := &Book{Records: store, Facts: facts, People: people, Desk: &retro.Desk{Records: store, Facts: facts, Search: search.NewView(nil), People: people, Now: time.Now}}
	put(t, b, recs...)
	return b
}

func put(t *testing.T, b *Book, recs ...hansei.Record) {
	t.Helper()
	seq, err := b.Records.Write(t.Context(), who, func(tx *record.Tx) error {
		for _, r := range recs {
			if err := record.Put(tx, r, 0); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		err = b.Facts.Wait(t.Context(), seq)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func incident(id string, factors ...string) *hansei.Incident {
	in := &hansei.Incident{Header: hansei.Header{ID: hansei.ID(id), From: []hansei.Observed{{Source: "s", External: id}}}, Factors: factors}
	in.Milestones.Set(hansei.RoleBegan, time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	return in
}

func coded(id string, factors ...string) *hansei.Retrospective {
	r := &hansei.Retrospective{Header: hansei.Header{ID: hansei.ID(id)}, Title: id, State: hansei.RetroDraft, Severity: "sev1", FactorNames: factors}
	for _, f := range factors {
		r.Factors = append(r.Factors, hansei.Factor{Name: f, Evidence: "evidence of " + f})
	}
	r.Codings = []hansei.Coding{{By: "two", Factors: factors}}
	r.Use(hansei.DefaultRetroRules.TemplateFor("sev1", ""))
	return r
}

// stands is the factors of every record, as "id: a, b".
func stands(t *testing.T, b *Book) string {
	t.Helper()
	var out []string
	for _, kind := range []hansei.Kind{hansei.KindIncident, hansei.KindRetrospective, hansei.KindFollowUp} {
		list, err := b.Records.List(t.Context(), who.Scope(), kind, "", 1000)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range list {
			switch r := s.Record.(type) {
			case *hansei.Incident:
				out = append(out, fmt.Sprintf("%s: %s", r.ID, strings.Join(r.Factors, ", ")))
			case *hansei.Retrospective:
				out = append(out, fmt.Sprintf("%s: %s", r.ID, strings.Join(r.FactorNames, ", ")), fmt.Sprintf("%s/2: %s", r.ID, strings.Join(r.Codings[0].Factors, ", ")))
			case *hansei.FollowUp:
				out = append(out, fmt.Sprintf("%s: %s", r.ID, r.Factor))
			}
		}
	}
	return strings.Join(out, "\n")
}

func do(t *testing.T, b *Book, a Act) Change {
	t.Helper()
	c, err := b.Act(t.Context(), who, 0, a)
	if err == nil {
		err = b.Facts.Wait(t.Context(), c.Seq)
	}
	if err != nil {
		t.Fatalf("%+v: %v", a, err)
	}
	return c
}

func TestFactorsAreRenewedAndTakenBack(t *testing.T) {
	b := book(t, incident("i1", "capacity", "network"), incident("i2", "security"), coded("r1", "capacity", "network"),
		&hansei.FollowUp{Header: hansei.Header{ID: "f1"}, Title: "t", Status: hansei.FollowUpOpen, Created: time.Now(), Factor: "capacity"})
	start := stands(t, b)
	merged := do(t, b, Act{Do: "merge", Name: "Capacity", To: "network"})
	if want := "i1: network\ni2: security\nr1: network\nr1/2: network\nf1: network"; stands(t, b) != want || merged.Renewed != 3 {
		t.Errorf("merged: got %d renewed\n%s\nwant\n%s", merged.Renewed, stands(t, b), want)
	}
	r, _, err := b.Desk.Get(t.Context(), who.Scope(), "r1")
	if err != nil || len(r.Factors) != 2 || r.Factors[0].As != "capacity" || r.Factors[0].Evidence != "evidence of capacity" {
		t.Errorf("the evidence of one of two that became one is lost: %+v, %v", r.Factors, err)
	}
	renamed := do(t, b, Act{Do: "rename", Name: "network", To: "connectivity"})
	if want := "i1: connectivity\ni2: security\nr1: connectivity\nr1/2: connectivity\nf1: connectivity"; stands(t, b) != want {
		t.Errorf("renamed: got\n%s\nwant\n%s", stands(t, b), want)
	}
	uses, err := b.Uses(t.Context(), who.Scope())
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(uses.Factors, func(u Use) bool { return u.Name == "connectivity" })
	if i < 0 || uses.Waiting != 0 || fmt.Sprint(uses.Factors[i].Earlier, uses.Factors[i].Incidents, uses.Factors[i].Retrospectives, uses.Factors[i].FollowUps) != "[capacity network] 1 1 1" {
		t.Errorf("got uses %+v, waiting %d", uses.Factors[max(i, 0)], uses.Waiting)
	}
	if _, err := b.Undo(t.Context(), who, merged.Revision); !errors.Is(err, hansei.ErrConflict) {
		t.Errorf("what was changed since was undone: %v", err)
	}
	c, err := b.Undo(t.Context(), who, renamed.Revision)
	if err != nil || b.Facts.Wait(t.Context(), c.Seq) != nil {
		t.Fatal(err)
	}
	do(t, b, Act{Do: "restore", Name: "capacity"})
	if got := stands(t, b); got != start {
		t.Errorf("taken back: got\n%s\nwant\n%s", got, start)
	}
	in, _, err := record.Get[*hansei.Incident](t.Context(), b.Records, who.Scope(), "i1")
	if err != nil || len(in.Edits) != 0 {
		t.Errorf("the source's word is not given back: %+v, %v", in.Edits, err)
	}
}

func TestManyAreLeftToAJob(t *testing.T) {
	var recs []hansei.Record
	for i := range atOnce + 20 {
		recs = append(recs, incident(fmt.Sprintf("i%d", i), "capacity"))
	}
	b := book(t, recs...)
	var asked [][]string
	b.Later = func(_ *record.Tx, names []string) error {
		asked = append(asked, names)
		return nil
	}
	c := do(t, b, Act{Do: "rename", Name: "capacity", To: "load"})
	uses, err := b.Uses(t.Context(), who.Scope())
	if err != nil || c.Waiting != atOnce+20 || len(asked) != 1 || uses.Waiting != atOnce+20 {
		t.Fatalf("got %+v, asked %v, waiting %d, %v", c, asked, uses.Waiting, err)
	}
	for range 2 {
		if err := b.Renew(t.Context(), who, asked[0]); err != nil {
			t.Fatal(err)
		}
	}
	in, rev, err := record.Get[*hansei.Incident](t.Context(), b.Records, who.Scope(), "i7")
	if err != nil || rev != 2 || !slices.Equal(in.Factors, []string{"load"}) {
		t.Errorf("done twice: got %v at revision %d, %v", in.Factors, rev, err)
	}
}

// TestNothingIsLost: whatever is done to templates, taxonomy and types, in any
// order, each text, value and piece of evidence that was ever saved is in the
// record or in its history, and each that nobody replaced is in the record.
func TestNothingIsLost(t *testing.T) {
	for seed := range uint64(6) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		b := book(t, incident("i1", "capacity"), coded("r1", "capacity", "network", "security"))
		ctx, saved := t.Context(), map[string]string{} // place to text
		for step := range 40 {
			r, _, err := b.Desk.Get(ctx, who.Scope(), "r1")
			if err != nil {
				t.Fatal(err)
			}
			state, err := b.Read(ctx, who.Scope())
			if err != nil {
				t.Fatal(err)
			}
			names, all := []string{}, state.Rules.AllTemplates()
			for _, f := range state.Rules.Taxonomy {
				names = append(names, f.Name)
			}
			pick := func() string { return names[rnd.IntN(len(names))] }
			switch text := fmt.Sprintf("text %d of %d", step, seed); rnd.IntN(8) {
			case 0:
				s := r.Sections[rnd.IntN(len(r.Sections))]
				_, _, err = b.Desk.Write(ctx, who, "r1", retro.Writing{Section: s.ID, Base: s.Text, Text: text})
				saved["section "+s.ID] = text
			case 1:
				name := []string{"trigger", "mitigation", "detection"}[rnd.IntN(3)]
				_, err = b.Desk.Describe(ctx, who, "r1", retro.Metadata{name: json.RawMessage(`"` + text + `"`)})
				saved["field "+name] = text
			case 2:
				name := fmt.Sprintf("own_%d", rnd.IntN(3))
				if _, err = b.PutField(ctx, who, 0, hansei.OwnField{Kind: hansei.KindRetrospective, Name: name, Type: hansei.OwnText}); err == nil {
					_, err = b.Desk.Describe(ctx, who, "r1", retro.Metadata{"custom." + name: json.RawMessage(`"` + text + `"`)})
				}
				saved["own "+name] = text
			case 3:
				_, err = b.Desk.Retemplate(ctx, who, "r1", all[rnd.IntN(len(all))].Name)
			case 4:
				_, err = b.People.Edit(ctx, who, hansei.KindIncident, "i1", 0, []intake.Set{{Field: "type", Value: json.RawMessage(`"` + []string{"real", "near_miss", "drill"}[rnd.IntN(3)] + `"`)}}, "")
			case 5:
				_, err = b.RetireField(ctx, who, 0, hansei.KindRetrospective, fmt.Sprintf("own_%d", rnd.IntN(3)), rnd.IntN(2) == 0)
			default:
				_, err = b.Act(ctx, who, 0, Act{Do: []string{"rename", "merge", "retire", "restore", "move"}[rnd.IntN(5)], Name: pick(), To: []string{pick(), text}[rnd.IntN(2)], Before: pick()})
			}
			var refused *hansei.InvalidError
			if err != nil && !errors.As(err, &refused) {
				t.Fatalf("seed %d step %d: %v", seed, step, err)
			}
			still(t, b, saved)
		}
	}
}

func still(t *testing.T, b *Book, saved map[string]string) {
	t.Helper()
	r, _, err := b.Desk.Get(t.Context(), who.Scope(), "r1")
	if err != nil {
		t.Fatal(err)
	}
	for place, text := range saved {
		kind, name, _ := strings.Cut(place, " ")
		got := ""
		switch kind {
		case "section":
			if s := r.Section(name); s != nil {
				got = s.Text
			}
		case "field":
			f, err := hansei.FieldNamed(hansei.KindRetrospective, name)
			if err != nil {
				t.Fatal(err)
			}
			v, _ := f.Get(r)
			got, _ = v.(string)
		case "own":
			got = r.Custom[name]
		}
		if got != text {
			t.Fatalf("%s: got %q, want %q", place, got, text)
		}
	}
	for _, evidence := range []string{"evidence of capacity", "evidence of network", "evidence of security"} {
		if !slices.ContainsFunc(r.Factors, func(f hansei.Factor) bool { return f.Evidence == evidence }) {
			t.Fatalf("%q is lost: %+v", evidence, r.Factors)
		}
	}
}

func TestRulesInParts(t *testing.T) {
	b, ctx := book(t, coded("r1"), coded("r2")), t.Context()
	if _, err := b.Desk.Describe(ctx, who, "r1", retro.Metadata{"trigger": json.RawMessage(`"x"`)}); err != nil {
		t.Fatal(err)
	}
	patch := func(read record.Revision, part, value string) error {
		_, err := b.Patch(ctx, who, read, map[string]json.RawMessage{part: json.RawMessage(value)})
		return err
	}
	for _, c := range []struct{ part, value, wrong string }{
		{"due_days", `9`, ""}, {"due_days", `"x"`, "cannot be read"}, {"due_days", `4000`, "365"}, {"colour", `1`, "no such part"},
		{"templates", `[]`, ""}, {"templates", `[{"name":"T","sections":[{"id":"a","title":"A","colour":1}]}]`, "colour"},
		{"templates", `[{"name":"T","sections":[{"id":"a","title":"A","machine":true}]}]`, "a template has"},
		{"taxonomy", `[{"name":"only"}]`, ""}, {"required", `["lessons"]`, ""}, {"required", `["colour"]`, "no field"},
		{"builtin", `[{"name":"trigger","hidden":true,"required_from":"sev2"}]`, "hidden cannot"},
		{"builtin", `[{"name":"lucky","label":"Luck","required_from":"sev1"}]`, ""},
	} {
		if err := patch(0, c.part, c.value); (err == nil) != (c.wrong == "") || err != nil && !strings.Contains(err.Error(), c.wrong) {
			t.Errorf("%s = %s: got %v, want %q", c.part, c.value, err, c.wrong)
		}
	}
	state, err := b.Read(ctx, who.Scope())
	if err != nil {
		t.Fatal(err)
	}
	r := state.Rules
	if f, ok := r.Factor("capacity"); !ok || !f.Retired || r.Taxonomy[0].Name != "only" || r.DueDays != 9 || len(r.Templates) != 0 || r.NeededFrom != "sev2" {
		t.Errorf("got %+v", r)
	}
	if fmt.Sprint(state.Own) != "[builtin due_days required taxonomy templates]" {
		t.Errorf("got own parts %v", state.Own)
	}
	if err := patch(state.Revision-1, "due_days", "3"); !errors.Is(err, hansei.ErrConflict) {
		t.Errorf("somebody was faster: got %v", err)
	}
	if err := patch(state.Revision, "taxonomy", "null"); err != nil {
		t.Fatal(err)
	}
	if state, err = b.Read(ctx, who.Scope()); err != nil {
		t.Fatal(err)
	}
	if f, _ := state.Rules.Factor("only"); !f.Retired {
		t.Error("with the default back, a name that records may bear is forgotten")
	}
	lacks, err := b.WhatIf(ctx, who.Scope(), func(own *hansei.RetroRules, now hansei.RetroRules) error {
		own.Required = append(now.Required, "trigger")
		return nil
	})
	if err != nil || len(lacks) != 1 || lacks[0].Says() != "Trigger: 1 draft needs it before it is published." {
		t.Errorf("got %+v, %v", lacks, err)
	}
}

func TestFieldsKeepTheirType(t *testing.T) {
	b, ctx := book(t, coded("r1")), t.Context()
	f := hansei.OwnField{Kind: hansei.KindRetrospective, Name: "cells", Type: hansei.OwnText}
	putField := func(f hansei.OwnField) error {
		_, err := b.PutField(ctx, who, 0, f)
		return err
	}
	if err := putField(f); err != nil {
		t.Fatal(err)
	}
	f.Type = hansei.OwnNumber
	if err := putField(f); err != nil {
		t.Errorf("nobody filled it: %v", err)
	}
	seq, err := b.Desk.Describe(ctx, who, "r1", retro.Metadata{"custom.cells": json.RawMessage(`3`)})
	if err != nil || b.Facts.Wait(ctx, seq) != nil {
		t.Fatal(err)
	}
	f.Type = hansei.OwnText
	if err := putField(f); err == nil || !strings.Contains(err.Error(), "1 records have a number") {
		t.Errorf("got %v", err)
	}
	if _, err := b.RetireField(ctx, who, 0, f.Kind, "cells", true); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Desk.Describe(ctx, who, "r1", retro.Metadata{"custom.cells": json.RawMessage(`4`)}); err == nil {
		t.Error("a retired field was filled")
	}
}

func TestTemplates(t *testing.T) {
	b, ctx := book(t), t.Context()
	one := hansei.Template{Name: "Security", Types: []string{"real"}, Severities: []string{"sev1"}, Sections: []hansei.Section{{ID: "a", Title: "A"}}}
	if _, err := b.PutTemplate(ctx, who, 0, "", one); err != nil {
		t.Fatal(err)
	}
	if _, err := b.PutTemplate(ctx, who, 0, "", hansei.Template{Name: "standard", Sections: one.Sections}); err != nil {
		t.Fatal(err)
	}
	one.Name = "Secrets"
	if _, err := b.PutTemplate(ctx, who, 0, "Security", one); err != nil {
		t.Fatal(err)
	}
	state, err := b.Read(ctx, who.Scope())
	if err != nil || state.Rules.TemplateFor("sev1", "").Name != "Secrets" || len(state.Rules.TemplateFor("sev3", "").Sections) != 1 {
		t.Errorf("got %+v, %v", state.Rules.AllTemplates(), err)
	}
	if _, err := b.RemoveTemplate(ctx, who, 0, "Secrets"); err != nil {
		t.Fatal(err)
	}
	if _, err := b.RemoveTemplate(ctx, who, 0, "Secrets"); !errors.Is(err, hansei.ErrNotFound) {
		t.Errorf("got %v", err)
	}
}

func TestFiles(t *testing.T) {
	text, err := TaxonomyYAML(hansei.DefaultRetroRules.Taxonomy)
	if err != nil {
		t.Fatal(err)
	}
	back, err := ReadTaxonomy(text)
	if err != nil || !slices.Equal(back, hansei.DefaultRetroRules.Taxonomy) {
		t.Errorf("got %v, %v", back, err)
	}
	for text, want := range map[string]string{"": "no factor", "- name: a\n  colour: b\n": "colour", "- name: a\n- name: A\n": "twice", "{": "cannot be read"} {
		if _, err := ReadTaxonomy([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", text, err, want)
		}
	}
	tm, err := ReadTemplate([]byte("name: T\nseverities: [sev1]\nsections:\n  - title: What happened\n    prompt: Tell\n"))
	if err != nil || tm.Sections[0].ID != "what-happened" {
		t.Errorf("got %+v, %v", tm, err)
	}
}
