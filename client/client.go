// Package client speaks Hansei's HTTP API from Go. It knows the paths, the
// query parameters, the paging and the errors, and nothing about what the
// numbers mean: answers that a caller only shows are handed on as the JSON the
// server sent.
//
// It imports the standard library alone, so that it can be vendored into other
// programs. The command line of Hansei talks through nothing else. What it is
// not: a cache, a retrier, or a second place where figures are computed.
package client

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
)

// Client asks one Hansei server. It is safe for use by many goroutines.
type Client struct {
	base  string // scheme and host, with any path prefix, without a slash at the end
	token string
	http  *http.Client

	// Person is the id of the person who acts; what is written carries their
	// name. Empty for nobody in particular.
	Person string
}

// root is where the API begins on every server.
const root = "/api/v1"

// New makes a client of the server at a URL such as https://hansei.example.org,
// or of the one that listens on a Unix socket when target is a path. The token
// may be empty.
func New(target, token string) (*Client, error) {
	if !strings.Contains(target, "://") {
		return Dialing(func(ctx context.Context) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, "unix", target)
		}, token), nil
	}
	u, err := url.Parse(target)
	if err != nil {
		return nil, fmt.Errorf("server %q: %w", target, err)
	}
	if u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, fmt.Errorf("server %q: expected a URL such as http://127.0.0.1:8080, or the path of a socket", target)
	}
	base := u.Scheme + "://" + u.Host + strings.TrimSuffix(strings.TrimSuffix(u.Path, "/"), root)
	return &Client{base: base, token: token, http: &http.Client{}}, nil
}

// Dialing makes a client of a server that is reached by calling dial.
func Dialing(dial func(context.Context) (net.Conn, error), token string) *Client {
	return &Client{base: "http://hansei", token: token, http: &http.Client{Transport: &http.Transport{
		DialContext:         func(ctx context.Context, _, _ string) (net.Conn, error) { return dial(ctx) },
		DisableCompression:  true,
		MaxIdleConnsPerHost: 4,
	}}}
}

// Close gives up idle connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// request is one call of the API.
type request struct {
	method string
	path   string // below /api/v1, its variable parts already escaped
	query  url.Values
	header http.Header
	body   io.Reader
	media  string // of body
}

// do sends a request and reads its answer into out (nil: the answer is not
// needed). An answer that is a problem is returned as *Problem.
func (c *Client) do(ctx context.Context, r request, out any) error {
	u := c.base + root + r.path
	if len(r.query) > 0 {
		u += "?" + r.query.Encode()
	}
	req, err := http.NewRequestWithContext(ctx, r.method, u, r.body)
	if err != nil {
		return fmt.Errorf("ask %s: %w", c.base, err)
	}
	for k, v := range r.header {
		req.Header[k] = v
	}
	req.Header.Set("Accept", "application/json, application/problem+json")
	if r.media != "" {
		req.Header.Set("Content-Type", r.media)
	}
	if c.Person != "" {
		req.Header.Set("Hansei-Person", c.Person)
	}
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	res, err := c.http.Do(req)
	if err != nil {
		return unreachable(c.base, err)
	}
	defer func() { _ = res.Body.Close() }() // only read from
	if res.StatusCode >= 300 {
		return problemOf(res)
	}
	switch out := out.(type) {
	case nil:
		_, err := io.Copy(io.Discard, res.Body)
		return err
	case *[]byte: // an answer that is no JSON
		*out, err = io.ReadAll(res.Body)
		return err
	case io.Writer: // one that is too long to be held
		if _, err := io.Copy(out, res.Body); err != nil {
			return fmt.Errorf("the answer of %s to %s %s broke off: %w", c.base, r.method, r.path, err)
		}
		return nil
	}
	if err := json.NewDecoder(res.Body).Decode(out); err != nil {
		return fmt.Errorf("the answer of %s to %s %s is not the JSON expected: %w", c.base, r.method, r.path, err)
	}
	return nil
}

func (c *Client) get(ctx context.Context, path string, q url.Values, out any) error {
	return c.do(ctx, request{method: http.MethodGet, path: path, query: q}, out)
}

// send puts in as JSON into the body.
func (c *Client) send(ctx context.Context, method, path string, in, out any) error {
	r := request{method: method, path: path}
	if in != nil {
		text, err := json.Marshal(in)
		if err != nil {
			return fmt.Errorf("encode what is sent to %s: %w", path, err)
		}
		r.body, r.media = bytes.NewReader(text), "application/json"
	}
	return c.do(ctx, r, out)
}

// set adds a parameter unless it is empty.
func set(q url.Values, name, value string) {
	if value != "" {
		q.Set(name, value)
	}
}

// segment escapes a variable part of a path.
func segment(s string) string { return url.PathEscape(s) }
