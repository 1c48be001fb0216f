package model

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"hansei"
)

// mask knows people by pseudonyms: "Person A", "Person B" in the order in which
// they first appear. What is said of them is found as whole words, the longest
// first: names, aliases, e-mails and ids of those who are involved, with each
// part of a name; names of more than one word of everybody else; and anything
// that looks like an e-mail or a handle, whoever's it is.
//
// Not known are people of whom no record tells, such as a customer who gives
// their name in a ticket.
type mask struct {
	words  *regexp.Regexp
	person map[string]string // what somebody is called, in lower case → whom it means
	called map[string]string // whom → what stands there when they come back
	label  map[string]string // whom → "Person A"
	order  []string          // whom, by label
}

// ordinary are words that are names, too. They are names only with a capital.
var ordinary = []string{"abel", "able", "api", "april", "art", "august", "bill", "bot", "chance", "chase", "chip", "christian", "dean", "drew", "faith", "frank", "grace", "grant", "guy",
	"hope", "iris", "jack", "jobs", "joy", "june", "king", "lane", "local", "long", "major", "mark", "max", "may", "miles", "nick", "park", "pat", "penny", "price", "ray", "read", "reed", "rich",
	"rob", "robin", "root", "rose", "short", "skip", "stone", "sue", "system", "wade", "ward", "will", "wood", "young"}

// robot is who writes messages and is no person: the words of its name are
// words of the trade.
var robot = regexp.MustCompile(`(?i)bot\b|automation|alert|\bapp\b|integration|service|system|monitor|hook|\bapi\b|status`)

// somebody are what mails and handles of anybody look like, and mentions in Slack.
const somebody = `[\pL\pN._%+-]+@[\pL\pN-]+(?:\.[\pL\pN-]+)+|<@[A-Z0-9]+(?:\|[^>]*)?>|@[\pL\pN]+(?:[._-][\pL\pN]+)*`

// newMask makes a mask for the texts given: involved are people who took part,
// by what messages say of who wrote them; others are everybody else.
func newMask(involved []*hansei.Person, by []string, others []*hansei.Person, texts []string) *mask {
	m := &mask{person: map[string]string{}, called: map[string]string{}, label: map[string]string{}}
	var patterns []string
	add := func(whom, form string, everywhere bool) {
		form = strings.Join(strings.Fields(form), " ")
		if utf8.RuneCountInString(form) < 2 {
			return
		}
		key := strings.ToLower(form)
		if _, taken := m.person[key]; !taken {
			m.person[key] = whom
		}
		if p := pattern(form); p != "" && everywhere {
			patterns = append(patterns, p)
		}
	}
	for _, p := range involved {
		whom := "person/" + string(p.ID)
		m.called[whom] = p.Name
		for _, form := range forms(p) {
			add(whom, form, true)
		}
	}
	for _, name := range by {
		if _, known := m.person[strings.ToLower(name)]; known || strings.TrimSpace(name) == "" || name == "local" {
			continue
		}
		whom := "by/" + name
		m.called[whom] = name
		add(whom, name, true)
		if !robot.MatchString(name) {
			for _, part := range strings.Fields(name) {
				add(whom, part, true)
			}
		}
	}
	said := wordsOf(texts)
	for _, p := range others {
		whom := "person/" + string(p.ID)
		m.called[whom] = p.Name
		for _, form := range append([]string{p.Name, p.Email, string(p.ID)}, p.Aliases...) {
			first := strings.FieldsFunc(strings.ToLower(form), func(r rune) bool { return !inWord(r) })
			add(whom, form, len(first) > 1 && said[first[0]] && said[first[1]] || len(first) == 1 && form == p.Name && said[first[0]])
		}
	}
	slices.SortFunc(patterns, func(a, b string) int { return len(b) - len(a) })
	m.words = regexp.MustCompile(strings.Join(append([]string{somebody}, slices.Compact(patterns)...), "|"))
	return m
}

