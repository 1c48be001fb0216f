package duck

import (
	"fmt"
	"math/big"
	"slices"
	"time"
	"unsafe"

	"github.com/duckdb/duckdb-go/v2/mapping"
)

// Result is a finished query, read chunk by chunk: call Next, then the column
// readers for the rows of that chunk, and Close at the end. The slices a
// reader returns belong to the chunk: copy what must outlive it.
type Result struct {
	res   mapping.Result
	chunk mapping.DataChunk
	Names []string
	Types []mapping.Type
	rows  int
}

func (r *Result) columns() {
	for i := range mapping.ColumnCount(&r.res) {
		r.Names = append(r.Names, mapping.ColumnName(&r.res, i))
		r.Types = append(r.Types, mapping.ColumnType(&r.res, i))
	}
}

// Next moves to the next chunk, false after the last.
func (r *Result) Next() bool {
	r.drop()
	r.chunk = mapping.FetchChunk(r.res)
	if r.chunk.Ptr == nil {
		return false
	}
	r.rows = int(mapping.DataChunkGetSize(r.chunk))
	return r.rows > 0
}

// Rows is the number of rows in the chunk.
func (r *Result) Rows() int { return r.rows }

func (r *Result) drop() {
	if r.chunk.Ptr != nil {
		mapping.DestroyDataChunk(&r.chunk)
	}
}

// Close frees the result.
func (r *Result) Close() {
	r.drop()
	mapping.DestroyResult(&r.res)
}

func (r *Result) vector(col int) mapping.Vector {
	return mapping.DataChunkGetVector(r.chunk, mapping.IdxT(col))
}

// expect stops a program that reads a column as another type than it has:
// that would be silent nonsense.
func (r *Result) expect(col int, types ...mapping.Type) mapping.Vector {
	if !slices.Contains(types, r.Types[col]) {
		panic(fmt.Sprintf("duckdb: column %d (%s) has type %d, expected %v", col, r.Names[col], r.Types[col], types))
	}
	return r.vector(col)
}

func data[T any](v mapping.Vector, n int) []T {
	if n == 0 {
		return nil
	}
	return unsafe.Slice((*T)(mapping.VectorGetData(v)), n)
}

// Int64s reads a BIGINT column of the chunk; a NULL reads as 0.
func (r *Result) Int64s(col int) []int64 {
	return data[int64](r.expect(col, mapping.TypeBigInt), r.rows)
}

// Int32s reads an INTEGER column of the chunk.
func (r *Result) Int32s(col int) []int32 {
	return data[int32](r.expect(col, mapping.TypeInteger), r.rows)
}

// Float64s reads a DOUBLE column of the chunk.
func (r *Result) Float64s(col int) []float64 {
	return data[float64](r.expect(col, mapping.TypeDouble), r.rows)
}

// Nulls reads which rows of a column are NULL; nil when none is.
func (r *Result) Nulls(col int) []bool { return nulls(r.vector(col), r.rows) }

func nulls(v mapping.Vector, n int) []bool {
	mask := mapping.VectorGetValidity(v)
	if mask == nil {
		return nil
	}
	words := unsafe.Slice((*uint64)(mask), (n+63)/64)
	out := make([]bool, n)
	for i := range out {
		out[i] = words[i/64]&(1<<(i%64)) == 0
	}
	return out
}

// Lists reads a DOUBLE[] column: one slice a row, empty for NULL.
func (r *Result) Lists(col int) [][]float64 {
	v := r.expect(col, mapping.TypeList)
	entries := data[[2]uint64](v, r.rows) // offset, length
	all := data[float64](mapping.ListVectorGetChild(v), int(mapping.ListVectorGetSize(v)))
	null := nulls(v, r.rows)
	out := make([][]float64, r.rows)
	for i, e := range entries {
		if null == nil || !null[i] {
			out[i] = all[e[0] : e[0]+e[1]]
		}
	}
	return out
}

// text mirrors duckdb_string_t: a length, then either the bytes themselves
// (up to 12) or 4 bytes of prefix and a pointer.
type text struct {
	length uint32
	inline [4]byte
	ptr    *byte
}

