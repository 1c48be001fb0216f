package client

import (
	"bytes"
	"context"
	"encoding/json"
	"iter"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// Version is one revision of a record.
type Version struct {
	Record   json.RawMessage `json:"record"`
	Revision int64           `json:"revision"`
	Seq      int64           `json:"seq"` // its place in the journal
	At       time.Time       `json:"at"`
	Who      string          `json:"who,omitempty"` // in a history
}

// Filter narrows a list of records down. The zero Filter lists all.
type Filter struct {
	Since, Until string
	Where        []string
}

// Narrows says whether the filter leaves anything out.
func (f Filter) Narrows() bool { return f.Since != "" || f.Until != "" || len(f.Where) > 0 }

// Records yields every record of a kind as a whole document (a Version),
// limit of them at most unless it is 0.
func (c *Client) Records(ctx context.Context, kind string, limit int) iter.Seq2[json.RawMessage, error] {
	return c.pages(ctx, "/records/"+segment(kind), url.Values{"full": {"true"}}, limit)
}

// Rows yields the records that a filter leaves, in the columns that the facts
// keep of them; "id" is one of these.
func (c *Client) Rows(ctx context.Context, kind string, f Filter, limit int) iter.Seq2[json.RawMessage, error] {
	v := url.Values{}
	set(v, "since", f.Since)
	set(v, "until", f.Until)
	for _, w := range f.Where {
		v.Add("where", w)
	}
	return c.pages(ctx, "/records/"+segment(kind), v, limit)
}

func recordPath(kind, id string) string { return "/records/" + segment(kind) + "/" + segment(id) }

// Record is one record as it is, or as it was at a sequence or a time.
func (c *Client) Record(ctx context.Context, kind, id, at string) (Version, error) {
	v := url.Values{}
	set(v, "at", at)
	var out Version
	err := c.get(ctx, recordPath(kind, id), v, &out)
	return out, err
}

// History is every revision of a record.
func (c *Client) History(ctx context.Context, kind, id string) ([]Version, error) {
	var out struct {
		Versions []Version `json:"versions"`
	}
	err := c.get(ctx, recordPath(kind, id)+"/history", nil, &out)
	return out.Versions, err
}

// Edit sets fields of a record: a value of nil takes an earlier edit back.
// Revision is the one the person saw; the edit is refused when the record has
// moved on since.
func (c *Client) Edit(ctx context.Context, kind, id string, revision int64, fields map[string]any, reason string) (Version, error) {
	text, err := json.Marshal(map[string]any{"fields": fields, "reason": reason})
	if err != nil {
		return Version{}, err
	}
	var out Version
	err = c.do(ctx, request{
		method: http.MethodPatch, path: recordPath(kind, id), media: "application/json", body: bytes.NewReader(text),
		header: http.Header{"If-Match": {`"` + strconv.FormatInt(revision, 10) + `"`}},
	}, &out)
	return out, err
}

// Merge says that one service, team or person is another.
func (c *Client) Merge(ctx context.Context, kind, id, into string) error {
	return c.send(ctx, http.MethodPost, recordPath(kind, id)+"/merge", map[string]string{"into": into}, nil)
}

// Unmerge takes a merge back.
func (c *Client) Unmerge(ctx context.Context, kind, id string) error {
	return c.send(ctx, http.MethodPost, recordPath(kind, id)+"/unmerge", nil, nil)
}
