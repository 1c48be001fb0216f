// Package records draws what every record has, whatever its kind: its fields
// with where each came from, its history, and the form that edits a field. It
// shows what it is given and asks nothing.
package records
