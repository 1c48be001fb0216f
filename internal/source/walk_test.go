package source

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"hansei"
	"hansei/internal/source/fetch"
)

// TestWalk goes over two things of several pages, and ends with an error when
// a tool answers the same next page for ever.
func TestWalk(t *testing.T) {
	pages := map[string]string{"a": "a2", "a2": "", "b": ""}
	var asked []string
	lists := func(_ *Pull, of string, _, _ time.Time, after string) ([]json.RawMessage, string, error) {
		if after == "" {
			after = of
		}
		asked = append(asked, after)
		return []json.RawMessage{json.RawMessage("1")}, pages[after], nil
	}
	wrap := func(string, []json.RawMessage) ([]byte, error) { return []byte("{}"), nil }
	through := 0
	p := &Pull{Now: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC), Emit: func(page Page) error {
		if !page.Through.IsZero() {
			through++
		}
		return nil
	}}
	if err := Walk(p, []string{"a", "b"}, time.Minute, lists, wrap); err != nil || through != 1 || !slices.Equal(asked, []string{"a", "a2", "b"}) {
		t.Errorf("asked for %v, %d times to the end, %v", asked, through, err)
	}
	pages["a2"] = "a2"
	var wrong *hansei.InvalidError
	if err := Walk(p, []string{"a", "b"}, time.Minute, lists, wrap); !errors.As(err, &wrong) {
		t.Errorf("the same page for ever: got %v", err)
	}
}

// TestRefused: what a tool refuses for good holds up no other. The run tells of
// it and says of nothing that it is read; the next asks for it from where it
// was, and for the others only for news.
func TestRefused(t *testing.T) {
	start := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	no := map[string]error{}
	var asked []string
	cursor, through := "", time.Time{}
	run := func(day int) error {
		asked, through = nil, time.Time{}
		p := &Pull{Cursor: cursor, From: start.AddDate(-1, 0, 0), Now: start.AddDate(0, 0, day), Emit: func(page Page) error {
			cursor, through = page.Cursor, page.Through
			return nil
		}}
		return Walk(p, []string{"a", "b", "c"}, time.Hour, func(_ *Pull, of string, since, _ time.Time, next string) ([]json.RawMessage, string, error) {
			asked = append(asked, of+next+" "+since.Format("2006-01-02T15"))
			if err := no[of+next]; err != nil {
				return nil, "", err
			}
			if next == "" {
				return []json.RawMessage{json.RawMessage("1")}, "2", nil
			}
			return []json.RawMessage{json.RawMessage("2")}, "", nil
		}, func(string, []json.RawMessage) ([]byte, error) { return []byte("{}"), nil })
	}
	status := func(code int, headers ...string) error {
		h := http.Header{}
		for i := 0; i < len(headers); i += 2 {
			h.Set(headers[i], headers[i+1])
		}
		return fmt.Errorf("asked: %w", &fetch.StatusError{Method: "GET", URL: "https://x", Status: code, Header: h})
	}
	for i, step := range []struct {
		no    map[string]error
		asked []string
		says  string
		whole bool
	}{
		{map[string]error{"b": status(404)}, []string{"a 2025-03-01T00", "a2 2025-03-01T00", "b 2025-03-01T00", "c 2025-03-01T00", "c2 2025-03-01T00"}, "b: asked: GET https://x: 404 Not Found", false},
		{map[string]error{"b2": status(410), "c": status(403)}, []string{"a 2026-02-28T23", "a2 2026-02-28T23", "b 2025-03-01T00", "b2 2025-03-01T00", "c 2026-02-28T23"},
			"b: asked: GET https://x: 410 Gone; c: asked: GET https://x: 403 Forbidden", false},
		{nil, []string{"a 2026-03-01T23", "a2 2026-03-01T23", "b 2025-03-01T00", "b2 2025-03-01T00", "c 2026-02-28T23", "c2 2026-02-28T23"}, "", true},
		{map[string]error{"a": ErrRefused, "b": ErrRefused, "c": ErrRefused}, []string{"a 2026-03-02T23", "b 2026-03-02T23", "c 2026-03-02T23"}, "a: refused; b: refused; c: refused", false},
		{map[string]error{"a": status(404), "c2": status(500)}, []string{"a 2026-03-02T23", "b 2026-03-02T23", "b2 2026-03-02T23", "c 2026-03-02T23", "c2 2026-03-02T23"}, "a: asked: GET https://x: 404 Not Found; c: asked: GET https://x: 500 Internal Server Error", false},
		{map[string]error{"a": status(404)}, []string{"c2 2026-03-02T23", "a 2026-03-02T23"}, "a: asked: GET https://x: 404 Not Found", false},
		{map[string]error{"a": status(403, "Retry-After", "60")}, []string{"a 2026-03-02T23"}, "a: asked: GET https://x: 403 Forbidden", false},
		{map[string]error{"a": status(403, "X-RateLimit-Remaining", "0")}, []string{"a 2026-03-02T23"}, "a: asked: GET https://x: 403 Forbidden", false},
		{map[string]error{"a": &fetch.LaterError{Err: status(403), After: time.Minute}}, []string{"a 2026-03-02T23"}, "a: asked: GET https://x: 403 Forbidden", false},
		{nil, []string{"a 2026-03-02T23", "a2 2026-03-02T23", "b 2026-03-04T23", "b2 2026-03-04T23", "c 2026-03-04T23", "c2 2026-03-04T23"}, "", true},
	} {
		no = step.no
		err := run(i)
		says := ""
		if err != nil {
			says = err.Error()
		}
		if !slices.Equal(asked, step.asked) || says != step.says || step.whole != through.Equal(start.AddDate(0, 0, i)) || !step.whole && !through.IsZero() {
			t.Errorf("run %d: asked for %q, read up to %v, %v", i, asked, through, err)
		}
	}
}

