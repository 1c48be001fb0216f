package document

import (
	"regexp"
	"strings"
)

var sentenceEnd = regexp.MustCompile(`[.!?](\s+|$)|\n+`)

// Sentences cuts prose; what Markdown marks as a quotation or code is somebody
// else's words.
func Sentences(text string) []string {
	var out []string
	fence := false
	for _, line := range strings.Split(text, "\n") {
		if strings.HasPrefix(strings.TrimSpace(line), "```") {
			fence = !fence
			continue
		}
		if fence || strings.HasPrefix(strings.TrimSpace(line), ">") {
			continue
		}
		for len(line) > 0 {
			end := sentenceEnd.FindStringIndex(line)
			if end == nil {
				end = []int{len(line), len(line)}
			}
			if s := strings.Trim(line[:end[1]], " \t-*#"); s != "" {
				out = append(out, s)
			}
			line = line[end[1]:]
		}
	}
	return out
}

// Cut shortens a text to n bytes or a few more, at a space where there is one.
func Cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	s = strings.ToValidUTF8(s[:n], "")
	if i := strings.LastIndexByte(s, ' '); i > n/2 {
		s = s[:i]
	}
	return s + " …"
}
