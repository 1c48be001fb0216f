package hansei

import (
	"cmp"
	"slices"
	"strings"
)

// StandardTemplate is the template of an incident that no other one fits. Its
// parts are RetroRules.Sections, what it requires is RetroRules.Required.
const StandardTemplate = "Standard"

// Template is what a retrospective of certain incidents is made of.
type Template struct {
	Name string `json:"name" yaml:"name"`
	// Severities and Types say for which incidents: any when empty. A type is
	// an incident's, as near_miss.
	Severities []string  `json:"severities,omitempty" yaml:"severities,omitempty"`
	Types      []string  `json:"types,omitempty" yaml:"types,omitempty"`
	Sections   []Section `json:"sections" yaml:"sections"`
	// Required are fields that it is not published without, at any severity.
	Required []string `json:"required,omitempty" yaml:"required,omitempty"`
}

func (t Template) fits(severity, kind string) bool {
	in := func(list []string, v string) bool {
		return len(list) == 0 || slices.ContainsFunc(list, func(x string) bool { return strings.EqualFold(x, v) })
	}
	return in(t.Severities, strings.TrimSpace(severity)) && in(t.Types, cmp.Or(kind, IncidentReal))
}

// AllTemplates lists the templates, the standard one last.
func (r RetroRules) AllTemplates() []Template {
	return append(slices.Clone(r.Templates), Template{Name: StandardTemplate, Sections: r.Sections})
}

// Template finds a template by its name; an empty one is the standard one's.
func (r RetroRules) Template(name string) (Template, bool) {
	all := r.AllTemplates()
	i := slices.IndexFunc(all, func(t Template) bool {
		return strings.EqualFold(t.Name, cmp.Or(strings.TrimSpace(name), StandardTemplate))
	})
	if i < 0 {
		return Template{}, false
	}
	return all[i], true
}

// TemplateFor is the template that an incident gets: the first that is for its
// severity and its type, else the standard one.
func (r RetroRules) TemplateFor(severity, kind string) Template {
	all := r.AllTemplates()
	for _, t := range all[:len(all)-1] {
		if t.fits(severity, kind) {
			return t
		}
	}
	return all[len(all)-1]
}

// Use gives the retrospective another template, and keeps every answer: parts
// that both have keep their texts, parts that the new one has not stay at the
// end and say from which template they are. Fields, factors, comments and the
// timeline are not the template's and stay as they are.
func (r *Retrospective) Use(t Template) {
	was := cmp.Or(r.Template, StandardTemplate)
	out := make([]Section, 0, len(t.Sections)+len(r.Sections))
	for _, s := range t.Sections {
		if have := r.Section(s.ID); have != nil {
			kept := *have
			kept.Title, kept.Prompt, kept.Earlier = s.Title, s.Prompt, ""
			s = kept
		}
		out = append(out, s)
	}
	for _, s := range r.Sections {
		if slices.ContainsFunc(t.Sections, func(x Section) bool { return x.ID == s.ID }) {
			continue
		}
		s.Earlier = cmp.Or(s.Earlier, was)
		out = append(out, s)
	}
	r.Sections, r.Template = out, t.Name
}

// The bounds of templates.
const (
	MaxTemplates = 50
	MaxSections  = 60
	maxPrompt    = 4000
)

func validSections(field string, sections []Section) error {
	if len(sections) > MaxSections {
		return Invalid(field, "%d parts; at most %d", len(sections), MaxSections)
	}
	ids := map[string]bool{}
	for i, s := range sections {
		switch {
		case strings.TrimSpace(s.Title) == "":
			return Invalid(field, "part %d needs a title", i+1)
		case s.ID == "" || string(Slug(s.ID)) != s.ID:
			return Invalid(field, "part %q needs an id of lower-case letters, digits and hyphens, got %q", s.Title, s.ID)
		case ids[s.ID]:
			return Invalid(field, "two parts have the id %q", s.ID)
		case len(s.Title) > 200 || len(s.Prompt) > maxPrompt:
			return Invalid(field, "part %q: a title has at most 200 bytes, a prompt %d", s.ID, maxPrompt)
		case len(s.Text) > MaxSection:
			return Invalid(field, "part %q: its text has more than %d bytes", s.ID, MaxSection)
		case len(s.Others) > 0 || s.Machine || s.Earlier != "":
			return Invalid(field, "part %q: a template has an id, a title, a prompt and perhaps a text", s.ID)
		}
		ids[s.ID] = true
	}
	return nil
}

func (r *RetroRules) validTemplates() error {
	if len(r.Templates) > MaxTemplates {
		return Invalid("templates", "%d templates; at most %d", len(r.Templates), MaxTemplates)
	}
	seen := map[string]bool{strings.ToLower(StandardTemplate): true}
	for _, t := range r.Templates {
		key := strings.ToLower(strings.TrimSpace(t.Name))
		if key == "" || len(key) > 80 || strings.ContainsAny(key, "/\\") {
			return Invalid("templates", "a template needs a name of at most 80 bytes and without a slash, got %q", t.Name)
		}
		if seen[key] {
			return Invalid("templates", "there is a template %q already", t.Name)
		}
		seen[key] = true
		if len(t.Sections) == 0 {
			return Invalid("templates", "template %q has no part", t.Name)
		}
		if err := validSections("templates", t.Sections); err != nil {
			return err
		}
		for _, s := range t.Severities {
			if severityRank(s) == 0 {
				return Invalid("templates", "template %q is for %q; expected sev1 to sev5", t.Name, s)
			}
		}
		for _, k := range t.Types {
			if !slices.Contains(incidentTypes, k) {
				return Invalid("templates", "template %q is for %q; expected one of %s", t.Name, k, strings.Join(incidentTypes, ", "))
			}
		}
		if err := validRequired("templates", t.Required); err != nil {
			return err
		}
	}
	return nil
}

func validRequired(field string, names []string) error {
	for _, name := range names {
		if _, err := FieldNamed(KindRetrospective, name); err != nil {
			return Invalid(field, "a retrospective has no field %q", name)
		}
	}
	return nil
}

// IncidentTypes lists what kinds of incident there are.
func IncidentTypes() []string { return slices.Clone(incidentTypes) }
