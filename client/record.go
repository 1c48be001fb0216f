package client

import (
	"bytes"
	"context"
	"encoding/json"
	"iter"
	"net/http"
	"net/url"
	"strconv"
)

// Filter narrows a list of records down. The zero Filter lists all.
type Filter struct {
	Since, Until string
	Where        []string
}

// Records yields the records of a kind that a filter leaves, as whole
// documents, limit of them at most unless it is 0.
func (c *Client) Records(ctx context.Context, kind string, f Filter, limit int) iter.Seq2[Version, error] {
	v := url.Values{"full": {"true"}}
	set(v, "since", f.Since)
	set(v, "until", f.Until)
	for _, w := range f.Where {
		v.Add("where", w)
	}
	return pages[Version](ctx, c, "/records/"+segment(kind), v, limit)
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
