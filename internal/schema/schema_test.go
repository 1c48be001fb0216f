package schema_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"hansei"
	"hansei/internal/schema"
)

func TestTaxonomy(t *testing.T) {
	base := hansei.Taxonomy{{Name: "a", Group: "g", Help: "h"}, {Name: "b", Group: "g"}, {Name: "c", Group: "x"}}
	type step func(hansei.Taxonomy) (hansei.Taxonomy, error)
	add := func(f hansei.FactorType) step {
		return func(x hansei.Taxonomy) (hansei.Taxonomy, error) { return schema.Add(x, f) }
	}
	rename := func(a, b string) step {
		return func(x hansei.Taxonomy) (hansei.Taxonomy, error) { return schema.Rename(x, a, b) }
	}
	merge := func(a, b string) step {
		return func(x hansei.Taxonomy) (hansei.Taxonomy, error) { return schema.Merge(x, a, b) }
	}
	retire := func(a string) step {
		return func(x hansei.Taxonomy) (hansei.Taxonomy, error) { return schema.Retire(x, a) }
	}
	restore := func(a string) step {
		return func(x hansei.Taxonomy) (hansei.Taxonomy, error) { return schema.Restore(x, a) }
	}
	move := func(a, b string) step {
		return func(x hansei.Taxonomy) (hansei.Taxonomy, error) { return schema.Move(x, a, b) }
	}
	for _, c := range []struct {
		name  string
		steps []step
		want  string // offered, then "a>b" for what leads elsewhere; or the error
	}{
		{"add", []step{add(hansei.FactorType{Name: " d ", Group: "G"})}, "a b d c"},
		{"add twice", []step{add(hansei.FactorType{Name: "A"})}, `there is "a" already`},
		{"add what was renamed", []step{rename("a", "z"), add(hansei.FactorType{Name: "a"})}, "under the name z"},
		{"rename", []step{rename("A", "z")}, "z b c a>z"},
		{"rename twice", []step{rename("a", "z"), rename("z", "y")}, "y b c a>y z>y"},
		{"rename back", []step{rename("a", "z"), rename("z", "a")}, "a b c z>a"},
		{"rename to itself", []step{rename("a", "a")}, "that is its name"},
		{"rename case", []step{rename("b", "z"), rename("z", "Z")}, "a Z c b>Z"},
		{"rename to another", []step{rename("a", "b")}, "merge the two instead"},
		{"rename the old name", []step{rename("a", "z"), rename("a", "y")}, `stands under "z" now`},
		{"rename to nothing", []step{rename("a", " ")}, "no name"},
		{"merge", []step{merge("a", "b")}, "b c a>b"},
		{"merge a chain", []step{merge("a", "b"), merge("b", "c")}, "c a>c b>c"},
		{"merge into what was merged", []step{merge("a", "b"), merge("c", "a")}, "b a>b c>b"},
		{"merge into itself", []step{merge("a", "b"), merge("b", "a")}, "into itself"},
		{"merge into a retired one", []step{retire("b"), merge("a", "b")}, "is retired"},
		{"merge back", []step{merge("a", "b"), restore("a")}, "a b c"},
		{"retire", []step{retire("b")}, "a c"},
		{"take back", []step{retire("b"), restore("b")}, "a b c"},
		{"move", []step{move("c", "a")}, "c a b"},
		{"move last", []step{move("a", "")}, "b c a"},
		{"move before itself", []step{move("a", "a")}, "not another factor"},
		{"unknown", []step{retire("q")}, "not in the taxonomy"},
		{"replace", []step{func(x hansei.Taxonomy) (hansei.Taxonomy, error) {
			return schema.Replace(x, hansei.Taxonomy{{Name: "c"}, {Name: "n"}})
		}}, "c n"},
		{"lead in a circle", []step{func(x hansei.Taxonomy) (hansei.Taxonomy, error) {
			return schema.Replace(x, hansei.Taxonomy{{Name: "c", Into: "n"}, {Name: "n", Into: "c"}})
		}}, "leads back"},
	} {
		got, err := base, error(nil)
		for _, s := range c.steps {
			var next hansei.Taxonomy
			if next, err = s(got); err != nil {
				break
			}
			got = next
		}
		text := ""
		if err != nil {
			text = err.Error()
			var invalid *hansei.InvalidError
			if !errors.As(err, &invalid) {
				t.Errorf("%s: %v is not an InvalidError", c.name, err)
			}
		} else {
			var words, leads []string
			for _, f := range got {
				switch {
				case f.Offered():
					words = append(words, f.Name)
				case f.Into != "":
					leads = append(leads, f.Name+">"+got.Now(f.Name))
				}
			}
			slices.Sort(leads)
			text = strings.Join(append(words, leads...), " ")
		}
		if text != c.want && (err == nil || !strings.Contains(text, c.want)) {
			t.Errorf("%s: got %q, want %q", c.name, text, c.want)
		}
		for _, f := range base {
			if _, ok := got.Find(f.Name); !ok {
				t.Errorf("%s: the name %s is lost", c.name, f.Name)
			}
		}
	}
}

func TestOwnFieldValues(t *testing.T) {
	field := func(typ hansei.OwnType, options ...string) hansei.OwnField {
		return hansei.OwnField{Kind: hansei.KindIncident, Name: "x", Type: typ, Options: options}
	}
	for _, c := range []struct {
		f         hansei.OwnField
		raw, want string
		wrong     bool
	}{
		{field(hansei.OwnText), `" a\r\nb "`, "a\nb", false},
		{field(hansei.OwnText), `1`, "", true},
		{field(hansei.OwnNumber), `1e3`, "1000", false},
		{field(hansei.OwnNumber), `"1 000.50"`, "1000.5", false},
		{field(hansei.OwnNumber), `"NaN"`, "", true},
		{field(hansei.OwnNumber), `true`, "", true},
		{field(hansei.OwnChoice, "Eu", "US"), `"us"`, "US", false},
		{field(hansei.OwnChoice, "Eu", "US"), `"asia"`, "", true},
		{field(hansei.OwnList), `["a","b","a",""]`, `["a","b"]`, false},
		{field(hansei.OwnList), `"a\nb"`, `["a","b"]`, false},
		{field(hansei.OwnList), `"[\"a\",\"b\"]"`, `["a","b"]`, false},
		{field(hansei.OwnList, "A"), `["a"]`, `["A"]`, false},
		{field(hansei.OwnList, "A"), `["z"]`, "", true},
		{field(hansei.OwnList), `[1]`, "", true},
		{field(hansei.OwnDate), `"2026-01-31"`, "2026-01-31", false},
		{field(hansei.OwnDate), `"2026-01-31T10:00:00Z"`, "2026-01-31", false},
		{field(hansei.OwnDate), `"31.1.2026"`, "", true},
		{field(hansei.OwnYesNo), `true`, "yes", false},
		{field(hansei.OwnYesNo), `"No"`, "no", false},
		{field(hansei.OwnYesNo), `"maybe"`, "", true},
		{field(hansei.OwnYesNo), `null`, "", false},
		{field(hansei.OwnText), `{`, "", true},
	} {
		got, err := schema.Parse(c.f, json.RawMessage(c.raw))
		if got != c.want || (err != nil) != c.wrong {
			t.Errorf("%s %s: got %q, %v; want %q", c.f.Type, c.raw, got, err, c.want)
		}
		if err == nil && got != "" {
			again, err := schema.Parse(c.f, json.RawMessage(fmt.Sprintf("%q", got)))
			if again != got || err != nil {
				t.Errorf("%s: what is kept, %q, is read back as %q, %v", c.f.Type, got, again, err)
			}
		}
	}
}
