package model

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/fact"
	"hansei/internal/intake"
	"hansei/internal/record"
	"hansei/internal/retro"
	"hansei/internal/seal"
	"hansei/internal/search"
)

var (
	who   = auth.Local().As("ann-lee")
	began = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
)

const secret = "sk-very-secret-0123456789"

// server is an OpenAI-compatible endpoint: what it was sent, and what it answers.
type server struct {
	*httptest.Server
	mu     sync.Mutex
	bodies []string
	auth   string
	answer func(w http.ResponseWriter, body string)
}

func serve(t *testing.T, answer func(w http.ResponseWriter, body string)) *server {
	t.Helper()
	s := &server{answer: answer}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil || r.Method != http.MethodPost || r.URL.Path != "/v1/chat/completions" {
			http.NotFound(w, r)
			return
		}
		s.mu.Lock()
		s.bodies, s.auth = append(s.bodies, string(body)), r.Header.Get("Authorization")
		s.mu.Unlock()
		s.answer(w, string(body))
	}))
	t.Cleanup(s.Close)
	return s
}

// completes answers with a content, as OpenAI does.
func completes(content string) func(http.ResponseWriter, string) {
	return func(w http.ResponseWriter, _ string) { complete(w, content, "stop") }
}

func complete(w http.ResponseWriter, content, finish string) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "m",
		"choices": []any{map[string]any{"index": 0, "finish_reason": finish, "message": map[string]any{"role": "assistant", "content": content, "refusal": nil}}},
		"usage":   map[string]int{"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}})
}

func status(code int, body string) func(http.ResponseWriter, string) {
	return func(w http.ResponseWriter, _ string) {
		w.WriteHeader(code)
		_, _ = io.WriteString(w, body)
	}
}

// open is a writer over an incident that people worked on.
func open(t *testing.T, updates ...hansei.Update) (*Writer, hansei.ID) {
	t.Helper()
	ctx, dir := t.Context(), t.TempDir()
	store, err := record.Open(ctx, record.Options{Dir: dir, Now: func() time.Time { return began.Add(24 * time.Hour) }})
	if err != nil {
		t.Fatal(err)
	}
	facts, err := fact.Open(ctx, fact.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		facts.Close()
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	in := &hansei.Incident{Header: hansei.Header{ID: "pay"}, Title: "Payments are down", Status: hansei.StatusResolved, Severity: "sev1", Services: []hansei.ID{"pay"}, Responders: []hansei.ID{"ann-lee", "bob"}, Updates: updates}
	in.Milestones.Set(hansei.RoleBegan, began)
	in.Milestones.Set(hansei.RoleDetected, began.Add(5*time.Minute))
	in.Milestones.Set(hansei.RoleResolved, began.Add(time.Hour))
	list := []hansei.Record{in, &hansei.Service{Header: hansei.Header{ID: "pay"}, Name: "Payments"},
		&hansei.Person{Header: hansei.Header{ID: "ann-lee"}, Name: "Ann Lee", Email: "ann.lee@example.org", Aliases: []string{"annie", "U024BE7LH"}},
		&hansei.Person{Header: hansei.Header{ID: "bob"}, Name: "Bob Will", Email: "bob@example.org"},
		&hansei.Person{Header: hansei.Header{ID: "eve-moneypenny"}, Name: "Eve Moneypenny", Email: "eve@corp.example"},
		&hansei.Deployment{Header: hansei.Header{ID: "d1"}, Title: "release 7 by Ann Lee", Service: "pay", Started: began.Add(-10 * time.Minute), Finished: began.Add(-5 * time.Minute), Author: "ann-lee"}}
	if _, err := store.Write(ctx, who, func(tx *record.Tx) error {
		for _, rec := range list {
			if err := record.Put(tx, rec, 0); err != nil {
				return fmt.Errorf("%s: %w", rec.Head().ID, err)
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	words := search.NewView(nil)
	desk := &retro.Desk{Records: store, Facts: facts, Search: words, People: intake.People{Records: store}, Now: func() time.Time { return began.Add(24 * time.Hour) }}
	if err := facts.CatchUp(ctx, store, who.Scope(), nil); err != nil {
		t.Fatal(err)
	}
	id, _, err := desk.Draft(ctx, who, "pay")
	if err != nil {
		t.Fatal(err)
	}
	box, err := seal.New(make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	return &Writer{Records: store, Desk: desk, Seal: box, Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}, id
}

// asks sets a server up as the model.
func (s *server) asks(t *testing.T, w *Writer) {
	t.Helper()
	key := secret
	if _, err := w.Set(t.Context(), who, Settings{URL: s.URL + "/v1/", Name: "llama3.1:8b", Key: &key}); err != nil {
		t.Fatal(err)
	}
}

func read1(t *testing.T, w *Writer, id hansei.ID, section string) hansei.Section {
	t.Helper()
	r, _, err := w.Desk.Get(context.WithoutCancel(t.Context()), who.Scope(), id)
	if err != nil {
		t.Fatal(err)
	}
	return *r.Section(section)
}

// timeline is what was sent of the timeline, by what its text holds.
func (s *server) entry(t *testing.T, body, holds string) string {
	t.Helper()
	var c call
	if err := json.Unmarshal([]byte(body), &c); err != nil {
		t.Fatal(err)
	}
	var sent struct{ Material material }
	if err := json.Unmarshal([]byte(c.Messages[1].Content), &sent); err != nil {
		t.Fatal(err)
	}
	for _, e := range sent.Material.Timeline {
		if strings.Contains(e.Text, holds) {
			return e.ID
		}
	}
	t.Fatalf("no entry with %q in %s", holds, c.Messages[1].Content)
	return ""
}