// TestEarlierCursors: where an earlier version left off leads on; all that is
// listed counts as read up to there.
func TestEarlierCursors(t *testing.T) {
	at := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	var asked []string
	ask := func(of string, since time.Time, next string) {
		asked = append(asked, of+" "+next+" "+since.Format(time.DateOnly))
	}
	walk := func(p *Pull) error {
		return Walk(p, []string{"a", "b", "c"}, time.Minute, func(_ *Pull, of string, since, _ time.Time, next string) ([]json.RawMessage, string, error) {
			ask(of, since, next)
			return nil, "", nil
		}, nil)
	}
	search := func(p *Pull) error {
		return Search(p, []string{"a", "b"}, time.Minute, func(_ *Pull, s Sought, next string) (Page, string, error) {
			ask(strings.Join(s.Only, "+"), s.Since, next)
			return Page{}, "", nil
		})
	}
	for _, c := range []struct {
		pull   func(*Pull) error
		cursor string
		want   []string
	}{
		{walk, `{"since":"2026-02-01T00:00:00Z"}`, []string{"a  2026-02-01", "b  2026-02-01", "c  2026-02-01"}},
		{walk, `{"since":"2026-02-01T00:00:00Z","began":"2026-02-28T00:00:00Z","of":"b","next":"b2"}`, []string{"b b2 2026-02-01", "c  2026-02-01"}},
		{walk, `{"since":"2026-02-01T00:00:00Z","began":"2026-02-28T00:00:00Z","of":"gone","next":"2"}`, []string{"a  2026-02-01", "b  2026-02-01", "c  2026-02-01"}},
		{search, `{"since":"2026-02-01T00:00:00Z"}`, []string{"a+b  2026-02-01"}},
		{search, `{"since":"2026-02-01T00:00:00Z","began":"2026-02-28T00:00:00Z","next":"token"}`, []string{"a+b token 2026-02-01"}},
		{search, `{"since":"2026-02-01T00:00:00Z","began":"2026-02-28T00:00:00Z","start":200}`, []string{"a+b 200 2026-02-01"}},
		{search, `{"since":"2026-02-01T00:00:00Z","began":"2026-02-28T00:00:00Z","after":"x"}`, []string{"a+b x 2026-02-01"}},
	} {
		asked = nil
		if err := c.pull(&Pull{Cursor: c.cursor, From: at.AddDate(-1, 0, 0), Now: at, Emit: func(Page) error { return nil }}); err != nil || !slices.Equal(asked, c.want) {
			t.Errorf("%s: asked for %q, %v", c.cursor, asked, err)
		}
	}
}
