package forget

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// sign is what a text is searched for, in lower case.
type sign struct {
	text  string
	among func(text string, lo, hi int) bool // whether it counts there; nil: anywhere
}

// nameSign is the sign of a name: its first word, or the longest where that has
// too few letters.
func nameSign(name []string) sign {
	few := func(s string) bool { return short(s) || utf8.RuneCountInString(s) == 1 }
	word := name[0]
	if few(word) {
		word = slices.MaxFunc(name, func(a, b string) int { return utf8.RuneCountInString(a) - utf8.RuneCountInString(b) })
	}
	if few(word) {
		return wholeSign(word)
	}
	return sign{text: strings.ToLower(word)}
}

// wholeSign counts as a whole word only.
func wholeSign(word string) sign {
	return sign{strings.ToLower(word), func(s string, lo, hi int) bool { return !within(s, lo, hi) }}
}

// longNumber is from how many digits on a number is taken for the id of one
// thing, whatever it stands under. What is shorter is also a priority, a port
// or a year.
const longNumber = 5

// handleSign is the sign of a login, or of an id that a source gave. A number
// counts only as a whole value of JSON, and a short one only under a member
// whose name ends in "id"; a short login only as a whole string or after an @. Otherwise the
// payloads of everybody would be taken away.
func handleSign(h string) sign {
	switch {
	case number(h):
		return sign{h, func(s string, lo, hi int) bool { return isValue(s, lo, hi, len(h) < longNumber) }}
	case short(h):
		return sign{strings.ToLower(h), func(s string, lo, hi int) bool {
			return strings.HasSuffix(s[:lo], "@") && !within(s, lo, hi) || strings.HasSuffix(s[:lo], `"`) && strings.HasPrefix(s[hi:], `"`)
		}}
	}
	return wholeSign(h)
}

func number(s string) bool { return strings.Trim(s, "0123456789") == "" }

// isValue says that a number is a whole string or number of JSON, in a list or
// under a name; of an id if it must be one. The text may be a part of a
// payload: what is cut off at its edge is whole in the part beside it.
func isValue(s string, lo, hi int, ofID bool) bool {
	before, after := s[:lo], s[hi:]
	if strings.HasSuffix(before, `"`) && strings.HasPrefix(after, `"`) {
		before, after = before[:lo-1], after[1:]
	}
	before, after = trimRight(before), trimLeft(after)
	if after == "" || !strings.ContainsRune(",]}", rune(after[0])) {
		return false
	}
	if ofID {
		name, is := strings.CutSuffix(before, ":")
		return is && strings.HasSuffix(trimRight(name), `id"`)
	}
	return before != "" && strings.ContainsRune(":[,", rune(before[len(before)-1]))
}

const blanks = " \t\r\n"

func trimLeft(s string) string  { return strings.TrimLeft(s, blanks) }
func trimRight(s string) string { return strings.TrimRight(s, blanks) }

// found says that a text in lower case holds it.
func (x sign) found(low string) bool {
	for from := 0; ; {
		at := strings.Index(low[from:], x.text)
		if at < 0 {
			return false
		}
		lo := from + at
		if x.among == nil || x.among(low, lo, lo+len(x.text)) {
			return true
		}
		from = lo + 1
	}
}

// maxNested is how often JSON stands in a string of JSON, at most.
const maxNested = 3

// in says that a text may hold one of the words, as it stands or behind the
// escapes of JSON. It is searched with these decoded wherever they stand: it
// may be a part of a payload, or a document within a string of another.
func (w *words) in(text []byte) bool {
	low := strings.ToLower(string(text))
	for range maxNested {
		if w.signed(low) {
			return true
		}
		if !strings.Contains(low, `\`) {
			return false
		}
		low = strings.ToLower(unescaped(low))
	}
	return w.signed(low)
}

func (w *words) signed(low string) bool {
	if unfolded := folds.Replace(low); len(unfolded) < len(low) && w.found(unfolded) {
		return true
	}
	return w.found(low)
}

func (w *words) found(low string) bool {
	return slices.ContainsFunc(w.signs, func(x sign) bool { return x.found(low) })
}

// folds are where a calendar breaks a line, within a word, too (section 3.1 of
// RFC 5545).
var folds = strings.NewReplacer("\r\n ", "", "\r\n\t", "", "\n ", "", "\n\t", "")
