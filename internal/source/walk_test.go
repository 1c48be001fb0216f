package source

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"hansei"
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
