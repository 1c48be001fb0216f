// Package pack compresses payloads for the record.
package pack

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"sync"

	"github.com/klauspost/compress/s2"
	"github.com/klauspost/compress/zstd"

	"hansei"
)

// Packer compresses payloads before they reach the writer, which has better
// things to do. It may be used by many goroutines.
type Packer struct{ enc *zstd.Encoder }

// New makes a Packer.
func New() (*Packer, error) {
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(2))
	if err != nil {
		return nil, fmt.Errorf("compressor: %w", err)
	}
	return &Packer{enc}, nil
}

// Packed is a payload of a live source, ready to be stored.
type Packed struct {
	hansei.Delivery
	Held  bool     // the source was paused when it came: it is understood later
	Raw   []byte   // as it came, unless it is large
	Body  []byte   // compressed
	Parts [][]byte // of a large one, each of PartSize compressed
}

// PartSize is how much of a payload is compressed and stored together.
const PartSize = 1 << 20

// maxInline is how large a compressed payload may be that stands in its
// delivery's row.
const maxInline = 64 << 10

// maxQuick is up to which size a payload is packed by S2: as most webhooks are
// small, that saves a tenth of the time that one takes, for a quarter more space.
const maxQuick = 8 << 10

// rooms are where payloads are packed by S2: it asks for more than it fills, and
// what it fills is kept until it is understood.
var rooms = sync.Pool{New: func() any {
	room := make([]byte, s2.MaxEncodedLen(maxQuick))
	return &room
}}

// Unpack reads what stands in a delivery's row. No S2 block begins like a frame
// of Zstandard: it would copy from before its start.
func Unpack(dec *zstd.Decoder, packed []byte) ([]byte, error) {
	if len(packed) == 0 || bytes.HasPrefix(packed, []byte{0x28, 0xb5, 0x2f, 0xfd}) {
		return dec.DecodeAll(packed, nil)
	}
	if n, err := s2.DecodedLen(packed); err != nil || n > maxQuick {
		return nil, errors.Join(err, fmt.Errorf("a packed payload of %d bytes is damaged", len(packed)))
	}
	return s2.Decode(nil, packed)
}

// Pack makes a payload ready. identity is what makes two deliveries the same:
// the vendor's own delivery id, or else empty and the content counts.
func (p *Packer) Pack(source, name, media, identity string, body []byte) Packed {
	sum := sha256.New()
	if identity == "" {
		sum.Write([]byte(source + "\x00" + name + "\x00"))
		sum.Write(body)
	} else {
		sum.Write([]byte(source + "\x00" + name + "\x00id\x00" + identity))
	}
	out := Packed{Delivery: hansei.Delivery{ID: hex.EncodeToString(sum.Sum(nil)[:16]), Source: source, Name: name, Media: media, Size: int64(len(body))}, Raw: body}
	if size := len(body); 0 < size && size <= maxQuick {
		room := rooms.Get().(*[]byte)
		out.Body = bytes.Clone(s2.Encode(*room, body))
		rooms.Put(room)
		return out
	}
	for len(body) > 0 {
		k := min(PartSize, len(body))
		out.Parts = append(out.Parts, p.enc.EncodeAll(body[:k], make([]byte, 0, k/2)))
		body = body[k:]
	}
	if len(out.Parts) == 0 {
		out.Body = []byte{}
	} else if len(out.Parts) == 1 && len(out.Parts[0]) <= maxInline {
		out.Body, out.Parts = out.Parts[0], nil
	} else {
		out.Raw = nil
	}
	return out
}
