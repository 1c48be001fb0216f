package pack

import (
	"bytes"
	"math/rand/v2"
	"testing"

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
