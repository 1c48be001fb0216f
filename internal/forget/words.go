package forget

import (
	"bytes"
	"errors"
	"io"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"hansei"
)

// Former stands where a person stood.
const Former = "a former colleague"

// words are what a person is called, and what stands there instead.
type words struct {
	names *regexp.Regexp // in prose; nil for none
	ids   map[string]string
	all   [][]byte // lower-cased, to pass over what holds none of it
}

// persons are the members of documents that name a person by id. Elsewhere the
// same word may be the id of something else.
var persons = []string{"responders", "responder", "author", "owner", "person", "facilitator", "reviewers", "by", "coded_by", "who", "value"}

func newWords(names []string, ids map[string]string) *words {
	w := &words{ids: ids}
	var list []string
	for _, n := range names {
		n = strings.TrimSpace(n)
		if utf8.RuneCountInString(n) < 3 {
			continue
		}
		pattern := strings.Join(strings.Fields(regexp.QuoteMeta(n)), `\s+`)
		// A single word is a name only as it is written: Will is, will is not.
		if strings.ContainsAny(n, " @") {
			pattern = "(?i:" + pattern + ")"
		}
		if !slices.Contains(list, pattern) {
			list = append(list, pattern)
		}
		first := strings.ToLower(strings.Fields(n)[0])
		w.all = append(w.all, []byte(first))
	}
	for id := range ids {
		w.all = append(w.all, []byte(strings.ToLower(id)))
	}
	slices.SortFunc(list, func(a, b string) int { return len(b) - len(a) })
	if len(list) > 0 {
		w.names = regexp.MustCompile(strings.Join(list, "|"))
	}
	return w
}

// in says that a text may hold one of the words.
func (w *words) in(text []byte) bool {
	low := bytes.ToLower(text)
	return slices.ContainsFunc(w.all, func(x []byte) bool { return bytes.Contains(low, x) })
}

// id is a text that may be the person's id alone, or else a text.
func (w *words) id(s string) string {
	if to, ok := w.ids[s]; ok {
		return to
	}
	return w.text(s)
}

// text is a text without the person.
func (w *words) text(s string) string {
	for id, to := range w.ids {
		for _, before := range []string{"@", "person/", "person:"} {
			s = replaceWord(s, before+id, before+to)
		}
	}
	if w.names == nil {
		return s
	}
	var b strings.Builder
	last, from := 0, 0
	for from <= len(s) {
		m := w.names.FindStringIndex(s[from:])
		if m == nil {
			break
		}
		lo, hi := from+m[0], from+m[1]
		if within(s, lo, hi) {
			_, n := utf8.DecodeRuneInString(s[lo:])
			from = lo + max(n, 1)
			continue
		}
		b.WriteString(s[last:lo] + Former)
		last, from = hi, max(hi, lo+1)
	}
	return b.String() + s[last:]
}

// within says that a match is part of a longer word.
func within(s string, lo, hi int) bool {
	before, _ := utf8.DecodeLastRuneInString(s[:lo])
	after, _ := utf8.DecodeRuneInString(s[hi:])
	word := func(r rune) bool { return r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsDigit(r)) }
	return word(before) || word(after)
}

func replaceWord(s, old, with string) string {
	var b strings.Builder
	for {
		at := strings.Index(s, old)
		if at < 0 {
			return b.String() + s
		}
		end := at + len(old)
		if after, _ := utf8.DecodeRuneInString(s[end:]); after != utf8.RuneError && (unicode.IsLetter(after) || unicode.IsDigit(after)) {
			b.WriteString(s[:end])
		} else {
			b.WriteString(s[:at] + with)
		}
		s = s[end:]
	}
}

// doc is a document of JSON without the person. changed is false when it held
// nothing of them; it is the same then, byte for byte.
func (w *words) doc(doc []byte) (out []byte, changed bool, err error) {
	if !w.in(doc) {
		return doc, false, nil
	}
	dec := jsontext.NewDecoder(bytes.NewReader(doc))
	var buf bytes.Buffer
	enc := jsontext.NewEncoder(&buf, jsontext.AllowDuplicateNames(true))
	for {
		kind, length := dec.StackIndex(dec.StackDepth())
		tok, err := dec.ReadToken()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return doc, false, err
		}
		if tok.Kind() == '"' {
			s := tok.String()
			to := w.text(s)
			if isName := kind == '{' && length%2 == 0; !isName && slices.Contains(persons, key(dec.StackPointer())) {
				to = w.id(s)
			}
			if to != s {
				changed = true
			}
			tok = jsontext.String(to)
		}
		if err := enc.WriteToken(tok); err != nil {
			return doc, false, err
		}
	}
	if !changed {
		return doc, false, nil
	}
	return bytes.TrimSpace(buf.Bytes()), true, nil
}

// key is the name of the member that a value stands under, also one of a list.
func key(at jsontext.Pointer) string {
	for at != "" {
		last := at.LastToken()
		if strings.Trim(last, "0123456789") != "" {
			return last
		}
		at = at.Parent()
	}
	return ""
}

// called are the names of a person's revision.
func called(p *hansei.Person) []string {
	out := append([]string{p.Name, p.Email}, p.Aliases...)
	for _, f := range p.From {
		for _, n := range append([]string{f.External}, f.Names...) {
			if strings.ContainsAny(n, "@ ") {
				out = append(out, n)
			}
		}
	}
	return out
}
