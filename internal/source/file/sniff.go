package file

import (
	"bytes"
	"encoding/json"
	"io"
	"strings"

	"hansei"
)

// frame is how a file holds its rows.
type frame struct {
	format string
	comma  byte
	list   []string
}

// frameOf recognises a file's frame from its first part; whole says that it
// is all of it.
func frameOf(head []byte, whole bool) (frame, error) {
	if bytes.HasPrefix(head, []byte("PAR1")) {
		return frame{format: FormatParquet}, nil
	}
	if err := refuse(head); err != nil {
		return frame{}, err
	}
	start := bytes.TrimLeft(head, " \t\r\n\x1e")
	switch start[0] {
	case '{':
		return jsonFrame(start, whole), nil
	case '[':
		if rest := bytes.TrimLeft(start[1:], " \t\r\n"); len(rest) > 0 && bytes.IndexByte([]byte(`{["]`), rest[0]) >= 0 {
			return frame{format: FormatJSON}, nil
		}
	}
	return frame{format: FormatCSV, comma: separator(start, whole)}, nil
}

// jsonFrame tells JSON Lines from one document, and finds the list in it.
func jsonFrame(b []byte, whole bool) frame {
	var s scan
	n, done := s.step(b)
	object := b[:n]
	if path := listIn(object, nil); path != nil {
		return frame{format: FormatJSON, list: path}
	}
	if !done {
		return frame{format: FormatJSON}
	}
	rest := bytes.TrimLeft(b[n:], " \t\r,")
	oneLine := bytes.IndexByte(bytes.TrimRight(object, "\r\n"), '\n') < 0
	if oneLine && (len(rest) > 0 && rest[0] == '\n' || len(rest) == 0 && !whole) {
		if next := bytes.TrimSpace(rest); len(next) > 0 {
			return frame{format: FormatLines}
		}
	}
	return frame{format: FormatJSON}
}

// ownKeys are keys that a record has and a page of records has not.
var ownKeys = map[string]bool{
	"id": true, "key": true, "number": true, "uuid": true, "title": true, "started_at": true, "created_at": true, "incident_id": true, "resolved_at": true,
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
		if ownKeys[snake(key)] && value[0] != '{' && value[0] != '[' {
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
		if err == io.EOF {
			break
		}
		all++
		if err != nil {
			continue
		}
		if first == 0 {
			first = len(r.cells)
		}
		if len(r.cells) == first {
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

// tableOf opens the rows of a file.
func tableOf(c *content, f frame) (table, error) {
	switch f.format {
	case FormatCSV:
		return newCSV(c.body, f.comma)
	case FormatJSON:
		return newJSON(c.body, f.list), nil
	case FormatLines:
		return newLines(c.body), nil
	case FormatParquet:
		t, err := newParquet(c.body)
		if err != nil {
			return nil, err
		}
		closeBody := c.close
		c.close = func() { t.close(); closeBody() }
		return t, nil
	}
	return nil, hansei.Invalid("format", "%q is not a format; expected %s", f.format, strings.Join([]string{FormatCSV, FormatJSON, FormatLines, FormatParquet}, ", "))
}
