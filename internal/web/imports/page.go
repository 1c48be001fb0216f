package imports

import "hansei/internal/web/ui"

// Import is the page of one delivery.
type Import struct {
	ID       string
	Progress *ui.Progress // while it runs
	Failed   *ui.Problem
	Facts    []ui.Item // what came of it
	Notes    []string
	Links    []ui.Link // where to go now that it is done
	Rejects  ui.Table
	Rejected string // "12 rows were rejected"; "" for none
	Mapping  []Column
	Unread   string // what Mapping does not show, and why
	Replay   bool
	Gone     bool // there is no file: it named a person who was forgotten
}

// Plan is the step of the wizard that shows how a file would be read.
type Plan struct {
	Hash, Name string
	Failed     *ui.Problem // it cannot be read this way
	Format     []ui.Item
	Kind       ui.Field
	Source     ui.Field
	Zone       ui.Field
	YAML       ui.Field
	Notes      []string
	Columns    []Column
	More       string // about columns that are not listed
	Rows       ui.Table
	Rejects    ui.Table
	Rejected   string
	Ready      bool // it can be imported
}

// Column is one column of a file and what becomes of it.
type Column struct {
	Name    string
	Samples []string
	How     string
	Becomes string   // in words, for a plan that is not to be changed
	Choice  ui.Field // for one that is
}
