package table

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"

	"hansei"
)

// maxSpool bounds the copy that Parquet, which is read from its end, needs on
// disk.
const maxSpool = 8 << 30

// parquetTable reads the rows of a Parquet file through a temporary copy.
type parquetTable struct {
	flattener
	spool  *os.File
	groups []parquet.RowGroup
	rows   parquet.Rows
	leaves []leaf
	buf    []parquet.Row
	have   int // rows in buf
	next   int // the row in buf to read next
	line   int
	dead   bool
}

// leaf is one column as Parquet stores it.
type leaf struct {
	name   string // as a flattened object would have it
	member string // the field in a list of objects
	many   bool
	text   func(parquet.Value) []byte
}

func newParquet(body io.Reader) (_ *parquetTable, err error) {
	spool, err := os.CreateTemp("", "hansei-*.parquet")
	if err != nil {
		return nil, fmt.Errorf("make room for a Parquet file: %w", err)
	}
	t := &parquetTable{flattener: newFlattener(), spool: spool, buf: make([]parquet.Row, 64)}
	defer func() {
		if p := recover(); p != nil {
			err = damaged(p)
		}
		if err != nil {
			t.close()
		}
	}()
	size, err := io.Copy(spool, io.LimitReader(body, maxSpool+1))
	if err != nil {
		return nil, fmt.Errorf("copy a Parquet file: %w", err)
	}
	if size > maxSpool {
		return nil, hansei.Invalid("file", "a Parquet file of more than %d GiB; split it", maxSpool>>30)
	}
	f, err := parquet.OpenFile(spool, size, parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true))
	if err != nil {
		return nil, damaged(err)
	}
	if f.NumRows()/maxRatio > size {
		return nil, damaged(fmt.Sprintf("it claims %d rows in %d bytes", f.NumRows(), size))
	}
	t.groups = f.RowGroups()
	schema := f.Schema()
	if len(schema.Columns()) > maxColumns {
		return nil, hansei.Invalid("file", "it has %d columns; expected at most %d", len(schema.Columns()), maxColumns)
	}
	for _, path := range schema.Columns() {
		column, ok := schema.Lookup(path...)
		if !ok {
			return nil, damaged(errors.New("a column is missing"))
		}
		l := leafOf(path, column)
		t.leaves = append(t.leaves, l)
		if err := t.put([]byte(l.name), Cell{}); err != nil {
			return nil, hansei.Invalid("file", "expected %v", err)
		}
	}
	return t, nil
}

func damaged(why any) error {
	return hansei.Invalid("file", "it begins like Parquet but cannot be read: %v", why)
}

func (t *parquetTable) close() {
	if t.rows != nil {
		if err := t.rows.Close(); err == nil {
			t.rows = nil
		}
	}
	name := t.spool.Name()
	if err := errors.Join(t.spool.Close(), os.Remove(name)); err != nil {
		// The copy lies in the system's temporary directory, which is
		// cleaned without us.
		return
	}
}

// leafOf names a column; the levels with which Parquet encodes lists are
// left out of the name.
func leafOf(path []string, column parquet.LeafColumn) leaf {
	l := leaf{many: column.MaxRepetitionLevel > 0, text: textOf(column.Node.Type())}
	var outer []string
	for i := 0; i < len(path); i++ {
		if i+1 < len(path) && isList(path[i], path[i+1]) {
			l.member = strings.Join(path[i+2:], ".")
			break
		}
		outer = append(outer, path[i])
	}
	l.name = strings.Join(outer, ".")
	return l
}

func isList(group, element string) bool {
	return group == "list" && (element == "element" || element == "item") || group == "bag" && (element == "array_element" || element == "array") ||
		group == "list" && element == "array"
}

func (t *parquetTable) Read() (r Row, err error) {
	if t.dead {
		return Row{}, io.EOF
	}
	defer func() {
		if p := recover(); p != nil {
			t.dead = true
			r, err = Row{}, bad(t.line+1, nil, fmt.Sprintf("an undamaged Parquet file; nothing after this row could be read: %v", p))
		}
	}()
	for t.next >= t.have {
		if err := t.fill(); err != nil {
			if errors.Is(err, io.EOF) {
				return Row{}, err
			}
			t.dead = true
			return Row{}, bad(t.line+1, nil, fmt.Sprintf("an undamaged Parquet file; nothing after this row could be read: %v", err))
		}
	}
	values := t.buf[t.next]
	t.next++
	t.line++
	clear(t.cells)
	return t.assemble(values)
}

// fill reads the next rows.
func (t *parquetTable) fill() error {
	for {
		if t.rows == nil {
			if len(t.groups) == 0 {
				return io.EOF
			}
			t.rows, t.groups = t.groups[0].Rows(), t.groups[1:]
		}
		n, err := t.rows.ReadRows(t.buf)
		t.have, t.next = n, 0
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		if err != nil {
			rows := t.rows
			if n > 0 {
				return nil
			}
			t.rows = nil
			if err := rows.Close(); err != nil {
				return err
			}
			continue
		}
		if n > 0 {
			return nil
		}
	}
}

