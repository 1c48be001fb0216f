package parts

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"hansei"
)

// ParseValue reads a field's value from JSON: a string, number, boolean, an
// RFC 3339 time or a list of strings; null is empty.
func ParseValue(f hansei.Field, raw json.RawMessage) (any, error) {
	if string(raw) == "null" {
		return nil, nil
	}
	var err error
	switch f.Type {
	case hansei.Text, hansei.Ref:
		var s string
		if err = json.Unmarshal(raw, &s); err == nil {
			s = strings.TrimSpace(s)
			if len(f.Enum) > 0 && s != "" && !slices.Contains(f.Enum, s) {
				return nil, hansei.Invalid(f.Name, "%q: expected one of %s", s, strings.Join(f.Enum, ", "))
			}
			if f.Type == hansei.Ref {
				return hansei.ID(s), nil
			}
			return s, nil
		}
	case hansei.Number:
		var n float64
		if err = json.Unmarshal(raw, &n); err == nil {
			return n, nil
		}
	case hansei.Bool:
		var b bool
		if err = json.Unmarshal(raw, &b); err == nil {
			return b, nil
		}
	case hansei.Time:
		var t time.Time
		if err = json.Unmarshal(raw, &t); err == nil && !t.IsZero() {
			return t.UTC(), hansei.ValidTime(f.Name, t)
		}
	case hansei.List:
		var l []string
		if err = json.Unmarshal(raw, &l); err == nil {
			return l, nil
		}
	case hansei.Refs:
		var l []hansei.ID
		if err = json.Unmarshal(raw, &l); err == nil {
			return l, nil
		}
	}
	return nil, hansei.Invalid(f.Name, "expected %s as JSON, got %.100s", f.Type, raw)
}

// applyOwn puts a person's word over an own field.
func applyOwn(head *hansei.Header, e hansei.Edit) error {
	var value string
	if err := json.Unmarshal(e.Value, &value); err != nil {
		return fmt.Errorf("edit of %s: %w", e.Field, err)
	}
	if head.Custom == nil {
		head.Custom = map[string]string{}
	}
	head.Custom[strings.TrimPrefix(e.Field, hansei.CustomPrefix)] = value
	return nil
}
