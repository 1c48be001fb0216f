package search

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// word is a run of letters and digits, and where it stands.
type word struct{ from, to int }

// cutWords finds the words of a text. Scripts that write without spaces have a
// word for each of their signs.
func cutWords(text string, fn func(word)) {
	start := -1
	for i, r := range text {
		switch {
		case letterOrDigit(r):
			if start < 0 {
				start = i
			}
		case r >= utf8.RuneSelf && unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana):
			if start >= 0 {
				fn(word{start, i})
			}
			start = -1
			fn(word{i, i + utf8.RuneLen(r)})
		case start >= 0:
			fn(word{start, i})
			start = -1
		}
	}
	if start >= 0 {
		fn(word{start, len(text)})
	}
}

// letterOrDigit says whether a sign goes on with a word; most are of ASCII.
func letterOrDigit(r rune) bool {
	if r < utf8.RuneSelf {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
	}
	return (unicode.IsLetter(r) || unicode.IsDigit(r)) && !unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana)
}

// maxWord bounds a word, in bytes: longer ones are keys and blobs.
const maxWord = 64

// wordTokens are words in lower case. One such as camelCase counts whole and
// in its parts.
func wordTokens(text string, fn func(string)) {
	cutWords(text, func(w word) {
		s := text[w.from:w.to]
		if len(s) > maxWord {
			return
		}
		fn(strings.ToLower(s))
		if parts := humps(s); len(parts) > 1 {
			for _, p := range parts {
				fn(strings.ToLower(p))
			}
		}
	})
}

// humps cuts a word where lower case turns to upper: camelCase, HTTPServer.
func humps(s string) (out []string) {
	start := 0
	for i := 1; i < len(s); i++ {
		lowUp := isLower(s[i-1]) && isUpper(s[i])
		endOfCaps := i+1 < len(s) && isUpper(s[i-1]) && isUpper(s[i]) && isLower(s[i+1])
		if lowUp || endOfCaps {
			out = append(out, s[start:i])
			start = i
		}
	}
	if start == 0 {
		return nil
	}
	return append(out, s[start:])
}

func isLower(c byte) bool { return c >= 'a' && c <= 'z' || c >= '0' && c <= '9' }
func isUpper(c byte) bool { return c >= 'A' && c <= 'Z' }

// stemTokens are the stems of the words that tell something, by the protocol of
// the evaluation: Latin letters and digits, cut at humps, no common words.
func stemTokens(text string, fn func(string)) {
	stemmed(text, func(stem, _ string) { fn(stem) })
}

// stemmed is stemTokens with the word that each stem stands for.
func stemmed(text string, fn func(stem, surface string)) {
	emit := func(s string) {
		if low := strings.ToLower(s); len(low) <= maxWord && !stop[low] {
			fn(stem(low), low)
		}
	}
	cutWords(text, func(w word) {
		s := text[w.from:w.to]
		parts := humps(s)
		if len(parts) == 0 {
			parts = []string{s}
		}
		for _, p := range parts {
			emit(p)
		}
	})
}

// stop are English words that are in every text. The list is short on purpose:
// a longer one found fewer duplicates.
var stop = func() map[string]bool {
	out := map[string]bool{}
	for _, w := range strings.Fields("a an the of to in is it for on and or not be are was with this that as by at from") {
		out[w] = true
	}
	return out
}()

// stem takes the common endings of English off a word. Two words of one stem
// are close enough to be about one thing; it need not be a word itself.
func stem(w string) string {
	if len(w) > 4 && strings.HasSuffix(w, "ies") {
		w = w[:len(w)-3] + "y"
	} else if len(w) > 3 && strings.HasSuffix(w, "s") && !strings.HasSuffix(w, "ss") && !strings.HasSuffix(w, "us") && !strings.HasSuffix(w, "is") {
		w = w[:len(w)-1]
	}
	for _, end := range []string{"ing", "ed", "ly"} {
		if base := strings.TrimSuffix(w, end); base != w && len(base) > 3 && strings.ContainsAny(base, "aeiouy") {
			w = base
			if n := len(w); w[n-1] == w[n-2] && !strings.ContainsRune("lsz", rune(w[n-1])) {
				w = w[:n-1] // stopped, stop
			}
			break
		}
	}
	return w
}
