// Package fetch makes the calls that sources make: politely, within bounds,
// and without telling secrets.
//
// A Client waits when a tool says that it is asked too often, repeats what
// failed for a passing reason, refuses addresses inside the own network unless
// they were allowed (a source's address is typed by a person, and a redirect
// by anybody), bounds every answer, and keeps credentials and query strings
// out of every error and log line.
package fetch

import (
	"context"
	"log/slog"
	"net/http"
	"time"
)

// Client makes calls for one source. Its fields are set before the first call.
type Client struct {
	HTTP   *http.Client                                     // Guarded(nil) when nil
	Auth   func(*http.Request)                              // adds the credentials; called for the first host only, never after a redirect elsewhere
	Log    *slog.Logger                                     // may be nil
	Wait   func(ctx context.Context, d time.Duration) error // sleeps; a timer when nil
	Now    func() time.Time                                 // time.Now when nil
	Budget time.Duration                                    // how long one call may be repeated and waited for in all; DefaultBudget when 0
}

// DefaultBudget is how long one call may take with all its repeats.
const DefaultBudget = 15 * time.Minute

// MaxBody bounds an answer, in bytes.
const MaxBody = 32 << 20

// Response is a complete answer with a status of 2xx or 304.
type Response struct {
	Status int
	Header http.Header
	Body   []byte
}

// StatusError is an answer that says no for good.
type StatusError struct {
	Method string
	URL    string // without its query
	Status int
	Header http.Header
	Says   string // the beginning of the answer's text, for people; secrets taken out
}
