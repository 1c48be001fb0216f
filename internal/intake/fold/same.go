package fold

import (
	"slices"
	"time"

	"hansei"
)

// Same compares two values of one field.
func Same(a, b any) bool {
	switch a := a.(type) {
	case time.Time:
		b, ok := b.(time.Time)
		return ok && a.Equal(b)
	case []string:
		b, ok := b.([]string)
		return ok && slices.Equal(a, b)
	case []hansei.ID:
		b, ok := b.([]hansei.ID)
		return ok && slices.Equal(a, b)
	}
	return a == b
}
