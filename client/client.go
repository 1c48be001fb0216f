// Package client is the Go client of Hansei's HTTP API. The command line
// speaks through nothing else, so whatever it can do, a program can.
//
// A Client is given a server's address, or a way to dial one (a Unix socket).
// Its methods are the API's operations: they take what an operation takes and
// return its answer. Lists are iterators that fetch pages as they are read.
// An error that the server answered is a *Problem.
//
// The package imports nothing of Hansei's: it can be copied into another
// program.
package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
)

// Client talks to one server. It may be used by several goroutines.
type Client struct {
	server string
	token  string
	http   *http.Client
}

// New makes a client of a server such as http://127.0.0.1:8080. token may be
// empty.
func New(server, token string) (*Client, error) {
	u, err := url.Parse(server)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return nil, fmt.Errorf("server %q: expected a URL such as http://127.0.0.1:8080", server)
	}
	return &Client{server: strings.TrimSuffix(server, "/"), token: token, http: &http.Client{}}, nil
}

// Over makes a client of a server that dial reaches, such as one on a Unix
// socket.
func Over(dial func(ctx context.Context) (net.Conn, error), token string) *Client {
	t := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) { return dial(ctx) }, MaxIdleConns: 4}
	return &Client{server: "http://localhost", token: token, http: &http.Client{Transport: t}}
}

// Close frees the connections that are kept open.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// Problem is an error that the server answered (RFC 9457).
type Problem struct {
	Status int    `json:"status"`
	Title  string `json:"title"`
	Detail string `json:"detail"`
	Errors []struct {
		Message  string `json:"message"`
		Location string `json:"location"`
	} `json:"errors"`
}

// Error is the problem in one line.
func (p *Problem) Error() string {
	says := p.Detail
	if says == "" {
		says = p.Title
	}
	for _, e := range p.Errors {
		if e.Message != "" && !strings.Contains(says, e.Message) {
			says += "; " + strings.TrimPrefix(e.Location+": ", ": ") + e.Message
		}
	}
	return says
}

// IsNotFound says that what was asked for does not exist.
func IsNotFound(err error) bool { return hasStatus(err, http.StatusNotFound) }

// IsConflict says that somebody else was faster.
func IsConflict(err error) bool {
	return hasStatus(err, http.StatusConflict) || hasStatus(err, http.StatusPreconditionFailed)
}

func hasStatus(err error, status int) bool {
	var p *Problem
	return errors.As(err, &p) && p.Status == status
}

// call is one request: what is sent, and where the answer goes.
type call struct {
	method string
	path   string // below /api/v1, escaped
	query  url.Values
	header http.Header
	body   io.Reader // sent as it is; or
	send   any       // sent as JSON
	into   any       // a pointer that the JSON answer is read into; nil to ignore it
}

func (c *Client) do(ctx context.Context, k call) (err error) {
	body, media := k.body, "application/octet-stream"
	if k.send != nil {
		text, err := json.Marshal(k.send)
		if err != nil {
			return fmt.Errorf("encode the request: %w", err)
		}
		body, media = bytes.NewReader(text), "application/json"
	}
	target := c.server + "/api/v1" + k.path
	if len(k.query) > 0 {
		target += "?" + k.query.Encode()
	}
	req, err := http.NewRequestWithContext(ctx, k.method, target, body)
	if err != nil {
		return fmt.Errorf("make the request: %w", err)
	}
	for name, values := range k.header {
		req.Header[name] = values
	}
	if body != nil && req.Header.Get("Content-Type") == "" {
		req.Header.Set("Content-Type", media)
	}
	req.Header.Set("Accept", "application/json")
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		var u *url.Error
		if errors.As(err, &u) {
			err = u.Err
		}
		return fmt.Errorf("no answer from %s: %w", c.server, err)
	}
	defer func() { err = errors.Join(err, resp.Body.Close()) }()
	if resp.StatusCode >= 400 {
		return problemOf(resp)
	}
	if k.into == nil {
		_, err := io.Copy(io.Discard, resp.Body)
		return err
	}
	if err := json.NewDecoder(resp.Body).Decode(k.into); err != nil {
		return fmt.Errorf("read the answer of %s %s: %w", k.method, k.path, err)
	}
	return nil
}

const maxProblem = 1 << 20

func problemOf(resp *http.Response) error {
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxProblem))
	if err != nil {
		return fmt.Errorf("read the answer: %w", err)
	}
	p := &Problem{}
	if err := json.Unmarshal(text, p); err != nil || p.Status == 0 {
		p = &Problem{Status: resp.StatusCode, Title: resp.Status, Detail: strings.TrimSpace(string(text[:min(len(text), 200)]))}
	}
	return p
}

// at joins parts of a path, each escaped.
func at(parts ...string) string {
	var b strings.Builder
	for _, p := range parts {
		b.WriteString("/" + url.PathEscape(p))
	}
	return b.String()
}
