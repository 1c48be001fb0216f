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
	"cmp"
	"context"
	"fmt"
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
	Max    int64                                            // bounds an answer, in bytes; MaxBody when 0
}

// DefaultBudget is how long one call may take with all its repeats.
const DefaultBudget = 15 * time.Minute

// TooLongError is an answer with more bytes than Client.Max.
type TooLongError struct{ Max int64 }

// Error implements error.
func (e *TooLongError) Error() string {
	if e.Max >= 1<<20 {
		return fmt.Sprintf("the answer has more than %d MB", e.Max>>20)
	}
	return fmt.Sprintf("the answer has more than %d kB", e.Max>>10)
}

// MaxBody bounds an answer, in bytes.
const MaxBody = 32 << 20

func (c *Client) max() int64 { return cmp.Or(c.Max, MaxBody) }

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

// Limited says whether its reason is that too much was asked: what a status of
// 403 may also mean.
func (e *StatusError) Limited() bool {
	return e.Status == http.StatusTooManyRequests || exhausted(e.Header) || e.Header.Get("Retry-After") != ""
}

func exhausted(h http.Header) bool {
	return h.Get("X-RateLimit-Remaining") == "0" || h.Get("RateLimit-Remaining") == "0"
}
