package pagerduty

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/go-json-experiment/json"

	"hansei"
	"hansei/internal/source"
	"hansei/internal/source/fetch"
)

const (
	pageSize   = 100    // the most the API gives
	maxRecords = 10_000 // offset and limit together may not be more
	day        = 24 * time.Hour
	// late is how far back a window reaches into the one before: what was
	// being written when that one was read is not missed.
	late = 10 * time.Minute
)

// a list that is read whole, or window by window when it has a span.
type list struct {
	name  string // as in its path and in its answer
	title string
	every time.Duration
	span  time.Duration // of a window at most; incidents allow 6 months
	back  time.Duration // how far each run reaches back
	query url.Values
	scope string
}

var lists = []list{
	{name: "services", title: "Services", every: time.Hour, scope: "services.read"},
	{name: "teams", title: "Teams", every: time.Hour, scope: "teams.read"},
	{name: "users", title: "People", every: time.Hour, scope: "users.read", query: url.Values{"include[]": {"teams"}}},
	{name: "incidents", title: "Incidents", span: 30 * day, back: late, scope: "incidents.read", query: url.Values{"sort_by": {"created_at:asc"}, "include[]": {"conference_bridge"}}},
	{name: "log_entries", title: "Log of incidents", span: 7 * day, back: late, scope: "incidents.read", query: url.Values{"include[]": {"incidents", "channels"}}},
	{name: "oncalls", title: "On-call duty", every: time.Hour, span: 30 * day, back: day, scope: "oncalls.read"},
}

// Streams are empty without an API key.
func (s *pagerDuty) Streams() []source.Stream {
	if s.token == "" {
		return nil
	}
	streams := make([]source.Stream, len(lists))
	for i, l := range lists {
		streams[i] = source.Stream{Name: l.name, Title: l.title, Every: l.every, Pull: func(p *source.Pull) error { return s.pull(p, l) }}
	}
	return streams
}

// cursor is where to go on: in the window from Since to Until, at Offset. A
// window that is read has Until as Since of the next.
type cursor struct {
	Since  time.Time `json:"since,omitzero"`
	Until  time.Time `json:"until,omitzero"`
	Offset int       `json:"offset,omitzero"`
	Span   int64     `json:"span,omitzero"` // of a window, in seconds
}

func seconds(d time.Duration) int64 { return int64(d / time.Second) }

func (s *pagerDuty) pull(p *source.Pull, l list) error {
	s.authorize(p.Client)
	c := cursor{Since: p.From, Span: seconds(l.span)}
	if p.Cursor != "" {
		c = cursor{}
		if err := json.Unmarshal([]byte(p.Cursor), &c); err != nil || c.Offset < 0 || c.Span < 0 {
			return fmt.Errorf("the place to go on from is unreadable: %q: %w", p.Cursor, errors.Join(err, hansei.ErrConflict))
		}
	}
	switch {
	case l.span > 0 && c.Since.IsZero():
		c.Since = p.Now.Add(-l.span)
	case l.span > 0 && c.Until.IsZero() && p.Cursor != "":
		c.Since = c.Since.Add(-l.back)
	}
	for {
		if l.span > 0 && c.Until.IsZero() {
			c.Until = c.Since.Add(time.Duration(c.Span) * time.Second).Truncate(time.Second)
			if c.Until.After(p.Now) {
				c.Until = p.Now.Truncate(time.Second)
			}
			if !c.Until.After(c.Since) {
				return nil
			}
		}
		page, body, err := s.fetch(p, l, c)
		if err != nil {
			return err
		}
		next, last, err := c.after(page, l, p.Now)
		if err != nil {
			return err
		}
		text, err := json.Marshal(next)
		if err != nil {
			return fmt.Errorf("cursor of %s: %w", l.name, err)
		}
		out := source.Page{Body: body, Cursor: string(text), Through: next.Since}
		if last && l.span == 0 {
			out.Through = p.Now
		}
		if err := p.Emit(out); err != nil {
			return err
		}
		if last {
			return nil
		}
		c = next
	}
}

