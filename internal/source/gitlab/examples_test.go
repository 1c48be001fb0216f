package gitlab

import (
	"compress/gzip"
	"encoding/json"
	"errors"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hansei"
	"hansei/internal/source"
)

// TestEveryPublishedExample: each of the webhooks that GitLab publishes tells
// valid records, or says why it is of no use.
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
	src, used := account(t, "releases", "yes"), map[string]hansei.Kind{}
	for name, body := range list {
		said, err := src.Normalize(source.Delivery{Body: body})
		if errors.Is(err, source.ErrUnused) {
			continue
		}
		if name == "group_merge_request" { // its names end in spaces, "iid " among them
			var bad *hansei.InvalidError
			if !errors.As(err, &bad) || bad.Field != "merge_request" {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if err != nil || len(said) == 0 {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if !said[0].None {
			used[name] = said[0].Key.Kind
		}
		for _, o := range said {
			o.Record.Head().ID = o.Key.ID()
			if err := o.Record.Validate(); err != nil && !o.Partial || o.At.IsZero() {
				t.Errorf("%s: %+v, %v", name, o, err)
			}
		}
	}
	want := map[string]hansei.Kind{"deployment": hansei.KindDeployment, "issue": hansei.KindWorkItem, "merge_request": hansei.KindPullRequest, "service_merge_request": hansei.KindPullRequest,
		"push": hansei.KindChange, "release": hansei.KindDeployment}
	if d := cmp.Diff(want, used); len(list) != 32 || d != "" {
		t.Errorf("%d examples; used: %s", len(list), d)
	}
}
