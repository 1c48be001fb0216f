package record

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"github.com/klauspost/compress/zstd"

	"hansei"
)

// Packer compresses payloads before they reach the writer, which has better
// things to do. It may be used by many goroutines.
type Packer struct{ enc *zstd.Encoder }

// NewPacker makes a Packer.
func NewPacker() (*Packer, error) {
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(4))
	if err != nil {
		return nil, fmt.Errorf("compressor: %w", err)
	}
	return &Packer{enc}, nil
}

// Packed is a payload of a live source, ready to be stored.
type Packed struct {
	hansei.Delivery
	Held  bool // the source is paused: it is understood later
	body  []byte
	parts [][]byte // of a large one
}

// maxInline is how large a compressed payload may be that stands in its
// delivery's row.
const maxInline = 64 << 10

// Pack makes a payload ready. identity is what makes two deliveries the same:
// the vendor's own delivery id, or else empty and the content counts.
func (p *Packer) Pack(source, name, media, identity string, body []byte) Packed {
	sum := sha256.New()
	fmt.Fprintf(sum, "%s\x00%s\x00", source, name)
	if identity == "" {
		sum.Write(body)
	} else {
		fmt.Fprintf(sum, "id\x00%s", identity)
	}
	out := Packed{Delivery: hansei.Delivery{ID: hex.EncodeToString(sum.Sum(nil))[:32], Source: source, Name: name, Media: media, Size: int64(len(body))}}
	for len(body) > 0 {
		k := min(partSize, len(body))
		out.parts = append(out.parts, p.enc.EncodeAll(body[:k], make([]byte, 0, k/3)))
		body = body[k:]
	}
	if len(out.parts) == 0 {
		out.body = []byte{}
	} else if len(out.parts) == 1 && len(out.parts[0]) <= maxInline {
		out.body, out.parts = out.parts[0], nil
	}
	return out
}
