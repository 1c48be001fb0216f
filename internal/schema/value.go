package schema

import (
	"encoding/json"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"hansei"
)

const maxItems = 100 // of a list

// Read makes a value of what a person wrote in a form: one item a line for a
// list. An empty text is no value.
func Read(f hansei.OwnField, text string) (string, error) {
	text = strings.TrimSpace(strings.ReplaceAll(text, "\r\n", "\n"))
	if text == "" {
		return "", nil
	}
	switch f.Type {
	case hansei.OwnNumber:
		n, err := strconv.ParseFloat(strings.ReplaceAll(text, " ", ""), 64)
		if err != nil || math.IsNaN(n) || math.IsInf(n, 0) {
			return "", wrong(f, "%q is not a number", text)
		}
		return strconv.FormatFloat(n, 'f', -1, 64), nil
	case hansei.OwnDate:
		for _, layout := range []string{time.DateOnly, time.RFC3339} {
			if t, err := time.Parse(layout, text); err == nil {
				if t.Year() < 1970 || t.Year() >= 2100 {
					return "", wrong(f, "%s is outside 1970 to 2100", text)
				}
				return t.Format(time.DateOnly), nil
			}
		}
		return "", wrong(f, "%q is not a date such as 2026-01-31", text)
	case hansei.OwnYesNo:
		switch strings.ToLower(text) {
		case "yes", "true", "1":
			return "yes", nil
		case "no", "false", "0":
			return "no", nil
		}
		return "", wrong(f, "%q: expected yes or no", text)
	case hansei.OwnChoice:
		return option(f, text)
	case hansei.OwnList:
		return list(f, strings.Split(text, "\n"))
	}
	if len(text) > hansei.MaxOwnText {
		return "", wrong(f, "%d bytes are too many; at most %d", len(text), hansei.MaxOwnText)
	}
	return text, nil
}

func wrong(f hansei.OwnField, format string, args ...any) error {
	return hansei.Invalid(hansei.CustomPrefix+f.Name, format, args...)
}

func option(f hansei.OwnField, text string) (string, error) {
	i := slices.IndexFunc(f.Options, func(o string) bool { return strings.EqualFold(o, strings.TrimSpace(text)) })
	if i < 0 {
		return "", wrong(f, "%q: expected one of %s", text, strings.Join(f.Options, ", "))
	}
	return f.Options[i], nil
}

func list(f hansei.OwnField, items []string) (string, error) {
	var out []string
	for _, x := range items {
		x = strings.TrimSpace(x)
		if x == "" {
			continue
		}
		if len(x) > hansei.MaxOwnItem {
			return "", wrong(f, "an item has %d bytes; at most %d", len(x), hansei.MaxOwnItem)
		}
		if len(f.Options) > 0 {
			var err error
			if x, err = option(f, x); err != nil {
				return "", err
			}
		}
		if !slices.Contains(out, x) {
			out = append(out, x)
		}
	}
	if len(out) > maxItems {
		return "", wrong(f, "%d items; at most %d", len(out), maxItems)
	}
	if len(out) == 0 {
		return "", nil
	}
	text, err := json.Marshal(out)
	return string(text), err
}

// Parse makes a value of JSON: a text as a person writes it, a number, a
// boolean, or a list of texts; null and nothing are no value.
func Parse(f hansei.OwnField, raw json.RawMessage) (string, error) {
	var v any
	if len(raw) > 0 {
		if err := json.Unmarshal(raw, &v); err != nil {
			return "", wrong(f, "expected a value as JSON, got %.100s", raw)
		}
	}
	switch x := v.(type) {
	case nil:
		return "", nil
	case string:
		if f.Type == hansei.OwnList {
			if items := hansei.OwnItems(x); len(items) > 0 {
				return list(f, items)
			}
		}
		return Read(f, x)
	case float64:
		if f.Type == hansei.OwnNumber {
			return Read(f, strconv.FormatFloat(x, 'f', -1, 64))
		}
	case bool:
		if f.Type == hansei.OwnYesNo {
			return Read(f, strconv.FormatBool(x))
		}
	case []any:
		items := make([]string, len(x))
		for i, o := range x {
			s, ok := o.(string)
			if !ok || f.Type != hansei.OwnList {
				return "", wrong(f, "expected %s", f.Type)
			}
			items[i] = s
		}
		if f.Type == hansei.OwnList {
			return list(f, items)
		}
	}
	return "", wrong(f, "expected %s, got %.100s", f.Type, raw)
}

// Value reads what is to be written into an own field of a record; "" empties
// it. A field that is not defined is refused unless a source brought it, and a
// retired one can only be emptied.
func Value(r hansei.RetroRules, k hansei.Kind, h *hansei.Header, name string, raw []byte) (string, error) {
	f, ok := r.Own(k, name)
	if !ok {
		if _, brought := h.Custom[name]; !brought {
			return "", hansei.Invalid(hansei.CustomPrefix+name, "a %s has no such field; the organization's own are defined in the settings", k)
		}
		f = hansei.OwnField{Kind: k, Name: name, Type: hansei.OwnText}
	}
	value, err := Parse(f, raw)
	if err == nil && value != "" && f.Retired && h.Custom[name] != value {
		return "", hansei.Invalid(hansei.CustomPrefix+name, "%s is retired and not asked for any more", f.Title())
	}
	return value, err
}

// Set puts the value of an own field into a record's header.
func Set(r hansei.RetroRules, k hansei.Kind, h *hansei.Header, name string, raw []byte) error {
	value, err := Value(r, k, h, name, raw)
	switch {
	case err != nil:
		return err
	case value == "":
		delete(h.Custom, name)
		return nil
	case h.Custom == nil:
		h.Custom = map[string]string{}
	}
	h.Custom[name] = value
	return nil
}
