package rulebook

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/fact/duck"
	"hansei/internal/record"
	"hansei/internal/schema"
)

// Act is one thing done to the taxonomy.
type Act struct {
	Do     string `json:"do" enum:"add,rename,edit,merge,retire,restore,describe,move"`
	Name   string `json:"name"`
	To     string `json:"to,omitempty"`     // its new name, or what it is merged into
	Before string `json:"before,omitempty"` // where it is moved to; last when empty
	Group  string `json:"group,omitempty"`
	Help   string `json:"help,omitempty"`
}

// Act changes the taxonomy.
func (b *Book) Act(ctx context.Context, who auth.Actor, read record.Revision, a Act) (Change, error) {
	if a.Do == "merge" {
		// A name that only records bear can be merged; a mistyped one cannot.
		uses, err := b.Uses(ctx, who.Scope())
		if err != nil {
			return Change{}, err
		}
		bears := func(u Use) bool { return strings.EqualFold(u.Name, strings.TrimSpace(a.Name)) }
		if !slices.ContainsFunc(uses.Factors, bears) && !slices.ContainsFunc(uses.Strays, bears) {
			return Change{}, hansei.Invalid("name", "%q is not in the taxonomy, and no record bears it", a.Name)
		}
	}
	return b.Change(ctx, who, read, func(own *hansei.RetroRules, now hansei.RetroRules) (err error) {
		own.Taxonomy, err = act(now.Taxonomy, a)
		return err
	})
}

func act(t hansei.Taxonomy, a Act) (hansei.Taxonomy, error) {
	switch a.Do {
	case "add":
		return schema.Add(t, hansei.FactorType{Name: a.Name, Group: a.Group, Help: a.Help})
	case "rename":
		return schema.Rename(t, a.Name, a.To)
	case "merge":
		return schema.Merge(t, a.Name, a.To)
	case "retire":
		return schema.Retire(t, a.Name)
	case "restore":
		return schema.Restore(t, a.Name)
	case "edit": // name and description in one
		if a.To != "" && a.To != a.Name {
			var err error
			if t, err = schema.Rename(t, a.Name, a.To); err != nil {
				return nil, err
			}
			a.Name = a.To
		}
		return schema.Describe(t, a.Name, a.Group, a.Help)
	case "describe":
		return schema.Describe(t, a.Name, a.Group, a.Help)
	case "move":
		return schema.Move(t, a.Name, a.Before)
	}
	return nil, hansei.Invalid("do", "%q: expected add, rename, edit, merge, retire, restore, describe or move", a.Do)
}

// Use is a factor of the taxonomy and how often it was named.
type Use struct {
	hansei.FactorType
	Earlier        []string `json:"earlier,omitempty"` // names it had, and factors that were merged into it
	Retrospectives int      `json:"retrospectives"`
	Incidents      int      `json:"incidents"`
	FollowUps      int      `json:"follow_ups"`
}

// Uses are the factors that stand under their own names, in the order of the
// taxonomy, and names that records bear and the taxonomy does not know.
type Uses struct {
	Factors []Use `json:"factors"`
	Strays  []Use `json:"strays"`
	// Waiting are records that still bear an earlier name.
	Waiting int `json:"waiting"`
}

// usesSQL counts the records of each kind that name each factor.
const usesSQL = `SELECT 'retrospective' AS kind, factor, count(DISTINCT retrospective) FROM retrospective_factor GROUP BY factor
UNION ALL SELECT 'incident', factor, count(DISTINCT incident) FROM incident_factor GROUP BY factor
UNION ALL SELECT 'follow-up', factor, count(*) FROM follow_up WHERE factor IS NOT NULL GROUP BY factor ORDER BY 1, 2`

// Uses counts how often each factor is named.
func (b *Book) Uses(ctx context.Context, who auth.Scope) (Uses, error) {
	state, err := b.Read(ctx, who)
	if err != nil {
		return Uses{}, err
	}
	t := state.Rules.Taxonomy
	out := Uses{Factors: []Use{}, Strays: []Use{}}
	for _, f := range t {
		if f.Into == "" {
			out.Factors = append(out.Factors, Use{FactorType: f, Earlier: t.Earlier(f.Name)})
		}
	}
	err = b.Facts.Read(ctx, usesSQL, func(r *duck.Result) error {
		kinds, names, counts := r.Strings(0), r.Strings(1), r.Int64s(2)
		for i := range kinds {
			out.add(t, kinds[i], names[i], int(counts[i]))
		}
		return nil
	})
	return out, err
}

func (u *Uses) add(t hansei.Taxonomy, kind, name string, n int) {
	list := &u.Strays
	if f, ok := t.Find(name); ok {
		if f.Name != name {
			u.Waiting += n
		}
		list, name = &u.Factors, f.Name
	}
	i := slices.IndexFunc(*list, func(x Use) bool { return x.Name == name })
	if i < 0 {
		*list = append(*list, Use{FactorType: hansei.FactorType{Name: name}})
		i = len(*list) - 1
	}
	switch x := &(*list)[i]; hansei.Kind(kind) {
	case hansei.KindRetrospective:
		x.Retrospectives += n
	case hansei.KindIncident:
		x.Incidents += n
	default:
		x.FollowUps += n
	}
}

// maxYAML bounds what is read from a file.
const maxYAML = 1 << 20

// TaxonomyYAML is a taxonomy as a file.
func TaxonomyYAML(t hansei.Taxonomy) ([]byte, error) {
	text, err := yaml.Marshal(t)
	if err != nil {
		return nil, fmt.Errorf("write the taxonomy: %w", err)
	}
	return text, nil
}

// ReadTaxonomy reads a taxonomy from a file: a list of name, group, help,
// retired and into.
func ReadTaxonomy(text []byte) (hansei.Taxonomy, error) {
	var t hansei.Taxonomy
	if err := readYAML(text, &t); err != nil {
		return nil, err
	}
	if len(t) == 0 {
		return nil, hansei.Invalid("file", "there is no factor in it; expected a list of name, group and help")
	}
	return t, t.Validate()
}

// ReadTemplate reads a template from a file. A part without an id gets one
// from its title.
func ReadTemplate(text []byte) (hansei.Template, error) {
	var t hansei.Template
	if err := readYAML(text, &t); err != nil {
		return t, err
	}
	for i := range t.Sections {
		if t.Sections[i].ID == "" {
			t.Sections[i].ID = string(hansei.Slug(t.Sections[i].Title))
		}
	}
	return t, nil
}

func readYAML(text []byte, v any) error {
	if len(text) > maxYAML {
		return hansei.Invalid("file", "%d bytes are too many; at most %d", len(text), maxYAML)
	}
	if err := yaml.UnmarshalWithOptions(text, v, yaml.Strict()); err != nil {
		return hansei.Invalid("file", "it cannot be read: %s", strings.TrimSpace(yaml.FormatError(err, false, true)))
	}
	return nil
}
