package retro

import (
	"regexp"
	"slices"
	"strings"

	"hansei"
	"hansei/internal/retro/document"
)

// Remark is a sentence that a reader may take as blame, and how it could be
// said. It advises and never blocks.
type Remark struct {
	Section  string `json:"section"`
	Sentence string `json:"sentence"`
	Why      string `json:"why"`
	Instead  string `json:"instead"`           // what to ask instead
	Rewrite  string `json:"rewrite,omitempty"` // the sentence as the system's; a person reads it before taking it
}

// causal are verbs that make a person the cause, and the question that asks
// for the system behind.
var causal = []struct {
	verb    *regexp.Regexp
	instead string
	// rewrite makes a sentence about the system of what stands behind the
	// verb; %s is that, %v the verb.
	rewrite string
}{
	{regexp.MustCompile(`(?i)\b(forgot|forgotten|neglected|omitted|overlooked|missed)\b`), "What made the step easy to miss? Say what would have reminded anybody.", "The step %s was easy to miss, and nothing pointed it out."},
	{regexp.MustCompile(`(?i)\b(failed to|did not|didn't|never)\b`), "Say what the situation looked like then, and what made the other choice sensible.", "Nothing in the situation then prompted anybody to %s."},
	{regexp.MustCompile(`(?i)\b(should have|could have|ought to have)\b`), "This is known only afterwards. Say what was known then, and what would have had to be visible.", "At the time, nothing showed the need to have %s."},
	{regexp.MustCompile(`(?i)\b(mistakenly|accidentally|carelessly|wrongly|incorrectly|by mistake)\b`), "Say what made the wrong action look like the right one.", "An action that looked right at the time %s."},
	{regexp.MustCompile(`(?i)\b(broke|caused|crashed|took down|brought down|deleted|destroyed|triggered)\b`), "Name the change and the condition that let it do harm: \"the change removed X, and nothing checked that Y\".", "A change %v %s, and no safeguard stopped it."},
	{regexp.MustCompile(`(?i)\b(was|were|is) (careless|negligent|at fault|to blame|responsible for)\b`), "Leave out whose it was. Say which safeguard was not there.", "No safeguard stood in the way of %s."},
}

// errorWords blame without naming anybody.
var errorWords = regexp.MustCompile(`(?i)\b(human|user|operator|engineer|developer) error\b|\b(typo by|fault of|fault was|to blame)\b`)

// humanError is what can be replaced as it stands.
var humanError = regexp.MustCompile(`(?i)\b(a |an )?(human|user|operator|engineer|developer) error\b`)

// citation is a reference to an entry of the timeline, with the space before it.
var citation = regexp.MustCompile(`\s*\[\^[^\]\s]+\]`)

// Uncited is a text without its citations, to be quoted.
func Uncited(s string) string { return citation.ReplaceAllString(s, "") }

// rewritten is a sentence as one about the system: what stood before the person
// is kept, and of what stood after the verb the first part.
func rewritten(sentence string, person int, verb, rest, form string) string {
	cited := strings.Join(citation.FindAllString(rest, -1), "")
	rest = strings.TrimRight(strings.TrimSpace(citation.ReplaceAllString(rest, "")), ".!?")
	if rest == "" || strings.ContainsAny(rest, "\n|") {
		return ""
	}
	before := strings.TrimRight(sentence[:person], " (\"“")
	out := strings.ReplaceAll(strings.ReplaceAll(form, "%v", strings.ToLower(strings.TrimSpace(verb))), "%s", rest)
	out = strings.TrimSuffix(out, ".") + cited + "."
	if before == "" {
		return out
	}
	if strings.HasSuffix(before, ".") || strings.HasSuffix(before, ":") {
		return before + " " + out
	}
	return before + " " + strings.ToLower(out[:1]) + out[1:]
}

// roles stand for a person.
var roles = regexp.MustCompile(`(?i)\b(he|she|they|(the|an?|our|one of (our|the)) (on-call )?(engineer|developer|operator|technician|admin|administrator|on-call|oncall|responder|intern|contractor|author|reviewer|employee|team ?m(ate|ember)|colleague)s?)\b`)

// Blame finds sentences that pair a person with a causal verb. people are the
// names of those who appear.
func Blame(r *hansei.Retrospective, people []string) []Remark {
	names := personal(people)
	out := []Remark{}
	for _, s := range r.Sections {
		for _, sentence := range document.Sentences(s.Text) {
			if m, ok := blames(sentence, names); ok && !slices.Contains(r.Dismissed, sentence) {
				m.Section = s.ID
				out = append(out, m)
			}
		}
	}
	return out
}

func blames(sentence string, names *regexp.Regexp) (Remark, bool) {
	if errorWords.MatchString(sentence) {
		return Remark{Sentence: sentence, Why: "An error of a person is where an analysis begins, not its result.",
			Instead: "Which conditions made the action likely, and let it do harm?",
			Rewrite: humanError.ReplaceAllString(sentence, "conditions that made the action likely, and safeguards that did not stop it")}, true
	}
	who := roles.FindStringIndex(sentence)
	if names != nil {
		if at := names.FindStringIndex(sentence); at != nil && (who == nil || at[0] < who[0]) {
			who = at
		}
	}
	if who == nil {
		return Remark{}, false
	}
	for _, c := range causal {
		// The verb must come after the person: "the alert told him" is no blame.
		if verb := c.verb.FindStringIndex(sentence[who[1]:]); verb != nil && verb[0] < 60 {
			return Remark{Sentence: sentence, Instead: c.instead, Rewrite: rewritten(sentence, who[0], sentence[who[1]+verb[0]:who[1]+verb[1]], sentence[who[1]+verb[1]:], c.rewrite),
				Why: "It pairs " + strings.TrimSpace(sentence[who[0]:who[1]]) + " with \"" + strings.TrimSpace(sentence[who[1]+verb[0]:who[1]+verb[1]]) + "\"."}, true
		}
	}
	return Remark{}, false
}

// personal matches any of the names, whole or by their first word.
func personal(people []string) *regexp.Regexp {
	var parts []string
	for _, p := range people {
		for _, n := range append([]string{p}, strings.Fields(p)[:min(1, len(strings.Fields(p)))]...) {
			if len(n) > 2 && !slices.Contains(parts, regexp.QuoteMeta(n)) {
				parts = append(parts, regexp.QuoteMeta(n))
			}
		}
	}
	if len(parts) == 0 {
		return nil
	}
	slices.SortFunc(parts, func(a, b string) int { return len(b) - len(a) })
	return regexp.MustCompile(`(?i)(^|[^\pL])(` + strings.Join(parts, "|") + `)($|[^\pL])`)
}
