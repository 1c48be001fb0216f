package hansei

import (
	"fmt"
	"time"
)

// FieldType says what a field holds.
type FieldType string

// The types of field and the Go value that Get returns and Set takes.
const (
	Text   FieldType = "text"   // string
	Number FieldType = "number" // float64
	Bool   FieldType = "bool"   // bool
	Time   FieldType = "time"   // time.Time
	List   FieldType = "list"   // []string
	Ref    FieldType = "ref"    // ID of a record of kind Field.Of; from a source: a name
	Refs   FieldType = "refs"   // []ID, likewise
)

// Field is one field of a kind of record: its name everywhere (files, API,
// SQL, the edit form), its meaning, and how to reach it.
type Field struct {
	Name  string
	Label string
	Help  string
	Type  FieldType
	Of    Kind     // for Ref and Refs
	Role  Role     // for a time that is a milestone of an incident
	Enum  []string // the values it may have, if they are fixed

	own string           // the name in Header.Custom of one that the organization defined
	ptr func(Record) any // *string, **float64, **bool, *time.Time, *[]string, *ID or *[]ID
}

// Get returns the field's value, or nil and false when it is empty.
func (f *Field) Get(r Record) (any, bool) {
	if f.own != "" {
		value, ok := r.Head().Custom[f.own]
		if f.Type == List {
			return OwnItems(value), ok
		}
		return value, ok
	}
	if f.Role != "" {
		t, ok := r.(*Incident).Milestones.At(f.Role)
		return some(t, ok)
	}
	switch p := f.ptr(r).(type) {
	case *string:
		return some(*p, *p != "")
	case *ID:
		return some(*p, *p != "")
	case **float64:
		if *p != nil {
			return **p, true
		}
	case **bool:
		if *p != nil {
			return **p, true
		}
	case *time.Time:
		return some(*p, !p.IsZero())
	case *[]string:
		return some(*p, len(*p) > 0)
	case *[]ID:
		return some(*p, len(*p) > 0)
	}
	return nil, false
}

// some is a value that is there, or nil: a value in an interface is copied.
func some[T any](v T, ok bool) (any, bool) {
	if !ok {
		return nil, false
	}
	return v, true
}

// Set puts a value of the field's type; nil empties the field.
func (f *Field) Set(r Record, v any) error {
	if f.own != "" {
		return Invalid(f.Name, "a field of the organization's own is set by its definition")
	}
	if f.Role != "" {
		t, ok := v.(time.Time)
		if !ok && v != nil {
			return f.mismatch(v)
		}
		r.(*Incident).Milestones.Set(f.Role, t)
		return nil
	}
	ok := true
	switch p := f.ptr(r).(type) {
	case *string:
		ok = assign(p, v)
	case *ID:
		ok = assign(p, v)
	case *time.Time:
		ok = assign(p, v)
	case *[]string:
		ok = assign(p, v)
	case *[]ID:
		ok = assign(p, v)
	case **float64:
		ok = point(p, v)
	case **bool:
		ok = point(p, v)
	}
	if !ok {
		return f.mismatch(v)
	}
	return nil
}

// Fill copies the field's value to a record of the same kind that has none.
func (f *Field) Fill(to, from Record) error {
	if f.ptr == nil {
		v, told := f.Get(from)
		if _, has := f.Get(to); has || !told {
			return nil
		}
		return f.Set(to, v)
	}
	switch p := f.ptr(to).(type) {
	case *string:
		copied(p, f.ptr(from), *p == "")
	case *ID:
		copied(p, f.ptr(from), *p == "")
	case **float64:
		copied(p, f.ptr(from), *p == nil)
	case **bool:
		copied(p, f.ptr(from), *p == nil)
	case *time.Time:
		copied(p, f.ptr(from), p.IsZero())
	case *[]string:
		copied(p, f.ptr(from), len(*p) == 0)
	case *[]ID:
		copied(p, f.ptr(from), len(*p) == 0)
	}
	return nil
}

func copied[T any](to *T, from any, empty bool) {
	if empty {
		*to = *from.(*T)
	}
}

func (f *Field) mismatch(v any) error {
	return Invalid(f.Name, "expected %s, got %T", f.Type, v)
}

func assign[T any](p *T, v any) bool {
	if v == nil {
		var zero T
		*p = zero
		return true
	}
	t, ok := v.(T)
	if ok {
		*p = t
	}
	return ok
}

func point[T any](p **T, v any) bool {
	if v == nil {
		*p = nil
		return true
	}
	t, ok := v.(T)
	if ok {
		*p = &t
	}
	return ok
}

// FieldsOf lists the fields of a kind, in the order people meet them.
func FieldsOf(k Kind) []Field { return fields[k] }

// FieldNamed finds a field of a kind.
func FieldNamed(k Kind, name string) (Field, error) {
	for _, f := range fields[k] {
		if f.Name == name {
			return f, nil
		}
	}
	return Field{}, fmt.Errorf("field %q of %s: %w", name, k, ErrNotFound)
}
