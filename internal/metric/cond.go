package metric

import (
	"fmt"
	"strings"

	"hansei/internal/fact"
)

// Cond is a condition on one record, written with the names of its fields.
type Cond interface {
	// sql is the condition on row r, never NULL.
	sql() string
}

type cond string

func (c cond) sql() string { return string(c) }

func col(field string) string {
	if strings.ContainsAny(field, "(.") {
		return field
	}
	return `r."` + field + `"`
}

// Is holds when a field has one of the values.
func Is(field string, values ...string) Cond {
	quoted := make([]string, len(values))
	for i, v := range values {
		quoted[i] = fact.Literal(v)
	}
	return cond(fmt.Sprintf("coalesce(%s IN (%s), false)", col(field), strings.Join(quoted, ", ")))
}

// Known holds when a field has any value.
func Known(field string) Cond { return cond(col(field) + " IS NOT NULL") }

// Missing holds when a field is empty.
func Missing(field string) Cond { return cond(col(field) + " IS NULL") }

// True holds when a yes-or-no field is yes.
func True(field string) Cond { return cond("coalesce(" + col(field) + ", false)") }

// Not holds when c does not.
func Not(c Cond) Cond { return cond("NOT " + c.sql()) }

// And holds when all hold.
func And(cs ...Cond) Cond { return join(cs, " AND ") }

// Or holds when any holds.
func Or(cs ...Cond) Cond { return join(cs, " OR ") }

func join(cs []Cond, op string) Cond {
	parts := make([]string, len(cs))
	for i, c := range cs {
		parts[i] = c.sql()
	}
	return cond("(" + strings.Join(parts, op) + ")")
}
