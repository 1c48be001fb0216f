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
	// Behind are those that the tool refused in the run before, and up to when
	// each is read.
	Behind map[string]time.Time `json:"behind,omitempty"`
}

// Walk reads a list of each of several things in turn, page by page, as the
// Pull of a stream. The next run asks for what changed since this one began,
// and a while before that (back), for clocks differ and what was being written
// then is not missed. What is listed later is read from p.From on, and only
// once all that are listed were read does a run end well. wrap makes a page's
// body of its items.
//
// A thing that the tool refuses (Refused) holds up no other: those are read,
// and then the run ends with what the tool said. The next run asks for it again,
// from where it was.
func Walk(p *Pull, things []string, back time.Duration, list Lister, wrap func(of string, items []json.RawMessage) ([]byte, error)) error {
	c, err := walked(p, things)
	if err != nil {
		return err
	}
	var refused []string
	var said error // of those
	for {
		items, after, err := list(p, c.Of, c.since(c.Of, p.From), c.Began, c.Next)
		if err == nil && after != "" && after == c.Next {
			err = hansei.Invalid("next", "the tool names the same page again and again")
		}
		if err != nil {
			if said = also(said, fmt.Errorf("%s: %w", c.Of, err)); !Refused(err) {
				return said
			}
			refused, items, after = append(refused, c.Of), nil, ""
		}
		page, next := Page{Things: len(items)}, c
		if next.Next = after; after == "" {
			next = c.turned(things, refused, back, p.From)
		}
		if err != nil && next.Of != "" { // nothing is to be kept but with the next page
			c = next
			continue
		}
		if next.Of == "" && said == nil {
			page.Through = c.Began
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
		if err := p.Emit(page); err != nil {
			return err
		}
		if next.Of == "" {
			return said
		}
		c = next
	}
}

// also puts one more error to those before, on one line.
func also(before, err error) error {
	if before == nil {
		return err
	}
	return fmt.Errorf("%w; %w", before, err)
}

// since is from when on a thing is asked for.
func (c walking) since(of string, from time.Time) time.Time {
	if t, ok := c.Behind[of]; ok {
		return t
	}
	if c.Read != nil && !slices.Contains(c.Read, of) {
		return from
	}
	return c.Since
}

// turned is where a run stands once whose turn it was is read, or refused: at
// the next that is neither, or at its end.
func (c walking) turned(things, refused []string, back time.Duration, from time.Time) walking {
	next := c
	if !slices.Contains(refused, c.Of) {
		next.Done = append(slices.Clip(c.Done), c.Of)
	}
	next.Next = ""
	if next.Of = turn(things, slices.Concat(next.Done, refused)); next.Of != "" {
		return next
	}
	next = walking{Since: c.Began.Add(-back), Read: slices.DeleteFunc(slices.Clone(things), func(x string) bool { return slices.Contains(refused, x) })}
	for _, x := range refused {
		if next.Behind == nil {
			next.Behind = map[string]time.Time{}
		}
		next.Behind[x] = c.since(x, from)
	}
	return next
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
