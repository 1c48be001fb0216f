// Package tracker says what an organization's issue tracker is to follow-ups:
// a place where each has a double that is created, looked at, and changed.
//
// A Tracker makes calls and keeps nothing. What both sides hold is compared by
// Merge, which is pure; package followup decides when, and stores what came of
// it. There is one package a tool below this one: GitHub, GitLab, Jira, Linear.
// What trackers tell by themselves comes in as work items, by package source.
package tracker

import (
	"context"
	"errors"
	"time"

	"hansei/internal/source/fetch"
)

// The fields that a follow-up and its double have in common.
const (
	Title    = "title"    // at most MaxTitle characters
	Status   = "status"   // open, done or declined
	Due      = "due"      // a day, as 2026-01-31
	Owner    = "owner"    // the id of a person here; a tool's own name of one there
	Priority = "priority" // high, medium, low, or the tool's own word in lower case
)

// MaxTitle bounds a title, in characters: GitLab and Jira take 255.
const MaxTitle = 250

// Kind is one sort of tracker. Its name is that of the kind of source whose
// configuration it uses.
type Kind struct {
	Name  string
	Title string
	// Needs is what a token must be allowed to do, for people.
	Needs string
	// Open makes a tracker of a source's configuration. It does no I/O.
	Open func(Account) (Tracker, error)
}

// Account is a configured source as its tracker needs it.
type Account struct {
	Source   string            // its name
	Settings map[string]string // secrets opened
	Client   *fetch.Client
}

// Tracker is an account at a tool. Errors are those of package fetch, ErrGone,
// and *RefusedError.
type Tracker interface {
	// Places are the repositories, projects or teams that are configured, the
	// first one first.
	Places() []string
	// Carries are the fields that an issue of it has.
	Carries() []string
	// Find looks for the issue with a marker that was created since a time.
	Find(ctx context.Context, place, marker string, since time.Time) (Issue, error)
	// Create makes an issue.
	Create(ctx context.Context, place string, d Draft) (Issue, error)
	// Look reads an issue by its External.
	Look(ctx context.Context, external string) (Issue, error)
	// Change changes an issue that was just looked at.
	Change(ctx context.Context, now Issue, c Change) (Issue, error)
}

// Issue is an issue as a tracker holds it.
type Issue struct {
	External string // as observations of its source name it
	Key      string // as people name it
	URL      string
	Values   map[string]string // what it holds of the fields the tracker carries; an empty one is empty there
	At       time.Time         // when it changed last, by the tracker's clock
	Note     string            // what the tracker could not take of what was asked, for people
}

// Person is whom an issue is to be assigned to: nobody when Names is empty.
type Person struct {
	Names []string // what they are called: their name, then others, such as a login
	Email string
}

// Draft is an issue to be created.
type Draft struct {
	Title    string
	Body     string // Markdown, without the marker
	Marker   string
	Labels   []string
	Due      string
	Priority string
	Owner    Person
}

// Change are the fields to be changed, with their new values.
type Change struct {
	Values map[string]string
	Owner  Person // when Values has Owner
}

// What a tracker may answer.
var (
	// ErrNone means that no issue has the marker.
	ErrNone = errors.New("there is no such issue")
	// ErrGone means that an issue is not there any more, or not for this token.
	ErrGone = errors.New("the issue is not there")
)

// RefusedError is a no for good that is not told by a status of HTTP.
type RefusedError struct{ Says string }

func (e *RefusedError) Error() string { return e.Says }
