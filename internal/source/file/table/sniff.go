package table

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"

	"hansei"
)

// Frame is how a file holds its rows.
type Frame struct {
	Format      string
	Compression string
	Separator   byte     // of CSV
	List        []string // keys to the list that holds the rows of JSON
}

// Table is an open file.
type Table struct {
	rows
	Frame
	content *content
}

// Close frees what reading took; the body stays open.
func (t *Table) Close() { t.content.close() }

// Recognise opens a file of unknown format. It returns an
// *hansei.InvalidError when the file cannot be read.
func Recognise(body io.Reader) (*Table, error) {
	c, err := open(body)
	if err != nil {
		return nil, err
	}
	head, err := c.head()
	if err != nil {
		c.close()
		return nil, err
	}
	f, err := frameOf(head, len(head) < peek)
	if err != nil {
		c.close()
		return nil, err
	}
	return c.table(f)
}

// Open opens a file whose frame is known. The compression is seen again, so
// that the same file packed otherwise reads the same.
func Open(body io.Reader, f Frame) (*Table, error) {
	c, err := open(body)
	if err != nil {
		return nil, err
	}
	return c.table(f)
}

// frameOf recognises a file's Frame from its first part; whole says that it
// is all of it.
func frameOf(head []byte, whole bool) (Frame, error) {
	if bytes.HasPrefix(head, []byte("PAR1")) {
		return Frame{Format: FormatParquet}, nil
	}
	if err := refuse(head); err != nil {
		return Frame{}, err
	}
	start := bytes.TrimLeft(head, white)
	switch start[0] {
	case '{':
		return jsonFrame(start, whole), nil
	case '[':
		if rest := bytes.TrimLeft(start[1:], " \t\r\n"); len(rest) > 0 && bytes.IndexByte([]byte(`{["]`), rest[0]) >= 0 {
			return Frame{Format: FormatJSON}, nil
		}
	}
	return Frame{Format: FormatCSV, Separator: separator(start, whole)}, nil
}

// jsonFrame tells JSON Lines from one document, and finds the list in it.
func jsonFrame(b []byte, whole bool) Frame {
	var s scan
	n, done := s.step(b)
	object := b[:n]
	if path := listIn(object, nil); path != nil {
		return Frame{Format: FormatJSON, List: path}
	}
	if !done {
		return Frame{Format: FormatJSON}
	}
	rest := bytes.TrimLeft(b[n:], " \t\r,")
	oneLine := bytes.IndexByte(bytes.TrimRight(object, "\r\n"), '\n') < 0
	if oneLine && (len(rest) > 0 && rest[0] == '\n' || len(rest) == 0 && !whole) {
		if next := bytes.TrimSpace(rest); len(next) > 0 {
			return Frame{Format: FormatLines}
		}
	}
	return Frame{Format: FormatJSON}
}

// ownKeys are keys that a record has and a page of records has not.
var ownKeys = map[string]bool{
	"id": true, "key": true, "number": true, "uuid": true, "title": true, "startedat": true, "createdat": true, "incidentid": true, "resolvedat": true,
}

// maxListDepth is how deep the list of rows may lie.
const maxListDepth = 3

// listIn finds the list of objects in a document that is not itself a record.
// The document may be cut off.
func listIn(b []byte, path []string) []string {
	if len(path) >= maxListDepth {
		return nil
	}
	var found, empty []string
	pos := 1
	for pos < len(b) {
		pos += blank(b[pos:], ',')
		if pos >= len(b) || b[pos] != '"' {
			break
		}
		n := valueLen(b[pos:])
		var key string
		if pos+n > len(b) || json.Unmarshal(b[pos:pos+n], &key) != nil {
			break
		}
		pos += n
		pos += blank(b[pos:], ':')
		if pos >= len(b) {
			break
		}
		value := b[pos : pos+valueLen(b[pos:])]
		pos += len(value)
		if ownKeys[strings.ToLower(strings.ReplaceAll(key, "_", ""))] && value[0] != '{' && value[0] != '[' {
			return nil
		}
		here := append(path[:len(path):len(path)], key)
		switch first := bytes.TrimLeft(value[1:], " \t\r\n"); {
		case found != nil || len(first) == 0:
		case value[0] == '[' && first[0] == '{':
			found = here
		case value[0] == '[' && first[0] == ']' && empty == nil:
			empty = here
		case value[0] == '{':
			found = listIn(value, here)
		}
	}
	if found == nil && len(path) == 0 {
		return empty
	}
	return found
}

// separator finds which of , tab ; | cuts the first rows most evenly.
func separator(head []byte, whole bool) byte {
	if line, _, _ := bytes.Cut(head, []byte("\n")); isSeparatorLine(trimCR(line)) && len(trimCR(line)) == 5 {
		return line[4]
	}
	best, most := byte(','), 0
	for _, comma := range []byte{',', '\t', ';', '|'} {
		if score := evenness(head, comma, whole); score > most {
			best, most = comma, score
		}
	}
	return best
}

// evenness scores a separator: how many rows have as many values as the
// first, and how many values that is.
func evenness(head []byte, comma byte, whole bool) int {
	const rows = 50
	t := &csvTable{w: newWindow(bytes.NewReader(head)), comma: comma, line: 1}
	first, same, all := 0, 0, 0
	for all < rows {
		r, err := t.record()
		if errors.Is(err, io.EOF) {
			break
		}
		all++
		if err != nil {
			continue
		}
		if first == 0 {
			first = len(r.Cells)
		}
		if len(r.Cells) == first {
			same++
		}
	}
	if !whole && all < rows && all > 1 {
		all-- // the last row may be cut off
		same = min(same, all)
	}
	if first < 2 || all == 0 {
		return 0
	}
	return 1000*same/all*100 + min(first, 99)
}

// table opens the rows of a file; it closes the content when it cannot.
func (c *content) table(f Frame) (_ *Table, err error) {
	f.Compression = c.compression
	t := &Table{Frame: f, content: c}
	switch f.Format {
	case FormatCSV:
		t.rows, err = newCSV(c.body, f.Separator)
	case FormatJSON:
		t.rows = newJSON(c.body, f.List)
	case FormatLines:
		t.rows = newLines(c.body)
	case FormatParquet:
		var p *parquetTable
		if p, err = newParquet(c.body); err == nil {
			unpack := c.close
			c.close = func() { p.close(); unpack() }
			t.rows = p
		}
	default:
		err = hansei.Invalid("format", "%q is not a format; expected csv, json, jsonl or parquet", f.Format)
	}
	if err != nil {
		c.close()
		return nil, err
	}
	return t, nil
}