// forms are what somebody who is involved may be called.
func forms(p *hansei.Person) []string {
	out := append([]string{p.Name, p.Email, string(p.ID)}, p.Aliases...)
	for _, name := range append([]string{p.Name}, p.Aliases...) {
		out = append(out, strings.Fields(name)...)
	}
	if box, _, ok := strings.Cut(p.Email, "@"); ok {
		out = append(out, box)
	}
	if _, id, ok := strings.Cut(string(p.ID), ":"); ok {
		out = append(out, id)
	}
	return out
}

// pattern finds a form: several words however they are written, a single one in
// lower case unless it is an ordinary word.
func pattern(form string) string {
	quoted := strings.Join(strings.Fields(regexp.QuoteMeta(form)), `\s+`)
	if strings.ContainsFunc(form, func(r rune) bool { return !unicode.IsLetter(r) }) {
		return "(?i:" + quoted + ")"
	}
	low := strings.ToLower(form)
	if slices.Contains(ordinary, low) || utf8.RuneCountInString(form) < 3 {
		r, n := utf8.DecodeRuneInString(low)
		return string(unicode.ToUpper(r)) + low[n:] + "|" + strings.ToUpper(form)
	}
	return "(?i:" + quoted + ")"
}

func inWord(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

// wordsOf are the words of texts, in lower case.
func wordsOf(texts []string) map[string]bool {
	out := map[string]bool{}
	for _, t := range texts {
		for _, w := range strings.FieldsFunc(strings.ToLower(t), func(r rune) bool { return !inWord(r) }) {
			out[w] = true
		}
	}
	return out
}

// text is a text with pseudonyms.
func (m *mask) text(s string) string {
	var b strings.Builder
	last, from := 0, 0
	for from < len(s) {
		at := m.words.FindStringIndex(s[from:])
		if at == nil {
			break
		}
		lo, hi := from+at[0], from+at[1]
		before, _ := utf8.DecodeLastRuneInString(s[:lo])
		after, _ := utf8.DecodeRuneInString(s[hi:])
		if inWord(before) || inWord(after) { // part of a longer word
			_, n := utf8.DecodeRuneInString(s[lo:])
			from = lo + max(n, 1)
			continue
		}
		b.WriteString(s[last:lo] + m.pseudonym(s[lo:hi]))
		last, from = hi, hi
	}
	return b.String() + s[last:]
}

// by is who wrote something.
func (m *mask) by(name string) string {
	if strings.TrimSpace(name) == "" || name == "local" {
		return ""
	}
	return m.pseudonym(name)
}

// pseudonym is what stands for a form.
func (m *mask) pseudonym(form string) string {
	key := strings.ToLower(strings.Join(strings.Fields(form), " "))
	whom, known := m.person[key]
	if bare := strings.TrimPrefix(key, "@"); !known && bare != key {
		whom, known = m.person[bare]
	}
	if !known {
		whom = "as/" + key
		m.person[key], m.called[whom] = whom, form
	}
	if m.label[whom] == "" {
		m.order = append(m.order, whom)
		m.label[whom] = "Person " + letters(len(m.order)-1)
	}
	return m.label[whom]
}

// letters counts as columns of a sheet do: A … Z, AA, AB …
func letters(n int) string {
	out := ""
	for n++; n > 0; n = (n - 1) / 26 {
		out = string(rune('A'+(n-1)%26)) + out
	}
	return out
}

var labels = regexp.MustCompile(`\b[Pp]erson ([A-Z]{1,3})\b`)

// names puts people back in the place of their pseudonyms; ok is false when a
// text names somebody who was not sent.
func (m *mask) names(s string) (out string, ok bool) {
	ok = true
	out = labels.ReplaceAllStringFunc(s, func(label string) string {
		i := slices.IndexFunc(m.order, func(whom string) bool { return m.label[whom] == "P"+label[1:] })
		if i < 0 {
			ok = false
			return label
		}
		return m.called[m.order[i]]
	})
	return out, ok
}

// all puts pseudonyms into every text of a value of JSON.
func (m *mask) all(v any) any {
	switch v := v.(type) {
	case string:
		return m.text(v)
	case []any:
		for i := range v {
			v[i] = m.all(v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = m.all(v[k])
		}
	}
	return v
}
