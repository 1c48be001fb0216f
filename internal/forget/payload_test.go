package forget

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
	"golang.org/x/text/encoding/unicode"
)

// TestFindsInPayloads: a person is found in what is packed, in any encoding and
// at any place, and nobody where they are not; what cannot be read is taken to
// name them, unless it is the store that cannot.
func TestFindsInPayloads(t *testing.T) {
	packed := func(to func(io.Writer) io.WriteCloser, text string) io.Reader {
		var b bytes.Buffer
		w := to(&b)
		if _, err := io.WriteString(w, text); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		return &b
	}
	gz := func(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) }
	zst := func(w io.Writer) io.WriteCloser {
		z, err := zstd.NewWriter(w)
		if err != nil {
			t.Fatal(err)
		}
		return z
	}
	utf16 := func(text string) io.Reader {
		b, err := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().String(text)
		if err != nil {
			t.Fatal(err)
		}
		return strings.NewReader(b)
	}
	const csv = "id,who\n1,Ann Lee\n"
	cut := packed(gz, csv).(*bytes.Buffer)
	cut.Truncate(cut.Len() - 12)
	f := &finder{words: newWords([]string{"Ann Lee"}, map[string]string{"ann": "former-1"})}
	for _, c := range []struct {
		name string
		body io.Reader
		want bool
	}{
		{"plain", strings.NewReader(csv), true},
		{"escaped", strings.NewReader(`{"who":"\u0041nn Lee"}`), true},
		{"folded", strings.NewReader(`{"calendar":"ATTENDEE;CN=An\r\n n Lee:mailto:a@x.example"}`), true},
		{"another", strings.NewReader("id,who\n1,Bo Lee\n"), false},
		{"gzip", packed(gz, csv), true},
		{"gzip of another", packed(gz, "id,who\n1,Bo Lee\n"), false},
		{"zstd", packed(zst, csv), true},
		{"UTF-16", utf16(csv), true},
		{"cut short", cut, true},
		{"over the border", packed(gz, strings.Repeat("x", window+overlap-4)+" Ann Lee "+strings.Repeat("x", window)), true},
		{"far behind", io.MultiReader(strings.NewReader(strings.Repeat("x\n", 3*window)), strings.NewReader("Ann Lee")), true},
		{"long", strings.NewReader(strings.Repeat("x\n", 3*window)), false},
	} {
		if got, err := f.in(c.body); got != c.want || err != nil {
			t.Errorf("%s: %v, %v; want %v", c.name, got, err, c.want)
		}
	}
	gone := errors.New("disk gone")
	if _, err := f.in(io.MultiReader(strings.NewReader("x"), broken{gone})); !errors.Is(err, gone) {
		t.Errorf("a disk that fails: %v", err)
	}
}

type broken struct{ err error }

func (b broken) Read([]byte) (int, error) { return 0, b.err }
