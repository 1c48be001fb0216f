package jira

import (
	"compress/gzip"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"

	"hansei/internal/source"
)

// TestEveryPublishedExample: each of the webhooks that were recorded at Jira
// Cloud and Data Center tells a valid record, or says why it is of no use.
func TestEveryPublishedExample(t *testing.T) {
	f, err := os.Open("testdata/webhooks-examples.json.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	var list map[string]json.RawMessage
	if err := json.NewDecoder(z).Decode(&list); err != nil {
		t.Fatal(err)
	}
	src, used := jiraOf(t), 0
	for name, body := range list {
		said, err := src.Normalize(source.Delivery{Body: body})
		switch {
		case errors.Is(err, source.ErrUnused) && strings.Contains(name, "comment"):
			continue
		case err != nil || len(said) == 0:
			t.Errorf("%s: %v", name, err)
			continue
		}
		used++
		for _, o := range said {
			o.Record.Head().ID = o.Key.ID()
			if err := o.Record.Validate(); err != nil && !o.Partial || o.At.IsZero() || o.Key.External == "" {
				t.Errorf("%s: %+v, %v", name, o, err)
			}
		}
	}
	if len(list) != 54 || used < 40 {
		t.Errorf("%d of %d examples tell something", used, len(list))
	}
}
