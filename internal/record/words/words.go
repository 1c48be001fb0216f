// Package words is what a statement of the record store and its arguments are
// made of, where that is not the same on both engines.
package words

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Numbered replaces the placeholders ? by $1, $2 and so on.
func Numbered(q string) string {
	if !strings.Contains(q, "?") {
		return q
	}
	b, n, quoted := make([]byte, 0, len(q)+len(q)/4), 0, false
	for i := range len(q) {
		c := q[i]
		if c == '\'' {
			quoted = !quoted
		}
		if c != '?' || quoted {
			b = append(b, c)
			continue
		}
		n++
		b = strconv.AppendInt(append(b, '$'), int64(n), 10)
	}
	return string(b)
}

// Clean makes the texts among arguments such as every engine can keep: UTF-8
// without the zero character. What is neither becomes U+FFFD. Both the writing
// and the asking pass through here, so a text is still found by itself.
func Clean(args []any) []any {
	for i, a := range args {
		switch a := a.(type) {
		case string:
			if kept := cleaned(a); kept != a {
				args[i] = kept
			}
		case []string:
			if slices.ContainsFunc(a, func(s string) bool { return cleaned(s) != s }) {
				a = slices.Clone(a)
				for j, s := range a {
					a[j] = cleaned(s)
				}
				args[i] = a
			}
		}
	}
	return args
}

func cleaned(s string) string {
	if strings.IndexByte(s, 0) < 0 && utf8.ValidString(s) {
		return s
	}
	return strings.ToValidUTF8(strings.ReplaceAll(s, "\x00", "\uFFFD"), "\uFFFD")
}
