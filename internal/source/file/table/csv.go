package table

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"hansei"
)

// csvTable reads separated values: RFC 4180 with the liberties that real
// exports take (any separator, quotes inside a plain value, a last line
// without its end). It is written here and not taken from encoding/csv
// because a quote that is never closed must cost one row and not the rest of
// the file, and because a cell must not cost an allocation.
type csvTable struct {
	w       *window
	comma   byte
	line    int // of the next row
	head    []string
	cells   []Cell
	scratch []byte // unquoted values of the present row
}

func newCSV(src io.Reader, comma byte) (*csvTable, error) {
	t := &csvTable{w: newWindow(src), comma: comma, line: 1}
	for {
		r, err := t.record()
		if errors.Is(err, io.EOF) {
			return nil, hansei.Invalid("file", "it has no rows; the first must hold the names of the columns")
		}
		if err != nil {
			return nil, fmt.Errorf("the row of column names: %w", err)
		}
		if len(r.Cells) <= 2 && isSeparatorLine(r.Cells[0].Text) {
			continue
		}
		if len(r.Cells) > maxColumns {
			return nil, hansei.Invalid("file", "it has %d columns; expected at most %d", len(r.Cells), maxColumns)
		}
		t.head = uniqueNames(r.Cells)
		return t, nil
	}
}

// isSeparatorLine recognises the "sep=;" that Excel writes first.
func isSeparatorLine(b []byte) bool {
	return len(b) <= 5 && bytes.HasPrefix(bytes.ToLower(b), []byte("sep="))
}

// uniqueNames makes every column's name its own: an empty one gets its
// number, a repeated one its count.
func uniqueNames(cells []Cell) []string {
	seen := make(map[string]int, len(cells))
	names := make([]string, len(cells))
	for i, c := range cells {
		name := string(bytes.ToValidUTF8(bytes.TrimSpace(c.Text), []byte("?")))
		if name == "" {
			name = fmt.Sprintf("column %d", i+1)
		}
		seen[name]++
		for n := seen[name]; n > 1; n++ {
			again := fmt.Sprintf("%s (%d)", name, n)
			if seen[again] == 0 {
				seen[name], name = n, again
				seen[name]++
				break
			}
		}
		names[i] = name
	}
	return names
}

func (t *csvTable) Names() []string { return t.head }

func (t *csvTable) Read() (Row, error) {
	r, err := t.record()
	if err != nil {
		return r, err
	}
	for len(r.Cells) > len(t.head) && len(r.Cells[len(r.Cells)-1].Text) == 0 {
		r.Cells = r.Cells[:len(r.Cells)-1]
	}
	if len(r.Cells) != len(t.head) {
		first := r.Cells[0].Text
		return r, bad(r.Line, first, fmt.Sprintf("%d values as in the row of column names, got %d", len(t.head), len(r.Cells)))
	}
	for i := range r.Cells {
		if !utf8.Valid(r.Cells[i].Text) {
			b := bad(r.Line, r.Cells[i].Text, "text in UTF-8; convert the file if it is in Latin-1 or Windows-1252")
			b.Column = t.head[i]
			return r, b
		}
	}
	return r, nil
}

// record reads the next row that is not an empty line.
func (t *csvTable) record() (Row, error) {
	for {
		t.cells, t.scratch = t.cells[:0], t.scratch[:0]
		data := t.w.data()
		n, state := t.split(data, t.w.last != nil)
		if state == splitMore {
			if len(data) < maxRow && t.w.more() {
				continue
			}
			if t.w.last != nil && !errors.Is(t.w.last, io.EOF) {
				return Row{}, t.w.last
			}
			if data = t.w.data(); len(data) == 0 {
				return Row{}, io.EOF
			}
			if len(data) < maxRow && bytes.IndexByte(data, '"') < 0 {
				continue // the source ended just now; this is its last line
			}
		}
		line := t.line
		if state != splitDone {
			return Row{}, t.recover(line, data, n, state)
		}
		t.w.start += n
		t.line += bytes.Count(data[:n], []byte{'\n'})
		if len(t.cells) == 1 && len(t.cells[0].Text) == 0 {
			continue
		}
		return Row{Line: line, Cells: t.cells}, nil
	}
}

