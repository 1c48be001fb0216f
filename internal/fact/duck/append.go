package duck

import (
	"errors"
	"fmt"
	"time"
	"unsafe"

	"github.com/duckdb/duckdb-go/v2/mapping"
)

// Appender adds rows to one table, a chunk at a time, as part of the
// connection's transaction. Set every column of a row, then call Row.
type Appender struct {
	app   mapping.Appender
	chunk mapping.DataChunk
	types []mapping.LogicalType
	vecs  []mapping.Vector
	ptrs  []unsafe.Pointer
	mask  []unsafe.Pointer
	size  int
	row   int
}

// Appender opens an appender to a table whose columns are VARCHAR, DOUBLE,
// BIGINT, BOOLEAN or TIMESTAMP.
func (c *Conn) Appender(schema, table string) (*Appender, error) {
	a := &Appender{size: int(mapping.VectorSize())}
	if mapping.AppenderCreate(c.conn, schema, table, &a.app) == mapping.StateError {
		err := fmt.Errorf("duckdb: append to %s.%s: %s", schema, table, mapping.AppenderError(a.app))
		mapping.AppenderDestroy(&a.app)
		return nil, err
	}
	for i := range mapping.AppenderColumnCount(a.app) {
		a.types = append(a.types, mapping.AppenderColumnType(a.app, i))
	}
	a.chunk = mapping.CreateDataChunk(a.types)
	a.vecs = make([]mapping.Vector, len(a.types))
	a.ptrs = make([]unsafe.Pointer, len(a.types))
	a.mask = make([]unsafe.Pointer, len(a.types))
	a.fresh()
	return a, nil
}

func (a *Appender) fresh() {
	mapping.DataChunkReset(a.chunk)
	for i := range a.vecs {
		v := mapping.DataChunkGetVector(a.chunk, mapping.IdxT(i))
		mapping.VectorEnsureValidityWritable(v)
		a.vecs[i], a.ptrs[i], a.mask[i] = v, mapping.VectorGetData(v), mapping.VectorGetValidity(v)
	}
	a.row = 0
}

func (a *Appender) valid(col int) {
	w := (*uint64)(unsafe.Add(a.mask[col], a.row/64*8))
	*w |= 1 << (a.row % 64)
}

// Null leaves a cell empty.
func (a *Appender) Null(col int) {
	w := (*uint64)(unsafe.Add(a.mask[col], a.row/64*8))
	*w &^= 1 << (a.row % 64)
}

// Float sets a DOUBLE cell.
func (a *Appender) Float(col int, f float64) {
	a.valid(col)
	*(*float64)(unsafe.Add(a.ptrs[col], a.row*8)) = f
}

// Int sets a BIGINT cell.
func (a *Appender) Int(col int, n int64) {
	a.valid(col)
	*(*int64)(unsafe.Add(a.ptrs[col], a.row*8)) = n
}

// Time sets a TIMESTAMP cell, NULL for the zero time.
func (a *Appender) Time(col int, t time.Time) {
	if t.IsZero() {
		a.Null(col)
		return
	}
	a.Int(col, t.UnixMicro())
}

// Bool sets a BOOLEAN cell.
func (a *Appender) Bool(col int, b bool) {
	a.valid(col)
	*(*bool)(unsafe.Add(a.ptrs[col], a.row)) = b
}

// String sets a VARCHAR cell, NULL for the empty string. Up to 12 bytes stand
// in the cell itself, so short strings need no call into DuckDB.
func (a *Appender) String(col int, s string) {
	if s == "" {
		a.Null(col)
		return
	}
	a.valid(col)
	if len(s) > 12 {
		mapping.VectorAssignStringElement(a.vecs[col], mapping.IdxT(a.row), s)
		return
	}
	cell := (*[16]byte)(unsafe.Add(a.ptrs[col], a.row*16))
	*cell = [16]byte{byte(len(s))}
	copy(cell[4:], s)
}

// Row ends the row.
func (a *Appender) Row() error {
	a.row++
	if a.row < a.size {
		return nil
	}
	return a.flush()
}

func (a *Appender) flush() error {
	if a.row == 0 {
		return nil
	}
	mapping.DataChunkSetSize(a.chunk, mapping.IdxT(a.row))
	if mapping.AppendDataChunk(a.app, a.chunk) == mapping.StateError {
		return errors.New("duckdb: append: " + mapping.AppenderError(a.app))
	}
	a.fresh()
	return nil
}

// Close writes what is left and ends the appender.
func (a *Appender) Close() error {
	err := a.flush()
	if err == nil && mapping.AppenderClose(a.app) == mapping.StateError {
		err = errors.New("duckdb: append: " + mapping.AppenderError(a.app))
	}
	mapping.DestroyDataChunk(&a.chunk)
	for i := range a.types {
		mapping.DestroyLogicalType(&a.types[i])
	}
	mapping.AppenderDestroy(&a.app)
	return err
}