// page is what every list says about itself.
type page struct {
	Limit  int  `json:"limit"`
	Offset int  `json:"offset"`
	More   bool `json:"more"`
}

// after is where to go on after a page, and whether there is no more for now.
// A window with more records than can be reached is read again as two.
func (c cursor) after(p page, l list, now time.Time) (cursor, bool, error) {
	switch {
	case p.Offset != c.Offset || p.Limit < 1 || p.Limit > pageSize:
		return c, false, fmt.Errorf("asked for %d from %d, PagerDuty answered with %d from %d: %w", pageSize, c.Offset, p.Limit, p.Offset, hansei.ErrConflict)
	case p.More && c.Offset+p.Limit+pageSize <= maxRecords:
		c.Offset += p.Limit
		return c, false, nil
	case p.More:
		half := c.Until.Sub(c.Since) / 2
		if l.span == 0 || half < time.Second {
			return c, false, fmt.Errorf("%s: PagerDuty gives no more than %d of them", l.name, maxRecords)
		}
		return cursor{Since: c.Since, Until: c.Since.Add(half).Truncate(time.Second), Span: seconds(half)}, false, nil
	case l.span == 0:
		return cursor{}, true, nil
	}
	return cursor{Since: c.Until, Span: min(2*max(c.Span, 1), seconds(l.span))}, !c.Until.Before(now.Truncate(time.Second)), nil
}

// fetch reads one page and its answer about itself.
func (s *pagerDuty) fetch(p *source.Pull, l list, c cursor) (page, []byte, error) {
	q := url.Values{"limit": {strconv.Itoa(pageSize)}, "offset": {strconv.Itoa(c.Offset)}}
	for k, v := range l.query {
		q[k] = v
	}
	if l.span > 0 {
		q.Set("since", c.Since.UTC().Format(time.RFC3339))
		q.Set("until", c.Until.UTC().Format(time.RFC3339))
		q.Set("time_zone", "UTC")
	}
	var said page
	r, err := p.Client.JSON(p.Ctx, s.base+"/"+l.name+"?"+q.Encode(), &said)
	if err != nil {
		return said, nil, fmt.Errorf("%s: %w", l.name, err)
	}
	return said, r.Body, nil
}

func (s *pagerDuty) authorize(c *fetch.Client) {
	c.Auth = func(r *http.Request) {
		r.Header.Set("Authorization", "Token token="+s.token)
		r.Header.Set("Accept", "application/vnd.pagerduty+json;version=2")
		r.Header.Set("Content-Type", "application/json") // the description demands it of every call
	}
}

// Check tries every list.
func (s *pagerDuty) Check(p *source.Pull) []source.Finding {
	if s.token == "" {
		return []source.Finding{{Says: "The API key is missing: there is no history, no on-call duty and no log of who was paged."}}
	}
	var found []source.Finding
	s.authorize(p.Client)
	for _, l := range lists {
		now := p.Now.Truncate(time.Second)
		_, _, err := s.fetch(p, l, cursor{Since: now.Add(-time.Hour), Until: now})
		var no *fetch.StatusError
		switch {
		case err == nil:
			found = append(found, source.Finding{OK: true, Says: "The API key may read: " + l.title + "."})
		case errors.As(err, &no) && no.Status == http.StatusUnauthorized:
			return append(found, source.Finding{Says: "PagerDuty does not accept the API key. Is it complete, not revoked, and of this service region?"})
		case errors.As(err, &no) && no.Status == http.StatusForbidden:
			found = append(found, source.Finding{Says: "The API key may not read: " + l.title + ". It lacks the scope " + l.scope + "."})
		case errors.As(err, &no) && no.Status == http.StatusPaymentRequired:
			found = append(found, source.Finding{Says: "The plan of the PagerDuty account has no: " + l.title + "."})
		default:
			found = append(found, source.Finding{Says: l.title + ": " + source.Words(err)})
		}
	}
	return found
}
