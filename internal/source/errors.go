package source

import (
	"errors"
	"fmt"
	"net/http"

	"hansei"
	"hansei/internal/source/fetch"
)

// What Normalize, Verify and the reading of a list may answer beside success.
var (
	// ErrUnused means that a delivery is genuine and tells nothing we keep.
	ErrUnused = errors.New("not used")
	// ErrSignature means that the sender could not prove who it is.
	ErrSignature = errors.New("the signature does not fit")
	// ErrExpired means that a tool takes no more the place in a list that it named.
	ErrExpired = errors.New("the place in the list has expired")
	// ErrRefused means that a tool refuses one thing for good: it is not there,
	// or not for this account.
	ErrRefused = errors.New("refused")
	// ErrStale means that a webhook's timestamp is too old or ahead of time: a replay.
	ErrStale = errors.New("the timestamp is too far from now")
)

// Unused says why a delivery is of no use, for people: "event ping".
func Unused(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrUnused, fmt.Sprintf(format, args...))
}

// Unknown says that a tool used a word we do not know where the meaning
// depends on it. A person must look; a newer version may understand it.
func Unknown(field, value string) error {
	return hansei.Invalid(field, "%q is not a value that this version knows", value)
}

// Refused says whether a tool's answer about one thing is no for good, so that
// others may be asked for all the same. That too much was asked is no such
// answer, though some tools say 403 for it.
func Refused(err error) bool {
	var later *fetch.LaterError
	var no *fetch.StatusError
	switch {
	case errors.Is(err, ErrRefused):
		return true
	case errors.As(err, &later) || !errors.As(err, &no):
		return false
	case no.Status == http.StatusForbidden:
		return !no.Limited()
	}
	return no.Status == http.StatusNotFound || no.Status == http.StatusGone
}
