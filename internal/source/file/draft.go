package file

import (
	"time"

	"hansei"
	"hansei/internal/source/file/table"
)

// draft is a record while its row is read.
type draft struct {
	record   hansei.Record
	incident *hansei.Incident // the record, if it is one
	key      string

	// What an incident's row says beside the record's own fields.
	since, until time.Time
	note         string
	ackAfter     float64
	acks         []byte
	updates      []byte
	named        []byte
}

// fault is what is wrong with a value.
type fault struct {
	value    []byte
	expected string
}

// setter puts a cell into a draft.
type setter func(d *draft, c table.Cell) *fault

// interner returns one string for equal texts, so that a million rows of two
// hundred services hold two hundred names.
type interner map[string]string

const (
	maxInterned     = 1 << 16
	longestInterned = 64
)

func (in interner) string(b []byte) string {
	if s, ok := in[string(b)]; ok {
		return s
	}
	s := string(b)
	if len(s) <= longestInterned && len(in) < maxInterned {
		in[s] = s
	}
	return s
}
