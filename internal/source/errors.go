package source

import (
	"errors"
	"fmt"

	"hansei"
)

// What Normalize, Verify and the reading of a list may answer beside success.
var (
	// ErrUnused means that a delivery is genuine and tells nothing we keep.
	ErrUnused = errors.New("not used")
	// ErrSignature means that the sender could not prove who it is.
	ErrSignature = errors.New("the signature does not fit")
	// ErrExpired means that a tool takes no more the place in a list that it named.
	ErrExpired = errors.New("the place in the list has expired")
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
