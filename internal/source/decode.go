package source

import (
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Decode reads what a tool sent. A name that stands twice in an object is no
// error, the last one counts: looking for such names takes two thirds of the
// time, and no tool sends any.
func Decode(body []byte, into any) error {
	return json.Unmarshal(body, into, jsontext.AllowDuplicateNames(true))
}
