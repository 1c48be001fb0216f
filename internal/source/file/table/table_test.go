package table

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"

	"hansei"
)

// dump reads a table as text: a line for the names, then one for each row.
func dump(t *testing.T, body []byte) (*Table, []string, error) {
	t.Helper()
	tab, err := Recognise(bytes.NewReader(body))
	if err != nil {
		return nil, nil, err
	}
	defer tab.Close()
	var rows []string
	for {
		r, err := tab.Read()
		var wrong *Reject
		switch {
		case errors.Is(err, io.EOF):
			return tab, append([]string{strings.Join(tab.Names(), "|")}, rows...), nil
		case errors.As(err, &wrong):
			rows = append(rows, fmt.Sprintf("%d! %s", wrong.Line, wrong.Expected))
		case err != nil:
			return tab, rows, err
		default:
			var cells []string
			for _, c := range r.Cells {
				cells = append(cells, string(c.Text)+string(c.List))
			}
			rows = append(rows, fmt.Sprintf("%d %s", r.Line, strings.Join(cells, "|")))
		}
	}
}

func packed(t *testing.T, how string, body []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	var w io.WriteCloser = gzip.NewWriter(&b)
	if how == CompressionZstd {
		var err error
		if w, err = zstd.NewWriter(&b); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := w.Write(body); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func utf16Bytes(s string, big bool) []byte {
	out := []byte{0xff, 0xfe}
	if big {
		out = []byte{0xfe, 0xff}
	}
	for _, u := range utf16.Encode([]rune(s)) {
		if big {
			out = append(out, byte(u>>8), byte(u))
		} else {
			out = append(out, byte(u), byte(u>>8))
		}
	}
	return out
}

func TestRead(t *testing.T) {
	plain := []string{"a|b", "2 1|ü", "3 3|4"}
	for _, c := range []struct {
		name   string
		body   string
		format string
		want   []string
	}{
		{"csv", "a,b\n1,ü\n3,4\n", FormatCSV, plain},
		{"csv without last line end", "a,b\n1,ü\n3,4", FormatCSV, plain},
		{"crlf", "a,b\r\n1,ü\r\n3,4\r\n", FormatCSV, plain},
		{"bom", "\xef\xbb\xbfa,b\n1,ü\n3,4\n", FormatCSV, plain},
		{"bom and quotes", "\xef\xbb\xbf\"a\",\"b\"\r\n\"1\",\"ü\"\r\n\"3\",\"4\"", FormatCSV, plain},
		{"utf-16 le", string(utf16Bytes("a,b\r\n1,ü\r\n3,4\r\n", false)), FormatCSV, plain},
		{"utf-16 be", string(utf16Bytes("a,b\r\n1,ü\r\n3,4\r\n", true)), FormatCSV, plain},
		{"utf-16 without mark", string(utf16Bytes("a,b\n1,ü\n3,4\n", false)[2:]), FormatCSV, plain},
		{"tab", "a\tb\n1\tü\n3\t4\n", FormatCSV, plain},
		{"semicolon", "a;b\n1;ü\n3;4\n", FormatCSV, plain},
		{"pipe", "a|b\n1|ü\n3|4\n", FormatCSV, plain},
		{"excel's separator line", "sep=;\na;b\n1;ü\n3;4\n", FormatCSV, []string{"a|b", "3 1|ü", "4 3|4"}},
		{"semicolon with commas in values", "a;b\n1,5;x, y\n2,5;z\n", FormatCSV, []string{"a|b", "2 1,5|x, y", "3 2,5|z"}},
		{"gzip", string(packed(t, CompressionGzip, []byte("a,b\n1,ü\n3,4\n"))), FormatCSV, plain},
		{"zstd", string(packed(t, CompressionZstd, []byte("a,b\n1,ü\n3,4\n"))), FormatCSV, plain},
		{"quotes", "a,b\n\"x, \"\"y\"\"\",\"line\nbreak\"\nz,5\" disk\n", FormatCSV, []string{"a|b", "2 x, \"y\"|line\nbreak", "4 z|5\" disk"}},
		{"empty quotes", "a,b\n\"\",\"\"\"\"\n", FormatCSV, []string{"a|b", "2 |\""}},
		{"empty lines", "a,b\n\n1,2\n\n", FormatCSV, []string{"a|b", "3 1|2"}},
		{"ragged", "a,b\n1\n2,3,4\n5,6,,\n7,8\n", FormatCSV, []string{"a|b", "2! 2 values as in the row of column names, got 1", "3! 2 values as in the row of column names, got 3", "4 5|6", "5 7|8"}},
		{"invalid utf-8", "a,b\n1,\xfc\n3,4\n", FormatCSV, []string{"a|b", "2! text in UTF-8; convert the file if it is in Latin-1 or Windows-1252", "3 3|4"}},
		{"text after a quote", "a,b\n\"1\"x,2\n3,4\n", FormatCSV, []string{"a|b", "2! a separator or the end of the line after a closing quote", "3 3|4"}},
		{"quote never closed", "a,b\n\"1,2\n3,4\n5,6\n", FormatCSV, []string{"a|b", "2! a quoted value to be closed, and a row of at most 32 MiB", "3 3|4", "4 5|6"}},
		{"one column", "a\n1\n2\n", FormatCSV, []string{"a", "2 1", "3 2"}},
		{"repeated and empty names", "a,a,,a\n1,2,3,4\n", FormatCSV, []string{"a|a (2)|column 3|a (3)", "2 1|2|3|4"}},
		{"repeated name that is taken", "a,a (2),a\n1,2,3\n", FormatCSV, []string{"a|a (2)|a (3)", "2 1|2|3"}},
		{"json list", `[{"a":1,"b":"ü"},` + "\n" + `{"a":3,"b":4}]`, FormatJSON, []string{"a|b", "1 1|ü", "2 3|4"}},
		{"json list in an object", `{"meta":{"total":2,"list":[1]},"incidents":[{"a":1},{"b":[1,2]}],"more":false}`, FormatJSON, []string{"a|b", "1 1", "1 |[1,2]"}},
		{"json list deeper", `{"data":{"items":[{"a":1}]}}`, FormatJSON, []string{"a", "1 1"}},
		{"pages one after the other", `{"incidents":[{"a":1}],"page":1}` + "\n" + `{"incidents":[{"a":2}],"page":2}`, FormatJSON, []string{"a", "1 1", "2 2"}},
		{"one json object", `{"id":1,"services":[{"name":"x"}]}`, FormatJSON, []string{"id|services", `1 1|[{"name":"x"}]`}},
		{"one json object over lines", "{\n\"id\":1\n}\n{\n\"id\":2\n}", FormatJSON, []string{"id", "1 1", "4 2"}},
		{"json lines", `{"a":1}` + "\n\n" + `{"a":{"b":true,"c":null}}` + "\n", FormatLines, []string{"a|a.b|a.c", "1 1", "3 |true|"}},
		{"json lines, one bad", `{"a":1}` + "\n" + `{"a":` + "\n" + `[1]` + "\n" + `{"a":2}`, FormatLines, []string{"a", "1 1", "2! valid JSON", "3! an object { … }", "4 2"}},
		{"json list, one bad", `[{"a":1},{"a":tru},7,{"a":2}]`, FormatJSON, []string{"a", "1 1", "1! valid JSON", "1! an object { … }", "1 2"}},
		{"json cut short", `[{"a":1},{"a":2`, FormatJSON, []string{"a", "1 1", "1! an object that is closed; the file is cut short"}},
		{"json list not closed", `[{"a":1}`, FormatJSON, []string{"a", "1 1", "1! the list to be closed by ]; the file is cut short"}},
		{"json escapes", `[{"a\u0062":"x\ny\u00fc"}]`, FormatJSON, []string{"ab", "1 x\nyü"}},
		{"json with bad utf-8", "[{\"a\":\"\xff\"},{\"a\":1}]", FormatJSON, []string{"a", "1! text in UTF-8", "1 1"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			tab, got, err := dump(t, []byte(c.body))
			if err != nil {
				t.Fatal(err)
			}
			if tab.Format != c.format {
				t.Errorf("format %s, want %s", tab.Format, c.format)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

func TestRefused(t *testing.T) {
	bomb := packed(t, CompressionGzip, bytes.Repeat([]byte("a,"+strings.Repeat("b", 1<<16)+"\n"), 4<<10))
	whole := packed(t, CompressionGzip, bytes.Repeat([]byte("a,b\n1,2\n"), 100_000))
	for _, c := range []struct {
		name, body, want string
	}{
		{"0 bytes", "", "0 bytes"},
		{"0 bytes packed", string(packed(t, CompressionGzip, nil)), "0 bytes"},
		{"only a mark", "\xef\xbb\xbf", "blanks"},
		{"blanks", " \n\n ", "blanks"},
		{"zip", "PK\x03\x04....", "ZIP"},
		{"html", "<!DOCTYPE html><html>", "HTML"},
		{"binary", "\x01\x02\x00\x00abc", "neither text nor Parquet"},
		{"packed twice", string(packed(t, CompressionGzip, packed(t, CompressionGzip, []byte("a,b\n")))), "packed twice"},
		{"damaged gzip", "\x1f\x8b\x08nonsense", "gzip"},
		{"cut gzip", string(whole[:len(whole)-20]), "cut short"},
		{"bomb", string(bomb), "decompression bomb"},
		{"parquet by its first bytes only", "PAR1 and no more", "Parquet"},
		{"too many columns", strings.Repeat("a,", maxColumns) + "a\n1\n", "columns"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, _, err := dump(t, []byte(c.body))
			var invalid *hansei.InvalidError
			if !errors.As(err, &invalid) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got error %v, want an InvalidError that says %q", err, c.want)
			}
		})
	}
}

func TestLarge(t *testing.T) {
	t.Run("10 MB cell", func(t *testing.T) {
		big := strings.Repeat("x\n", 5<<20)
		for name, body := range map[string]string{
			"csv":   "a,b\n1,\"" + big + "\"\n3,4\n",
			"jsonl": `{"a":1,"b":"` + strings.ReplaceAll(big, "\n", " ") + `"}` + "\n" + `{"a":3,"b":4}`,
		} {
			_, rows, err := dump(t, []byte(body))
			if err != nil || len(rows) != 3 || len(rows[1]) < 10<<20 || !strings.HasSuffix(rows[2], " 3|4") {
				t.Errorf("%s: got %d rows, %v", name, len(rows), err)
			}
		}
	})
	t.Run("row beyond the bound", func(t *testing.T) {
		big := strings.Repeat("y", maxRow+maxRow/2)
		for name, body := range map[string]string{
			"csv":   "a,b\n1,\"" + big + "\"\n3,4\n",
			"json":  `[{"a":1,"b":"` + big + `"},` + "\n" + `{"a":3,"b":4}]`,
			"jsonl": `{"a":3,"b":4}` + "\n" + `{"a":1,"b":"` + big + `"}` + "\n" + `{"a":3,"b":4}`,
		} {
			_, rows, err := dump(t, []byte(body))
			if err != nil || len(rows) < 3 || !strings.Contains(strings.Join(rows, "\n"), "32 MiB") || !strings.HasSuffix(rows[len(rows)-1], " 3|4") {
				t.Errorf("%s: got %d rows, last %.80q, %v", name, len(rows), rows[len(rows)-1], err)
			}
		}
	})
	t.Run("5,000 columns", func(t *testing.T) {
		var names, values []string
		for i := range 5000 {
			names, values = append(names, fmt.Sprintf("c%d", i)), append(values, fmt.Sprint(i))
		}
		tab, rows, err := dump(t, []byte(strings.Join(names, ",")+"\n"+strings.Join(values, ",")+"\n"))
		if err != nil || len(tab.Names()) != 5000 || len(rows) != 2 {
			t.Errorf("got %d rows, %v", len(rows), err)
		}
	})
}

// errReader fails after its text.
type errReader struct{ r io.Reader }

var errDisk = errors.New("the disk is gone")

func (e errReader) Read(p []byte) (int, error) {
	n, err := e.r.Read(p)
	if errors.Is(err, io.EOF) {
		err = errDisk
	}
	return n, err
}

func TestReadError(t *testing.T) {
	whole := packed(t, CompressionGzip, []byte(strings.Repeat("a,b\n", 1000)))
	for _, body := range []string{string(whole[:len(whole)-12]), "", "a,b\n1,2\n", `[{"a":1}`, `{"a":1}` + "\n" + `{"a":`, "PAR1"} {
		tab, err := Recognise(errReader{strings.NewReader(body)})
		for err == nil {
			_, err = tab.Read()
			var wrong *Reject
			if errors.As(err, &wrong) {
				err = nil
			}
		}
		if !errors.Is(err, errDisk) {
			t.Errorf("%q: got error %v, want that of the source", body, err)
		}
	}
}

func FuzzTable(f *testing.F) {
	for _, s := range []string{
		"a,b\n1,2\n", "a;b\n\"1\";\"2\n3\"\n", `[{"a":1},{"b":[{"c":1}]}]`, `{"x":{"y":[{"a":1}]}}`, `{"a":1}` + "\n" + `{"a":2}`, "sep=;\na;b\n",
		"\xff\xfea\x00,\x00b\x00\n\x00", "{\"a\":\"\\u0000\"}", `{"a":{"a":{"a":{"a":{"a":{"a":{"a":{"a":{"a":{"a":1}}}}}}}}}}`, "[[[[", "{\"", "\"a\"\r",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		_, once, err := dump(t, body)
		_, again, err2 := dump(t, body)
		if fmt.Sprint(err) != fmt.Sprint(err2) {
			t.Fatalf("two readings end with %v and %v", err, err2)
		}
		if diff := cmp.Diff(once, again); diff != "" {
			t.Fatalf("two readings differ\n%s", diff)
		}
	})
}
