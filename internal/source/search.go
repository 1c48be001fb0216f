package source

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"hansei"
)

// Sought is what a page of a search is asked for.
type Sought struct {
	Only  []string  // of these things; empty: of all that the account sees
	Not   []string  // but not of these
	Since time.Time // what changed since then
	Began time.Time // this run
}

// Searcher reads one page of a search, oldest news first where the tool can:
// a Page without its Cursor, and the page after it, "" when there is none. When
// the tool does not take next any more it returns ErrExpired (wrapped), if the
// order is that of changes: then the run goes on from the last that was read.
type Searcher func(p *Pull, s Sought, next string) (page Page, after string, err error)

// searching is where a run through a search stands.
type searching struct {
	Since time.Time `json:"since,omitzero"` // of this run
	Began time.Time `json:"began,omitzero"` // zero between runs
	Next  string    `json:"next,omitempty"`
	Of    []string  `json:"of,omitempty"`   // the things that are read up to Since, or are being read
	New   []string  `json:"new,omitempty"`  // what was listed later and is being read from the beginning
	Upto  time.Time `json:"upto,omitzero"`  // when the last that this run read had changed
	Again time.Time `json:"again,omitzero"` // from when on this run asks, for its next page had expired
	// What earlier versions kept: no Of, and the page by other names.
	Start int    `json:"start,omitempty"`
	After string `json:"after,omitempty"`
}

// all stands for whatever the account sees.
const all = "*"

// Search reads one list that holds what belongs to several things, such as the
// issues of some projects, as the Pull of a stream. things are those that are
// listed; none means all that the account sees. The next run asks for what
// changed since this one began, and a while before that (back). What is listed
// later is first read alone from p.From on.
func Search(p *Pull, things []string, back time.Duration, read Searcher) error {
	c := searching{Since: p.From}
	if p.Cursor != "" {
		c = searching{}
		if err := json.Unmarshal([]byte(p.Cursor), &c); err != nil {
			return fmt.Errorf("the place to go on from is unreadable: %w", err)
		}
		if c.Start > 0 {
			c.After = strconv.Itoa(c.Start)
		}
		c.Next, c.Start, c.After = cmp.Or(c.Next, c.After), 0, ""
	}
	if len(things) == 0 {
		things = []string{all}
	}
	if c.Of == nil {
		c.Of = things
	}
	for {
		if c.Began.IsZero() {
			c.begin(p.Now, things)
		}
		page, after, err := read(p, c.sought(p.From), c.Next)
		if errors.Is(err, ErrExpired) && c.Next != "" {
			c.Next, c.Again = "", c.Upto
			continue
		}
		if err != nil {
			return err
		}
		if after != "" && after == c.Next {
			return hansei.Invalid("next", "the tool names the same page again and again")
		}
		next, last := c, false
		if next.Next = after; after == "" {
			next, last = c.end(things, back)
		}
		if !page.Through.IsZero() && !next.Began.IsZero() {
			next.Upto = page.Through
		}
		page.Through = c.through(page.Through, things, last)
		text, err := json.Marshal(next)
		if err != nil {
			return err
		}
		page.Cursor = string(text)
		if err := p.Emit(page); err != nil || last {
			return err
		}
		c = next
	}
}

// begin makes a new run: through what was listed later, or else through all.
func (c *searching) begin(now time.Time, things []string) {
	c.Began, c.Next, c.Upto, c.Again = now, "", time.Time{}, time.Time{}
	if c.New = unread(things, c.Of); len(c.New) == 0 {
		c.Of = things // what is not listed any more is forgotten
	}
}

// unread are the things that are not among those that were read.
func unread(things, read []string) (out []string) {
	for _, x := range things {
		if !slices.Contains(read, x) && !slices.Contains(read, all) {
			out = append(out, x)
		}
	}
	return out
}

func (c *searching) sought(from time.Time) Sought {
	s := Sought{Only: c.Of, Since: c.Since, Began: c.Began}
	if len(c.New) > 0 {
		s.Only, s.Since = c.New, from
	}
	if c.Again.After(s.Since) {
		s.Since = c.Again
	}
	if slices.Contains(s.Only, all) {
		s.Only = nil
		if len(c.New) > 0 {
			s.Not = c.Of
		}
	}
	return s
}

// end is where a run leaves off, and whether all that are listed are read.
func (c *searching) end(things []string, back time.Duration) (next searching, last bool) {
	if len(c.New) > 0 {
		return searching{Since: c.Since, Of: slices.Concat(c.Of, c.New)}, false
	}
	return searching{Since: c.Began.Add(-back), Of: c.Of}, len(unread(things, c.Of)) == 0
}

// through is up to where everything is read after a page that was read up to at.
func (c *searching) through(at time.Time, things []string, last bool) time.Time {
	switch {
	case last:
		return c.Began
	case len(c.New) > 0 && at.After(c.Since):
		return c.Since
	case len(c.New) == 0 && len(unread(things, c.Of)) > 0:
		return time.Time{}
	}
	return at
}
