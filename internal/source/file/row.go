package file

import (
	"fmt"
	"io"
	"unicode/utf8"
)

// Bounds on what one file may ask of the machine.
const (
	maxRow     = 32 << 20 // bytes of one row, quotes and all
	maxCell    = 1 << 20  // bytes of one value that is kept
	maxColumns = 10_000   // different fields in a file
)

// cell is one value of a row: text, or a list as its JSON. Both are valid
// only until the next row is read.
type cell struct {
	text []byte
	list []byte
}

// row is one row of a table, its cells in the order of the columns' names.
// A row may be shorter than the table.
type row struct {
	line  int
	cells []cell
	raw   []byte // the row as JSON, where the file is JSON
}

// table is a file read row by row.
type table interface {
	// names lists the columns met so far; a JSON file's list may grow.
	names() []string
	// read returns the next row, io.EOF at the end, or a *badRow after which
	// reading may go on. Any other error ends the file.
	read() (row, error)
}

// Reject is a row that could not be used.
type Reject struct {
	Line     int    `json:"line"`             // where the row began; 1 is the first line, or the row's number in Parquet
	Column   string `json:"column,omitempty"` // empty when the whole row is wrong
	Value    string `json:"value,omitempty"`  // at most 200 bytes of it
	Expected string `json:"expected"`
}

func (r Reject) String() string {
	if r.Column == "" {
		return fmt.Sprintf("line %d: expected %s", r.Line, r.Expected)
	}
	return fmt.Sprintf("line %d, column %s: %q: expected %s", r.Line, r.Column, r.Value, r.Expected)
}

// badRow is a Reject on its way up.
type badRow struct{ Reject }

func (b *badRow) Error() string { return b.String() }

func bad(line int, value []byte, expected string) *badRow {
	return &badRow{Reject{Line: line, Value: shorten(value), Expected: expected}}
}

// shorten keeps the first 200 bytes of a value as valid UTF-8.
func shorten(b []byte) string {
	const most = 200
	cut := len(b) > most
	if cut {
		b = b[:most-len("…")]
	}
	out := make([]byte, 0, len(b)+len("…"))
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		if r == utf8.RuneError && n == 1 {
			r = '?'
			if cut && len(b) < utf8.UTFMax {
				break
			}
		}
		out = utf8.AppendRune(out, r)
		b = b[n:]
	}
	if cut {
		out = append(out, "…"...)
	}
	return string(out)
}

// window is a stretch of a file in memory that slides forward and grows when
// one row does not fit.
type window struct {
	src        io.Reader
	buf        []byte
	start, end int
	last       error // why no more can be read; io.EOF at the end
}

func newWindow(src io.Reader) *window {
	return &window{src: src, buf: make([]byte, 256<<10)}
}

func (w *window) data() []byte { return w.buf[w.start:w.end] }

// more reads on and says whether there is now more data. It keeps what
// stands from start on, and so doubles the buffer when that fills it.
func (w *window) more() bool {
	if w.last != nil {
		return false
	}
	if w.start > 0 {
		w.end = copy(w.buf, w.buf[w.start:w.end])
		w.start = 0
	}
	if w.end == len(w.buf) {
		grown := make([]byte, 2*len(w.buf))
		copy(grown, w.buf)
		w.buf = grown
	}
	n, err := io.ReadFull(w.src, w.buf[w.end:])
	w.end += n
	if err != nil {
		w.last = err
		if err == io.ErrUnexpectedEOF {
			w.last = io.EOF
		}
	}
	return n > 0
}
