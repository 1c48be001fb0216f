package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// pairs prints one JSON object: for people, its members one per line in the
// order the server wrote them, nested ones by their path.
func (p *program) pairs(o json.RawMessage) error {
	var rows [][]string
	if p.format == asTable || p.format == asCSV {
		var err error
		if rows, err = flatten("", o); err != nil {
			return fmt.Errorf("an answer of the server is not what was expected: %w", err)
		}
	}
	return p.object(o, []string{"field", "value"}, rows)
}

// flatten lists the members of a JSON value as path and text. A list of plain
// values stays together.
func flatten(path string, o json.RawMessage) (rows [][]string, err error) {
	o = bytes.TrimSpace(o)
	switch {
	case len(o) > 0 && o[0] == '{':
		d := json.NewDecoder(bytes.NewReader(o))
		if _, err := d.Token(); err != nil {
			return nil, err
		}
		for d.More() {
			key, err := d.Token()
			if err != nil {
				return nil, err
			}
			var v json.RawMessage
			if err := d.Decode(&v); err != nil {
				return nil, err
			}
			more, err := flatten(join(path, fmt.Sprint(key)), v)
			if err != nil {
				return nil, err
			}
			rows = append(rows, more...)
		}
		return rows, nil
	case len(o) > 0 && o[0] == '[':
		var list []json.RawMessage
		if err := json.Unmarshal(o, &list); err != nil {
			return nil, err
		}
		var plain []string
		for i, v := range list {
			if v = bytes.TrimSpace(v); v[0] == '{' || v[0] == '[' {
				more, err := flatten(join(path, strconv.Itoa(i+1)), v)
				if err != nil {
					return nil, err
				}
				rows = append(rows, more...)
				continue
			}
			plain = append(plain, scalar(v))
		}
		if len(plain) > 0 {
			rows = append(rows, []string{path, strings.Join(plain, ", ")})
		}
		return rows, nil
	}
	return [][]string{{path, scalar(o)}}, nil
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// scalar is a plain JSON value as text; null is empty.
func scalar(v json.RawMessage) string {
	var s string
	if json.Unmarshal(v, &s) == nil {
		return s // null leaves it empty
	}
	return string(compact(v))
}
