package search

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"time"

	"hansei"
)

// Like says what something is to be like, and where to look.
type Like struct {
	Of          Key // the record; or, where it is not indexed, its words and tags
	Title, Text string
	Tags        map[string][]string
	Kinds       []hansei.Kind // all when empty
	Before      time.Time     // only what happened before; zero is all
	N           int           // 10 when 0, at most 100
}

// Similar is a document like another, and why.
type Similar struct {
	Doc
	Score   float64
	Reasons []string
}

const (
	tellingTerms = 25   // of a record that ask BM25
	rankLimit    = 1000 // of each list that is fused
	rrf          = 60   // Cormack, Clarke and Büttcher 2009
)

// vector is a document as its stems and how often each occurs, with the word
// that each stands for.
type vector struct {
	n       map[uint32]float64
	surface map[uint32]string
}

// Similar finds documents like one: cosine of sublinear TF-IDF, and BM25 asked
// with the most telling terms, fused by reciprocal rank; what shares a service
// or a factor is lifted.
func (x *Index) Similar(l Like) []Similar {
	x.mu.RLock()
	defer x.mu.RUnlock()
	self, indexed := x.byKey[l.Of]
	d := Doc{Title: l.Title, Body: l.Text, Tags: l.Tags}
	if indexed {
		d = x.docs[self]
	}
	v := x.vector(d)
	open := func(doc uint32) bool {
		c := &x.docs[doc]
		return c.Kind != "" && !(indexed && doc == self) && (len(l.Kinds) == 0 || slices.Contains(l.Kinds, c.Kind)) && (l.Before.IsZero() || c.At.Before(l.Before))
	}
	cosine := x.cosine(v, open)
	fused := map[uint32]float64{}
	for _, list := range [][]scored{cosine, x.telling(v, open)} {
		x.best(list, min(len(list), rankLimit))
		for i, s := range list[:min(len(list), rankLimit)] {
			fused[s.doc] += 1 / float64(rrf+i+1)
		}
	}
	out := make([]scored, 0, len(fused))
	for doc, score := range fused {
		lift, _ := boost(d.Tags, x.docs[doc].Tags)
		out = append(out, scored{doc, score * lift})
	}
	n := l.N
	if n <= 0 {
		n = 10
	}
	n = min(n, 100, len(out))
	x.best(out, n)
	list := make([]Similar, n)
	for i, s := range out[:n] {
		_, reasons := boost(d.Tags, x.docs[s.doc].Tags)
		list[i] = Similar{Doc: x.docs[s.doc], Score: s.score, Reasons: append(reasons, x.shared(v, s.doc)...)}
	}
	return list
}

func (x *Index) vector(d Doc) vector {
	v := vector{map[uint32]float64{}, map[uint32]string{}}
	add := func(weight float64) func(stem, surface string) {
		return func(stem, surface string) {
			if id, ok := x.stems.ids[stem]; ok {
				v.n[id] += weight
				if v.surface[id] == "" {
					v.surface[id] = surface
				}
			}
		}
	}
	stemmed(d.Title, add(titleWeight))
	stemmed(bodyOf(d), add(1))
	return v
}

// weight is that of a term in TF-IDF, by the logarithm of how often it occurs.
func (x *Index) weight(term uint32, n float64) float64 {
	return (1 + math.Log(n)) * math.Log(float64(len(x.byKey)+1)/float64(x.stems.df[term]+1))
}

func (x *Index) cosine(v vector, open func(uint32) bool) []scored {
	norms := x.normed()
	sums := make([]float64, len(x.docs))
	for _, t := range slices.Sorted(mapKeys(v.n)) {
		w := x.weight(t, v.n[t])
		if w <= 0 {
			continue
		}
		for _, p := range x.stems.posts[t] {
			sums[p.doc] += w * x.weight(t, float64(p.n))
		}
	}
	var out []scored
	for d, sum := range sums {
		if sum > 0 && norms[d] > 0 && open(uint32(d)) {
			out = append(out, scored{uint32(d), sum / float64(norms[d])})
		}
	}
	return out
}

func mapKeys(m map[uint32]float64) func(func(uint32) bool) {
	return func(yield func(uint32) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

// normed are the lengths of all vectors. They depend on how many documents
// have each term, so they are computed when somebody asks after one came or
// went; for 100,000 documents that takes some tens of milliseconds.
func (x *Index) normed() []float32 {
	x.normMu.Lock()
	defer x.normMu.Unlock()
	if x.norms != nil {
		return x.norms
	}
	sums := make([]float64, len(x.docs))
	for t, list := range x.stems.posts {
		if x.stems.df[t] == 0 {
			continue
		}
		for _, p := range list {
			w := x.weight(uint32(t), float64(p.n))
			sums[p.doc] += w * w
		}
	}
	x.norms = make([]float32, len(sums))
	for i, s := range sums {
		x.norms[i] = float32(math.Sqrt(s))
	}
	return x.norms
}

// telling asks BM25 with the terms that tell most of a document.
func (x *Index) telling(v vector, open func(uint32) bool) []scored {
	terms := slices.Collect(mapKeys(v.n))
	worth := func(t uint32) float64 { return v.n[t] * x.stems.idf(t, len(x.byKey)) }
	slices.SortFunc(terms, func(a, b uint32) int { return cmp.Or(cmp.Compare(worth(b), worth(a)), cmp.Compare(a, b)) })
	sums := make([]float64, len(x.docs))
	mean := x.stems.mean(len(x.byKey))
	for _, t := range terms[:min(len(terms), tellingTerms)] {
		idf := x.stems.idf(t, len(x.byKey))
		for _, p := range x.stems.posts[t] {
			sums[p.doc] += x.stems.bm25(idf, p, mean)
		}
	}
	var out []scored
	for d, sum := range sums {
		if sum > 0 && open(uint32(d)) {
			out = append(out, scored{uint32(d), sum})
		}
	}
	return out
}

// boosts are how much each thing in common lifts a score, and by how much at most.
var boosts = []struct {
	tag, says string
	each, all float64
}{
	{"service", "same service", 0.25, 1},
	{"factor", "shared factor", 0.35, 1},
}

// boost says by how much what two records have in common lifts their
// similarity, and what it is.
func boost(a, b map[string][]string) (lift float64, reasons []string) {
	lift = 1
	for _, x := range boosts {
		var shared []string
		for _, v := range a[x.tag] {
			if slices.Contains(b[x.tag], v) {
				shared = append(shared, v)
			}
		}
		if len(shared) > 0 {
			lift *= 1 + min(x.all, x.each*float64(len(shared)))
			reasons = append(reasons, x.says+": "+strings.Join(shared, ", "))
		}
	}
	return lift, reasons
}

const shownTerms = 5

// shared are the words that two documents have in common, the most telling
// first.
func (x *Index) shared(v vector, doc uint32) []string {
	other := x.vector(x.docs[doc])
	type part struct {
		word string
		w    float64
	}
	var parts []part
	for t, n := range v.n {
		if m, ok := other.n[t]; ok {
			if w := x.weight(t, n) * x.weight(t, m); w > 0 {
				parts = append(parts, part{v.surface[t], w})
			}
		}
	}
	slices.SortFunc(parts, func(a, b part) int { return cmp.Or(cmp.Compare(b.w, a.w), strings.Compare(a.word, b.word)) })
	if len(parts) == 0 {
		return nil
	}
	words := make([]string, min(len(parts), shownTerms))
	for i := range words {
		words[i] = parts[i].word
	}
	return []string{"words in common: " + strings.Join(words, ", ")}
}
