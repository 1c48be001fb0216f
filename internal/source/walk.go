package source

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"hansei"
)

// Lister reads one page of a list that belongs to one thing, such as a
// repository: its items, and the page after it, "" when there is none.
type Lister func(p *Pull, of string, since, began time.Time, next string) (items []json.RawMessage, after string, err error)

// walking is where a run over several things stands.
type walking struct {
	Since time.Time `json:"since,omitzero"` // of this run
	Began time.Time `json:"began,omitzero"` // zero between runs
	Of    string    `json:"of,omitempty"`   // whose turn it is
	Next  string    `json:"next,omitempty"` // page of it
}

// Walk reads a list of each of several things in turn, page by page, as the
// Pull of a stream. The next run asks for what changed since this one began,
// and a while before that (back), for clocks differ and what was being written
// then is not missed. wrap makes a page's body of its items.
func Walk(p *Pull, things []string, back time.Duration, list Lister, wrap func(of string, items []json.RawMessage) ([]byte, error)) error {
	c := walking{Since: p.From}
	if p.Cursor != "" {
		c = walking{}
		if err := json.Unmarshal([]byte(p.Cursor), &c); err != nil {
			return fmt.Errorf("the place to go on from is unreadable: %w", err)
		}
	}
	if c.Began.IsZero() {
		c.Began, c.Of, c.Next = p.Now, things[0], ""
	}
	for {
		items, after, err := list(p, c.Of, c.Since, c.Began, c.Next)
		if err != nil {
			return fmt.Errorf("%s: %w", c.Of, err)
		}
		if after != "" && after == c.Next {
			return fmt.Errorf("%s: %w", c.Of, hansei.Invalid("next", "the tool names the same page again and again"))
		}
		page, next := Page{Things: len(items)}, walking{c.Since, c.Began, c.Of, after}
		if after == "" {
			// One that is not configured any more is followed by the first.
			if i := slices.Index(things, c.Of); i+1 < len(things) {
				next.Of = things[i+1]
			} else {
				next, page.Through = walking{Since: c.Began.Add(-back)}, c.Began
			}
		}
		text, err := json.Marshal(next)
		if err != nil {
			return err
		}
		page.Cursor = string(text)
		if len(items) > 0 {
			if page.Body, err = wrap(c.Of, items); err != nil {
				return err
			}
		}
		if err := p.Emit(page); err != nil || next.Began.IsZero() {
			return err
		}
		c = next
	}
}
