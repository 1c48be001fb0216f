package source

import (
	"encoding/json"
	"errors"
	"slices"
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
