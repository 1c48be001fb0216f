package hansei

import (
	"cmp"
	"slices"
	"strings"
)

// FieldRule is what an organization says of a built-in field of
// retrospectives: another label, from which severity it is required, or that
// it is not asked for.
type FieldRule struct {
	Name   string `json:"name" yaml:"name"`
	Label  string `json:"label,omitempty" yaml:"label,omitempty"`
	Help   string `json:"help,omitempty" yaml:"help,omitempty"`
	Hidden bool   `json:"hidden,omitzero" yaml:"hidden,omitempty"`
	// RequiredFrom is the mildest severity at which it must be filled, "never",
	// or empty: then RetroRules.Required and its RequiredFrom hold.
	RequiredFrom string `json:"required_from,omitempty" yaml:"required_from,omitempty"`
}

// RequiredNever is a RequiredFrom of a field that need not be filled.
const RequiredNever = "never"

// keptByHansei are fields of a retrospective that are not asked of anybody.
var keptByHansei = []string{"title", "url", "state", "severity", "incidents", "completeness", "drafted_at", "due_at", "in_review_at", "published_at"}

// Asked lists the built-in fields of a retrospective that people are asked for.
func Asked() []Field {
	return slices.DeleteFunc(slices.Clone(fields[KindRetrospective]), func(f Field) bool { return slices.Contains(keptByHansei, f.Name) })
}

func (r RetroRules) rule(name string) FieldRule {
	i := slices.IndexFunc(r.Builtin, func(f FieldRule) bool { return f.Name == name })
	if i < 0 {
		return FieldRule{Name: name}
	}
	return r.Builtin[i]
}

// Hidden says that a built-in field is not asked for.
func (r RetroRules) Hidden(name string) bool { return r.rule(name).Hidden }

// Label is what the organization calls a built-in field.
func (r RetroRules) Label(f Field) string { return cmp.Or(r.rule(f.Name).Label, f.Label) }

// Why is what the organization says a built-in field is good for, if anything.
func (r RetroRules) Why(f Field) string { return r.rule(f.Name).Help }

// RequiredAt is the mildest severity from which a built-in field must be
// filled; empty for never.
func (r RetroRules) RequiredAt(name string) string {
	rule := r.rule(name)
	switch {
	case rule.Hidden || rule.RequiredFrom == RequiredNever:
		return ""
	case rule.RequiredFrom != "":
		return rule.RequiredFrom
	case slices.Contains(r.Required, name):
		return r.RequiredFrom
	}
	return ""
}

// Requires says whether a retrospective is not published without a built-in
// field: by its severity, or by its template.
func (r RetroRules) Requires(x *Retrospective, name string) bool {
	if r.Hidden(name) {
		return false
	}
	if t, ok := r.Template(x.Template); ok && slices.Contains(t.Required, name) {
		return true
	}
	return Needs(x.Severity, r.RequiredAt(name))
}

// Own finds a field of the organization's own, retired or not.
func (r RetroRules) Own(k Kind, name string) (OwnField, bool) {
	i := slices.IndexFunc(r.Fields, func(f OwnField) bool { return f.Kind == k && f.Name == name })
	if i < 0 {
		return OwnField{}, false
	}
	return r.Fields[i], true
}

// OwnOf lists the own fields that people are asked for.
func (r RetroRules) OwnOf(k Kind) []OwnField {
	return slices.DeleteFunc(slices.Clone(r.Fields), func(f OwnField) bool { return f.Kind != k || f.Retired })
}

func (r *RetroRules) validFields() error {
	if len(r.Fields) > MaxOwnFields {
		return Invalid("fields", "%d fields; at most %d", len(r.Fields), MaxOwnFields)
	}
	seen := map[string]bool{}
	for _, f := range r.Fields {
		if err := f.Validate(); err != nil {
			return err
		}
		if key := string(f.Kind) + " " + f.Name; seen[key] {
			return Invalid("name", "a %s has a field %q already", f.Kind, f.Name)
		} else {
			seen[key] = true
		}
	}
	for _, b := range r.Builtin {
		if !slices.ContainsFunc(Asked(), func(f Field) bool { return f.Name == b.Name }) {
			return Invalid("builtin", "%q is not a field that a retrospective asks for", b.Name)
		}
		if b.RequiredFrom != "" && b.RequiredFrom != RequiredNever && severityRank(b.RequiredFrom) == 0 {
			return Invalid("builtin", "%s: %q is not a severity; expected sev1 to sev5, or never", b.Name, b.RequiredFrom)
		}
		if b.Hidden && b.RequiredFrom != "" && b.RequiredFrom != RequiredNever {
			return Invalid("builtin", "%s: what is hidden cannot be required", b.Name)
		}
		if len(strings.TrimSpace(b.Label)) > 200 || len(b.Help) > maxHelp {
			return Invalid("builtin", "%s: a label has at most 200 bytes, a help %d", b.Name, maxHelp)
		}
	}
	return nil
}
