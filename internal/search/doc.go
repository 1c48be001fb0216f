// Package search finds records by their words: what somebody types into a
// box, and what is like a record that they look at.
//
// It is an index of its own because two scorers over the same postings are
// needed. A whole incident as the query of plain BM25 loses ten to twenty of
// a hundred records that sublinear TF-IDF and the record's telling terms find
// (measured on known duplicates of bug reports, see TestGitBugs); and the box
// wants words as people write them, half typed and misspelt.
//
// The index lives in memory and follows the journal (View): it can always be
// built anew, so nothing of it is kept on disk. It knows words and tags, not
// what records mean; permission is the caller's Scope.
package search
