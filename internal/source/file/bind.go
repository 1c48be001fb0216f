package file

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"hansei"
	"hansei/internal/source/file/clock"
	"hansei/internal/source/file/table"
	"hansei/internal/source/file/word"
)

// maxCell bounds one value that is kept, in bytes.
const maxCell = 1 << 20

// binder makes the setters of a plan's columns once, so that reading a row
// looks nothing up by name.
type binder struct {
	plan   *Plan
	intern interner
}

// setter of a column; nil when it is ignored.
func (b *binder) setter(c Column) (setter, error) {
	if c.How == HowIgnored {
		return nil, nil
	}
	set, err := b.inner(c)
	if err != nil {
		return nil, err
	}
	return func(d *draft, c table.Cell) *fault {
		if len(c.Text) > maxCell {
			return &fault{c.Text, fmt.Sprintf("at most %d MiB in one value", maxCell>>20)}
		}
		return set(d, c)
	}, nil
}

func (b *binder) inner(c Column) (setter, error) {
	values := lowerKeys(c.Values)
	if name, ok := strings.CutPrefix(c.Field, customPrefix); ok {
		return b.custom(name, values), nil
	}
	if c.Field == fieldID {
		return b.key(), nil
	}
	t, ok := typeOf(b.plan.Kind, c.Field)
	if !ok {
		return nil, hansei.Invalid("plan", "column %s: %q is not a field of %s", c.Name, c.Field, b.plan.Kind)
	}
	if _, ok := moreFields[b.plan.Kind][c.Field]; ok {
		return b.more(c)
	}
	f, err := hansei.FieldNamed(b.plan.Kind, c.Field)
	if err != nil {
		return nil, err
	}
	switch t {
	case hansei.Time:
		return b.time(c, func(d *draft, at time.Time) error { return f.Set(d.record, at) })
	case hansei.Number:
		return b.number(values, func(d *draft, v float64) error { return f.Set(d.record, v) }), nil
	case hansei.Bool:
		return b.flag(f, values), nil
	case hansei.List, hansei.Refs:
		return b.list(f, c, values), nil
	case hansei.Ref:
		return b.ref(f, values), nil
	}
	return b.text(f, values), nil
}

func lowerKeys(values map[string]string) map[string]string {
	if len(values) == 0 {
		return nil
	}
	lower := make(map[string]string, len(values))
	for k, v := range values {
		lower[strings.ToLower(strings.TrimSpace(k))] = v
	}
	return lower
}

// word is a cell's text without blanks and without ways to write "unknown";
// mapped says that the column's values translated it.
func (b *binder) word(c table.Cell, values map[string]string, none bool) (text []byte, mapped bool) {
	text = bytes.TrimSpace(c.Text)
	if c.List != nil {
		names, err := namesIn(c.List)
		if err == nil && len(names) > 0 {
			text = []byte(strings.Join(names, ", "))
		}
	}
	if len(text) == 0 {
		return nil, false
	}
	if values != nil {
		if v, ok := values[strings.ToLower(string(text))]; ok {
			return []byte(v), true
		}
	}
	if len(text) <= word.LongestUnknown && isUnknown(text) && !(none && bytes.EqualFold(text, []byte("none"))) {
		return nil, false
	}
	return text, false
}

// isUnknown is unknown for bytes, quick for what cannot be.
func isUnknown(b []byte) bool {
	switch b[0] {
	case '?', 'n', 'N', '#', '-', '(', '<', 'u', 'U', '\\':
		return word.Unknown(string(b))
	case '0':
		return len(b) >= len("0000-00-00") && word.Unknown(string(b))
	}
	return false
}

func (b *binder) key() setter {
	return func(d *draft, c table.Cell) *fault {
		text, _ := b.word(c, nil, false)
		d.key = string(text)
		return nil
	}
}

func (b *binder) custom(name string, values map[string]string) setter {
	return func(d *draft, c table.Cell) *fault {
		text, _ := b.word(c, values, false)
		if len(text) == 0 {
			return nil
		}
		head := d.record.Head()
		if head.Custom == nil {
			head.Custom = map[string]string{}
		}
		head.Custom[name] = b.intern.string(text)
		return nil
	}
}

func (b *binder) text(f hansei.Field, values map[string]string) setter {
	reading, special := word.Readings[b.plan.Kind][f.Name]
	lenient := reading.Lenient && !(b.plan.Strict && f.Name == "status")
	return func(d *draft, c table.Cell) *fault {
		text, mapped := b.word(c, values, reading.None)
		if len(text) == 0 {
			return nil
		}
		value := b.intern.string(text)
		if special && !mapped {
			ours, ok := reading.Read(value)
			if !ok && !lenient {
				return &fault{text, cmp.Or(reading.Expected, "a word that is known, or values in the mapping that make it one of "+strings.Join(f.Enum, ", "))}
			}
			value = ours
		}
		if mapped && len(f.Enum) > 0 && !slices.Contains(f.Enum, value) {
			return &fault{text, "one of " + strings.Join(f.Enum, ", ")}
		}
		return b.set(d, f, value, c)
	}
}

// set turns the error of a field into a fault of its value.
func (b *binder) set(d *draft, f hansei.Field, value any, c table.Cell) *fault {
	if err := f.Set(d.record, value); err != nil {
		return &fault{c.Text, reason(err)}
	}
	return nil
}

