package search

import (
	"math"
	"strings"
	"sync"
	"time"

	"hansei"
)

// Key names a document.
type Key struct {
	Kind hansei.Kind
	ID   hansei.ID
}

// Doc is what is indexed of a record.
type Doc struct {
	Key
	Title string
	Body  string              // plain text; what is beyond maxBody is not indexed
	At    time.Time           // when it happened; zero if unknown
	Tags  map[string][]string // "service": ids, "factor": names and so on
}

// maxBody bounds what is indexed of a text, in bytes.
const maxBody = 64 << 10

// Index finds documents by words. Many may read while one writes.
type Index struct {
	mu    sync.RWMutex
	docs  []Doc // by number; a deleted one has no kind
	byKey map[Key]uint32
	words space // as people write them, for the box
	stems space // their stems, for what is alike

	normMu sync.Mutex
	norms  []float32 // of documents' stem vectors; nil after a change
}

// posting says how often a term is in a document; in the title counts more.
type posting struct {
	doc uint32
	n   float32
}

// space is a vocabulary with its postings.
type space struct {
	ids    map[string]uint32
	terms  []string
	posts  [][]posting
	df     []int32 // living documents that have the term
	length []float32
	total  float64             // of the lengths of living documents
	heads  map[string][]uint32 // terms by their first two bytes
}

func newSpace() space { return space{ids: map[string]uint32{}, heads: map[string][]uint32{}} }

// New makes an empty index.
func New() *Index {
	return &Index{byKey: map[Key]uint32{}, words: newSpace(), stems: newSpace()}
}

// titleWeight is how many times a word of the title counts.
const titleWeight = 3

// counted is how often each term is in a document.
func counted(tokens func(string, func(term string)), d Doc) map[string]float32 {
	out := map[string]float32{}
	tokens(d.Title, func(t string) { out[t] += titleWeight })
	tokens(bodyOf(d), func(t string) { out[t]++ })
	return out
}

func bodyOf(d Doc) string {
	if len(d.Body) <= maxBody {
		return d.Body
	}
	return strings.ToValidUTF8(d.Body[:maxBody], "")
}

func (s *space) add(doc uint32, counts map[string]float32) {
	length := float32(0)
	for term, n := range counts {
		id, ok := s.ids[term]
		if !ok {
			id = uint32(len(s.terms))
			s.ids[term] = id
			s.terms, s.posts, s.df = append(s.terms, term), append(s.posts, nil), append(s.df, 0)
			head := headOf(term)
			s.heads[head] = append(s.heads[head], id)
		}
		s.posts[id] = append(s.posts[id], posting{doc, n})
		s.df[id]++
		length += n
	}
	for len(s.length) <= int(doc) {
		s.length = append(s.length, 0)
	}
	s.length[doc] = length
	s.total += float64(length)
}

func (s *space) drop(doc uint32, counts map[string]float32) {
	for term := range counts {
		s.df[s.ids[term]]--
	}
	s.total -= float64(s.length[doc])
}

func headOf(term string) string { return term[:min(2, len(term))] }

// Put indexes documents, in place of those of the same keys.
func (x *Index) Put(docs ...Doc) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, d := range docs {
		x.remove(d.Key)
		x.add(d)
	}
	x.compact()
}

func (x *Index) add(d Doc) {
	n := uint32(len(x.docs))
	x.docs, x.byKey[d.Key], x.norms = append(x.docs, d), n, nil
	x.words.add(n, counted(wordTokens, d))
	x.stems.add(n, counted(stemTokens, d))
}

// Delete takes documents out.
func (x *Index) Delete(keys ...Key) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, k := range keys {
		x.remove(k)
	}
	x.compact()
}

func (x *Index) remove(k Key) {
	n, ok := x.byKey[k]
	if !ok {
		return
	}
	x.words.drop(n, counted(wordTokens, x.docs[n]))
	x.stems.drop(n, counted(stemTokens, x.docs[n]))
	x.docs[n], x.norms = Doc{}, nil
	delete(x.byKey, k)
}

// compact builds the index anew when more than half of it is dead.
func (x *Index) compact() {
	if dead := len(x.docs) - len(x.byKey); dead < 1000 || dead < len(x.byKey) {
		return
	}
	old := x.docs
	x.docs, x.byKey, x.words, x.stems = nil, map[Key]uint32{}, newSpace(), newSpace()
	for _, d := range old {
		if d.Kind != "" {
			x.add(d)
		}
	}
}

// Len is how many documents there are.
func (x *Index) Len() int {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return len(x.byKey)
}

// Doc is a document as it was put in.
func (x *Index) Doc(k Key) (Doc, bool) {
	x.mu.RLock()
	defer x.mu.RUnlock()
	n, ok := x.byKey[k]
	if !ok {
		return Doc{}, false
	}
	return x.docs[n], true
}

// The parameters of BM25 (Robertson and Zaragoza 2009).
const (
	k1 = 1.2
	b  = 0.75
)

// idf is the weight of a term in BM25, never below 0.
func (s *space) idf(term uint32, docs int) float64 {
	df := float64(s.df[term])
	return math.Log(1 + (float64(docs)-df+0.5)/(df+0.5))
}

// bm25 is the part of a document's score that one of its terms gives.
func (s *space) bm25(idf float64, p posting, mean float64) float64 {
	n := float64(p.n)
	return idf * n * (k1 + 1) / (n + k1*(1-b+b*float64(s.length[p.doc])/mean))
}

// mean is the mean length of a document.
func (s *space) mean(docs int) float64 {
	if docs == 0 || s.total <= 0 {
		return 1
	}
	return s.total / float64(docs)
}
