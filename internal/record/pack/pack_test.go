package pack

import (
	"bytes"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
)

func decoder(t testing.TB) *zstd.Decoder {
	t.Helper()
	dec, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(dec.Close)
	return dec
}

// TestPack: a payload of any size comes back as it was.
func TestPack(t *testing.T) {
	p, err := New()
	if err != nil {
		t.Fatal(err)
	}
	dec, r := decoder(t), rand.New(rand.NewPCG(1, 2))
	for _, size := range []int{0, 1, 40, maxQuick, maxQuick + 1, maxInline, PartSize, PartSize + 1, 5 << 20} {
		for name, text := range map[string][]byte{"words": bytes.Repeat([]byte("what happened then "), size/19+1)[:size], "noise": make([]byte, size)} {
			if name == "noise" {
				for i := range text {
					text[i] = byte(r.Uint32())
				}
			}
			packed := p.Pack("s", "n", "m", "", text)
			got := []byte{}
			if packed.Body != nil {
				got, err = Unpack(dec, packed.Body)
			}
			for _, part := range packed.Parts {
				got, err = dec.DecodeAll(part, got)
			}
			if err != nil || !bytes.Equal(got, text) || packed.Size != int64(size) || (packed.Body == nil) == (packed.Parts == nil) {
				t.Errorf("%d bytes of %s came back as %d, %v", size, name, len(got), err)
			}
			if packed.Body != nil && !bytes.Equal(packed.Raw, text) {
				t.Errorf("%d bytes of %s: what came is not kept", size, name)
			}
		}
	}
}

// TestPackedBefore: what was packed by Zstandard, whatever its size, is read.
func TestPackedBefore(t *testing.T) {
	enc, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"x", `{"event":{"id":"1"}}`} {
		if got, err := Unpack(decoder(t), enc.EncodeAll([]byte(text), nil)); err != nil || string(got) != text {
			t.Errorf("got %q, %v", got, err)
		}
	}
}

// TestEntry: an entry of the spool comes back, whatever a sender calls it, also
// one that an earlier version wrote; and one that is cut short is an error.
func TestEntry(t *testing.T) {
	p, err := New()
	if err != nil {
		t.Fatal(err)
	}
	packed := p.Pack("pd", "a\xffname\n", "text/\x00", "", []byte("hello"))
	packed.Received = time.Date(2026, 3, 1, 12, 0, 0, 1000, time.UTC)
	entry, err := packed.Entry("main")
	if err != nil {
		t.Fatal(err)
	}
	journal, got, err := FromEntry(entry)
	want := packed.Delivery
	want.Name = "a\uFFFDname\n" // as every text is kept
	if err != nil || journal != "main" || got.Delivery != want || !bytes.Equal(got.Body, packed.Body) {
		t.Errorf("got %q, %+v, %v; want %+v", journal, got.Delivery, err, want)
	}
	before := `{"journal":"main","ID":"7","Source":"pd","Name":"n","Media":"m","Size":5,"Received":"2026-03-01T12:00:00.000001Z"}` + "\nbody"
	if journal, got, err := FromEntry([]byte(before)); err != nil || journal != "main" || got.ID != "7" || got.Size != 5 || !got.Received.Equal(packed.Received) || string(got.Body) != "body" {
		t.Errorf("got %q, %+v, %v", journal, got, err)
	}
	for _, damaged := range []string{"", "{}", `{"journal":`, "[1]\nbody"} {
		if _, _, err := FromEntry([]byte(damaged)); err == nil {
			t.Errorf("%q is taken for an entry", damaged)
		}
	}
}

func FuzzUnpack(f *testing.F) {
	p, err := New()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(p.Pack("s", "n", "m", "", []byte("hello hello hello hello")).Body)
	f.Add([]byte{0xff, 0xff, 0xff, 0xff, 0x7f})
	f.Add([]byte{0x28, 0xb5, 0x2f, 0xfd})
	dec := decoder(f)
	f.Fuzz(func(t *testing.T, packed []byte) {
		got, err := Unpack(dec, packed)
		if err == nil && len(got) > maxQuick && !bytes.HasPrefix(packed, []byte{0x28, 0xb5, 0x2f, 0xfd}) {
			t.Errorf("%d bytes out of %d", len(got), len(packed))
		}
	})
}
