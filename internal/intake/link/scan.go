package link

import "strings"

// namesIn finds in a text what may be the name of a thing: URLs, keys in
// capitals such as OPS-12, owner/repo#12 and commits. It walks the words
// between blanks and brackets; a text of prose costs next to nothing.
func namesIn(text string) []string {
	var out []string
	for len(text) > 0 && len(out) < maxNames {
		start := strings.IndexFunc(text, func(r rune) bool { return !parts(r) })
		if start < 0 {
			break
		}
		text = text[start:]
		end := strings.IndexFunc(text, parts)
		if end < 0 {
			end = len(text)
		}
		if name := nameOf(strings.Trim(text[:end], ".,;:!?*")); name != "" {
			out = append(out, name)
		}
		text = text[end:]
	}
	return out
}

// parts says whether a character stands between words.
func parts(r rune) bool {
	switch r {
	case ' ', '\t', '\n', '\r', '<', '>', '"', '\'', '`', '|', '\\', '(', ')', '[', ']', '{', '}', '\u00a0', '\u201c', '\u201d':
		return true
	}
	return false
}

// nameOf is the name that a word is, or "".
func nameOf(word string) string {
	switch {
	case len(word) < len("A1-1"):
		return ""
	case strings.Contains(word, "://"):
		if i := strings.Index(word, "http"); i >= 0 {
			return word[i:]
		}
		return ""
	case isCommit(word):
		return word
	case isRef(word):
		return word
	case strings.Contains(word, "-") && word[0] >= 'A' && word[0] <= 'Z' && capitalKey.MatchString(word):
		return word
	}
	return ""
}