func (t *text) string() string {
	if t.length == 0 {
		return ""
	}
	if t.length <= 12 {
		return string(unsafe.Slice(&t.inline[0], t.length))
	}
	return string(unsafe.Slice(t.ptr, t.length))
}

// Strings reads a VARCHAR column of the chunk, copied; NULL reads as "".
func (r *Result) Strings(col int) []string {
	return texts(r.expect(col, mapping.TypeVarchar), r.rows)
}

func texts(v mapping.Vector, n int) []string {
	cells := data[text](v, n)
	null := nulls(v, n)
	out := make([]string, n)
	for i := range cells {
		if null == nil || !null[i] {
			out[i] = cells[i].string()
		}
	}
	return out
}

// readable says whether Values can read a type; others must be cast.
func readable(t mapping.Type) bool {
	switch t {
	case mapping.TypeBoolean, mapping.TypeTinyInt, mapping.TypeSmallInt, mapping.TypeInteger, mapping.TypeBigInt,
		mapping.TypeUTinyInt, mapping.TypeUSmallInt, mapping.TypeUInteger, mapping.TypeUBigInt, mapping.TypeHugeInt,
		mapping.TypeFloat, mapping.TypeDouble, mapping.TypeVarchar, mapping.TypeDate,
		mapping.TypeTimestamp, mapping.TypeTimestampTZ:
		return true
	}
	return false
}

// Values reads any readable column of the chunk as Go values: nil, bool,
// int64, float64, string or time.Time in UTC.
func (r *Result) Values(col int) []any {
	v := r.vector(col)
	n := r.rows
	out := make([]any, n)
	switch r.Types[col] {
	case mapping.TypeBoolean:
		fill(out, data[bool](v, n), func(b bool) any { return b })
	case mapping.TypeTinyInt:
		fill(out, data[int8](v, n), integer)
	case mapping.TypeSmallInt:
		fill(out, data[int16](v, n), integer)
	case mapping.TypeInteger:
		fill(out, data[int32](v, n), integer)
	case mapping.TypeBigInt:
		fill(out, data[int64](v, n), integer)
	case mapping.TypeUTinyInt:
		fill(out, data[uint8](v, n), integer)
	case mapping.TypeUSmallInt:
		fill(out, data[uint16](v, n), integer)
	case mapping.TypeUInteger:
		fill(out, data[uint32](v, n), integer)
	case mapping.TypeUBigInt:
		fill(out, data[uint64](v, n), func(u uint64) any { return float64(u) })
	case mapping.TypeHugeInt:
		fill(out, data[[2]uint64](v, n), huge)
	case mapping.TypeFloat:
		fill(out, data[float32](v, n), func(f float32) any { return float64(f) })
	case mapping.TypeDouble:
		fill(out, data[float64](v, n), func(f float64) any { return f })
	case mapping.TypeDate:
		fill(out, data[int32](v, n), func(d int32) any { return time.Unix(int64(d)*86400, 0).UTC().Format(time.DateOnly) })
	case mapping.TypeTimestamp, mapping.TypeTimestampTZ:
		fill(out, data[int64](v, n), func(us int64) any { return time.UnixMicro(us).UTC() })
	default:
		fill(out, texts(v, n), func(s string) any { return s })
	}
	for i, null := range nulls(v, n) {
		if null {
			out[i] = nil
		}
	}
	return out
}

func fill[T any](out []any, in []T, to func(T) any) {
	for i := range in {
		out[i] = to(in[i])
	}
}

func integer[T int8 | int16 | int32 | int64 | uint8 | uint16 | uint32](v T) any { return int64(v) }

// huge reads a 128-bit integer as int64 where it fits, else as float64.
func huge(w [2]uint64) any {
	hi := int64(w[1])
	if (hi == 0 && w[0] <= 1<<63-1) || (hi == -1 && w[0] >= 1<<63) {
		return int64(w[0])
	}
	b := new(big.Int).Lsh(big.NewInt(hi), 64)
	f, _ := new(big.Float).SetInt(b.Add(b, new(big.Int).SetUint64(w[0]))).Float64()
	return f
}