// assemble makes a row of the values of its columns; several values of one
// column become a list, those of its siblings a list of objects.
func (t *parquetTable) assemble(values parquet.Row) (Row, error) {
	objects := map[string][]map[string]string{}
	plain := map[string][]string{}
	place := map[int]int{}
	for _, v := range values {
		i := v.Column()
		l := t.leaves[i]
		if !l.many {
			if !v.IsNull() {
				if err := t.put([]byte(l.name), Cell{Text: l.text(v)}); err != nil {
					return Row{}, bad(t.line, nil, err.Error())
				}
			}
			continue
		}
		at := place[i]
		place[i]++
		if l.member == "" {
			if !v.IsNull() {
				plain[l.name] = append(plain[l.name], string(l.text(v)))
			}
			continue
		}
		for len(objects[l.name]) <= at {
			objects[l.name] = append(objects[l.name], map[string]string{})
		}
		if !v.IsNull() {
			objects[l.name][at][l.member] = string(l.text(v))
		}
	}
	for name, list := range plain {
		if err := t.putList(name, list); err != nil {
			return Row{}, err
		}
	}
	for name, list := range objects {
		// An empty list is stored as one element of which nothing is set.
		list = slices.DeleteFunc(list, func(o map[string]string) bool { return len(o) == 0 })
		if len(list) == 0 {
			continue
		}
		if err := t.putList(name, list); err != nil {
			return Row{}, err
		}
	}
	return Row{Line: t.line, Cells: t.cells}, nil
}

func (t *parquetTable) putList(name string, list any) error {
	raw, err := json.Marshal(list)
	if err != nil {
		return fmt.Errorf("list %s of a Parquet file: %w", name, err)
	}
	return t.put([]byte(name), Cell{List: raw})
}

// textOf says how a column's values are written as text.
func textOf(t parquet.Type) func(parquet.Value) []byte {
	var logical any
	if l := t.LogicalType(); l != nil {
		logical = l.Value
	}
	switch l := logical.(type) {
	case *format.TimestampType:
		return timestampText(l)
	case *format.DateType:
		return func(v parquet.Value) []byte {
			return time.Unix(int64(v.Int32())*86400, 0).UTC().AppendFormat(nil, time.DateOnly)
		}
	case *format.DecimalType:
		return func(v parquet.Value) []byte { return decimalText(v, int(l.Scale)) }
	case *format.UUIDType:
		return func(v parquet.Value) []byte {
			b := v.ByteArray()
			if len(b) != 16 {
				return []byte(fmt.Sprintf("%x", b))
			}
			return []byte(fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:]))
		}
	}
	return plainText
}

func plainText(v parquet.Value) []byte {
	switch v.Kind() {
	case parquet.Boolean:
		return strconv.AppendBool(nil, v.Boolean())
	case parquet.Int32:
		return strconv.AppendInt(nil, int64(v.Int32()), 10)
	case parquet.Int64:
		return strconv.AppendInt(nil, v.Int64(), 10)
	case parquet.Float:
		return strconv.AppendFloat(nil, float64(v.Float()), 'f', -1, 32)
	case parquet.Double:
		return strconv.AppendFloat(nil, v.Double(), 'f', -1, 64)
	case parquet.Int96:
		// Nanoseconds of the day, then the Julian day, as Hive and older
		// Spark write times.
		b := v.Bytes()
		const julianEpoch = 2440588
		day := int64(binary.LittleEndian.Uint32(b[8:])) - julianEpoch
		nanos := int64(binary.LittleEndian.Uint64(b))
		return time.Unix(day*86400, nanos).UTC().AppendFormat(nil, time.RFC3339Nano)
	}
	return v.ByteArray()
}

// timestampText writes an instant as RFC 3339, and a local time without a
// zone so that the plan's applies.
func timestampText(t *format.TimestampType) func(parquet.Value) []byte {
	layout := time.RFC3339Nano
	if !t.IsAdjustedToUTC {
		layout = "2006-01-02T15:04:05.999999999"
	}
	unit := t.Unit.String()
	return func(v parquet.Value) []byte {
		var at time.Time
		switch n := v.Int64(); {
		case strings.HasPrefix(unit, "MIL"):
			at = time.UnixMilli(n)
		case strings.HasPrefix(unit, "MIC"):
			at = time.UnixMicro(n)
		default:
			at = time.Unix(0, n)
		}
		return at.UTC().AppendFormat(nil, layout)
	}
}

func decimalText(v parquet.Value, scale int) []byte {
	text := string(plainText(v))
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || scale <= 0 {
		return []byte(text)
	}
	f := float64(n)
	for range scale {
		f /= 10
	}
	return strconv.AppendFloat(nil, f, 'f', scale, 64)
}
