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
	After       time.Time     // only what happened after; zero is all
	N           int           // 10 when 0, at most MaxLimit
}

// Similar is a document like another, and why.
type Similar struct {
	Doc
	Score   float64 // means something only beside the others of one answer
	Reasons []string
	Verdict string // what a person said of the pair; "" if nobody did
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

// sureLift is added for a pair that a person confirmed: more than any other
// score can be, so that it stands on top.
const sureLift = 1

// SameLesson is the reason given for a pair that a person confirmed.
const SameLesson = "marked as the same lesson"

// Similar finds documents like one: cosine of sublinear TF-IDF, and BM25 asked
// with the most telling terms, fused by reciprocal rank; what shares a service
// or a factor is lifted. What people said of a pair stands above all of it.
func (x *Index) Similar(l Like) []Similar {
	x.mu.RLock()
	defer x.mu.RUnlock()
	e := entry{Key: l.Of, title: l.Title, body: l.Text}
	tags := l.Tags
	if self, ok := x.byKey[l.Of]; ok {
		e, tags = x.docs[self], x.tags.named(x.docs[self].tags)
	}
	v, said := x.vector(&e), x.pairs[l.Of]
	open := func(doc uint32) bool {
		c := &x.docs[doc]
		return c.Kind != "" && c.Key != l.Of && !(l.Of.Kind == c.Kind && said[c.ID] == hansei.LessonOther) && l.asks(c)
	}
	fused := map[uint32]float64{}
	for _, list := range [][]scored{x.cosine(v, open), x.telling(v, open)} {
		x.best(list, min(len(list), rankLimit))
		for i, s := range list[:min(len(list), rankLimit)] {
			fused[s.doc] += 1 / float64(rrf+i+1)
		}
	}
	out := make([]scored, 0, len(fused))
	for doc, score := range fused {
		lift, _ := x.boost(tags, x.docs[doc].tags)
		out = append(out, scored{doc, score * lift})
	}
	out = x.confirmed(l, said, out, open)
	n := l.N
	if n <= 0 {
		n = 10
	}
	n = min(n, MaxLimit, len(out))
	x.best(out, n)
	list := make([]Similar, n)
	for i, s := range out[:n] {
		_, reasons := x.boost(tags, x.docs[s.doc].tags)
		d := x.doc(s.doc)
		list[i] = Similar{Doc: d, Score: s.score, Reasons: append(reasons, x.shared(v, s.doc)...)}
		if d.Kind == l.Of.Kind && said[d.ID] != "" {
			list[i].Verdict, list[i].Reasons = said[d.ID], append([]string{SameLesson}, list[i].Reasons...)
		}
	}
	return list
}

// asks says whether a document is of a kind and a time that is asked for.
func (l Like) asks(e *entry) bool {
	return (len(l.Kinds) == 0 || slices.Contains(l.Kinds, e.Kind)) && (l.Before.IsZero() || e.at.Before(l.Before)) && (l.After.IsZero() || e.at.After(l.After))
}

// confirmed lifts the pairs that a person confirmed, whatever their words.
func (x *Index) confirmed(l Like, said map[hansei.ID]string, list []scored, open func(uint32) bool) []scored {
	for id, verdict := range said {
		doc, ok := x.byKey[Key{l.Of.Kind, id}]
		if verdict != hansei.LessonSame || !ok || !open(doc) {
			continue
		}
		if i := slices.IndexFunc(list, func(s scored) bool { return s.doc == doc }); i >= 0 {
			list[i].score += sureLift
		} else {
			list = append(list, scored{doc, sureLift})
		}
	}
	return list
}

func (x *Index) vector(e *entry) vector {
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
	stemmed(e.title, add(titleWeight))
	stemmed(bounded(e.body), add(1))
	return v
}

// rarity is what a term tells in TF-IDF by how few documents have it.
func (x *Index) rarity(term uint32) float64 {
	return math.Log(float64(len(x.byKey)+1) / float64(x.stems.df[term]+1))
}

// often is what it tells that a term occurs n times: sublinear, by the
// logarithm.
func (x *Index) often(n float64) float64 {
	if i := int(n); i < len(x.logs) && float64(i) == n {
		return x.logs[i]
	}
	return 1 + math.Log(n)
}

// logs are those of small numbers, which nearly all are.
func logs() []float64 {
	out := make([]float64, 256)
	for i := range out[1:] {
		out[i+1] = 1 + math.Log(float64(i+1))
	}
	return out
}

// weight is that of a term in TF-IDF.
func (x *Index) weight(term uint32, n float64) float64 { return x.often(n) * x.rarity(term) }

func (x *Index) cosine(v vector, open func(uint32) bool) []scored {
	norms := x.normed()
	sums := make([]float64, len(x.docs))
	for _, t := range x.inOrder(v) {
		rarity := x.rarity(t)
		w := x.often(v.n[t]) * rarity * rarity
		if rarity <= 0 {
			continue
		}
		for _, p := range x.stems.posts[t] {
			sums[p.doc] += w * x.often(float64(p.n))
		}
	}
	var out []scored
	for d, sum := range sums {
		if sum > 0 && norms[d] > 0 && open(uint32(d)) {
			// Less exact than it is summed up, so that what is equal ties.
			out = append(out, scored{uint32(d), float64(float32(sum / float64(norms[d])))})
		}
	}
	return out
}

// inOrder are the terms of a vector by the alphabet: sums do not depend on
// which of them the index met first.
func (x *Index) inOrder(v vector) []uint32 {
	terms := slices.Collect(mapKeys(v.n))
	slices.SortFunc(terms, func(a, b uint32) int { return strings.Compare(x.stems.terms[a], x.stems.terms[b]) })
	return terms
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
		rarity := x.rarity(uint32(t))
		for _, p := range list {
			w := x.often(float64(p.n)) * rarity
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
	terms := x.inOrder(v)
	worth := func(t uint32) float64 { return v.n[t] * x.stems.idf(t, len(x.byKey)) }
	slices.SortStableFunc(terms, func(a, b uint32) int { return cmp.Compare(worth(b), worth(a)) })
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
			out = append(out, scored{uint32(d), float64(float32(sum))})
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
func (x *Index) boost(a map[string][]string, tags []uint32) (lift float64, reasons []string) {
	lift = 1
	for _, by := range boosts {
		var shared []string
		for _, v := range a[by.tag] {
			id, ok := x.tags.ids[tag{uint8(slices.Index(TagNames, by.tag)), v}]
			if ok && slices.Contains(tags, id) {
				shared = append(shared, x.called(by.tag, v))
			}
		}
		if len(shared) > 0 {
			lift *= 1 + min(by.all, by.each*float64(len(shared)))
			reasons = append(reasons, by.says+": "+strings.Join(shared, ", "))
		}
	}
	return lift, reasons
}

// called is what people call the value of a tag.
func (x *Index) called(name, value string) string {
	if name == "service" || name == "team" {
		return x.title(Key{hansei.Kind(name), hansei.ID(value)})
	}
	return value
}

const shownTerms = 5

// everydayShare: a word of more than one in so many documents, such as
// "currently", is told only where there is none that tells more.
const everydayShare = 12

// shared are the words that two documents have in common, the most telling
// first.
func (x *Index) shared(v vector, doc uint32) []string {
	other := x.vector(&x.docs[doc])
	type part struct {
		word string
		w    float64
	}
	var parts, everyday []part
	for t, n := range v.n {
		if m, ok := other.n[t]; ok {
			w := x.weight(t, n) * x.weight(t, m)
			switch {
			case w <= 0:
			case len(x.stems.posts[t])*everydayShare > len(x.byKey):
				everyday = append(everyday, part{v.surface[t], w})
			default:
				parts = append(parts, part{v.surface[t], w})
			}
		}
	}
	if len(parts) == 0 {
		parts = everyday
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
