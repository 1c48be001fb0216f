package table

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"unicode/utf8"

	"hansei"
)

// jsonTable reads objects out of JSON: the elements of a list that stands at
// a path, or all values one after the other. It cuts the file into objects by
// counting brackets and understands each on its own, so that a broken object
// costs one row and a file of any size needs the memory of one object.
type jsonTable struct {
	flattener
	w    *window
	line int
	path []string // keys to the list; nil: the values themselves
	list bool     // inside the list
}

func newJSON(src io.Reader, path []string) *jsonTable {
	return &jsonTable{flattener: newFlattener(), w: newWindow(src), line: 1, path: path}
}

var errShape = errors.New("not JSON")

func (t *jsonTable) Read() (Row, error) {
	for {
		c, err := t.skipBlank(true)
		if err != nil {
			if errors.Is(err, io.EOF) && t.list {
				t.list = false
				return Row{}, bad(t.line, nil, "the list to be closed by ]; the file is cut short")
			}
			return Row{}, err
		}
		switch {
		case t.list && c == ']':
			t.w.start++
			t.list = false
			if err := t.leave(); err != nil {
				return Row{}, t.broken(err)
			}
		case t.list:
			return t.element()
		case c == '[' && len(t.path) == 0:
			t.w.start++
			t.list = true
		case c == '{' && len(t.path) > 0:
			if err := t.enter(); err != nil {
				return Row{}, t.broken(err)
			}
		default:
			return t.element()
		}
	}
}

// broken ends the file: without its Frame nothing further can be found in it.
func (t *jsonTable) broken(err error) error {
	if !errors.Is(err, errShape) && !errors.Is(err, io.EOF) {
		return err
	}
	line := t.line
	t.w.start, t.w.end, t.w.last = 0, 0, io.EOF
	return bad(line, nil, "JSON as at the beginning of the file; nothing after this line could be read")
}

func (t *jsonTable) element() (Row, error) {
	line := t.line
	raw, err := t.value(true)
	if errors.Is(err, errTooLong) {
		return Row{}, bad(line, nil, "an object of at most 32 MiB")
	}
	if errors.Is(err, io.EOF) || errors.Is(err, errShape) {
		if len(raw) > 0 {
			t.list = false
			return Row{}, bad(line, raw, "an object that is closed; the file is cut short")
		}
		return Row{}, t.broken(err)
	}
	if err != nil {
		return Row{}, err
	}
	return t.object(line, raw)
}

// object understands one row.
func (t *flattener) object(line int, raw []byte) (Row, error) {
	if raw[0] != '{' {
		return Row{}, bad(line, raw, "an object { … }")
	}
	if !utf8.Valid(raw) {
		return Row{}, bad(line, raw, "text in UTF-8")
	}
	if !json.Valid(raw) {
		return Row{}, bad(line, raw, "valid JSON")
	}
	cells, err := t.flatten(raw)
	if err != nil {
		return Row{}, bad(line, raw, err.Error())
	}
	return Row{Line: line, Cells: cells, Raw: raw}, nil
}

// enter goes down the path to the list, passing over everything else.
func (t *jsonTable) enter() error {
	t.w.start++
	return t.seek(0)
}

// seek looks in the present object for the path's key number depth.
func (t *jsonTable) seek(depth int) error {
	for {
		c, err := t.skipBlank(true)
		if err != nil {
			return err
		}
		if c == '}' { // this object has no such list
			t.w.start++
			return t.close(depth)
		}
		found, err := t.key(t.path[depth])
		if err != nil {
			return err
		}
		c, err = t.skipBlank(false)
		if err != nil {
			return err
		}
		switch {
		case found && depth == len(t.path)-1 && c == '[':
			t.w.start++
			t.list = true
			return nil
		case found && depth < len(t.path)-1 && c == '{':
			t.w.start++
			return t.seek(depth + 1)
		}
		if _, err := t.value(false); err != nil {
			return err
		}
	}
}

// leave passes over what follows the list in the objects around it.
func (t *jsonTable) leave() error { return t.close(len(t.path)) }

