package record

import (
	"fmt"

	"github.com/go-json-experiment/json"

	"hansei"
)

// Encode writes a record as the journal keeps it. The same record always
// gives the same bytes.
func Encode(rec hansei.Record) ([]byte, error) {
	doc, err := json.Marshal(rec, json.Deterministic(true))
	if err != nil {
		return nil, fmt.Errorf("encode %s %s: %w", rec.Kind(), rec.Head().ID, err)
	}
	return doc, nil
}

// DecodeDoc reads a record of a kind. Members it does not know are ignored:
// the document may come from a newer version.
func DecodeDoc(kind hansei.Kind, doc []byte) (hansei.Record, error) {
	rec, err := hansei.New(kind)
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(doc, rec); err != nil {
		return nil, fmt.Errorf("decode a %s: %w", kind, err)
	}
	return rec, nil
}

// Decode reads the record of a change. Others may have the same one: it must
// not be changed.
func Decode(c Change) (hansei.Record, error) {
	if c.read != nil {
		return c.read()
	}
	return DecodeDoc(c.Kind, c.Doc)
}
