package ui

import "strings"

// Severity is a severity in the organization's words and its place on the
// ramp: 1 is the worst, 5 the mildest, 0 not recorded.
type Severity struct {
	Text string
	Rank int
}

// SeverityOf reads a normalized severity (sev1 … sev5).
func SeverityOf(s string) Severity {
	rank := 0
	if d, ok := strings.CutPrefix(strings.ToLower(s), "sev"); ok && len(d) == 1 && d[0] >= '1' && d[0] <= '5' {
		rank = int(d[0] - '0')
	}
	return Severity{Text: s, Rank: rank}
}

func (s Severity) class() string {
	if s.Rank < 1 || s.Rank > 5 {
		return "hs-sev-none"
	}
	return "hs-sev-" + string(rune('0'+s.Rank))
}

func (s Severity) label() string {
	if s.Text == "" {
		return "no severity"
	}
	return s.Text
}
