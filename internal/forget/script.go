package forget

import (
	"unicode"
	"unicode/utf8"
)

// unspaced are the scripts in which a name stands beside other words without a
// space between. Korean has spaces, but its particles follow a name at once.
var unspaced = []*unicode.RangeTable{unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Bopomofo, unicode.Hangul,
	unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar, unicode.Tibetan, unicode.Tai_Tham, unicode.New_Tai_Lue, unicode.Tai_Le, unicode.Tai_Viet, unicode.Javanese, unicode.Balinese}

// short says that a name has too few letters to be told from other words in
// prose. In scripts without spaces two letters are a whole name.
func short(name string) bool {
	for _, r := range name {
		if unicode.In(r, unspaced...) {
			return false
		}
	}
	return utf8.RuneCountInString(name) < 3
}

// within says that a match is part of a longer word. A single letter is one
// wherever another stands beside it, whatever the script.
func within(s string, lo, hi int) bool {
	first, n := utf8.DecodeRuneInString(s[lo:hi])
	last, _ := utf8.DecodeLastRuneInString(s[lo:hi])
	before, _ := utf8.DecodeLastRuneInString(s[:lo])
	after, _ := utf8.DecodeRuneInString(s[hi:])
	one := n == hi-lo
	return isWord(before) && (one || joined(before, first)) || isWord(after) && (one || joined(last, after))
}

// joined says that two letters beside each other are of one word.
func joined(a, b rune) bool { return !unicode.In(a, unspaced...) && !unicode.In(b, unspaced...) }

func isWord(r rune) bool {
	return r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsDigit(r))
}
