package search

import (
	"cmp"
	"slices"
	"strings"
	"time"
	"unicode"

	"hansei"
)

// Query is what somebody looks for.
type Query struct {
	// Text are words that all must occur, or, where nothing has all, some. In
	// quotes they stand together; -word must not occur; the last may be half a
	// word.
	Text         string
	Kinds        []hansei.Kind       // all when empty
	Tags         map[string][]string // every tag named must have one of the values
	Since, Until time.Time           // half-open; zero is unbounded
	Limit        int                 // 20 when 0, at most MaxLimit
	Offset       int
}

// Hit is a document that was found.
type Hit struct {
	Doc
	Score      float64
	TitleParts []Span
	Snippet    []Span // about 180 characters of the body where most words are
}

// Span is a part of a text.
type Span struct {
	Text   string `json:"text"`
	Marked bool   `json:"marked,omitzero"`
}

// Result is what was found.
type Result struct {
	Hits  []Hit
	Total int
	// Kinds and Facets say how many there are of each kind and of each value of
	// a tag; see Facet.
	Kinds  map[hansei.Kind]int
	Facets map[string][]Facet
	// Corrected is what was looked for where a word occurs nowhere, else "".
	Corrected string
}

// asked is a query cut into what is to be done with it.
type asked struct {
	words   []string   // in lower case
	typing  bool       // the last word may go on
	phrases [][]string // words that stand together
	without []string
}

// What one question may cost.
const (
	maxQuery   = 2_000 // bytes
	maxWords   = 16    // that are looked for
	maxPhrases = 2_000 // documents that are read through for what stands in quotes, the best first

	// MaxLimit is how many hits one answer has at most.
	MaxLimit = 100
)

func parse(text string) asked {
	var a asked
	if len(text) > maxQuery {
		text = strings.ToValidUTF8(text[:maxQuery], "")
	}
	for i, part := range strings.Split(text, `"`) {
		if i%2 == 1 { // in quotes
			var together []string
			cutWords(part, func(w word) { together = append(together, strings.ToLower(part[w.from:w.to])) })
			a.words = append(a.words, together...)
			if len(together) > 1 {
				a.phrases = append(a.phrases, together)
			}
			continue
		}
		for _, f := range strings.Fields(part) {
			not, minus := strings.CutPrefix(f, "-")
			cutWords(not, func(w word) {
				if s := strings.ToLower(not[w.from:w.to]); minus {
					a.without = append(a.without, s)
				} else {
					a.words = append(a.words, s)
				}
			})
		}
	}
	runes := []rune(text)
	// Beyond the bound, the last word is no longer the one that is typed.
	a.typing = len(a.words) <= maxWords && len(runes) > 0 && (unicode.IsLetter(runes[len(runes)-1]) || unicode.IsDigit(runes[len(runes)-1])) && len(a.words) > 0
	a.words = a.words[:min(len(a.words), maxWords)]
	return a
}

// Search finds documents.
func (x *Index) Search(q Query) Result {
	x.mu.RLock()
	defer x.mu.RUnlock()
	a := parse(q.Text)
	terms, corrected := x.expand(a)
	through := x.sieve(q)
	t, _ := x.tallies.Get().(*tally)
	if t == nil {
		t = &tally{}
	}
	defer x.tallies.Put(t)
	found := x.match(t, a, q, terms, through)
	if q.Limit <= 0 {
		q.Limit = 20
	}
	q.Limit = min(q.Limit, MaxLimit)
	from := min(max(q.Offset, 0), len(found))
	to := min(from+q.Limit, len(found))
	x.best(found, to)
	marked := map[string]bool{}
	for _, list := range terms {
		for _, t := range list {
			marked[x.words.terms[t.id]] = true
		}
	}
	out := Result{Hits: []Hit{}, Total: len(found), Facets: x.facets(through), Kinds: map[hansei.Kind]int{}, Corrected: corrected}
	for _, f := range out.Facets["kind"] {
		out.Kinds[hansei.Kind(f.Value)] = f.N
	}
	for _, f := range found[from:to] {
		d := x.doc(f.doc)
		out.Hits = append(out.Hits, Hit{Doc: d, Score: f.score, TitleParts: mark(d.Title, marked), Snippet: snippet(bounded(d.Body), marked)})
	}
	return out
}

// scored is a document and its score.
type scored struct {
	doc   uint32
	score float64
}

// order puts the best first, and of equals the newest.
func (x *Index) order(a, b scored) int {
	da, db := &x.docs[a.doc], &x.docs[b.doc]
	return cmp.Or(cmp.Compare(b.score, a.score), db.at.Compare(da.at), cmp.Compare(da.Kind, db.Kind), cmp.Compare(da.ID, db.ID))
}

