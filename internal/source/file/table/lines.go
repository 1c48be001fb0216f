package table

import (
	"bytes"
	"errors"
	"io"
)

// linesTable reads JSON Lines: one object on each line. A line that is not
// one is a bad row, and the next line a new beginning.
type linesTable struct {
	flattener
	w    *window
	line int
}

func newLines(src io.Reader) *linesTable {
	return &linesTable{flattener: newFlattener(), w: newWindow(src)}
}

func (t *linesTable) Read() (Row, error) {
	for {
		raw, err := t.next()
		if err != nil {
			return Row{}, err
		}
		raw = bytes.Trim(raw, " \t\r\n,\x1e")
		if len(raw) == 0 {
			continue
		}
		return t.object(t.line, raw)
	}
}

func (t *linesTable) next() ([]byte, error) {
	from := 0
	for {
		data := t.w.data()
		if i := bytes.IndexByte(data[from:], '\n'); i >= 0 {
			t.w.start += from + i + 1
			t.line++
			return data[:from+i], nil
		}
		if from = len(data); from >= maxRow {
			return nil, t.tooLong()
		}
		if t.w.more() {
			continue
		}
		data = t.w.data()
		t.w.start = t.w.end
		if !errors.Is(t.w.last, io.EOF) || len(data) == 0 {
			return nil, t.w.last
		}
		t.line++
		return data, nil
	}
}

// tooLong passes over the rest of a line that is longer than a row may be.
func (t *linesTable) tooLong() error {
	t.line++
	for {
		if i := bytes.IndexByte(t.w.data(), '\n'); i >= 0 {
			t.w.start += i + 1
			break
		}
		t.w.start = t.w.end
		if !t.w.more() {
			break
		}
	}
	return bad(t.line, nil, "a line of at most 32 MiB")
}
