// Package table reads files row by row: CSV with any separator, JSON, JSON
// Lines and Parquet, as they are or packed with gzip, zstd or bzip2, in UTF-8
// or UTF-16.
//
// A file is recognised by its content alone; what it is called says nothing.
// Every reader keeps one row in memory, bounds what a hostile file may ask of
// the machine, and goes on after a row it cannot read. What a row means is no
// concern of this package.
package table

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"
)

// Bounds on what one file may ask of the machine.
const (
	maxRow     = 32 << 20 // bytes of one row, quotes and all
	MaxCell    = 1 << 20  // bytes of one value that is kept
	maxColumns = 10_000   // different fields in a file
)

// Cell is one value of a row: text, or a list as its JSON. Both are valid only
// until the next row is read.
type Cell struct {
	Text []byte
	List []byte
}

// Row is one row, its cells in the order of the columns' names. A row may be
// shorter than the table.
type Row struct {
	Line  int
	Cells []Cell
	Raw   []byte // the row as JSON, where the file is JSON
}

// rows is a file of one format.
type rows interface {
	// Names lists the columns met so far; a JSON file's list may grow.
	Names() []string
	// Read returns the next row, io.EOF at the end, or a *Reject after which
	// reading may go on. Any other error ends the file.
	Read() (Row, error)
}

// Reject is a row that could not be used, and an error.
type Reject struct {
	Line     int    `json:"line"`             // where the row began; 1 is the first line, or the row's number in Parquet
	Column   string `json:"column,omitempty"` // empty when the whole row is wrong
	Value    string `json:"value,omitempty"`  // at most 200 bytes of it
	Expected string `json:"expected"`
}

func (r *Reject) Error() string {
	if r.Column == "" {
		return fmt.Sprintf("line %d: expected %s", r.Line, r.Expected)
	}
	return fmt.Sprintf("line %d, column %s: %q: expected %s", r.Line, r.Column, r.Value, r.Expected)
}

func bad(line int, value []byte, expected string) *Reject {
	return &Reject{Line: line, Value: Shorten(value), Expected: expected}
}

// Shorten keeps the first 200 bytes of a value as valid UTF-8.
func Shorten(b []byte) string {
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
	size := sizeOf(src)
	if b, ok := src.(*bufio.Reader); ok {
		size = b.Size()
	}
	return &window{src: src, buf: make([]byte, min(size, 256<<10))}
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
		if errors.Is(err, io.ErrUnexpectedEOF) {
			w.last = io.EOF
		}
	}
	return n > 0
}
