package search

import (
	"strings"
	"unicode/utf8"
)

// around is how much of a text a snippet shows, in bytes.
const around = 180

// mark cuts a text into what matched and what did not.
func mark(text string, marked map[string]bool) []Span {
	var out []Span
	at := 0
	cutWords(text, func(w word) {
		if !matches(text[w.from:w.to], marked) {
			return
		}
		if w.from > at {
			out = append(out, Span{Text: text[at:w.from]})
		}
		out = append(out, Span{text[w.from:w.to], true})
		at = w.to
	})
	if at < len(text) {
		out = append(out, Span{Text: text[at:]})
	}
	return out
}

func matches(s string, marked map[string]bool) bool {
	if marked[strings.ToLower(s)] {
		return true
	}
	for _, p := range humps(s) {
		if marked[strings.ToLower(p)] {
			return true
		}
	}
	return false
}

// snippet is the part of a text where most of the words stand together.
func snippet(text string, marked map[string]bool) []Span {
	var found []word
	cutWords(text, func(w word) {
		if matches(text[w.from:w.to], marked) {
			found = append(found, w)
		}
	})
	best, most := 0, 0
	for i := range found {
		seen := map[string]bool{}
		for j := i; j < len(found) && found[j].to-found[i].from < around; j++ {
			seen[strings.ToLower(text[found[j].from:found[j].to])] = true
		}
		if len(seen) > most {
			best, most = i, len(seen)
		}
	}
	from := 0
	if len(found) > 0 {
		from = max(0, found[best].from-around/4)
	}
	to := min(len(text), from+around)
	for from > 0 && from < len(text) && !utf8.RuneStart(text[from]) {
		from--
	}
	if from > 0 {
		if i := strings.IndexAny(text[from:to], " \n"); i >= 0 && i < around/4 {
			from += i + 1
		}
	}
	for to < len(text) && !utf8.RuneStart(text[to]) {
		to++
	}
	part := text[from:to]
	if to < len(text) {
		if i := strings.LastIndexAny(part, " \n"); i > len(part)/2 {
			part = part[:i]
		}
		part += " …"
	}
	if from > 0 {
		part = "… " + part
	}
	part = strings.Join(strings.Fields(part), " ")
	return mark(part, marked)
}