// close passes to the end of so many objects.
func (t *jsonTable) close(depth int) error {
	for depth > 0 {
		c, err := t.skipBlank(true)
		if err != nil {
			return err
		}
		if c == '}' {
			t.w.start++
			depth--
			continue
		}
		if _, err := t.key(""); err != nil {
			return err
		}
		if _, err := t.value(false); err != nil {
			return err
		}
	}
	return nil
}

// key reads a key and its colon and says whether it is the wanted one.
func (t *jsonTable) key(want string) (bool, error) {
	raw, err := t.value(true)
	if err != nil {
		return false, err
	}
	var name string
	if raw[0] != '"' || json.Unmarshal(raw, &name) != nil {
		return false, errShape
	}
	c, err := t.skipBlank(false)
	if err != nil {
		return false, err
	}
	if c != ':' {
		return false, errShape
	}
	t.w.start++
	return name == want, nil
}

// skipBlank moves to the next byte that is not white (nor a comma, if so
// told, nor the record separator of RFC 7464) and returns it.
func (t *jsonTable) skipBlank(commas bool) (byte, error) {
	for {
		for i, c := range t.w.data() {
			switch {
			case c == '\n':
				t.line++
			case c == ' ' || c == '\t' || c == '\r' || c == 0x1e || c == ',' && commas:
			default:
				t.w.start += i
				return c, nil
			}
		}
		t.w.start = t.w.end
		if !t.w.more() {
			return 0, t.w.last
		}
	}
}

var errTooLong = hansei.Invalid("file", "one value in it is longer than 32 MiB")

// value reads the next value; with keep unset it passes over it and returns
// nothing, however long it is.
func (t *jsonTable) value(keep bool) ([]byte, error) {
	var s scan
	pos := 0
	for {
		data := t.w.data()
		n, done := s.step(data[pos:])
		pos += n
		if done {
			raw := data[:pos]
			t.line += bytes.Count(raw, []byte{'\n'})
			t.w.start += pos
			return raw, nil
		}
		if keep && len(data) >= maxRow {
			if err := t.rest(&s); err != nil {
				return nil, err
			}
			return nil, errTooLong
		}
		if !keep {
			t.line += bytes.Count(data, []byte{'\n'})
			t.w.start, pos = t.w.end, 0
		}
		if !t.w.more() {
			raw := t.w.data()
			t.w.start = t.w.end
			if errors.Is(t.w.last, io.EOF) && s.bare && len(raw) > 0 {
				return raw, nil
			}
			return raw, t.w.last
		}
	}
}

// rest passes over a value that turned out too long, from its part in memory
// to its end.
func (t *jsonTable) rest(s *scan) error {
	t.line += bytes.Count(t.w.data(), []byte{'\n'})
	t.w.start = t.w.end
	for t.w.more() {
		n, done := s.step(t.w.data())
		t.line += bytes.Count(t.w.data()[:n], []byte{'\n'})
		t.w.start += n
		if done {
			return nil
		}
	}
	return t.w.last
}

// scan finds the end of a JSON value piece by piece.
type scan struct {
	depth    int
	inString bool
	escaped  bool
	bare     bool // a number or a word
}

// step goes through the next piece and returns how much of it belongs to the
// value and whether the value ends there.
func (s *scan) step(b []byte) (int, bool) {
	for i, c := range b {
		switch {
		case s.escaped:
			s.escaped = false
		case s.inString && c == '\\':
			s.escaped = true
		case s.inString && c == '"':
			s.inString = false
			if s.depth == 0 {
				return i + 1, true
			}
		case s.inString:
		case s.bare:
			switch c {
			case ',', ']', '}', ':', ' ', '\t', '\r', '\n':
				return i, true
			}
		case c == '"':
			s.inString = true
		case c == '{' || c == '[':
			s.depth++
		case c == '}' || c == ']':
			s.depth--
			if s.depth <= 0 {
				return i + 1, true
			}
		case s.depth == 0 && c > ' ':
			s.bare = true
		}
	}
	return len(b), false
}
