// Package fact is the view of the journal in numbers: DuckDB tables per kind
// of record, bridges for the fields that hold several values, every
// milestone and every custom field.
//
// It is disposable. It follows the journal from the last sequence it applied;
// when its file is missing, damaged, of another shape or of another epoch it
// is built again from nothing. Past rows are kept with the sequences between
// which they held, so a question can be asked as of any past sequence and
// gets the answer it got then.
//
// It knows rows, not meanings: what a number means is a Definition in package
// metric. It is not a source of truth, and nothing is written here that the
// journal does not hold.
package fact
