package records

import (
	"time"

	"github.com/a-h/templ"

	"hansei/internal/web/ui"
)

// Field is one field of a record.
type Field struct {
	Item    ui.Item
	EditURL string
}

// Notice says that a record is not what it was: deleted, merged, or wrong in
// itself.
type Notice struct {
	Text string
	Link *ui.Link
	Post *ui.Link // a button instead of a link
}

// Record is what every record has.
type Record struct {
	Noun    string // "incident"
	Notices []Notice
	Fields  []Field // those that have a value
	Empty   []Field // those that have none
	Custom  []ui.Item
	Sources []ui.Item
	Told    templ.Component // who told what of it; nil shows the sources alone
	History []ui.Revision
	Zone    *time.Location
	Delete  string // answers POST; "" when it cannot be deleted
}

// Edit is the form of one field.
type Edit struct {
	Action   string
	Cancel   string
	Field    ui.Field
	Reason   ui.Field
	Name     string // of the field
	Revision int64  // that the person saw
	Now      ui.Item
	Conflict *Conflict
	GiveBack bool // a person's word stands on it, which can be taken back
}

// Conflict is what somebody else wrote meanwhile.
type Conflict struct {
	Who, Theirs, Yours string
}
