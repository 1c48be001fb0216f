package spool

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"github.com/klauspost/compress/s2"
)

// All entries that are appended together are one row: a row costs a database
// much the same however much is in it. They are compressed once more, together,
// for what one tool sends at one time is much alike.

// compressed begins a row that is; none without begins so, for no entry is empty.
const compressed = 0

// maxRow bounds a row, in bytes before it is compressed.
const maxRow = 256 << 20

// joiner makes rows. Its room is used again, so a row is there until the next.
type joiner struct{ plain, packed []byte }

// maxRoom is how much is kept for the next row, in bytes.
const maxRoom = 1 << 20

// joined is a row of entries: each with its length before it.
func (j *joiner) joined(entries [][]byte) []byte {
	if cap(j.plain) > maxRoom {
		*j = joiner{}
	}
	j.plain = j.plain[:0]
	for _, e := range entries {
		j.plain = append(binary.AppendUvarint(j.plain, uint64(len(e))), e...)
	}
	j.packed = slices.Grow(j.packed[:0], 1+s2.MaxEncodedLen(len(j.plain)))
	j.packed = append(j.packed, compressed)
	return append(j.packed, s2.Encode(j.packed[1:cap(j.packed)], j.plain)...)
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
			return nil, errors.New("a row of the spool is cut short")
		}
		entries, row = append(entries, row[n:n+int(size)]), row[n+int(size):]
	}
	return entries, nil
}

func unpacked(packed []byte) ([]byte, error) {
	n, err := s2.DecodedLen(packed)
	if err == nil && n > maxRow {
		err = fmt.Errorf("it says that it holds %d bytes", n)
	}
	var row []byte
	if err == nil {
		row, err = s2.Decode(nil, packed)
	}
	if err != nil {
		return nil, fmt.Errorf("a row of the spool is damaged: %w", err)
	}
	return row, nil
}
