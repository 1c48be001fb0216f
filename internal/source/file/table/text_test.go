package table

import (
	"errors"
	"io"
	"strings"
	"testing"

	"hansei"
)

// TestText: the words of a file are read whatever it is packed in.
func TestText(t *testing.T) {
	body := parquetFile(t)
	for name, b := range map[string][]byte{
		"parquet": body, "parquet in gzip": packed(t, CompressionGzip, body),
		"text": []byte("Ann,\"Investigating\"\n"), "text in zstd": packed(t, CompressionZstd, []byte("{\"Ann\":\"Investigating\"}")),
	} {
		r, err := Text(strings.NewReader(string(b)))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		text, err := io.ReadAll(r)
		if err = errors.Join(err, r.Close()); err != nil || !strings.Contains(string(text), "Ann") || !strings.Contains(string(text), "Investigating") {
			t.Errorf("%s: %q, %v", name, text, err)
		}
	}
	var invalid *hansei.InvalidError
	for _, bad := range [][]byte{nil, body[:len(body)/2], []byte("PK\x03\x04 a workbook"), packed(t, CompressionGzip, packed(t, CompressionGzip, []byte("Ann")))} {
		if _, err := Text(strings.NewReader(string(bad))); !errors.As(err, &invalid) {
			t.Errorf("%d bytes: %v", len(bad), err)
		}
	}
}
