package spool

import (
	"encoding/binary"
	"errors"

	"github.com/klauspost/compress/s2"
)

// All entries that are appended together are one row: a row costs a database
// much the same however much is in it. They are compressed once more, together,
// for what one tool sends at one time is much alike.

// compressed begins a row that is; none without begins so, for no entry is empty.
const compressed = 0

// maxRow bounds a row, in bytes before it is compressed.
const maxRow = 256 << 20

// joined is a row of entries: each with its length before it.
func joined(entries [][]byte) []byte {
	size := 0
	for _, e := range entries {
		size += binary.MaxVarintLen64 + len(e)
	}
	row := make([]byte, 0, size)
	for _, e := range entries {
		row = append(binary.AppendUvarint(row, uint64(len(e))), e...)
	}
	packed := make([]byte, 1+s2.MaxEncodedLen(len(row)))
	packed[0] = compressed
	return packed[:1+len(s2.Encode(packed[1:], row))]
}

// Entries are the entries of a row.
func Entries(row []byte) (entries [][]byte, err error) {
	if len(row) > 0 && row[0] == compressed {
		if row, err = unpacked(row[1:]); err != nil {
			return nil, err
		}
	}
	for len(row) > 0 {
		size, n := binary.Uvarint(row)
		if n <= 0 || size > uint64(len(row)-n) {
			return nil, errCut
		}
		entries, row = append(entries, row[n:n+int(size)]), row[n+int(size):]
	}
	return entries, nil
}

var errCut = errors.New("a row of the spool is cut short")

func unpacked(packed []byte) ([]byte, error) {
	if n, err := s2.DecodedLen(packed); err != nil || n > maxRow {
		return nil, errCut
	}
	row, err := s2.Decode(nil, packed)
	if err != nil {
		return nil, errCut
	}
	return row, nil
}
