package table

import (
	"bufio"
	"bytes"
	"compress/bzip2"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"golang.org/x/text/encoding/unicode"

	"hansei"
)

// The formats and compressions that are recognised, by content alone: what a
// file is called says nothing.
const (
	FormatCSV     = "csv" // any separator; Plan.Separator says which
	FormatJSON    = "json"
	FormatLines   = "jsonl"
	FormatParquet = "parquet"

	CompressionGzip  = "gzip"
	CompressionZstd  = "zstd"
	CompressionBzip2 = "bzip2"
)

// peek is how much of a file is looked at to recognise it.
const peek = 1 << 20

// A file may unpack to so many times its size, beyond so many bytes that are
// free. Text of this kind packs 10 to 50 times; a bomb 1,000 times.
const (
	maxRatio   = 250
	freeUnpack = 128 << 20
)

// content is a file unpacked and as UTF-8, and what was found out on the way.
type content struct {
	body        *bufio.Reader
	compression string
	close       func()
}

// sizeOf is a bound for the bytes of a body: what it says itself, such as a
// single payload in memory, or more than any buffer.
func sizeOf(body io.Reader) int {
	const least, most = 512, 1 << 30
	if known, ok := body.(interface{ Len() int }); ok {
		return max(least, known.Len()+1) // so that the end is seen
	}
	return most
}

// open unpacks a body. The caller must call close.
func open(body io.Reader) (*content, error) {
	packed := &counter{r: body}
	size := sizeOf(body)
	in := bufio.NewReaderSize(packed, min(size, 64<<10))
	magic, err := in.Peek(6)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("read the file: %w", err)
	}
	c := &content{close: func() {}}
	var plain io.Reader = in
	switch {
	case len(magic) == 0:
		return nil, hansei.Invalid("file", "it is empty (0 bytes)")
	case bytes.HasPrefix(magic, []byte{0x1f, 0x8b}):
		c.compression = CompressionGzip
		if plain, err = gzip.NewReader(in); err != nil {
			return nil, hansei.Invalid("file", "it begins like gzip but cannot be unpacked: %v", err)
		}
	case bytes.HasPrefix(magic, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		c.compression = CompressionZstd
		z, err := zstd.NewReader(in, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(128<<20))
		if err != nil {
			return nil, hansei.Invalid("file", "it begins like zstd but cannot be unpacked: %v", err)
		}
		plain, c.close = z, z.Close
	case bytes.HasPrefix(magic, []byte("BZh")) && len(magic) > 3 && magic[3] >= '1' && magic[3] <= '9':
		c.compression = CompressionBzip2
		plain = bzip2.NewReader(in)
	}
	if c.compression != "" {
		plain = &unpacked{r: plain, packed: packed, name: c.compression}
	}
	if c.compression != "" {
		size = peek
	}
	c.body = bufio.NewReaderSize(plain, min(size, peek))
	if err := c.decode(); err != nil {
		c.close()
		return nil, err
	}
	return c, nil
}

// decode turns UTF-16 into UTF-8 and drops the byte order mark.
func (c *content) decode() error {
	head, err := c.body.Peek(4)
	if err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("read the file: %w", err)
	}
	if len(head) == 0 {
		return hansei.Invalid("file", "it is empty (0 bytes)")
	}
	order := unicode.LittleEndian
	switch {
	case bytes.HasPrefix(head, []byte{0xef, 0xbb, 0xbf}):
		if _, err := c.body.Discard(3); err != nil {
			return fmt.Errorf("read the file: %w", err)
		}
		return nil
	case bytes.HasPrefix(head, []byte{0xff, 0xfe}), len(head) == 4 && head[0] != 0 && head[1] == 0 && head[2] != 0 && head[3] == 0:
	case bytes.HasPrefix(head, []byte{0xfe, 0xff}), len(head) == 4 && head[0] == 0 && head[1] != 0 && head[2] == 0 && head[3] != 0:
		order = unicode.BigEndian
	default:
		return nil
	}
	c.body = bufio.NewReaderSize(unicode.UTF16(order, unicode.UseBOM).NewDecoder().Reader(c.body), peek)
	return nil
}

// head is the first part of the file, without moving on.
func (c *content) head() ([]byte, error) {
	b, err := c.body.Peek(min(peek, c.body.Size()))
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("read the file: %w", err)
	}
	return b, nil
}

// counter counts what was read through it.
type counter struct {
	r   io.Reader
	n   int64
	err error // of r, but for its end
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	if err != nil && !errors.Is(err, io.EOF) {
		c.err = err
	}
	return n, err
}

// unpacked stops a file that unpacks to far more than files do.
type unpacked struct {
	r      io.Reader
	packed *counter
	name   string
	n      int64
}

func (u *unpacked) Read(p []byte) (int, error) {
	n, err := u.r.Read(p)
	u.n += int64(n)
	if u.n > freeUnpack && u.n/maxRatio > u.packed.n {
		return n, hansei.Invalid("file", "it unpacks to more than %d times its size, as a decompression bomb does; unpack it yourself if it is what you want", maxRatio)
	}
	if u.packed.err != nil {
		return n, fmt.Errorf("read the file: %w", u.packed.err)
	}
	if err != nil && !errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return n, hansei.Invalid("file", "it is damaged or cut short: %s: %v", u.name, err)
	}
	return n, err
}

// white are bytes that may stand before and between values; the last is the
// record separator of RFC 7464.
const white = " \t\r\n\x1e"

// refuse explains files that people try and that cannot be read.
func refuse(head []byte) error {
	for magic, reason := range foreign {
		if bytes.HasPrefix(head, []byte(magic)) {
			return hansei.Invalid("file", "it is %s", reason)
		}
	}
	if bytes.IndexByte(head, 0) >= 0 {
		return hansei.Invalid("file", "it is neither text nor Parquet; expected CSV, TSV, JSON, JSON Lines or Parquet")
	}
	start := bytes.Trim(head, white)
	if len(start) == 0 {
		return hansei.Invalid("file", "it holds only blanks")
	}
	if start[0] == '<' {
		return hansei.Invalid("file", "it is HTML or XML; expected CSV, TSV, JSON, JSON Lines or Parquet")
	}
	return nil
}

var foreign = map[string]string{
	"PK\x03\x04":       "a ZIP archive or an Excel workbook; unpack it, or save the sheet as CSV",
	"PK\x05\x06":       "an empty ZIP archive",
	"\xd0\xcf\x11\xe0": "an old Excel workbook; save the sheet as CSV",
	"\xfd7zXZ\x00":     "packed with xz; unpack it, or use gzip or zstd",
	"7z\xbc\xaf":       "a 7-Zip archive; unpack it",
	"%PDF":             "a PDF",
	"SQLite format 3":  "an SQLite database; export its table as CSV",
	"\x1f\x8b":         "packed twice; unpack it once",
	"(\xb5/\xfd":       "packed twice; unpack it once",
}
