package words

import (
	"iter"
	"slices"
	"strings"
)

// Insert adds rows to a table, many in one statement.
type Insert struct {
	Table   string
	Columns []string
	Then    string // what follows the rows
}

const (
	markedRows  = 64  // in one statement with a placeholder for each value
	arrayedRows = 500 // in one with an array for each column
)

// Marks are the statements with a placeholder for each value. The values of one
// row stand beside each other.
func (i Insert) Marks(values []any) iter.Seq2[string, []any] {
	row := "(" + Marks(len(i.Columns)) + ")"
	return func(yield func(string, []any) bool) {
		for chunk := range slices.Chunk(values, markedRows*len(i.Columns)) {
			rows := strings.Repeat(", "+row, len(chunk)/len(i.Columns))
			if !yield(i.into()+"VALUES"+rows[1:]+i.Then, chunk) {
				return
			}
		}
	}
}

// Arrays are the statements with an array for each column, for PostgreSQL: it
// reads, and its driver writes, a dozen parameters instead of thousands.
func (i Insert) Arrays(values []any) iter.Seq2[string, []any] {
	return func(yield func(string, []any) bool) {
		for chunk := range slices.Chunk(values, arrayedRows*len(i.Columns)) {
			lists, casts := make([]any, len(i.Columns)), make([]string, len(i.Columns))
			for c := range i.Columns {
				lists[c], casts[c] = column(chunk[c:], len(i.Columns))
			}
			if !yield(i.into()+"SELECT * FROM unnest("+strings.Join(casts, ", ")+")"+i.Then, lists) {
				return
			}
		}
	}
}

func (i Insert) into() string {
	return "INSERT INTO " + i.Table + " (" + strings.Join(i.Columns, ", ") + ") "
}

// column makes an array of every step-th value, and the placeholder for it. A
// column is of texts, whole numbers or bytes, and of bytes alone some are nil.
func column(values []any, step int) (list any, cast string) {
	switch values[0].(type) {
	case string:
		return every[string](values, step), "CAST(? AS TEXT[])"
	case int64:
		return every[int64](values, step), "CAST(? AS BIGINT[])"
	case int:
		return every[int](values, step), "CAST(? AS BIGINT[])"
	}
	return every[[]byte](values, step), "CAST(? AS BYTEA[])"
}

// every is the array, of all as they are where one is of another sort: then the
// driver says what it cannot encode, rather than that something else is written.
func every[T any](values []any, step int) any {
	list, all := make([]T, 0, len(values)/step+1), true
	for at := 0; at < len(values); at += step {
		v, ok := values[at].(T)
		list, all = append(list, v), all && ok
	}
	if all {
		return list
	}
	var mixed []any
	for at := 0; at < len(values); at += step {
		mixed = append(mixed, values[at])
	}
	return mixed
}

// Marks are n placeholders.
func Marks(n int) string { return strings.TrimSuffix(strings.Repeat("?, ", n), ", ") }
