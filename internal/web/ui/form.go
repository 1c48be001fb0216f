package ui

import (
	"cmp"

	"github.com/a-h/templ"
)

// Field is one field of a form.
type Field struct {
	ID, Name, Label string
	Help            string
	Error           string // beside the field, in words that say what was expected
	Value           string
	Placeholder     string   // what holds while nothing is written
	Type            string   // of the input: text, date, datetime-local, number …; "" is text
	Options         []Option // a list of choices instead of an input
	Rows            int      // a text area of that many lines instead of an input
	Required        bool
	Mark            string // beside the label of a field that is not required; "optional" when empty
	Mono            bool   // code: SQL, jq
}

func (f Field) kind() string {
	if f.Type == "" {
		return "text"
	}
	return f.Type
}

func (f Field) mark() string { return cmp.Or(f.Mark, "optional") }

// described names the help and the error of the field for assistive technology.
func (f Field) described() string {
	s := ""
	if f.Help != "" {
		s = f.ID + "-help"
	}
	if f.Error != "" {
		if s != "" {
			s += " "
		}
		s += f.ID + "-error"
	}
	return s
}

// Upload is a place to drop a file.
type Upload struct {
	Action string // answers POST multipart/form-data
	Name   string
	Label  string
	Help   string
	Accept string // ".csv,.json"
}

// Console is a person's SQL and its answer.
type Console struct {
	Action string
	Field  Field // the SQL
	Result *Table
	Took   string // "24 ms, 1 000 rows (the limit)"
	Error  *Problem
	Schema []Item // tables and their columns
}

// attributes are those that every kind of input shares.
func (f Field) attributes() templ.Attributes {
	a := templ.Attributes{"id": f.ID, "name": f.Name, "required": f.Required}
	if f.Placeholder != "" {
		a["placeholder"] = f.Placeholder
	}
	if f.Type == "password" {
		a["autocomplete"] = "new-password" // it is a tool's, not the reader's own
	}
	if d := f.described(); d != "" {
		a["aria-describedby"] = d
	}
	if f.Error != "" {
		a["aria-invalid"] = "true"
	}
	return a
}
