package generic

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"reflect"
	"strconv"
	"time"

	"hansei"
	"hansei/internal/source"
	"hansei/internal/source/fetch"
	"hansei/internal/source/generic/reading"
	"hansei/internal/source/jq"
)

// puller is a tool with a list to read.
type puller struct{ *tool }

const (
	// overlap is how far back news are asked for beyond the last look: clocks
	// differ, and what was being written then is not missed.
	overlap  = 10 * time.Minute
	maxPages = 20_000 // of one run; more is a list that never ends
)

// cursor is where a run through the list stands.
type cursor struct {
	Since time.Time `json:"since,omitzero"` // of this run
	Began time.Time `json:"began,omitzero"` // this run; zero between runs
	Next  string    `json:"next,omitempty"` // cursor, URL, page or offset
	Pages int       `json:"pages,omitempty"`
	Held  string    `json:"held,omitempty"` // digest of what the page before Next held, where pages are counted
}

// Streams is the one list.
func (t *puller) Streams() []source.Stream {
	return []source.Stream{{Name: "list", Title: "List", Pull: t.pull}}
}

func (t *puller) pull(p *source.Pull) error {
	c := cursor{Since: p.From}
	if p.Cursor != "" {
		c = cursor{}
		if err := json.Unmarshal([]byte(p.Cursor), &c); err != nil {
			return fmt.Errorf("the place to go on from is unreadable: %w", err)
		}
	}
	if c.Began.IsZero() {
		c.Began, c.Pages, c.Next = p.Now, 0, ""
	}
	t.authorize(p.Client)
	for {
		r, things, err := t.page(p, c)
		if err != nil {
			return err
		}
		next, last, err := t.after(c, r, things)
		if err != nil {
			return err
		}
		through := time.Time{}
		if last {
			through = c.Began
			next = cursor{Since: c.Began.Add(-overlap)}
		}
		body := r.Body
		if len(things) == 0 {
			body = nil
		}
		text, err := json.Marshal(next)
		if err != nil {
			return err
		}
		if err := p.Emit(source.Page{Body: body, Cursor: string(text), Through: through, Things: len(things)}); err != nil || last {
			return err
		}
		c = next
	}
}

func (t *puller) authorize(c *fetch.Client) {
	c.Auth = func(r *http.Request) {
		if t.auth != "" {
			r.Header.Set(t.authHeader, t.auth)
		}
	}
}

// page asks for a page and looks for the things on it.
func (t *puller) page(p *source.Pull, c cursor) (*fetch.Response, []any, error) {
	at := t.address(c)
	if err := t.same(at); err != nil {
		return nil, nil, err
	}
	r, err := p.Client.Get(p.Ctx, at, nil)
	if err != nil {
		return nil, nil, err
	}
	things, err := t.Listed(r.Body)
	return r, things, err
}

// address is the URL of a page.
func (t *puller) address(c cursor) string {
	if c.Next != "" && (t.pages == pagesLink || isURL(c.Next)) {
		return t.within(c.Next)
	}
	u := *t.url
	q := u.Query()
	if t.sinceP != "" && !c.Since.IsZero() {
		q.Set(t.sinceP, c.Since.UTC().Format(time.RFC3339))
	}
	if at := cmp.Or(c.Next, t.first); at != "" {
		q.Set(t.pageParam, at)
	}
	u.RawQuery = q.Encode()
	return u.String()
}

// after is the cursor after a page, and whether that was the last one.
func (t *puller) after(c cursor, r *fetch.Response, things []any) (cursor, bool, error) {
	was := c.Next
	c.Pages++
	if c.Pages > maxPages {
		return c, true, hansei.Invalid("pages", "the list has more than %d pages, or never ends", maxPages)
	}
	switch t.pages {
	case pagesNone:
		return c, true, nil
	case pagesLink:
		c.Next = fetch.NextLink(r.Header)
	case pagesCursor:
		doc, err := jq.Decode(r.Body)
		if err != nil {
			return c, false, err
		}
		v, err := t.next.First(doc)
		if err != nil {
			return c, false, hansei.Invalid("next", "%v", err)
		}
		c.Next = ""
		if v != nil && v != false {
			c.Next = fmt.Sprint(v)
		}
	case pagesNumber, pagesOffset:
		return t.counted(c, things)
	}
	if c.Next == "" {
		return c, true, nil
	}
	if c.Next == was {
		return c, false, hansei.Invalid("next", "the tool names the same page as the next one again and again")
	}
	return c, false, nil
}

