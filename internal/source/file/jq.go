package file

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/itchyny/gojq"

	"hansei/internal/source/file/table"
)

// jqTime bounds one evaluation of an expression on one row. An expression
// that needs longer would need days for a file.
const jqTime = 200 * time.Millisecond

// isJQ tells an expression from the name of a column.
func isJQ(s string) bool { return strings.HasPrefix(s, ".") || strings.HasPrefix(s, "(") }

func compileJQ(expression string) (*gojq.Code, error) {
	query, err := gojq.Parse(expression)
	if err != nil {
		return nil, fmt.Errorf("jq %s: %w", expression, err)
	}
	code, err := gojq.Compile(query)
	if err != nil {
		return nil, fmt.Errorf("jq %s: %w", expression, err)
	}
	return code, nil
}

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
func runJQ(code *gojq.Code, input any) (table.Cell, error) {
	ctx, cancel := context.WithTimeout(context.Background(), jqTime)
	defer cancel()
	v, ok := code.RunWithContext(ctx, input).Next()
	if !ok {
		return table.Cell{}, nil
	}
	switch v := v.(type) {
	case error:
		return table.Cell{}, v
	case nil:
		return table.Cell{}, nil
	case string:
		return table.Cell{Text: []byte(v)}, nil
	case []any, map[string]any:
		list, err := gojq.Marshal(v)
		if err != nil {
			return table.Cell{}, fmt.Errorf("read the result of jq: %w", err)
		}
		return table.Cell{List: list}, nil
	default:
		text, err := gojq.Marshal(v)
		if err != nil {
			return table.Cell{}, fmt.Errorf("read the result of jq: %w", err)
		}
		return table.Cell{Text: text}, nil
	}
}