func (b *binder) number(values map[string]string, put func(*draft, float64) error) setter {
	return func(d *draft, c table.Cell) *fault {
		text, _ := b.word(c, values, false)
		if len(text) == 0 {
			return nil
		}
		n, ok := word.Number(string(text))
		if !ok {
			return &fault{text, "a number"}
		}
		if err := put(d, n); err != nil {
			return &fault{text, reason(err)}
		}
		return nil
	}
}

func (b *binder) flag(f hansei.Field, values map[string]string) setter {
	return func(d *draft, c table.Cell) *fault {
		text, _ := b.word(c, values, false)
		if len(text) == 0 {
			return nil
		}
		v, ok := word.Boolean(string(text))
		if !ok {
			return &fault{text, "true or false"}
		}
		return b.set(d, f, v, c)
	}
}

// The years that times may fall in; hansei validates the same.
const firstYear, afterYears = 1970, 2100

func (b *binder) time(col Column, put func(*draft, time.Time) error) (setter, error) {
	zone, err := b.plan.zone(col.Zone)
	if err != nil {
		return nil, err
	}
	style, err := clock.StyleOf(col.TimeFormat, zone)
	if err != nil {
		return nil, err
	}
	expected := "a time such as 2016-02-29T01:16:00Z"
	if col.TimeFormat != "" {
		expected = "a time written " + col.TimeFormat
	}
	values := lowerKeys(col.Values)
	return func(d *draft, c table.Cell) *fault {
		text, _ := b.word(c, values, false)
		if len(text) == 0 {
			return nil
		}
		at, ok := style.Parse(text)
		if !ok {
			return &fault{text, expected}
		}
		if y := at.Year(); y < firstYear || y >= afterYears {
			return &fault{text, "a time from 1970 to 2099"}
		}
		if err := put(d, at); err != nil {
			return &fault{text, reason(err)}
		}
		return nil
	}, nil
}

func (b *binder) ref(f hansei.Field, values map[string]string) setter {
	return func(d *draft, c table.Cell) *fault {
		text, _ := b.word(c, values, false)
		if len(text) == 0 {
			return nil
		}
		return b.set(d, f, hansei.ID(b.intern.string(text)), c)
	}
}

// list adds to a field with several values, each once.
func (b *binder) list(f hansei.Field, col Column, values map[string]string) setter {
	commas := plural(col.Name)
	return func(d *draft, c table.Cell) *fault {
		items, err := b.items(c, commas)
		if err != nil {
			return &fault{c.List, err.Error()}
		}
		if len(items) == 0 {
			return nil
		}
		old, _ := f.Get(d.record)
		if f.Type == hansei.List {
			list, _ := old.([]string)
			return b.set(d, f, gather(list, items, values), c)
		}
		list, _ := old.([]hansei.ID)
		return b.set(d, f, gather(list, items, values), c)
	}
}

func gather[S ~string](list []S, items []string, values map[string]string) []S {
next:
	for _, item := range items {
		if v, ok := values[strings.ToLower(item)]; ok {
			item = v
		}
		if word.Unknown(item) {
			continue
		}
		for _, have := range list {
			if string(have) == item {
				continue next
			}
		}
		list = append(list, S(item))
	}
	return list
}

// items cuts a cell into its values: a JSON list, or text between ; and |
// and, where the column's name is a plural, commas.
func (b *binder) items(c table.Cell, commas bool) ([]string, error) {
	list := c.List
	text := bytes.TrimSpace(c.Text)
	if list == nil && len(text) > 1 && text[0] == '[' && text[len(text)-1] == ']' {
		list = text
	}
	if list != nil {
		names, err := namesIn(list)
		if err == nil || c.List != nil {
			return names, err
		}
	}
	marks := ";|\n"
	if commas {
		marks = ";|\n,"
	}
	if !bytes.ContainsAny(text, marks) {
		if len(text) == 0 {
			return nil, nil
		}
		return []string{b.intern.string(text)}, nil
	}
	var items []string
	for _, part := range bytes.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(marks, r) }) {
		if part = bytes.TrimSpace(part); len(part) > 0 {
			items = append(items, b.intern.string(part))
		}
	}
	return items, nil
}

// plural guesses from a column's name whether it holds several values.
func plural(name string) bool {
	name = word.Snake(name)
	return strings.HasSuffix(name, "s") && !strings.HasSuffix(name, "ss") && !strings.HasSuffix(name, "us") || name == "depends_on"
}

// more sets what is not a field of the record itself.
func (b *binder) more(c Column) (setter, error) {
	list := func(put func(*draft) *[]byte) setter {
		return func(d *draft, c table.Cell) *fault {
			*put(d) = c.List
			return nil
		}
	}
	switch c.Field {
	case fieldUpdates:
		return list(func(d *draft) *[]byte { return &d.updates }), nil
	case fieldMilestones:
		return list(func(d *draft) *[]byte { return &d.named }), nil
	case fieldAcks:
		return list(func(d *draft) *[]byte { return &d.acks }), nil
	case fieldSince:
		return b.time(c, func(d *draft, at time.Time) error { d.since = at; return nil })
	case fieldUntil:
		return b.time(c, func(d *draft, at time.Time) error { d.until = at; return nil })
	case fieldIdentified:
		return b.time(c, func(d *draft, at time.Time) error { d.incident.Milestones.Set(roleIdentified, at); return nil })
	case fieldAckAfter:
		return b.number(nil, func(d *draft, s float64) error { d.ackAfter = s; return nil }), nil
	}
	return func(d *draft, c table.Cell) *fault { // fieldImpactNote
		text, _ := b.word(c, nil, false)
		d.note = string(text)
		return nil
	}, nil
}
