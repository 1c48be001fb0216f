// Package retrorules holds the settings of retrospectives: when one is needed,
// its templates, the taxonomy of contributing factors, and fields.
//
// Every form works without a script; with one, parts can be dragged and moved by
// the keyboard, a preview follows what is written, and leaving a form that was
// changed asks first. Each change says how to undo it. What is allowed and what
// becomes of records is package rulebook's.
package retrorules
