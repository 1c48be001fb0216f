package client

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"
)

// Version is one revision of a record.
type Version struct {
	Record   json.RawMessage `json:"record"`
	Revision int64           `json:"revision"`
	Seq      int64           `json:"seq"` // its place in the journal
	At       time.Time       `json:"at"`
	Who      string          `json:"who,omitempty"` // in a history
}

// Whole is the record's document with the revision and the sequence beside its
// fields.
func (v Version) Whole() json.RawMessage {
	doc := bytes.TrimSuffix(bytes.TrimSpace(v.Record), []byte("}"))
	comma := ","
	if len(doc) <= 1 {
		doc, comma = []byte("{"), ""
	}
	return fmt.Appendf(nil, `%s%s"revision":%d,"seq":%d}`, doc, comma, v.Revision, v.Seq)
}
