// Package joins holds the pages about records that several tools tell of:
// what looks like one and waits for a person's word, what is joined, and, on
// the page of an incident, who told what of it.
//
// It decides nothing: rules suggest, sources that name each other join, and a
// person's word stands above both. All three are package intake's.
package joins
