package file

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/itchyny/gojq"
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
func jqInput(r row, names []string) (any, error) {
	if r.raw != nil {
		var v any
		if err := json.Unmarshal(r.raw, &v); err != nil {
			return nil, fmt.Errorf("read a row for jq: %w", err)
		}
		return v, nil
	}
	object := make(map[string]any, len(names))
	for i, c := range r.cells {
		object[names[i]] = string(c.text)
		if c.list != nil {
			var v any
			if err := json.Unmarshal(c.list, &v); err != nil {
				return nil, fmt.Errorf("read a row for jq: %w", err)
			}
			object[names[i]] = v
		}
	}
	return object, nil
}

// runJQ evaluates an expression and returns its first result as a cell.
func runJQ(code *gojq.Code, input any) (cell, error) {
	ctx, cancel := context.WithTimeout(context.Background(), jqTime)
	defer cancel()
	v, ok := code.RunWithContext(ctx, input).Next()
	if !ok {
		return cell{}, nil
	}
	switch v := v.(type) {
	case error:
		return cell{}, v
	case nil:
		return cell{}, nil
	case string:
		return cell{text: []byte(v)}, nil
	case []any, map[string]any:
		list, err := gojq.Marshal(v)
		if err != nil {
			return cell{}, fmt.Errorf("read the result of jq: %w", err)
		}
		return cell{list: list}, nil
	default:
		text, err := gojq.Marshal(v)
		if err != nil {
			return cell{}, fmt.Errorf("read the result of jq: %w", err)
		}
		return cell{text: text}, nil
	}
}
