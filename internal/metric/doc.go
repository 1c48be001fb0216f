// Package metric is the catalogue: every number Hansei shows is one
// Definition here, and one call, Engine.Figures, computes it for the page,
// the API and the command line alike.
//
// A Definition says in words and in Go what is counted, how one record is
// measured and what leaves a record out. The compiler turns it into SQL on
// the facts, which sorts every record of the window into exactly one class:
// measured, censored, or excluded for a reason. The estimators then turn the
// measured values into a Figure with its interval. SQL never holds a
// metric's meaning, and no other package computes a number of its own.
package metric
