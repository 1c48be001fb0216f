package hansei

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
)

// OwnType says what a field of the organization's own holds.
type OwnType string

// The types of own fields, and how a value of each is written in Header.Custom.
const (
	OwnText   OwnType = "text"
	OwnNumber OwnType = "number" // 1.5
	OwnChoice OwnType = "choice" // one of Options
	OwnList   OwnType = "list"   // a JSON array of strings; of Options where there are some
	OwnDate   OwnType = "date"   // 2026-01-31
	OwnYesNo  OwnType = "yes_no" // yes or no
)

// OwnTypes lists them.
var OwnTypes = []OwnType{OwnText, OwnNumber, OwnChoice, OwnList, OwnDate, OwnYesNo}

// OwnKinds are the kinds of record that an organization can give fields.
var OwnKinds = []Kind{KindRetrospective, KindIncident, KindFollowUp}

// OwnField is a field that the organization defined. Its value is a fact like
// that of any other field: figures can be grouped and filtered by its name.
type OwnField struct {
	Kind Kind    `json:"kind" yaml:"kind"`
	Name string  `json:"name" yaml:"name"` // in the API, in files, in SQL; it stays for good
	Type OwnType `json:"type" yaml:"type"`
	// Label is what people see, Help what to write and why it matters.
	Label   string   `json:"label,omitempty" yaml:"label,omitempty"`
	Help    string   `json:"help,omitempty" yaml:"help,omitempty"`
	Options []string `json:"options,omitempty" yaml:"options,omitempty"`
	// RequiredFrom is the mildest severity at which it must be filled; never
	// when empty.
	RequiredFrom string `json:"required_from,omitempty" yaml:"required_from,omitempty"`
	// Retired fields are not asked for any more; what was written stays.
	Retired bool `json:"retired,omitzero" yaml:"retired,omitempty"`
}

// CustomPrefix begins the name of an own field where names of all fields stand.
const CustomPrefix = "custom."

var (
	ownName     = regexp.MustCompile(`^[a-z][a-z0-9_]{0,59}$`)
	aboutPeople = regexp.MustCompile(`(^|_)(by|author|assignee|assigned_to|caller|caller_id|owner|user|reporter|responder|engineer|commander|email)$`)
	// takenNames mean something else wherever records are grouped.
	takenNames = []string{"id", "source", "external", "merged_into", "start_at", "start_role", "impact_seconds", "customers_at_least", "team", "tier", "service", "severity", "custom"}
)

// AboutPeople says that the name of a field promises a person. No figure is
// ever about one.
func AboutPeople(name string) bool { return aboutPeople.MatchString(name) }

// Title is what people see.
func (f OwnField) Title() string {
	if f.Label != "" {
		return f.Label
	}
	label := strings.ReplaceAll(f.Name, "_", " ")
	return strings.ToUpper(label[:1]) + label[1:]
}

// Field is the own field among the others of its kind, to be read and shown:
// a text, or a list. What is written is checked by its definition.
func (f OwnField) Field() Field {
	out := Field{Name: CustomPrefix + f.Name, Label: f.Title(), Help: f.Help, Type: Text, Enum: f.Options, own: f.Name}
	switch f.Type {
	case OwnList:
		out.Type, out.Enum = List, nil
	case OwnYesNo:
		out.Enum = []string{"yes", "no"}
	}
	return out
}

// The bounds of own fields and their values.
const (
	MaxOwnFields = 200
	MaxOptions   = 100
	MaxOwnText   = 10_000 // bytes of a text
	MaxOwnItem   = 500    // bytes of an option or of an item of a list
)

// Validate checks the definition.
func (f OwnField) Validate() error {
	switch {
	case !slices.Contains(OwnKinds, f.Kind):
		return Invalid("kind", "%q: expected retrospective, incident or follow-up", f.Kind)
	case !ownName.MatchString(f.Name):
		return Invalid("name", "%q: expected up to 60 lower-case letters, digits and underscores, a letter first", f.Name)
	case slices.Contains(takenNames, f.Name) || taken(f.Kind, f.Name):
		return Invalid("name", "%q means something already; choose another", f.Name)
	case AboutPeople(f.Name):
		return Invalid("name", "%q promises a person; figures are about groups and never about one", f.Name)
	case !slices.Contains(OwnTypes, f.Type):
		return Invalid("type", "%q: expected text, number, choice, list, date or yes_no", f.Type)
	case f.Type == OwnChoice && len(f.Options) < 2:
		return Invalid("options", "a choice needs two options or more")
	case f.Type != OwnChoice && f.Type != OwnList && len(f.Options) > 0:
		return Invalid("options", "a %s has no options", f.Type)
	case len(f.Options) > MaxOptions:
		return Invalid("options", "%d options; at most %d", len(f.Options), MaxOptions)
	case len(f.Label) > 200 || len(f.Help) > maxHelp:
		return Invalid("label", "a label has at most 200 bytes, a help %d", maxHelp)
	case f.RequiredFrom != "" && severityRank(f.RequiredFrom) == 0:
		return Invalid("required_from", "%q: expected sev1 to sev5, or nothing", f.RequiredFrom)
	}
	seen := map[string]bool{}
	for _, o := range f.Options {
		key := strings.ToLower(strings.TrimSpace(o))
		if key == "" || key != strings.ToLower(o) || seen[key] || len(o) > MaxOwnItem {
			return Invalid("options", "option %q is empty, stands there twice, is longer than %d bytes, or begins or ends with a space", o, MaxOwnItem)
		}
		seen[key] = true
	}
	return nil
}

// taken says that a kind has a field of that name, for one value or for several.
func taken(k Kind, name string) bool {
	return slices.ContainsFunc(fields[k], func(f Field) bool { return f.Name == name || strings.TrimSuffix(f.Name, "s") == name })
}

// OwnItems are the items of a value that is a list, as Header.Custom keeps it;
// nil for any other.
func OwnItems(value string) []string {
	if !strings.HasPrefix(value, `["`) {
		return nil
	}
	var out []string
	if json.Unmarshal([]byte(value), &out) != nil {
		return nil
	}
	return out
}

// OwnWords is a value as people read it.
func OwnWords(value string) string {
	if items := OwnItems(value); items != nil {
		return strings.Join(items, ", ")
	}
	return value
}
