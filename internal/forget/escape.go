package forget

import (
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// unescaped is a text with the escapes of JSON decoded: "Zo\u00eb", "a\/b", and
// letters in two parts. What is no escape stays as it is. It is never longer.
func unescaped(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	for {
		at := strings.IndexByte(s, '\\')
		if at < 0 || at+1 == len(s) {
			b.WriteString(s)
			return b.String()
		}
		b.WriteString(s[:at])
		r, n := escape(s[at:])
		b.WriteRune(r)
		s = s[at+n:]
	}
}

// escape decodes what begins with a backslash, and says how long it was.
func escape(s string) (r rune, n int) {
	const coded = `"\/bfnrt`
	if i := strings.IndexByte(coded, s[1]); i >= 0 {
		return rune("\"\\/\b\f\n\r\t"[i]), 2
	}
	r, ok := unit(s)
	if !ok {
		return '\\', 1
	}
	if utf16.IsSurrogate(r) {
		if low, ok := unit(s[6:]); ok && utf16.DecodeRune(r, low) != utf8.RuneError {
			return utf16.DecodeRune(r, low), 12
		}
	}
	return r, 6
}

// unit is the code of \u0000.
func unit(s string) (rune, bool) {
	if len(s) < 6 || s[:2] != `\u` {
		return 0, false
	}
	v, err := strconv.ParseUint(s[2:6], 16, 16)
	return rune(v), err == nil
}
