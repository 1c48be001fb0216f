package hansei_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"hansei"
)

func TestDefaultRulesAreValid(t *testing.T) {
	r := hansei.DefaultRetroRules
	if err := r.Validate(); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ severity, kind, want string }{
		{"sev1", "", "Standard"}, {"sev4", "real", "Short"}, {"SEV5", "", "Short"}, {"", "", "Standard"},
		{"sev1", "near_miss", "Near miss"}, {"sev5", "drill", "Drill"}, {"sev2", "backfilled", "Standard"},
	} {
		if got := r.TemplateFor(c.severity, c.kind).Name; got != c.want {
			t.Errorf("%s %s: got %s, want %s", c.severity, c.kind, got, c.want)
		}
	}
	text, err := json.Marshal(&hansei.RetroRules{Templates: []hansei.Template{}})
	if err != nil {
		t.Fatal(err)
	}
	var back hansei.RetroRules
	if err := json.Unmarshal(text, &back); err != nil {
		t.Fatal(err)
	}
	if got := back.Or(r); len(got.AllTemplates()) != 1 || len(got.Sections) != len(r.Sections) {
		t.Errorf("no template but the standard one was asked for, got %d", len(got.AllTemplates()))
	}
}

func TestUseKeepsEveryAnswer(t *testing.T) {
	rules := hansei.DefaultRetroRules
	all := rules.AllTemplates()
	for seed := range uint64(200) {
		rnd := rand.New(rand.NewPCG(seed, 4))
		r, want := &hansei.Retrospective{}, map[string]string{}
		r.Use(rules.TemplateFor("sev1", ""))
		for step := range 30 {
			if rnd.IntN(3) == 0 {
				r.Use(all[rnd.IntN(len(all))])
			} else {
				i := rnd.IntN(len(r.Sections))
				r.Sections[i].Text = fmt.Sprintf("answer %d", step)
				want[r.Sections[i].ID] = r.Sections[i].Text
			}
			for id, text := range want {
				if s := r.Section(id); s == nil || s.Text != text {
					t.Fatalf("seed %d step %d: %q of part %s is lost", seed, step, text, id)
				}
			}
			now, _ := rules.Template(r.Template)
			for i, s := range r.Sections {
				if in := slices.ContainsFunc(now.Sections, func(x hansei.Section) bool { return x.ID == s.ID }); in == (s.Earlier != "") || in != (i < len(now.Sections)) {
					t.Fatalf("seed %d: part %s of template %s stands at %d as from %q", seed, s.ID, r.Template, i, s.Earlier)
				}
			}
		}
	}
}

func TestOwnFieldDefinitions(t *testing.T) {
	good := hansei.OwnField{Kind: hansei.KindRetrospective, Name: "blast_radius", Type: hansei.OwnChoice, Options: []string{"one", "all"}, RequiredFrom: "sev2"}
	if err := good.Validate(); err != nil {
		t.Fatal(err)
	}
	for want, change := range map[string]func(*hansei.OwnField){
		"kind":          func(f *hansei.OwnField) { f.Kind = hansei.KindTeam },
		"name":          func(f *hansei.OwnField) { f.Name = "Blast" },
		"means":         func(f *hansei.OwnField) { f.Name = "detection" },
		"promises":      func(f *hansei.OwnField) { f.Name = "approved_by" },
		"type":          func(f *hansei.OwnField) { f.Type = "money" },
		"two options":   func(f *hansei.OwnField) { f.Options = nil },
		"stands there":  func(f *hansei.OwnField) { f.Options = []string{"a", "A"} },
		"no options":    func(f *hansei.OwnField) { f.Type = hansei.OwnDate },
		"required_from": func(f *hansei.OwnField) { f.RequiredFrom = "bad" },
	} {
		f := good
		change(&f)
		if err := f.Validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want one that says %q", err, want)
		}
	}
	rules := hansei.RetroRules{Fields: []hansei.OwnField{good, good}}
	if err := rules.Validate(); err == nil {
		t.Error("a field stands there twice")
	}
}
