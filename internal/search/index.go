package search

import (
	"strings"
	"sync"
	"time"

	"hansei"
)

// Lesson is the kind of a document that is a lesson of a retrospective. It is
// no record of its own: its id leads to the retrospective (see LessonOf).
const Lesson hansei.Kind = "lesson"

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
	Names []string            // ids and keys by which it is looked for; they say nothing of likeness
	At    time.Time           // when it happened; zero if unknown
	Tags  map[string][]string // "service": ids, "factor": names and so on
}

// maxBody bounds what is indexed of a text, in bytes.
const maxBody = 64 << 10

func bounded(body string) string {
	if len(body) <= maxBody {
		return body
	}
	return strings.ToValidUTF8(body[:maxBody], "")
}

// entry is a document as the index keeps it. A deleted one has no kind.
type entry struct {
	Key
	title, body string
	names       []string
	at          time.Time
	tags        []uint32
}

// Index finds documents by words. Many may read while one writes.
type Index struct {
	mu    sync.RWMutex
	docs  []entry // by number
	byKey map[Key]uint32
	parts map[Key][]Key // the documents of a record that has several
	words space         // as people write them, for the box
	stems space         // their stems, for what is alike
	tags  tagSpace
	pairs map[Key]map[hansei.ID]string // what people said of pairs

	counts counts
	logs   []float64

	tallies sync.Pool // of *tally: an answer needs some of the size of the index
	normMu  sync.Mutex
	norms   []float32 // of documents' stem vectors; nil after a change
}

// New makes an empty index.
func New() *Index {
	return &Index{byKey: map[Key]uint32{}, parts: map[Key][]Key{}, words: newSpace(), stems: newSpace(), tags: newTagSpace(),
		pairs: map[Key]map[hansei.ID]string{}, counts: counts{}, logs: logs()}
}

// titleWeight is how many times a word of the title counts.
const titleWeight = 3

// Put indexes documents, in place of those of the same keys.
func (x *Index) Put(docs ...Doc) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, d := range docs {
		x.remove(d.Key)
		x.add(x.entry(d))
	}
	x.compact()
}

// Set indexes the documents of a record, in place of all it had before.
func (x *Index) Set(of Key, docs ...Doc) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.forget(of)
	for _, d := range docs {
		x.add(x.entry(d))
		if d.Key != of {
			x.parts[of] = append(x.parts[of], d.Key)
		}
	}
	x.compact()
}

// Delete takes records out, with all of their documents.
func (x *Index) Delete(keys ...Key) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, k := range keys {
		x.forget(k)
	}
	x.compact()
}

func (x *Index) forget(of Key) {
	x.remove(of)
	for _, k := range x.parts[of] {
		x.remove(k)
	}
	delete(x.parts, of)
}

func (x *Index) entry(d Doc) entry {
	return entry{Key: d.Key, title: d.Title, body: d.Body, names: d.Names, at: d.At, tags: x.tags.all(d)}
}

func (x *Index) add(e entry) {
	n := uint32(len(x.docs))
	x.docs, x.byKey[e.Key], x.norms = append(x.docs, e), n, nil
	x.words.add(n, x.wordsOf(&e))
	x.stems.add(n, x.counts.of(stemTokens, &e))
}

// wordsOf are the words of a document with those of its names, which count
// like the title's.
func (x *Index) wordsOf(e *entry) counts {
	c := x.counts.of(wordTokens, e)
	for _, name := range e.names {
		wordTokens(name, func(t string) { c[t] += titleWeight })
	}
	return c
}

func (x *Index) remove(k Key) {
	n, ok := x.byKey[k]
	if !ok {
		return
	}
	x.words.drop(n, x.wordsOf(&x.docs[n]))
	x.stems.drop(n, x.counts.of(stemTokens, &x.docs[n]))
	x.docs[n], x.norms = entry{}, nil
	delete(x.byKey, k)
}

// compact builds the index anew when more than half of it is dead.
func (x *Index) compact() {
	if dead := len(x.docs) - len(x.byKey); dead < 1000 || dead < len(x.byKey) {
		return
	}
	old := x.docs
	x.docs, x.byKey, x.words, x.stems = nil, map[Key]uint32{}, newSpace(), newSpace()
	for _, e := range old {
		if e.Kind != "" {
			x.add(e)
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
	return x.doc(n), true
}

func (x *Index) doc(n uint32) Doc {
	e := &x.docs[n]
	return Doc{Key: e.Key, Title: e.title, Body: e.body, Names: e.names, At: e.at, Tags: x.tags.named(e.tags)}
}

// Judge notes what a person said of two records of a kind: LessonSame keeps
// each on top of what is like the other, LessonOther keeps it out, and nothing
// takes the word back.
func (x *Index) Judge(of hansei.Kind, a, b hansei.ID, verdict string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, pair := range [][2]hansei.ID{{a, b}, {b, a}} {
		k := Key{of, pair[0]}
		if verdict == "" {
			delete(x.pairs[k], pair[1])
			continue
		}
		if x.pairs[k] == nil {
			x.pairs[k] = map[hansei.ID]string{}
		}
		x.pairs[k][pair[1]] = verdict
	}
}

// title is what a record is called, or its id where it is not indexed.
func (x *Index) title(k Key) string {
	if n, ok := x.byKey[k]; ok && x.docs[n].title != "" {
		return x.docs[n].title
	}
	return string(k.ID)
}
