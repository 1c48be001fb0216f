package hansei

import (
	"crypto/sha256"
	"encoding/hex"
	"time"
)

// Reading says that a person has opened a published retrospective. There is
// one for a person and a retrospective, written when the person who opens it
// has said who they are. It serves one figure, the share of the people on call
// who have read what was learned, which is never shown for fewer than five. It
// stands in no list and is not among the facts, where a question in SQL could
// name people.
type Reading struct {
	Header
	Retrospective ID        `json:"retrospective"`
	Person        ID        `json:"person"`
	Revision      int64     `json:"revision"` // of the retrospective, as last read
	At            time.Time `json:"at"`       // first read
}

// Kind is KindReading.
func (*Reading) Kind() Kind { return KindReading }

// NewReading is the empty reading of a retrospective by a person. Its id does
// not name the person: a person who is forgotten goes from its fields.
func NewReading(retrospective, person ID) *Reading {
	sum := sha256.Sum256([]byte(string(retrospective) + "+" + string(person)))
	return &Reading{Header: Header{ID: ID("reading:" + hex.EncodeToString(sum[:12]))}, Retrospective: retrospective, Person: person}
}

// Validate checks that it says who, what and when.
func (r *Reading) Validate() error {
	if err := r.valid("reading"); err != nil || r.gone() {
		return err
	}
	switch {
	case r.Retrospective == "":
		return Invalid("retrospective", "a reading needs a retrospective")
	case r.Person == "":
		return Invalid("person", "a reading needs a person")
	case r.At.IsZero():
		return Invalid("at", "a reading needs the time")
	}
	return nil
}
