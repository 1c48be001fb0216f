package metric

import (
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
)

// Example is a definition computed by hand on a few records. It is shown on
// the metric's page and holds the definition in a test.
type Example struct {
	Story   string            `json:"story"`   // the records and the arithmetic in words
	Records []map[string]any  `json:"records"` // kind, id and fields by name
	Ask     map[string]string `json:"ask"`     // since, until, group, now
	Want    Want              `json:"want"`
}

// Want is what an example must come to.
type Want struct {
	Value    *float64       `json:"value"`
	N        int            `json:"n"`
	Censored int            `json:"censored"`
	Excluded map[string]int `json:"excluded"`
}

//go:embed examples/*.json
var examples embed.FS

// ExampleOf reads the worked example of a metric that ships with Hansei.
func ExampleOf(id string) (Example, error) {
	var ex Example
	text, err := examples.ReadFile("examples/" + id + ".json")
	if errors.Is(err, fs.ErrNotExist) {
		return ex, fmt.Errorf("example of %s: %w", id, errNoExample)
	}
	if err == nil {
		err = json.Unmarshal(text, &ex)
	}
	if err != nil {
		return ex, fmt.Errorf("example of %s: %w", id, err)
	}
	return ex, nil
}

var errNoExample = errors.New("there is none")
