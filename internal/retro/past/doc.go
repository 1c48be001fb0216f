// Package past brings in retrospectives that were written before Hansei was
// there: postmortems in Markdown, HTML, of Confluence or of Word.
//
// A document is stored as it came, then read by rules (package document), and
// waits until a person has seen what was made of it, corrected it and confirmed
// it. Only then are there records of it: the retrospective as a draft, its
// incident, the services it names, its follow-ups. The same document again is
// the same record.
package past
