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

// walking is where a run over several things stands. Earlier versions kept
// neither Read nor Done: then all that are listed had their turn in order.
type walking struct {
	Since time.Time `json:"since,omitzero"` // of this run
	Began time.Time `json:"began,omitzero"` // zero between runs
	Of    string    `json:"of,omitempty"`   // whose turn it is
	Next  string    `json:"next,omitempty"` // page of it
	Read  []string  `json:"read,omitzero"`  // those that are read up to Since; of others nothing is
	Done  []string  `json:"done,omitzero"`  // in this run
}

// Walk reads a list of each of several things in turn, page by page, as the
// Pull of a stream. The next run asks for what changed since this one began,
// and a while before that (back), for clocks differ and what was being written
// then is not missed. What is listed later is read from p.From on, and only
// once all that are listed were read does a run end. wrap makes a page's body
// of its items.
func Walk(p *Pull, things []string, back time.Duration, list Lister, wrap func(of string, items []json.RawMessage) ([]byte, error)) error {
	c, err := walked(p, things)
	if err != nil {
		return err
	}
	for {
		since := c.Since
		if c.Read != nil && !slices.Contains(c.Read, c.Of) {
			since = p.From
		}
		items, after, err := list(p, c.Of, since, c.Began, c.Next)
		if err != nil {
			return fmt.Errorf("%s: %w", c.Of, err)
		}
		if after != "" && after == c.Next {
			return fmt.Errorf("%s: %w", c.Of, hansei.Invalid("next", "the tool names the same page again and again"))
		}
		page, next := Page{Things: len(items)}, c
		if next.Next = after; after == "" {
			next.Done = append(slices.Clip(c.Done), c.Of)
			if next.Of = turn(things, next.Done); next.Of == "" {
				next, page.Through = walking{Since: c.Began.Add(-back), Read: things}, c.Began
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

// walked is where a run goes on, or begins.
func walked(p *Pull, things []string) (walking, error) {
	c := walking{Since: p.From}
	if p.Cursor != "" {
		c = walking{}
		if err := json.Unmarshal([]byte(p.Cursor), &c); err != nil {
			return c, fmt.Errorf("the place to go on from is unreadable: %w", err)
		}
	}
	i := slices.Index(things, c.Of)
	switch {
	case c.Began.IsZero():
		c.Began, c.Of, c.Done = p.Now, "", []string{}
	case c.Done == nil:
		c.Done = append([]string{}, things[:max(i, 0)]...)
	}
	if i < 0 || c.Of == "" { // it is not listed any more
		c.Of, c.Next = turn(things, c.Done), ""
	}
	if c.Of == "" { // nor is what was left to read
		c.Of = things[0]
	}
	return c, nil
}

// turn is the first of some things that is not done, "" when all are.
func turn(things, done []string) string {
	for _, x := range things {
		if !slices.Contains(done, x) {
			return x
		}
	}
	return ""
}
