package link

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"hansei"
)

// Alike scores how much two incidents look like one, from 0 (the rule does not
// take them for one) to 1.
func Alike(a, b *hansei.Incident, rule hansei.Joining) (float64, []string) {
	apart := Gap(a, b)
	if apart > time.Duration(rule.Within)*time.Minute {
		return 0, nil
	}
	reasons := []string{"they overlap in time"}
	if apart > 0 {
		reasons[0] = fmt.Sprintf("they are %d minutes apart", int(apart.Minutes()))
	}
	same := slices.ContainsFunc(a.Services, func(id hansei.ID) bool { return slices.Contains(b.Services, id) })
	words := wordsInCommon(a.Title, b.Title)
	if (rule.SameService && !same) || words < rule.Title {
		return 0, nil
	}
	score := 0.2 + 0.5*words
	if same {
		score += 0.3
		reasons = append(reasons, "they have a service in common")
	}
	if words > 0 {
		reasons = append(reasons, fmt.Sprintf("their titles share %d%% of their words", int(100*words+0.5)))
	}
	return score, reasons
}

// wordsInCommon is the Jaccard similarity of two titles' words: those in both
// over those in either.
func wordsInCommon(a, b string) float64 {
	split := func(s string) map[string]bool {
		out := map[string]bool{}
		for _, w := range strings.FieldsFunc(strings.ToLower(s), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
			out[w] = true
		}
		return out
	}
	x, y := split(a), split(b)
	if len(x) == 0 || len(y) == 0 {
		return 0
	}
	common := 0
	for w := range x {
		if y[w] {
			common++
		}
	}
	return float64(common) / float64(len(x)+len(y)-common)
}
