package pack

import (
	"bytes"
	"errors"
	"slices"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"hansei"
)

// head is how an entry of the spool begins, on a line of its own; the payload,
// compressed, follows on the next.
type head struct {
	Journal string `json:"journal"`
	hansei.Delivery
}

// Entry is a payload that stands in its row as an entry of the spool.
func (p Packed) Entry(journal string) ([]byte, error) {
	line, err := json.Marshal(head{journal, p.Delivery}, jsontext.AllowInvalidUTF8(true)) // what a sender calls it may be anything
	return slices.Concat(line, []byte("\n"), p.Body), err
}

// FromEntry reads an entry of the spool.
func FromEntry(entry []byte) (journal string, p Packed, err error) {
	var h head
	line, body, whole := bytes.Cut(entry, []byte("\n"))
	if err := json.Unmarshal(line, &h, jsontext.AllowInvalidUTF8(true)); err != nil || !whole {
		return "", Packed{}, errors.Join(err, errors.New("expected a line of JSON and a payload"))
	}
	return h.Journal, Packed{Delivery: h.Delivery, Body: body}, nil
}
