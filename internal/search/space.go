package search

import (
	"math"
	"strings"
)

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
	codes  map[string][]uint32 // those that have a digit: numbers, hosts, ids
}

func newSpace() space {
	return space{ids: map[string]uint32{}, heads: map[string][]uint32{}, codes: map[string][]uint32{}}
}

// counts is how often each term is in a document. One is used again and again.
type counts map[string]float32

func (c counts) of(tokens func(string, func(term string)), e *entry) counts {
	clear(c)
	tokens(e.title, func(t string) { c[t] += titleWeight })
	tokens(bounded(e.body), func(t string) { c[t]++ })
	return c
}

func (s *space) add(doc uint32, counts counts) {
	length := float32(0)
	for term, n := range counts {
		id, ok := s.ids[term]
		if !ok {
			id = uint32(len(s.terms))
			s.ids[term] = id
			s.terms, s.posts, s.df = append(s.terms, term), append(s.posts, nil), append(s.df, 0)
			by := s.heads
			if hasDigit(term) {
				by = s.codes
			}
			by[headOf(term)] = append(by[headOf(term)], id)
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

func (s *space) drop(doc uint32, counts counts) {
	for term := range counts {
		s.df[s.ids[term]]--
	}
	s.total -= float64(s.length[doc])
}

func headOf(term string) string { return term[:min(2, len(term))] }

func hasDigit(term string) bool { return strings.ContainsAny(term, "0123456789") }

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
