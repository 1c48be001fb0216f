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
	Instead  string `json:"instead"`
}

// causal are verbs that make a person the cause, and the question that asks
// for the system behind.
var causal = []struct {
	verb    *regexp.Regexp
	instead string
}{
	{regexp.MustCompile(`(?i)\b(forgot|forgotten|neglected|omitted|overlooked|missed)\b`), "What made the step easy to miss? Say what would have reminded anybody."},
	{regexp.MustCompile(`(?i)\b(failed to|did not|didn't|never)\b`), "Say what the situation looked like then, and what made the other choice sensible."},
	{regexp.MustCompile(`(?i)\b(should have|could have|ought to have)\b`), "This is known only afterwards. Say what was known then, and what would have had to be visible."},
	{regexp.MustCompile(`(?i)\b(broke|caused|crashed|took down|brought down|deleted|destroyed|triggered)\b`), "Name the change and the condition that let it do harm: \"the change removed X, and nothing checked that Y\"."},
	{regexp.MustCompile(`(?i)\b(mistakenly|accidentally|carelessly|wrongly|incorrectly|by mistake)\b`), "Say what made the wrong action look like the right one."},
	{regexp.MustCompile(`(?i)\b(was|were|is) (careless|negligent|at fault|to blame|responsible for)\b`), "Leave out whose it was. Say which safeguard was not there."},
}

// errorWords blame without naming anybody.
var errorWords = regexp.MustCompile(`(?i)\b(human|user|operator|engineer|developer) error\b|\b(typo by|fault of|fault was|to blame)\b`)

// roles stand for a person.
var roles = regexp.MustCompile(`(?i)\b(he|she|they|the (engineer|developer|operator|admin|administrator|on-call|oncall|responder|intern|contractor|author|reviewer|employee|team ?mate|colleague))\b`)

// Blame finds sentences that pair a person with a causal verb. people are the
// names of those who appear.
func Blame(r *hansei.Retrospective, people []string) []Remark {
	names := personal(people)
	out := []Remark{}
	for _, s := range r.Sections {
		for _, sentence := range document.Sentences(s.Text) {
			if m, ok := blames(sentence, names); ok {
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
			Instead: "Which conditions made the action likely, and let it do harm?"}, true
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
			return Remark{Sentence: sentence, Instead: c.instead,
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
