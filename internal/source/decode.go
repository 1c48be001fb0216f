package source

import (
	"bytes"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Decode reads what a tool sent. A name that stands twice in an object is no
// error, the last one counts: looking for such names takes two thirds of the
// time, and no tool sends any. What is wrong is said in Words.
func Decode(body []byte, into any) error {
	if err := json.Unmarshal(body, into, jsontext.AllowDuplicateNames(true)); err != nil {
		return &misread{err}
	}
	return nil
}

// misread is an error of Decode. Its words are made once somebody reads them: much
// is tried in one form and then in another.
type misread struct{ err error }

func (e *misread) Error() string { return Words(e.err) }

// Find is the text at a path of names in a body, read no further than to there;
// empty if it is not there.
func Find(body []byte, path ...string) string {
	d := jsontext.NewDecoder(bytes.NewBuffer(body), jsontext.AllowDuplicateNames(true))
	for _, name := range path {
		if object, err := d.ReadToken(); err != nil || object.Kind() != '{' {
			return ""
		}
		for {
			member, err := d.ReadToken()
			if err != nil || member.Kind() != '"' {
				return ""
			}
			if member.String() == name {
				break
			}
			if d.SkipValue() != nil {
				return ""
			}
		}
	}
	text, err := d.ReadToken()
	if err != nil || text.Kind() != '"' {
		return ""
	}
	return text.String()
}
