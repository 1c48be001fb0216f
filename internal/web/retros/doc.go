// Package retros holds the pages on which retrospectives are listed, read and
// written: the list, and for each retrospective its document, its history and
// what else stands about it, each under an address of its own.
//
// It decides nothing: what may be written, merged and published is said by
// package retro.
package retros
