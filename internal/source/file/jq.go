package file

import (
	"encoding/json"
	"fmt"
	"strings"

	"hansei/internal/source/file/table"
	"hansei/internal/source/jq"
)

// isJQ tells an expression from the name of a column.
func isJQ(s string) bool { return strings.HasPrefix(s, ".") || strings.HasPrefix(s, "(") }

// jqInput is what an expression sees: the object itself in JSON, an object of
// the columns elsewhere.
func jqInput(r table.Row, names []string) (any, error) {
	if r.Raw != nil {
		var v any
		if err := json.Unmarshal(r.Raw, &v); err != nil {
			return nil, fmt.Errorf("read a row for jq: %w", err)
		}
		return v, nil
	}
	object := make(map[string]any, len(names))
	for i, c := range r.Cells {
		object[names[i]] = string(c.Text)
		if c.List != nil {
			var v any
			if err := json.Unmarshal(c.List, &v); err != nil {
				return nil, fmt.Errorf("read a row for jq: %w", err)
			}
			object[names[i]] = v
		}
	}
	return object, nil
}

// runJQ evaluates an expression and returns its first result as a cell.
func runJQ(program *jq.Program, input any) (table.Cell, error) {
	v, err := program.First(input)
	if err != nil {
		return table.Cell{}, err
	}
	switch v := v.(type) {
	case nil:
		return table.Cell{}, nil
	case string:
		return table.Cell{Text: []byte(v)}, nil
	}
	text, err := jq.Marshal(v)
	if err != nil {
		return table.Cell{}, err
	}
	switch v.(type) {
	case []any, map[string]any:
		return table.Cell{List: text}, nil
	}
	return table.Cell{Text: text}, nil
}