// best brings the n best to the front, in order.
func (x *Index) best(list []scored, n int) {
	for lo, hi := 0, len(list); n < hi && hi-lo > 64; {
		// As in quicksort, but only into the side where the n-th is.
		pivot := list[lo+(hi-lo)/2]
		i, j := lo, hi-1
		for i <= j {
			for x.order(list[i], pivot) < 0 {
				i++
			}
			for x.order(list[j], pivot) > 0 {
				j--
			}
			if i <= j {
				list[i], list[j] = list[j], list[i]
				i, j = i+1, j-1
			}
		}
		switch {
		case n <= j:
			hi = j + 1
		case n >= i:
			lo = i
		default:
			lo, hi = n, n
		}
	}
	// What is before the place is in front of all behind it; sort a little
	// more than asked, for equals.
	slices.SortFunc(list[:min(len(list), n+64)], x.order)
}

// tally is what the words of a query say of each document.
type tally struct {
	score []float32
	words []uint8 // how many of the words it has
	last  []uint8 // the last word that was counted, from 1
	found []scored
}

// tally counts the words of a query in all documents. What has a word that is
// to be left out has a score below 0.
func (x *Index) tally(t *tally, a asked, terms [][]term) {
	n := len(x.byKey)
	t.score, t.words, t.last = zeros(t.score, len(x.docs)), zeros(t.words, len(x.docs)), zeros(t.last, len(x.docs))
	mean := x.words.mean(n)
	for i, list := range terms {
		for _, term := range list {
			idf := term.weight * x.words.idf(term.id, n)
			for _, p := range x.words.posts[term.id] {
				t.score[p.doc] += float32(x.words.bm25(idf, p, mean))
				if t.last[p.doc] != uint8(i+1) {
					t.last[p.doc] = uint8(i + 1)
					t.words[p.doc]++
				}
			}
		}
	}
	for _, w := range a.without {
		if id, ok := x.words.ids[w]; ok {
			for _, p := range x.words.posts[id] {
				t.score[p.doc] = -1
			}
		}
	}
}

// zeros are n zeros, where there were others before if they fit.
func zeros[T any](old []T, n int) []T {
	if cap(old) < n {
		return make([]T, n, n+n/8)
	}
	old = old[:n]
	clear(old)
	return old
}

// match scores the documents that have the words and pass the filters: all
// words, or, where nothing has all, some.
func (x *Index) match(t *tally, a asked, q Query, terms [][]term, through *sieve) []scored {
	x.tally(t, a, terms)
	gather := func(need uint8) []scored {
		out := t.found[:0]
		for d := range x.docs {
			e := &x.docs[d]
			if e.Kind != "" && t.words[d] >= need && t.score[d] >= 0 && q.within(e.at) {
				out = append(out, scored{uint32(d), float64(t.score[d])})
			}
		}
		t.found = out
		return x.phrased(a, out)
	}
	need := uint8(min(1, len(a.words))) // filters alone find all
	all := gather(uint8(len(a.words)))
	if len(all) == 0 && len(a.words) > 1 {
		all = gather(need)
	}
	out := all[:0]
	for _, f := range all {
		if through.passes(x.docs[f.doc].tags) {
			out = append(out, f)
		}
	}
	return out
}

// within says whether something happened in the time that is asked for.
func (q Query) within(at time.Time) bool {
	return (q.Since.IsZero() || !at.Before(q.Since)) && (q.Until.IsZero() || at.Before(q.Until))
}

// phrased keeps the documents in which what is in quotes stands together.
func (x *Index) phrased(a asked, list []scored) []scored {
	if len(a.phrases) == 0 {
		return list
	}
	n := min(len(list), maxPhrases)
	x.best(list, n)
	out := list[:0]
	for _, f := range list[:n] {
		e := &x.docs[f.doc]
		if !slices.ContainsFunc(a.phrases, func(p []string) bool { return !together(e.title, p) && !together(bounded(e.body), p) }) {
			out = append(out, f)
		}
	}
	return out
}

// together says whether words follow one another in a text.
func together(text string, words []string) bool {
	var run []int // how many of the words each run that goes on has had
	found := false
	cutWords(text, func(w word) {
		if found {
			return
		}
		said, kept := text[w.from:w.to], run[:0]
		for _, n := range append(run, 0) {
			switch {
			case !strings.EqualFold(said, words[n]):
			case n+1 == len(words):
				found = true
			default:
				kept = append(kept, n+1)
			}
		}
		run = kept
	})
	return found
}
