package client

import (
	"context"
	"encoding/json"
	"iter"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// Record is a whole record as JSON: its fields, and kind, revision, seq and
// written_at from the journal.
type Record = json.RawMessage

// List is a question for records of a kind.
type List struct {
	Kind   string
	Since  string
	Until  string
	Where  []string
	Search string
	Sort   string
	Limit  int // 0: all
}

// Records lists whole records.
func (c *Client) Records(ctx context.Context, l List) iter.Seq2[Record, error] {
	v := url.Values{}
	for name, value := range map[string]string{"since": l.Since, "until": l.Until, "q": l.Search, "sort": l.Sort} {
		set(v, name, value)
	}
	for _, w := range l.Where {
		v.Add("where", w)
	}
	left := l.Limit
	return pages(func(cursor string) ([]Record, string, error) {
		var page struct {
			Records []Record
			Next    string
		}
		set(v, "cursor", cursor)
		n := maxPage
		if l.Limit > 0 {
			n = min(n, left)
		}
		v.Set("limit", strconv.Itoa(n))
		err := c.do(ctx, call{method: "GET", path: "/records" + at(l.Kind), query: v, into: &page})
		if left -= len(page.Records); l.Limit > 0 && left <= 0 {
			page.Next = ""
		}
		return page.Records, page.Next, err
	})
}

// Record reads one record; asOf is a sequence, a time or empty for now.
func (c *Client) Record(ctx context.Context, kind, id, asOf string) (out Record, err error) {
	v := url.Values{}
	set(v, "at", asOf)
	return out, c.do(ctx, call{method: "GET", path: "/records" + at(kind, id), query: v, into: &out})
}

// Version is one revision of a record.
type Version struct {
	Seq      int64     `json:"seq"`
	Revision int64     `json:"revision"`
	At       time.Time `json:"at"`
	Who      string    `json:"who"`
	Record   Record    `json:"record"`
}

// History reads every revision of a record, the newest first.
func (c *Client) History(ctx context.Context, kind, id string) (out []Version, err error) {
	return out, c.do(ctx, call{method: "GET", path: "/records" + at(kind, id, "history"), into: &out})
}

// Written says where a write stands in the journal.
type Written struct {
	ID  string `json:"id"`
	Seq int64  `json:"seq"`
}

// Edit sets fields of a record; a null value gives a field back to the
// sources. revision is the one that was read, 0 for whichever stands.
func (c *Client) Edit(ctx context.Context, kind, id string, revision int64, fields map[string]any, reason string) (out Written, err error) {
	h := http.Header{}
	if revision > 0 {
		h.Set("If-Match", strconv.FormatInt(revision, 10))
	}
	body := map[string]any{"fields": fields, "reason": reason}
	return out, c.do(ctx, call{method: "PATCH", path: "/records" + at(kind, id), header: h, send: body, into: &out})
}

// Create makes a record by hand; an empty id is made.
func (c *Client) Create(ctx context.Context, kind, id string, fields map[string]any, reason string) (out Written, err error) {
	body := map[string]any{"id": id, "fields": fields, "reason": reason}
	return out, c.do(ctx, call{method: "POST", path: "/records" + at(kind), send: body, into: &out})
}

// Delete takes a record out of every view; Restore puts it back.
func (c *Client) Delete(ctx context.Context, kind, id string) (out Written, err error) {
	return out, c.do(ctx, call{method: "DELETE", path: "/records" + at(kind, id), into: &out})
}

// Restore puts a deleted record back.
func (c *Client) Restore(ctx context.Context, kind, id string) (out Written, err error) {
	return out, c.do(ctx, call{method: "POST", path: "/records" + at(kind, id, "restore"), into: &out})
}

// Merge says that one service, team or person is another.
func (c *Client) Merge(ctx context.Context, kind, from, into string) (out Written, err error) {
	return out, c.do(ctx, call{method: "POST", path: "/records" + at(kind, from, "merge"), send: map[string]string{"into": into}, into: &out})
}

// Unmerge takes a merge back.
func (c *Client) Unmerge(ctx context.Context, kind, id string) (out Written, err error) {
	return out, c.do(ctx, call{method: "POST", path: "/records" + at(kind, id, "unmerge"), into: &out})
}
