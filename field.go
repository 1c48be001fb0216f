package hansei

import (
	"fmt"
	"reflect"
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
	if !f.Has(r) {
		return nil, false
	}
	if f.Role != "" {
		return r.(*Incident).Milestones.At(f.Role)
	}
	return reflect.Indirect(reflect.ValueOf(f.ptr(r)).Elem()).Interface(), true
}

// Has says whether the field of a record has a value.
func (f *Field) Has(r Record) bool {
	if f.own != "" {
		_, ok := r.Head().Custom[f.own]
		return ok
	}
	if f.Role != "" {
		_, ok := r.(*Incident).Milestones.At(f.Role)
		return ok
	}
	switch p := f.ptr(r).(type) {
	case *string:
		return *p != ""
	case *ID:
		return *p != ""
	case **float64:
		return *p != nil
	case **bool:
		return *p != nil
	case *time.Time:
		return !p.IsZero()
	case *[]string:
		return len(*p) > 0
	case *[]ID:
		return len(*p) > 0
	}
	return false
}

// ListIn is where a record keeps a field of type List (T is string) or Refs (ID).
func ListIn[T ~string](f *Field, r Record) *[]T { return f.ptr(r).(*[]T) }

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

// Copy puts what another record of the same kind has there into a record, be it
// nothing. Both share a list then. The field is one of FieldsOf.
func (f *Field) Copy(to, from Record) {
	if f.Role != "" {
		t, _ := from.(*Incident).Milestones.At(f.Role)
		to.(*Incident).Milestones.Set(f.Role, t)
		return
	}
	reflect.ValueOf(f.ptr(to)).Elem().Set(reflect.ValueOf(f.ptr(from)).Elem())
}

// Fill copies the field's value to a record of the same kind that has none.
func (f *Field) Fill(to, from Record) {
	if !f.Has(to) && f.Has(from) {
		f.Copy(to, from)
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
