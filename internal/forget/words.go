package forget

import (
	"bytes"
	"errors"
	"io"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"hansei"
)

// Former stands where a person stood.
const Former = "a former colleague"

// words are what a person is called, and what stands there instead.
type words struct {
	names   *regexp.Regexp // in prose; nil for none
	ids     map[string]string
	handles []string // what sources call them; in prose a word like any other
	alone   []string // what names them only where a person is named and nothing else
	signs   []sign   // by which what holds none of it is passed over
}

// persons are the members of documents that name a person by id. Elsewhere the
// same word may be the id of something else.
var persons = []string{"responders", "responder", "author", "owner", "person", "facilitator", "reviewers", "by", "closed_by", "coded_by", "who"}

// newWords makes words of names, which are found in prose, of ids with what
// stands in their place, and of handles: logins and ids of sources.
func newWords(names []string, ids map[string]string, handles ...string) *words {
	w := &words{ids: ids}
	var list []string
	for _, n := range names {
		n = strings.TrimSpace(n)
		if n == "" {
			continue
		}
		w.signs = append(w.signs, nameSign(strings.Fields(n)))
		if short(n) {
			w.alone = append(w.alone, n)
			continue
		}
		pattern := strings.Join(strings.Fields(regexp.QuoteMeta(n)), `[\s\p{Z}]+`)
		// A single word is a name only as it is written: Will is, will is not.
		if len(strings.Fields(n)) > 1 || strings.Contains(n, "@") {
			pattern = "(?i:" + pattern + ")"
		}
		if !slices.Contains(list, pattern) {
			list = append(list, pattern)
		}
	}
	for id := range ids {
		w.signs = append(w.signs, wholeSign(id))
	}
	for _, h := range handles {
		if h = strings.TrimSpace(h); h == "" {
			continue
		}
		w.signs = append(w.signs, handleSign(h))
		if !number(h) {
			w.handles, w.alone = append(w.handles, h), append(w.alone, h)
		}
	}
	slices.SortFunc(list, func(a, b string) int { return len(b) - len(a) })
	if len(list) > 0 {
		w.names = regexp.MustCompile(strings.Join(list, "|"))
	}
	return w
}

// id is a text that may be the person's id alone, or else a text.
func (w *words) id(s string) string {
	if to, ok := w.ids[s]; ok {
		return to
	}
	return w.text(s)
}

// person is a text that names some person, and may be of nothing else.
func (w *words) person(s string) string {
	if _, ok := w.ids[s]; !ok && slices.Contains(w.alone, s) {
		return Former
	}
	return w.id(s)
}

// value is the text that stands under a member of a document. What people set
// is under "value": the id of a person, or something else.
func (w *words) value(s, of string) string {
	switch {
	case of == "value":
		return w.id(s)
	case slices.Contains(persons, of):
		return w.person(s)
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
	for _, h := range w.handles {
		s = replaceWord(s, "@"+h, Former)
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

// replaceWord replaces what ends in an id or a handle where that ends, too:
// @ann goes on in @anna and in @ann-lee.
func replaceWord(s, old, with string) string {
	var b strings.Builder
	last, _ := utf8.DecodeLastRuneInString(old)
	for {
		at := strings.Index(s, old)
		if at < 0 {
			return b.String() + s
		}
		end := at + len(old)
		rest := s[end:]
		if rest != "" && strings.ContainsRune("-_.", rune(rest[0])) {
			rest = rest[1:]
		}
		if after, _ := utf8.DecodeRuneInString(rest); isWord(after) && joined(last, after) {
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
			to := ""
			if kind == '{' && length%2 == 0 {
				to = w.member(s, key(dec.StackPointer().Parent()))
			} else {
				to = w.value(s, key(dec.StackPointer()))
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

// member is the name of a member of what stands under a key. The stamp of an
// element that was added to a list is "responders/ann". A name that is the
// person's id and nothing else is left where it may be a word of the document
// itself: who is called Owner has the id "owner".
func (w *words) member(name, of string) string {
	if field, id, _ := strings.Cut(name, "/"); w.ids[id] != "" && (field == "custom" || slices.Contains(persons, field)) {
		return field + "/" + w.ids[id]
	}
	if to := w.ids[name]; to != "" && (of == "custom" || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz_") != "") {
		return to
	}
	return w.text(name)
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

// called are the names of a person's revision, and what sources call them that
// is no name.
func called(p *hansei.Person) (names, handles []string) {
	names = append([]string{p.Name, p.Email}, p.Aliases...)
	for _, f := range p.From {
		for _, n := range append([]string{f.External}, f.Names...) {
			if strings.ContainsAny(n, "@ ") {
				names = append(names, n)
			} else {
				handles = append(handles, n)
			}
		}
	}
	return names, handles
}
