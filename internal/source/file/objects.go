package file

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// nameKeys are where an object in a list keeps its name, best first.
var nameKeys = []string{"name", "summary", "display_name", "displayName", "title", "label", "full_name", "login", "value", "slug", "email", "key", "id"}

// namesIn lists the names in a JSON list of texts, numbers or objects, or of
// one such value.
func namesIn(list []byte) ([]string, error) {
	var v any
	if err := json.Unmarshal(list, &v); err != nil {
		return nil, errors.New("a list of names")
	}
	values, ok := v.([]any)
	if !ok {
		values = []any{v}
	}
	var names []string
	for _, v := range values {
		if name := nameOf(v, 0); name != "" {
			names = append(names, name)
		}
	}
	return names, nil
}

// maxDepth bounds how deep a name is looked for.
const maxDepth = 8

func nameOf(v any, depth int) string {
	switch v := v.(type) {
	case string:
		return strings.TrimSpace(v)
	case float64:
		return strings.TrimSuffix(fmt.Sprintf("%f", v), ".000000")
	case map[string]any:
		for _, k := range nameKeys {
			if s := nameOf(v[k], maxDepth); s != "" {
				return s
			}
		}
		if depth < maxDepth {
			for _, k := range sortedKeys(v) {
				if inner, ok := v[k].(map[string]any); ok {
					if s := nameOf(inner, depth+1); s != "" {
						return s
					}
				}
			}
		}
	}
	return ""
}

func sortedKeys(m map[string]any) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// objectsIn reads a JSON list of objects; other elements are left out.
func objectsIn(list []byte) ([]map[string]any, error) {
	var values []any
	if err := json.Unmarshal(list, &values); err != nil {
		return nil, errors.New("a list of objects")
	}
	var objects []map[string]any
	for _, v := range values {
		if o, ok := v.(map[string]any); ok {
			objects = append(objects, o)
		}
	}
	return objects, nil
}

// first is the text under the first of some keys that has one; an object
// there gives its name.
func first(o map[string]any, keys ...string) string {
	for _, k := range keys {
		if s := nameOf(o[k], 0); s != "" {
			return s
		}
	}
	return ""
}