// counted is after where pages are counted. They end with one that holds nothing.
func (t *puller) counted(c cursor, things []any) (cursor, bool, error) {
	if len(things) == 0 {
		return c, true, nil
	}
	held, err := reading.Digest(things)
	if err != nil {
		return c, false, err
	}
	if held == c.Held {
		return c, false, hansei.Invalid("page_param", "the tool answers %[1]s=%[2]s with the same things as the page before. Perhaps its parameter is called otherwise, or it has no pages (pages: none). If it repeats its last page: pages: cursor, page_param: %[1]s, next: an expression for the number of the next page", t.pageParam, c.Next)
	}
	n, err := strconv.Atoi(cmp.Or(c.Next, t.first))
	if err != nil {
		return c, false, fmt.Errorf("the place to go on from is unreadable: %w", err)
	}
	step := 1
	if t.pages == pagesOffset {
		step = len(things)
	}
	c.Next, c.Held = strconv.Itoa(n+step), held
	return c, false, nil
}

// within is the URL of a link, which may be relative (section 5 of RFC 3986).
func (t *puller) within(link string) string {
	u, err := t.url.Parse(link)
	if err != nil {
		return link // the call says what is wrong with it
	}
	return u.String()
}

// same refuses a page on another host: the credentials would go there.
func (t *puller) same(page string) error {
	u, err := url.Parse(page)
	if err != nil || u.Scheme != t.url.Scheme || u.Host != t.url.Host {
		return hansei.Invalid("next", "the next page is on another host")
	}
	return nil
}

func isURL(s string) bool {
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https")
}

// Check reads the first page and says what it is.
func (t *puller) Check(p *source.Pull) []source.Finding {
	t.authorize(p.Client)
	r, things, err := t.page(p, cursor{Since: p.From})
	var no *fetch.StatusError
	switch {
	case errors.As(err, &no) && (no.Status == http.StatusUnauthorized || no.Status == http.StatusForbidden):
		return []source.Finding{{Says: fmt.Sprintf("The tool does not accept the credentials (%d): %s", no.Status, no.Says)}}
	case err != nil:
		return []source.Finding{{Says: source.Words(err)}}
	}
	out := []source.Finding{{OK: true, Says: fmt.Sprintf("The list can be read; its first page has %d things.", len(things))}}
	if says := t.unread(p, r, things); says != "" {
		out = append(out, source.Finding{Says: says})
	}
	if len(things) == 0 {
		return out
	}
	said, err := t.Normalize(source.Delivery{Name: "pull/list", Body: r.Body})
	if err != nil && !errors.Is(err, source.ErrUnused) {
		return append(out, source.Finding{Says: "The mapping does not fit them: " + err.Error()})
	}
	return append(out, source.Finding{OK: true, Says: fmt.Sprintf("The mapping makes %d records of them.", len(said))})
}

// unread says of which pages beside the first nobody would miss that they are
// not read: those after it where none are asked for, and one with the number 0.
func (t *puller) unread(p *source.Pull, r *fetch.Response, things []any) string {
	switch {
	case t.pages == pagesNone && fetch.NextLink(r.Header) != "":
		return "There is a next page (a Link header with rel=next), which is not read: pages is none. Set pages to link."
	case t.pages == pagesNone:
		return reading.Unread(r.Body)
	case t.pages == pagesNumber && t.first == "1":
		_, before, err := t.page(p, cursor{Since: p.From, Next: "0"})
		if err == nil && len(before) > 0 && !reflect.DeepEqual(before, things) {
			return fmt.Sprintf("Page 0 holds other things than page 1 and is not read: counting begins at 1. If the list begins there, write %s=0 into list_url.", t.pageParam)
		}
	}
	return ""
}
