// Package papers holds the pages on which retrospectives of the past come in:
// files, folders and zip files are read, each shows what was found in it and
// from which words, and a person corrects and confirms.
//
// It decides nothing: what is read, and what a confirmed document becomes, is
// said by package past.
package papers
