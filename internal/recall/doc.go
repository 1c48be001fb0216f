// Package recall brings the past back when it matters: which earlier incidents
// one is like and what helped then, what a service has taught so far, and what
// people say of such suggestions.
//
// It reads records by what package search finds; it writes nothing but
// judgements, a person's word on whether two records teach the same lesson.
// The index heeds those (see search.Index), so a suggestion that was refused
// does not come back and a confirmed one stays on top; and they are the labels
// by which the suggestions are measured.
package recall
