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
	Limit        int                 // 20 when 0, at most 100
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
	Kinds map[hansei.Kind]int // of all that was found
	// Corrected is what was looked for where a word occurs nowhere, else "".
	Corrected string
}

// asked is a query cut into what is to be done with it.
type asked struct {
	words   []string // in lower case
	typing  bool     // the last word may go on
	phrases []string
	without []string
}

const maxQuery = 2_000 // bytes

func parse(text string) asked {
	var a asked
	if len(text) > maxQuery {
		text = strings.ToValidUTF8(text[:maxQuery], "")
	}
	for i, part := range strings.Split(text, `"`) {
		if i%2 == 1 { // in quotes
			if p := strings.ToLower(strings.Join(strings.Fields(part), " ")); p != "" {
				a.phrases = append(a.phrases, p)
			}
			cutWords(part, func(w word) { a.words = append(a.words, strings.ToLower(part[w.from:w.to])) })
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
	a.typing = len(runes) > 0 && (unicode.IsLetter(runes[len(runes)-1]) || unicode.IsDigit(runes[len(runes)-1])) && len(a.words) > 0
	a.words = a.words[:min(len(a.words), 16)]
	return a
}

// Search finds documents.
func (x *Index) Search(q Query) Result {
	x.mu.RLock()
	defer x.mu.RUnlock()
	a := parse(q.Text)
	out := Result{Hits: []Hit{}, Kinds: map[hansei.Kind]int{}}
	terms, corrected := x.expand(a)
	out.Corrected = corrected
	found := x.match(a, q, terms)
	out.Total = len(found)
	for _, f := range found {
		out.Kinds[x.docs[f.doc].Kind]++
	}
	if q.Limit <= 0 {
		q.Limit = 20
	}
	q.Limit = min(q.Limit, 100)
	from := min(max(q.Offset, 0), len(found))
	to := min(from+q.Limit, len(found))
	x.best(found, to)
	marked := map[string]bool{}
	for _, list := range terms {
		for _, t := range list {
			marked[x.words.terms[t.id]] = true
		}
	}
	for _, f := range found[from:to] {
		d := x.docs[f.doc]
		out.Hits = append(out.Hits, Hit{Doc: d, Score: f.score, TitleParts: mark(d.Title, marked), Snippet: snippet(bodyOf(d), marked)})
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
	return cmp.Or(cmp.Compare(b.score, a.score), db.At.Compare(da.At), cmp.Compare(da.Kind, db.Kind), cmp.Compare(da.ID, db.ID))
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

// match scores the documents that have the words and pass the filters.
func (x *Index) match(a asked, q Query, terms [][]term) []scored {
	scores := make([]float32, len(x.docs))
	hits := make([]uint8, len(x.docs))
	last := make([]uint8, len(x.docs)) // the last word that was counted, from 1
	mean, n := x.words.mean(len(x.byKey)), len(x.byKey)
	for i, list := range terms {
		for _, t := range list {
			idf := x.words.idf(t.id, n)
			for _, p := range x.words.posts[t.id] {
				scores[p.doc] += float32(t.weight * x.words.bm25(idf, p, mean))
				if last[p.doc] != uint8(i+1) {
					last[p.doc] = uint8(i + 1)
					hits[p.doc]++
				}
			}
		}
	}
	for _, w := range a.without {
		if id, ok := x.words.ids[w]; ok {
			for _, p := range x.words.posts[id] {
				hits[p.doc] = 0
				scores[p.doc] = -1
			}
		}
	}
	gather := func(need uint8) (out []scored) {
		for d := range x.docs {
			if x.docs[d].Kind != "" && hits[d] >= need && scores[d] >= 0 && x.passes(&x.docs[d], a, q) {
				out = append(out, scored{uint32(d), float64(scores[d])})
			}
		}
		return out
	}
	if len(a.words) == 0 {
		return gather(0) // filters alone
	}
	if out := gather(uint8(len(a.words))); len(out) > 0 || len(a.words) == 1 {
		return out
	}
	return gather(1)
}

func (x *Index) passes(d *Doc, a asked, q Query) bool {
	if len(q.Kinds) > 0 && !slices.Contains(q.Kinds, d.Kind) {
		return false
	}
	if !q.Since.IsZero() && d.At.Before(q.Since) || !q.Until.IsZero() && !d.At.Before(q.Until) {
		return false
	}
	for name, values := range q.Tags {
		if !slices.ContainsFunc(values, func(v string) bool { return slices.Contains(d.Tags[name], v) }) {
			return false
		}
	}
	for _, p := range a.phrases {
		text := strings.ToLower(strings.Join(strings.Fields(d.Title+"\n"+bodyOf(*d)), " "))
		if !strings.Contains(text, p) {
			return false
		}
	}
	return true
}
