// Package auth says who asks and what they may see and do.
//
// Actor and Scope are arguments of every use case, never values of a context.
// The zero Scope sees nothing and the zero Actor may do nothing. For now one
// mode stands behind them: a single user on the loopback interface or on the
// Unix socket that only the owner of the data directory can open.
package auth

import "hansei"

// Journal names the log that one organization's records live in.
type Journal string

// Main is the journal of an installation with one organization.
const Main Journal = "main"

// Actor is who does something.
type Actor struct {
	Name    string // for the audit log: "local", "import load", a person's id
	journal Journal
	write   bool
}

// Scope is what an actor may read.
type Scope struct {
	journal Journal
}

// Local is the single user of an installation without accounts.
func Local() Actor { return Actor{Name: "local", journal: Main, write: true} }

// As is the same permission under the name of the part that acts, such as an import.
func (a Actor) As(name string) Actor {
	a.Name = name
	return a
}

// Scope is what the actor may read.
func (a Actor) Scope() Scope { return Scope{journal: a.journal} }

// MayWrite returns the journal the actor may write, or ErrForbidden.
func (a Actor) MayWrite() (Journal, error) {
	if !a.write || a.journal == "" {
		return "", hansei.ErrForbidden
	}
	return a.journal, nil
}

// MayRead returns the journal the scope may read, or ErrForbidden.
func (s Scope) MayRead() (Journal, error) {
	if s.journal == "" {
		return "", hansei.ErrForbidden
	}
	return s.journal, nil
}
