package api

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"
	"time"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/connect"
	"hansei/internal/intake"
	"hansei/internal/record"
	"hansei/internal/record/pack"
	"hansei/internal/seal"
	"hansei/internal/source"
)

// toy is a tool that tells incidents as our own JSON.
type toy struct{ name string }

func (t toy) Normalize(d source.Delivery) ([]hansei.Observation, error) {
	in := &hansei.Incident{}
	if err := json.Unmarshal(d.Body, in); err != nil {
		return nil, hansei.Invalid("body", "it is not JSON")
	}
	in.Milestones.Set(hansei.RoleDeclared, d.Received)
	return []hansei.Observation{{Key: hansei.Key{Kind: hansei.KindIncident, Source: t.name, External: in.Title}, Record: in}}, nil
}

func (toy) Verify(source.Request) (source.Receipt, error) { return source.Receipt{Event: "told"}, nil }
func (toy) Check(*source.Pull) []source.Finding           { return []source.Finding{{OK: true, Says: "fine"}} }
func (toy) Streams() []source.Stream {
	return []source.Stream{{Name: "all", Title: "All", Pull: func(*source.Pull) error { return nil }}}
}

func toys(t *testing.T, store *record.Store, log *slog.Logger, now func() time.Time) *connect.Sources {
	t.Helper()
	key := make([]byte, 32)
	rand.Read(key)
	box, err := seal.New(key)
	if err != nil {
		t.Fatal(err)
	}
	kind := source.Kind{Name: "toy", Title: "Toy", Gives: []hansei.Kind{hansei.KindIncident}, Settings: []source.Setting{{Name: "token", Secret: true}, {Name: "words", Means: true}},
		New: func(c source.Config) (source.Source, error) { return toy{c.Name}, nil }}
	s := &connect.Sources{Records: store, Kinds: []source.Kind{kind}, Seal: box, Log: log, Now: now, Base: "https://h.example",
		Later: func(*record.Tx, connect.Job) error { return nil }}
	s.Inbox = &intake.Inbox{Records: store, Log: log, Source: s.Reading}
	return s
}

// deliver has the source "ours" tell of an incident and gives the delivery's id.
func (w *world) deliver(s *connect.Sources, title string) string {
	w.t.Helper()
	p, err := pack.New()
	if err != nil {
		w.t.Fatal(err)
	}
	packed := p.Pack("ours", "told", "application/json", "", []byte(`{"title":"`+title+`"}`))
	if _, err := s.Records.Write(w.t.Context(), auth.Local(), func(tx *record.Tx) error {
		_, err := tx.AddDeliveries([]pack.Packed{packed})
		return err
	}); err != nil {
		w.t.Fatal(err)
	}
	if _, err := s.Inbox.Drain(context.Background(), auth.Local()); err != nil {
		w.t.Fatal(err)
	}
	return packed.ID
}

func TestSourceKeepsItsSecrets(t *testing.T) {
	w := open(t)
	got := w.must(201, "POST", "/api/v1/sources", `{"tool":"toy","name":"ours","settings":{"token":"tok-s3cret"}}`)
	if url, _ := got["url"].(string); !strings.HasPrefix(url, "https://h.example/hooks/") {
		t.Errorf("got %v", got)
	}
	for _, path := range []string{"/api/v1/sources", "/api/v1/sources/ours", "/api/v1/source-kinds", "/api/v1/deliveries"} {
		if text := jsonText(w.must(200, "GET", path, "")); strings.Contains(text, "s3cret") {
			t.Errorf("%s tells the secret: %s", path, text)
		}
	}
	for body, status := range map[string]int{
		`{"tool":"nope"}`:                           422,
		`{"tool":"toy","name":"ours"}`:              422, // taken
		`{"tool":"toy","name":"Not A Name"}`:        422,
		`{"tool":"toy","settings":{"nope":"x"}}`:    422,
		`{"tool":"toy","filter":[{"field":"who"}]}`: 422,
	} {
		w.must(status, "POST", "/api/v1/sources", body)
	}
	w.must(422, "PATCH", "/api/v1/records/source/ours", `{"fields":{"tool":"x"}}`)
	w.must(404, "GET", "/api/v1/sources/nope", "")
	w.must(404, "POST", "/api/v1/sources/nope/test", "")
}

func TestDeliveriesAreNotImports(t *testing.T) {
	w := open(t)
	w.must(201, "POST", "/api/v1/sources", `{"tool":"toy","name":"ours"}`)
	id := w.deliver(w.sources, "one")
	got := w.must(200, "GET", "/api/v1/deliveries/"+id, "")
	if got["state"] != "done" || got["payload"] != `{"title":"one"}` {
		t.Errorf("got %v", got)
	}
	if got := w.must(200, "PATCH", "/api/v1/sources/ours", `{"settings":{"words":"others"}}`); got["understood_again"] != 1.0 {
		t.Errorf("with other settings %v are understood again", got["understood_again"])
	}
	if got := w.must(200, "PATCH", "/api/v1/sources/ours", `{"settings":{"words":"others"}}`); got["understood_again"] != nil {
		t.Errorf("with the same settings %v are understood again", got["understood_again"])
	}
	if _, err := w.sources.Inbox.Drain(t.Context(), auth.Local()); err != nil {
		t.Fatal(err)
	}
	w.must(404, "GET", "/api/v1/imports/"+id, "")
	w.must(404, "POST", "/api/v1/imports/"+id+"/replay", "")
	if list := w.must(200, "GET", "/api/v1/imports", "")["imports"].([]any); len(list) != 0 {
		t.Errorf("the list of imports has %v", list)
	}
	w.must(422, "GET", "/api/v1/deliveries?cursor=x", "")
}
