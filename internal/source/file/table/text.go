package table

import (
	"bytes"
	"errors"
	"io"
	"strings"

	"hansei"
)

// Text opens a file of any format for its words alone: unpacked and as UTF-8,
// of Parquet the names of its columns and what its cells hold, a line each. It returns an
// *hansei.InvalidError when the file cannot be read, as reading may.
func Text(body io.Reader) (io.ReadCloser, error) {
	c, err := open(body)
	if err != nil {
		return nil, err
	}
	head, err := c.body.Peek(16)
	if err != nil && !errors.Is(err, io.EOF) {
		c.close()
		return nil, err
	}
	for magic, reason := range foreign {
		if bytes.HasPrefix(head, []byte(magic)) {
			c.close()
			return nil, hansei.Invalid("file", "it is %s", reason)
		}
	}
	if !bytes.HasPrefix(head, []byte("PAR1")) {
		return plain{c.body, c.close}, nil
	}
	t, err := c.table(Frame{Format: FormatParquet})
	if err != nil {
		return nil, err
	}
	return plain{io.MultiReader(strings.NewReader(strings.Join(t.Names(), "\n")+"\n"), &cells{rows: t}), t.Close}, nil
}

type plain struct {
	io.Reader
	close func()
}

// Close implements io.Closer.
func (p plain) Close() error {
	p.close()
	return nil
}

// cells reads what the cells of a table hold.
type cells struct {
	rows rows
	row  bytes.Buffer
}

// Read implements io.Reader.
func (c *cells) Read(p []byte) (int, error) {
	for c.row.Len() == 0 {
		row, err := c.rows.Read()
		var one *Reject
		if errors.As(err, &one) { // how much follows is not known
			return 0, hansei.Invalid("file", "%v", one)
		}
		if err != nil {
			return 0, err
		}
		for _, cell := range row.Cells {
			c.row.Write(cell.Text)
			c.row.WriteByte('\n')
			c.row.Write(cell.List)
			c.row.WriteByte('\n')
		}
	}
	return c.row.Read(p)
}
