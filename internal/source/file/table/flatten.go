package table

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
)

// maxDepth is how deep objects are opened; what lies deeper is reachable by
// jq alone.
const maxDepth = 8

// flattener turns objects into rows: a value in an object in an object
// becomes the column "outer.inner.name", a list stays one cell.
type flattener struct {
	index map[string]int
	cols  []string
	cells []Cell
	path  []byte
}

func newFlattener() flattener { return flattener{index: map[string]int{}} }

func (f *flattener) Names() []string { return f.cols }

// flatten reads one object, which must be valid JSON.
func (f *flattener) flatten(raw []byte) ([]Cell, error) {
	clear(f.cells)
	f.path = f.path[:0]
	if _, err := f.walk(raw, 0); err != nil {
		return nil, err
	}
	return f.cells, nil
}

// walk reads the object at the start of b and returns its length.
func (f *flattener) walk(b []byte, depth int) (int, error) {
	pos := 1
	for {
		pos += blank(b[pos:], ',')
		if b[pos] == '}' {
			return pos + 1, nil
		}
		n := valueLen(b[pos:])
		key := b[pos : pos+n]
		pos += n
		pos += blank(b[pos:], ':')
		mark := len(f.path)
		if mark > 0 {
			f.path = append(f.path, '.')
		}
		name, err := text(key)
		if err != nil {
			return 0, err
		}
		f.path = append(f.path, name...)
		if b[pos] == '{' && depth < maxDepth {
			n, err = f.walk(b[pos:], depth+1)
		} else {
			n = valueLen(b[pos:])
			err = f.set(b[pos : pos+n])
		}
		if err != nil {
			return 0, err
		}
		pos += n
		f.path = f.path[:mark]
	}
}

func (f *flattener) set(raw []byte) error {
	var c Cell
	switch raw[0] {
	case 'n':
		// An empty value still makes its column known.
	case '"':
		s, err := text(raw)
		if err != nil {
			return err
		}
		c.Text = s
	case '[', '{':
		c.List = raw
	default:
		c.Text = raw
	}
	return f.put(f.path, c)
}

func (f *flattener) put(name []byte, c Cell) error {
	i, ok := f.index[string(name)]
	if !ok {
		i = len(f.cols)
		if i >= maxColumns {
			return fmt.Errorf("at most %d different fields in a file", maxColumns)
		}
		f.index[string(name)] = i
		f.cols = append(f.cols, string(name))
	}
	for len(f.cells) <= i {
		f.cells = append(f.cells, Cell{})
	}
	f.cells[i] = c
	return nil
}

// text reads a JSON string.
func text(raw []byte) ([]byte, error) {
	inner := raw[1 : len(raw)-1]
	if bytes.IndexByte(inner, '\\') < 0 {
		return inner, nil
	}
	var s string
	if err := json.Unmarshal(raw, &s); err != nil {
		return nil, errors.New("valid text in JSON")
	}
	return []byte(s), nil
}

func valueLen(b []byte) int {
	var s scan
	n, _ := s.step(b)
	return n
}

func blank(b []byte, also byte) int {
	for i, c := range b {
		if c > ' ' && c != also {
			return i
		}
	}
	return len(b)
}
