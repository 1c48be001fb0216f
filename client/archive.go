package client

import (
	"context"
	"io"
	"net/http"
	"net/url"
)

// RetroFilter says which retrospectives; empty fields ask for nothing.
type RetroFilter struct {
	State    string // not_required, draft, in_review, published or revised
	Severity string
	Service  string // an id
	Owner    string // an id, "me" or "none"
	Due      string // "overdue" or "soon"
	Complete string // "low" or "high"
	Q        string // words of the title
	Batch    string // the batch that drafted them
}

// Archive copies many retrospectives into out, as one zip file that ends with an
// index: as markdown, html, pdf, word, docs, confluence or json. They are sent
// as they are read; when it returns an error, what was copied is not whole.
func (c *Client) Archive(ctx context.Context, f RetroFilter, format string, out io.Writer) error {
	v := url.Values{}
	for name, value := range map[string]string{"format": format, "state": f.State, "severity": f.Severity, "service": f.Service, "owner": f.Owner,
		"due": f.Due, "complete": f.Complete, "q": f.Q, "batch": f.Batch} {
		set(v, name, value)
	}
	return c.do(ctx, request{method: http.MethodGet, path: "/retrospective-archives", query: v}, out)
}
