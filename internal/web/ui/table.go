package ui

import "github.com/a-h/templ"

// Column heads a column of a Table.
type Column struct {
	Text    string
	Numeric bool
	SortURL string // a link that sorts by this column; "" when it cannot
	Sorted  Order
	Hide    bool // on a phone
}

// Order is how a column is sorted now.
type Order string

// The orders; they are the values of aria-sort.
const (
	Unsorted   Order = ""
	Ascending  Order = "ascending"
	Descending Order = "descending"
)

// Cell is one cell: text, or any component.
type Cell struct {
	Text      string
	Title     string          // on hover: the exact value
	URL       string          // of the record, on the first cell of a row
	Component templ.Component // instead of Text
}

// Row is one row of a Table.
type Row struct {
	ID    string
	URL   string // what Enter opens
	Cells []Cell
}

// Table is a page of a list. Next and Prev are cursor URLs; "" at an end.
type Table struct {
	ID         string
	Caption    string // what the rows are; for those who cannot see them
	Columns    []Column
	Rows       []Row
	Showing    string // "1–50 of 801 incidents"
	Prev, Next string
	Empty      *Empty // shown instead when there are no rows
	Export     []Link // "CSV" …
}

func (c Cell) content() templ.Component {
	if c.Component != nil {
		return c.Component
	}
	return plain(c)
}

func (t Table) numeric(i int) bool { return i < len(t.Columns) && t.Columns[i].Numeric }
func (t Table) hidden(i int) bool  { return i < len(t.Columns) && t.Columns[i].Hide }
