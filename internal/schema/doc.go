// Package schema is what can be done with an organization's own schema for
// retrospectives: its taxonomy of contributing factors changed without a name
// being lost, and values of its own fields read, checked and written.
//
// It is pure, and the same for a form, a request, a file and a job. What the
// schema is stands in hansei.RetroRules; who may change it, and what becomes of
// the records, is package rulebook's.
package schema