// recover steps over the first line of a row that cannot be split.
func (t *csvTable) recover(line int, data []byte, n int, state splitState) error {
	end := bytes.IndexByte(data[n:], '\n')
	expected := "a separator or the end of the line after a closing quote"
	if state == splitMore {
		expected = fmt.Sprintf("a quoted value to be closed, and a row of at most %d MiB", maxRow>>20)
		end, n = bytes.IndexByte(data, '\n'), 0
	}
	if end < 0 {
		end = len(data) - n - 1
	}
	skip := n + end + 1
	t.w.start += skip
	t.line += bytes.Count(data[:skip], []byte{'\n'})
	return bad(line, data[:min(len(data), 300)], expected)
}

type splitState int

const (
	splitDone splitState = iota
	splitMore            // the row is not whole yet
	splitBad             // text after a closing quote
)

// split cuts the first row of data into cells and returns its length. With
// last set, data ends where the file ends.
func (t *csvTable) split(data []byte, last bool) (int, splitState) {
	end := bytes.IndexByte(data, '\n')
	if end < 0 && (!last || len(data) == 0) {
		return 0, splitMore
	}
	next := end + 1
	if end < 0 {
		end, next = len(data), len(data)
	}
	if bytes.IndexByte(data[:end], '"') >= 0 {
		return t.splitQuoted(data, last)
	}
	line := trimCR(data[:end])
	for {
		i := bytes.IndexByte(line, t.comma)
		if i < 0 {
			t.cells = append(t.cells, Cell{Text: line})
			return next, splitDone
		}
		t.cells = append(t.cells, Cell{Text: line[:i]})
		line = line[i+1:]
	}
}

func trimCR(b []byte) []byte {
	if n := len(b); n > 0 && b[n-1] == '\r' {
		return b[:n-1]
	}
	return b
}

func (t *csvTable) splitQuoted(data []byte, last bool) (int, splitState) {
	pos := 0
	for {
		var text []byte
		if pos < len(data) && data[pos] == '"' {
			n, ok := t.quoted(data[pos:], &text)
			if !ok {
				return pos, splitMore
			}
			pos += n
		} else {
			n := bytes.IndexAny(data[pos:], string([]byte{t.comma, '\n'}))
			if n < 0 {
				if !last {
					return pos, splitMore
				}
				n = len(data) - pos
			}
			text = data[pos : pos+n]
			if pos+n >= len(data) || data[pos+n] == '\n' {
				text = trimCR(text)
				n = len(text)
			}
			pos += n
		}
		t.cells = append(t.cells, Cell{Text: text})
		rest := data[pos:]
		switch {
		case len(rest) == 0 || (len(rest) == 1 && rest[0] == '\r'):
			if !last {
				return pos, splitMore
			}
			return len(data), splitDone
		case rest[0] == t.comma:
			pos++
		case rest[0] == '\n':
			return pos + 1, splitDone
		case rest[0] == '\r' && rest[1] == '\n':
			return pos + 2, splitDone
		default:
			return pos, splitBad
		}
	}
}

// quoted reads a value that begins with a quote and returns its length in
// data with both quotes; false when it is not closed.
func (t *csvTable) quoted(data []byte, text *[]byte) (int, bool) {
	pos, from, plain := 1, len(t.scratch), true
	for {
		i := bytes.IndexByte(data[pos:], '"')
		if i < 0 {
			return 0, false
		}
		if pos+i+1 >= len(data) || data[pos+i+1] != '"' {
			if plain {
				*text = data[pos : pos+i]
			} else {
				t.scratch = append(t.scratch, data[pos:pos+i]...)
				*text = t.scratch[from:len(t.scratch):len(t.scratch)]
			}
			return pos + i + 1, true
		}
		plain = false
		t.scratch = append(t.scratch, data[pos:pos+i+1]...)
		pos += i + 2
	}
}
