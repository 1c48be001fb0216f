package reading

import (
	"strings"
	"testing"

	"hansei"
	"hansei/internal/source"
)

func TestSuggest(t *testing.T) {
	const thing = `{"ref":"OUT-31","title":"Checkout does not load","status":"open","urgency":2,"created_at":"2026-11-28T09:12:00Z","updated_at":"2026-11-28T09:20:00Z","gone":null,"odd\nname":1}`
	for _, c := range []struct {
		name, payload string
		list          bool
		items         string
		mapping       []string // parts of it
	}{
		{name: "the thing itself", payload: thing, items: ".", mapping: []string{"kind: incident", "id: ref", "column: title", "field: declared_at"}},
		{name: "in an envelope", payload: `{"event":"x","ticket":` + thing + `}`, items: ".ticket"},
		{name: "a list", payload: `[` + thing + `]`, items: ".[]"},
		{name: "a list in an envelope", payload: `{"data":[` + thing + `]}`, items: ".data[]"},
		{name: "in an envelope in an envelope", payload: `{"sent":"x","event":{"type":"opened","data":` + thing + `}}`, items: ".event.data"},
		{name: "a list in two envelopes", payload: `{"response":{"page":{"n":1},"data-items":[` + thing + `]}}`, items: `.response."data-items"[]`},
		{name: "a thing without a name", payload: `{"title":"Down","status":"open","labels":{"owner":{"id":7,"name":"Ann"}}}`, items: "."},
		{name: "a name that needs quotes", payload: `{"the-data":[` + thing + `]}`, items: `."the-data"[]`},
		{name: "a page of a list", payload: `{"data":[` + thing + `]}`, list: true, items: ".data[]"},
		{name: "a deployment", payload: `{"id":7,"environment":"production","commit":"a1b2c3d","deployed_at":"2026-11-28T09:12:00Z"}`, items: ".", mapping: []string{"kind: deployment", "id: id"}},
		{name: "names nobody knows", payload: `{"id":7,"foo":1,"bar":{"name":"x"}}`, items: ".", mapping: []string{"kind: incident", "id: id", "fields of your own: bar.name, foo."}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := Suggest([]byte(c.payload), c.list)
			if err != nil {
				t.Fatal(err)
			}
			where := "items"
			if c.list {
				where = "list_items"
			}
			if got[where] != c.items {
				t.Errorf("%s is %q, not %q", where, got[where], c.items)
			}
			for _, part := range c.mapping {
				if !strings.Contains(got["mapping"], part) {
					t.Errorf("%q is not in\n%s", part, got["mapping"])
				}
			}
			if strings.Contains(got["mapping"], "gone") {
				t.Errorf("what holds nothing is named:\n%s", got["mapping"])
			}
			r, err := Open("x", got)
			if err != nil {
				t.Fatalf("%v in\n%s", err, got["mapping"])
			}
			d := source.Delivery{Name: "webhook", Body: []byte(c.payload)}
			if c.list {
				d.Name = "pull/list"
			}
			if out, err := r.Normalize(d); !strings.HasPrefix(c.name, "names nobody") && c.name != "a thing without a name" && (err != nil || len(out) != 1 || out[0].Key.Kind == "" || out[0].Record == nil) {
				t.Errorf("with it the payload becomes %v, %v", out, err)
			}
		})
	}
	for _, payload := range []string{`{`, `7`, `[]`, `[1]`, `null`} {
		if got, err := Suggest([]byte(payload), false); err == nil {
			t.Errorf("%s: suggested %v", payload, got)
		} else if _, ok := err.(*hansei.InvalidError); !ok {
			t.Errorf("%s: %T %v", payload, err, err)
		}
	}
}
