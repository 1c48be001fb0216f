// Package limit knows how GitHub says that too much was asked. It is pure.
//
// Its GraphQL API says it with a status of 200, in words and by the headers. Its
// secondary limit may be told with 403 and nothing but words
// (https://docs.github.com/en/graphql/overview/rate-limits-and-query-limits-for-the-graphql-api).
package limit

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"hansei/internal/source/fetch"
)

// least is how long GitHub wants to be left alone when no header says more.
const least = time.Minute

// Told says whether an error of the GraphQL API means that too much was asked.
func Told(kind, message string) bool {
	return kind == "RATE_LIMITED" || strings.Contains(strings.ToLower(message), "rate limit")
}

// Later is such an error, for as long as the headers ask to wait.
func Later(err error, asked time.Duration) error {
	return &fetch.LaterError{Err: err, After: max(asked, least)}
}

// Of is the error of a call, to be tried later if words alone say that too much
// was asked.
func Of(err error) error {
	var later *fetch.LaterError
	var no *fetch.StatusError
	if errors.As(err, &later) || !errors.As(err, &no) || no.Status != http.StatusForbidden || !Told("", no.Says) {
		return err
	}
	return Later(err, 0)
}
