package client

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
)

// SearchFilter narrows a search down.
type SearchFilter struct {
	Kinds, Tags  []string
	Since, Until string // RFC 3339; open when empty
	Limit        int    // 20 when 0
}

// Search finds records and lessons by their words, as JSON objects, the best
// first.
func (c *Client) Search(ctx context.Context, words string, f SearchFilter) (hits []json.RawMessage, corrected string, err error) {
	v := url.Values{"q": {words}, "kind": f.Kinds, "tag": f.Tags}
	for name, at := range map[string]string{"since": f.Since, "until": f.Until} {
		if at != "" {
			v.Set(name, at)
		}
	}
	if f.Limit > 0 {
		v.Set("limit", strconv.Itoa(f.Limit))
	}
	var out struct {
		Hits      []json.RawMessage `json:"hits"`
		Corrected string            `json:"corrected"`
	}
	err = c.get(ctx, "/search", v, &out)
	return out.Hits, out.Corrected, err
}

// Like says what similar records are asked for.
type Like struct {
	N             int // 10 when 0
	Of            []string
	Before, After bool // only what happened before or after it
}

// Similar are records like one, as JSON objects, the most similar first.
func (c *Client) Similar(ctx context.Context, kind, id string, l Like) ([]json.RawMessage, error) {
	var out struct {
		Similar []json.RawMessage `json:"similar"`
	}
	v := url.Values{"of": l.Of}
	if l.N > 0 {
		v.Set("n", strconv.Itoa(l.N))
	}
	if l.Before {
		v.Set("before", "true")
	}
	if l.After {
		v.Set("after", "true")
	}
	err := c.get(ctx, recordPath(kind, id)+"/similar", v, &out)
	return out.Similar, err
}

// Judge says whether two records of a kind teach the same lesson: "same" or
// "other". It returns the judgement as a JSON object.
func (c *Client) Judge(ctx context.Context, kind, a, b, verdict string) (out json.RawMessage, err error) {
	return out, c.send(ctx, http.MethodPost, "/judgements", map[string]string{"of": kind, "a": a, "b": b, "verdict": verdict}, &out)
}

// Retract takes a word on a pair back.
func (c *Client) Retract(ctx context.Context, kind, a, b string) error {
	return c.do(ctx, request{method: http.MethodDelete, path: "/judgements", query: url.Values{"of": {kind}, "a": {a}, "b": {b}}}, nil)
}

// Precision is how good suggestions are by what people said of them.
type Precision struct {
	Same, Other, N   int
	Share, Low, High *float64
}

// Judgements lists what people said of pairs, as JSON objects.
func (c *Client) Judgements(ctx context.Context, kind string) ([]json.RawMessage, Precision, error) {
	var out struct {
		Judgements []json.RawMessage `json:"judgements"`
		Precision  Precision         `json:"precision"`
	}
	err := c.get(ctx, "/judgements", url.Values{"of": {kind}}, &out)
	return out.Judgements, out.Precision, err
}
