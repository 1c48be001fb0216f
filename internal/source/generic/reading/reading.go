// Package reading makes observations of any JSON by a mapping that a person
// wrote, in the language of imports (package file), and jq for where the
// things in a payload are. It is pure.
package reading

import (
	"bytes"
	"fmt"
	"strings"
	"time"

	"hansei"
	"hansei/internal/source"
	"hansei/internal/source/file"
	"hansei/internal/source/jq"
)

// maxItems bounds the things in one payload.
const maxItems = 5000

// Reader understands payloads of one source.
type Reader struct {
	Name        string // of the source
	mapping     *file.Mapping
	items, list *jq.Program // where the things are: in a webhook, on a page of a list
	at, skip    *jq.Program // may be nil
	partial     bool
}

// Open compiles the settings of a source: mapping, items, list_items, at, skip
// and partial.
func Open(name string, settings map[string]string) (*Reader, error) {
	t := &Reader{Name: name, partial: settings["partial"] == "part"}
	var err error
	if t.mapping, err = file.ParseMapping([]byte(settings["mapping"])); err != nil {
		return nil, err
	}
	if t.mapping.Kind == "" {
		return nil, hansei.Invalid("mapping", "kind: expected the kind of record that a payload tells of, such as incident")
	}
	for _, x := range []struct {
		name, otherwise string
		to              **jq.Program
	}{{"items", ".", &t.items}, {"at", "", &t.at}, {"skip", "", &t.skip}, {"list_items", ".[]", &t.list}} {
		text := settings[x.name]
		if text == "" {
			text = x.otherwise
		}
		if text == "" {
			continue
		}
		if *x.to, err = jq.Compile(text); err != nil {
			return nil, hansei.Invalid(x.name, "%v", err)
		}
	}
	return t, nil
}

// Timed says whether payloads tell when a thing was as it is told.
func (t *Reader) Timed() bool { return t.at != nil }

// Normalize makes an observation of each thing in a payload.
func (t *Reader) Normalize(d source.Delivery) ([]hansei.Observation, error) {
	items := t.items
	if strings.HasPrefix(d.Name, "pull/") {
		items = t.list
	}
	return t.read(items, d.Body)
}

// Listed are the things on a page of a list.
func (t *Reader) Listed(body []byte) ([]any, error) {
	doc, err := jq.Decode(body)
	if err != nil {
		return nil, hansei.Invalid("list_url", "the answer: %s", source.Words(err))
	}
	things, err := t.list.All(doc)
	if err != nil {
		return nil, hansei.Invalid("list_items", "%v", err)
	}
	return things, nil
}

func (t *Reader) read(items *jq.Program, body []byte) ([]hansei.Observation, error) {
	doc, err := jq.Decode(body)
	if err != nil {
		return nil, hansei.Invalid("payload", "%s", source.Words(err))
	}
	things, err := items.All(doc)
	if err != nil {
		return nil, hansei.Invalid("items", "%v", err)
	}
	if len(things) > maxItems {
		return nil, hansei.Invalid("items", "%d things in one payload are too many; at most %d", len(things), maxItems)
	}
	var out []hansei.Observation
	for i, thing := range things {
		if object, ok := thing.(map[string]any); !ok {
			return nil, hansei.Invalid("items", "thing %d is not a JSON object", i+1)
		} else if len(object) == 0 {
			continue
		}
		o, skipped, err := t.one(thing)
		if err != nil {
			return nil, fmt.Errorf("thing %d: %w", i+1, err)
		}
		if !skipped {
			o.Line = i + 1
			out = append(out, o)
		}
	}
	if len(out) == 0 {
		return nil, source.Unused("the payload holds nothing that the mapping wants")
	}
	return out, nil
}

// one makes an observation of one thing.
func (t *Reader) one(thing any) (o hansei.Observation, skipped bool, err error) {
	if t.skip != nil {
		if skipped, err = t.skip.True(thing); err != nil || skipped {
			return o, skipped, prefixed("skip", err)
		}
	}
	text, err := jq.Marshal(thing)
	if err != nil {
		return o, false, err
	}
	plan, err := file.Inspect("payload.json", bytes.NewReader(append(text, '\n')), file.Options{Kind: t.mapping.Kind, Source: t.Name, Mapping: t.mapping, Partial: t.partial, Strict: true})
	if err != nil {
		return o, false, err
	}
	if plan.Key == "" {
		return o, false, hansei.Invalid("mapping", "id: expected the column, or a jq expression, that names each thing")
	}
	found := 0
	err = file.Observe(bytes.NewReader(append(text, '\n')), plan, func(x hansei.Observation) error {
		o, found = x, found+1
		return nil
	}, func(r file.Reject) error {
		if r.Value == "" {
			return hansei.Invalid(r.Column, "nothing was found; what is expected: %s", r.Expected)
		}
		return hansei.Invalid(r.Column, "%q was found; expected %s", r.Value, r.Expected)
	})
	switch {
	case err != nil:
		return o, false, err
	case found != 1:
		return o, false, hansei.Invalid("mapping", "it made %d records of one thing", found)
	}
	o.Partial = t.partial
	o.At, err = t.moment(thing)
	return o, false, err
}

// moment is when the thing was as it says.
func (t *Reader) moment(thing any) (time.Time, error) {
	if t.at == nil {
		return time.Time{}, nil
	}
	v, err := t.at.First(thing)
	if err != nil {
		return time.Time{}, prefixed("at", err)
	}
	switch v := v.(type) {
	case string:
		for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999", "2006-01-02 15:04:05"} {
			if at, err := time.Parse(layout, v); err == nil {
				return at.UTC(), nil
			}
		}
	case float64:
		return epoch(v)
	case int:
		return epoch(float64(v))
	}
	text, err := jq.Marshal(v)
	if err == nil {
		err = hansei.Invalid("at", "the expression gives %s; expected a time such as 2026-01-31T10:00:00Z, or seconds since 1970", text)
	}
	return time.Time{}, err
}

// epoch reads seconds, or milliseconds, since 1970.
func epoch(n float64) (time.Time, error) {
	const (
		millis = 1e11 // as seconds this is the year 5138
		most   = 1e14
	)
	switch {
	case n > 0 && n < millis:
		return time.UnixMicro(int64(n * 1e6)).UTC(), nil
	case n >= millis && n < most:
		return time.UnixMilli(int64(n)).UTC(), nil
	}
	return time.Time{}, hansei.Invalid("at", "the expression gives %v; expected seconds, or milliseconds, since 1970", n)
}

func prefixed(setting string, err error) error {
	if err == nil {
		return nil
	}
	return hansei.Invalid(setting, "%v", err)
}
