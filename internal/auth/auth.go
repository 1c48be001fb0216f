// Package auth says who asks and what they may see and do.
//
// Actor and Scope are arguments of every use case, never values of a context.
// The zero Scope sees nothing and the zero Actor may do nothing. For now one
// mode stands behind them: a single user on the loopback interface or on the
// Unix socket that only the owner of the data directory can open.
package auth

import (
	"net/http"
	"net/url"

	"hansei"
)

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

// How a request names the person who acts, by their id, until there are
// accounts: the header for programs, the cookie for browsers.
const (
	PersonHeader = "Hansei-Person"
	PersonCookie = "hansei-person"
)

// Named is the id of a person that a request names: the header's, which must
// be right, or the cookie's, which may have outlived the person.
func Named(r *http.Request) (id hansei.ID, must bool) {
	if v := r.Header.Get(PersonHeader); v != "" {
		return hansei.ID(v), true
	}
	c, err := r.Cookie(PersonCookie)
	if err != nil {
		return "", false
	}
	v, err := url.QueryUnescape(c.Value)
	if err != nil {
		return "", false
	}
	return hansei.ID(v), false
}
