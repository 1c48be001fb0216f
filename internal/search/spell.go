package search

import (
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"
)

// term is a term of the vocabulary that stands for a word of the query.
type term struct {
	id     uint32
	weight float64
}

const (
	maxPrefix = 50 // terms that half a word may stand for
	maxSpell  = 5  // terms that a misspelt word may stand for

	prefixWeight = 0.7
)

// expand finds the terms that each word of a query stands for: itself, what it
// is the begin of if it is being typed, else what it may be a misspelling of.
func (x *Index) expand(a asked) (terms [][]term, corrected string) {
	said := slices.Clone(a.words)
	changed := false
	for i, w := range a.words {
		var list []term
		if id, ok := x.words.ids[w]; ok && x.words.df[id] > 0 {
			list = append(list, term{id, 1})
		}
		if a.typing && i == len(a.words)-1 {
			list = append(list, x.words.begins(w)...)
		}
		if len(list) == 0 {
			if list = x.words.spelt(w, a.typing && i == len(a.words)-1); len(list) > 0 {
				said[i], changed = x.words.terms[list[0].id], true
			}
		}
		terms = append(terms, list)
	}
	if changed {
		corrected = strings.Join(said, " ")
	}
	return terms, corrected
}

// begins lists the commonest terms that go on from a word.
func (s *space) begins(w string) []term {
	var ids []uint32
	look := func(list []uint32) {
		for _, id := range list {
			if t := s.terms[id]; s.df[id] > 0 && len(t) > len(w) && strings.HasPrefix(t, w) {
				ids = append(ids, id)
			}
		}
	}
	for _, heads := range []map[string][]uint32{s.heads, s.codes} {
		if len(w) >= 2 {
			look(heads[headOf(w)])
			continue
		}
		for head, list := range heads {
			if strings.HasPrefix(head, w) {
				look(list)
			}
		}
	}
	slices.SortFunc(ids, func(a, b uint32) int {
		return cmp.Or(cmp.Compare(s.df[b], s.df[a]), cmp.Compare(s.terms[a], s.terms[b]))
	})
	var out []term
	for _, id := range ids[:min(len(ids), maxPrefix)] {
		out = append(out, term{id, prefixWeight})
	}
	return out
}

// spelt lists the terms that a word may be a misspelling of: one letter wrong,
// missing, too many or swapped; two in a long word. Words are rarely wrong in
// their first letter, so those are looked at first. Numbers and ids are never
// taken for misspelt. Of a word that is still
// being typed, it is the beginning of the term that counts.
func (s *space) spelt(w string, typing bool) []term {
	size := utf8.RuneCountInString(w)
	if size < 4 || len(w) > maxWord || hasDigit(w) {
		return nil
	}
	most := 1
	if size >= 8 {
		most = 2
	}
	type near struct {
		id   uint32
		away int
	}
	var found []near
	look := func(sameFirst bool) {
		for head, list := range s.heads {
			if same := head[0] == w[0]; same != sameFirst || !same && !firstWrong(w, head) {
				continue
			}
			for _, id := range list {
				t := s.terms[id]
				if s.df[id] == 0 || !typing && len(t) > len(w)+4*most || len(t)+4*most < len(w) {
					continue
				}
				if away := distance(w, t, most, typing); away <= most {
					found = append(found, near{id, away})
				}
			}
		}
	}
	if look(true); len(found) == 0 && !typing {
		look(false)
	}
	slices.SortFunc(found, func(a, b near) int {
		return cmp.Or(cmp.Compare(a.away, b.away), cmp.Compare(s.df[b.id], s.df[a.id]), cmp.Compare(s.terms[a.id], s.terms[b.id]))
	})
	var out []term
	for _, n := range found[:min(len(found), maxSpell)] {
		out = append(out, term{n.id, []float64{1, 0.6, 0.4}[n.away]})
	}
	return out
}

// firstWrong says whether terms that begin so can be a word whose first letter
// is wrong, missing, too much or swapped with the second, and no other.
func firstWrong(w, head string) bool {
	return head[0] == w[1] || len(head) > 1 && (head[1] == w[0] || head[1] == w[1])
}

// distance is how many letters have to be changed, added, left out or swapped
// with their neighbour to make a of b (optimal string alignment), or of some
// beginning of b; more than most is most+1.
func distance(a, b string, most int, beginning bool) int {
	var letters [2][maxWord]rune
	x, y := runes(letters[0][:0], a, maxWord), runes(letters[1][:0], b, maxWord)
	if beginning {
		y = y[:min(len(y), len(x)+most)]
	}
	if len(x)-len(y) > most || len(y)-len(x) > most {
		return most + 1
	}
	var rows [3][maxWord + 1]int
	before, prev, row := rows[0][:len(y)+1], rows[1][:len(y)+1], rows[2][:len(y)+1]
	for j := range prev {
		prev[j] = j
	}
	for i := 1; i <= len(x); i++ {
		row[0] = i
		least := i
		for j := 1; j <= len(y); j++ {
			cost := 1
			if x[i-1] == y[j-1] {
				cost = 0
			}
			row[j] = min(prev[j]+1, row[j-1]+1, prev[j-1]+cost)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
			least = min(least, row[j])
		}
		if least > most {
			return most + 1
		}
		before, prev, row = prev, row, before
	}
	if beginning {
		return slices.Min(prev)
	}
	return prev[len(y)]
}

// runes are the letters of a word, at most so many.
func runes(to []rune, s string, most int) []rune {
	for _, r := range s {
		if len(to) == most {
			break
		}
		to = append(to, r)
	}
	return to
}
