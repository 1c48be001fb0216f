package retro

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"hansei"
)

// Gap is something that a retrospective still lacks.
type Gap struct {
	Field    string `json:"field"` // of the schema, "custom.NAME", "section:ID" or "timeline"
	Label    string `json:"label"`
	Why      string `json:"why"` // it matters
	Required bool   `json:"required"`
}

// matters says what each part of the schema is good for.
var matters = []struct{ field, why string }{
	{"services", "Without it nobody who works on the service finds this again."},
	{"customers_affected", "Impact decides what is worth preventing."},
	{"detection", "Whether customers or alerts notice first is what alerting is judged by."},
	{"trigger", "What set it off is not why it was possible; naming both keeps them apart."},
	{"factors", "Factors are what patterns are made of, across retrospectives."},
	{"mitigation", "It is what the next responder needs first."},
	{"went_well", "What worked is worth keeping, and easy to lose unnoticed."},
	{"lucky", "Luck is a hazard that has not struck yet."},
	{"surprises", "A surprise shows where what we believed and the system differ."},
	{"knowledge_gaps", "What only one person knew is training to be made."},
	{"lessons", "Lessons are what training is made of."},
}

// sectionsThatMatter are those of the default template whose prose counts.
var sectionsThatMatter = map[string]string{
	"summary":       "It is all that most people will read.",
	"what-happened": "The story is what makes the rest believable.",
	"factors":       "A factor without its explanation teaches nothing.",
}

// askedFor is why something matters that the organization requires and that has
// no reason of its own.
const askedFor = "The organization asks for it."

// Completeness says how much of the schema is filled, from 0 to 1, and what is
// missing. What is required before publishing comes first.
func Completeness(r *hansei.Retrospective, rules hansei.RetroRules) (float64, []Gap) {
	var gaps []Gap
	total := 0
	lack := func(missing bool, g Gap) {
		total++
		if missing {
			gaps = append(gaps, g)
		}
	}
	seen := map[string]bool{}
	field := func(name, why string) {
		f, err := hansei.FieldNamed(hansei.KindRetrospective, name)
		if err != nil || seen[name] || rules.Hidden(name) {
			return
		}
		seen[name] = true
		_, has := f.Get(r)
		lack(!has, Gap{name, rules.Label(f), cmp.Or(rules.Why(f), why), rules.Requires(r, name)})
	}
	for _, m := range matters {
		field(m.field, m.why)
	}
	for _, f := range hansei.Asked() {
		if rules.Requires(r, f.Name) {
			field(f.Name, askedFor)
		}
	}
	for _, f := range rules.OwnOf(hansei.KindRetrospective) {
		_, has := r.Custom[f.Name]
		lack(!has, Gap{hansei.CustomPrefix + f.Name, f.Title(), cmp.Or(f.Help, askedFor), hansei.Needs(r.Severity, f.RequiredFrom)})
	}
	for _, s := range r.Sections {
		if why, ok := sectionsThatMatter[s.ID]; ok && s.Earlier == "" {
			lack(len(strings.Fields(s.Text)) < 8, Gap{"section:" + s.ID, s.Title, why, false})
		}
	}
	kept := 0
	for _, m := range r.Timeline {
		if !m.Dropped {
			kept++
		}
	}
	lack(kept < 3, Gap{"timeline", "Timeline", "Three moments or more make it checkable.", false})
	slices.SortStableFunc(gaps, func(a, b Gap) int {
		switch {
		case a.Required == b.Required:
			return 0
		case a.Required:
			return -1
		}
		return 1
	})
	return float64(total-len(gaps)) / float64(total), gaps
}

// missing are the required fields that are empty, as one error.
func missing(r *hansei.Retrospective, rules hansei.RetroRules) error {
	_, gaps := Completeness(r, rules)
	var names []string
	for _, g := range gaps {
		if g.Required {
			names = append(names, strings.ToLower(g.Label))
		}
	}
	if len(names) == 0 {
		return nil
	}
	return hansei.Invalid("state", "%s", fmt.Sprintf("a %s retrospective is published with %s; still empty", strings.TrimSpace(r.Severity+" "+cmp.Or(r.Template, hansei.StandardTemplate)), list(names)))
}
