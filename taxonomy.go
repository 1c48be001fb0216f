package hansei

import (
	"slices"
	"strings"
)

// Taxonomy are the contributing factors an organization may name, in the order
// in which people see them. No name is ever taken away, since records bear it:
// one that is renamed or merged says into which, one that is retired is no
// longer offered.
type Taxonomy []FactorType

// FactorType is a contributing factor of the taxonomy. One that is retired or
// stands under another name stays readable where it was used.
type FactorType struct {
	Name    string `json:"name" yaml:"name"`
	Group   string `json:"group,omitempty" yaml:"group,omitempty"`
	Help    string `json:"help,omitempty" yaml:"help,omitempty"`
	Retired bool   `json:"retired,omitzero" yaml:"retired,omitempty"`
	Into    string `json:"into,omitempty" yaml:"into,omitempty"` // the one that replaced it
}

// Offered says that it can be chosen today.
func (f FactorType) Offered() bool { return !f.Retired && f.Into == "" }

// The bounds of a taxonomy.
const (
	MaxFactors = 500
	maxFactor  = 120 // bytes of a name or group
	maxHelp    = 1000
)

// Index is where a name stands, renamed or not; -1 for none.
func (t Taxonomy) Index(name string) int {
	return slices.IndexFunc(t, func(f FactorType) bool { return strings.EqualFold(f.Name, strings.TrimSpace(name)) })
}

// Find finds the factor that a name stands for today, following renames.
func (t Taxonomy) Find(name string) (FactorType, bool) {
	for range len(t) + 1 {
		i := t.Index(name)
		if i < 0 {
			return FactorType{}, false
		}
		if t[i].Into == "" {
			return t[i], true
		}
		name = t[i].Into
	}
	return FactorType{}, false
}

// Now is the name that a factor has today; one that the taxonomy does not know
// keeps its own.
func (t Taxonomy) Now(name string) string {
	if f, ok := t.Find(name); ok {
		return f.Name
	}
	return name
}

// Earlier are the names that stood for a factor before, by rename or merge.
func (t Taxonomy) Earlier(name string) []string {
	var out []string
	for _, f := range t {
		if f.Into != "" && strings.EqualFold(t.Now(f.Name), name) {
			out = append(out, f.Name)
		}
	}
	return out
}

// Groups lists the groups in their order.
func (t Taxonomy) Groups() []string {
	var out []string
	for _, f := range t {
		if f.Offered() && !slices.Contains(out, f.Group) {
			out = append(out, f.Group)
		}
	}
	return out
}

// Validate checks names, and that what stands under another name leads to one.
func (t Taxonomy) Validate() error {
	if len(t) > MaxFactors {
		return Invalid("taxonomy", "%d factors; at most %d", len(t), MaxFactors)
	}
	seen := map[string]bool{}
	for i, f := range t {
		key := strings.ToLower(strings.TrimSpace(f.Name))
		switch {
		case key == "":
			return Invalid("name", "factor %d has no name", i+1)
		case key != strings.ToLower(f.Name):
			return Invalid("name", "factor %q begins or ends with a space", f.Name)
		case seen[key]:
			return Invalid("name", "factor %q stands there twice", f.Name)
		case len(f.Name) > maxFactor || len(f.Group) > maxFactor:
			return Invalid("name", "%.40q: a name and a group have at most %d bytes", f.Name, maxFactor)
		case strings.ContainsAny(f.Name, "\n\r\t"):
			return Invalid("name", "%q: a name is one line", f.Name)
		case len(f.Help) > maxHelp:
			return Invalid("help", "factor %q: a help has at most %d bytes", f.Name, maxHelp)
		}
		seen[key] = true
	}
	for _, f := range t {
		if f.Into == "" {
			continue
		}
		if _, ok := t.Find(f.Name); !ok {
			return Invalid("into", "factor %q leads to %q, which is no factor or leads back", f.Name, f.Into)
		}
	}
	return nil
}
