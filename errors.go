package hansei

import (
	"errors"
	"fmt"
)

// The errors a caller can tell apart. Everything else is internal: logged
// once at the edge and never shown.
var (
	ErrNotFound  = errors.New("not found")
	ErrForbidden = errors.New("not allowed")
	ErrConflict  = errors.New("changed by somebody else meanwhile")
)

// InvalidError says which input was wrong and what was expected.
type InvalidError struct {
	Field  string // the field, column or flag
	Reason string // what is wrong and what was expected, for a person to read
}

func (e *InvalidError) Error() string {
	if e.Field == "" {
		return e.Reason
	}
	return e.Field + ": " + e.Reason
}

// Invalid makes an *InvalidError.
func Invalid(field, format string, args ...any) error {
	return &InvalidError{Field: field, Reason: fmt.Sprintf(format, args...)}
}
