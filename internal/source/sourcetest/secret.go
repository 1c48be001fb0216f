package sourcetest

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"hansei/internal/source"
	"hansei/internal/source/fetch"
)

// wire is a network on which everything goes wrong, and which tells what it was
// asked with: the worst that a tool, or what stands before it, could answer.
type wire struct {
	status int // 0: the connection breaks
	header http.Header
	body   string
	asked  int
	spoken map[string]bool // what stood in headers that carry credentials
}

// RoundTrip implements http.RoundTripper.
func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	w.asked++
	for name, values := range r.Header {
		if name == "User-Agent" || name == "Referer" || strings.HasPrefix(name, "Accept") || strings.HasPrefix(name, "Content") || strings.HasPrefix(name, "X-Github") {
			continue
		}
		for _, v := range values {
			_, v, _ = strings.Cut(" "+v, " ")
			if i := strings.LastIndexByte(v, ' '); i >= 0 {
				v = v[i+1:] // after Bearer or Basic
			}
			w.spoken[v] = true
			if plain, err := base64.StdEncoding.DecodeString(v); err == nil && bytes.ContainsRune(plain, ':') {
				_, password, _ := strings.Cut(string(plain), ":")
				w.spoken[password] = true
			}
		}
	}
	if w.status == 0 {
		return nil, fmt.Errorf("dial %s: connection refused", r.URL.Host)
	}
	body := w.body
	if body == "" {
		body = fmt.Sprintf("no: you asked for %s with %v", r.URL, r.Header)
	}
	return &http.Response{StatusCode: w.status, Header: w.header.Clone(), Body: io.NopCloser(strings.NewReader(body)), Request: r, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1}, nil
}

var wires = map[string]wire{
	"broken":            {},
	"unauthorized":      {status: http.StatusUnauthorized},
	"forbidden":         {status: http.StatusForbidden},
	"not found":         {status: http.StatusNotFound},
	"asked to wait":     {status: http.StatusTooManyRequests, header: http.Header{"Retry-After": {"7200"}}},
	"failing":           {status: http.StatusInternalServerError},
	"not JSON":          {status: http.StatusOK},
	"an empty object":   {status: http.StatusOK, body: "{}"},
	"an empty list":     {status: http.StatusOK, body: "[]"},
	"Slack's no":        {status: http.StatusOK, body: `{"ok":false,"error":"invalid_auth"}`},
	"GraphQL's no":      {status: http.StatusOK, body: `{"errors":[{"message":"no"}]}`},
	"sent on elsewhere": {status: http.StatusFound, header: http.Header{"Location": {"https://elsewhere.example/?token=there"}}},
}

// calls pulls every stream over a network that breaks and says how often it was
// asked.
func calls(t *testing.T, s Sample) int {
	w := &wire{spoken: map[string]bool{}}
	for _, st := range opened(t, s).(source.Puller).Streams() {
		_ = st.Pull(w.pull(t, slog.New(slog.DiscardHandler))) // it fails, or asks nobody
	}
	return w.asked
}

func (w *wire) pull(t *testing.T, log *slog.Logger) *source.Pull {
	now, pages := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC), 0
	return &source.Pull{Ctx: t.Context(), From: now.AddDate(0, -1, 0), Now: now,
		Client: &fetch.Client{HTTP: &http.Client{Transport: w}, Log: log, Wait: func(context.Context, time.Duration) error { return nil }},
		Emit: func(source.Page) error {
			if pages++; pages > 3 {
				return errors.New("that will do")
			}
			return nil
		}}
}

// silent holds that no credential is told by an error, by what a test of the
// connection finds, or by a line of a log of any level: of pulls and tests over
// a network on which everything goes wrong, of webhooks that are verified and
// payloads that are understood.
func silent(t *testing.T, s Sample) {
	var said bytes.Buffer
	log := slog.New(slog.NewJSONHandler(&said, &slog.HandlerOptions{Level: slog.LevelDebug - 4}))
	before := slog.Default()
	slog.SetDefault(log)
	t.Cleanup(func() { slog.SetDefault(before) })
	tell := func(err error) {
		if err != nil {
			fmt.Fprintln(&said, err)
		}
	}
	spoken := map[string]bool{s.Secret: true}
	for name, w := range wires {
		t.Run(name, func(t *testing.T) {
			said.Reset()
			w.spoken = spoken
			src := opened(t, s)
			if p, ok := src.(source.Puller); ok {
				for _, st := range p.Streams() {
					err := st.Pull(w.pull(t, log))
					if tell(err); err != nil && inside.MatchString(source.Words(err)) {
						t.Errorf("the error of a pull says how the answer was read: %v", err)
					}
				}
			}
			if c, ok := src.(source.Checker); ok {
				for _, f := range c.Check(w.pull(t, log)) {
					if fmt.Fprintln(&said, f.Says); inside.MatchString(f.Says) {
						t.Errorf("a test of the connection says how the answer was read: %s", f.Says)
					}
				}
			}
			tells(t, said.String(), spoken)
		})
	}
	said.Reset()
	src, at := opened(t, s), time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	for _, seed := range seeds {
		_, err := src.Normalize(source.Delivery{Body: []byte(seed), Received: at})
		tell(err)
		if r, ok := src.(source.Receiver); ok {
			_, err := r.Verify(source.Request{Header: http.Header{"Authorization": {"Bearer guess"}}, Body: []byte(seed), Now: at})
			tell(err)
		}
	}
	tells(t, said.String(), spoken)
}

// tells looks for credentials in what was said.
func tells(t *testing.T, text string, secrets map[string]bool) {
	t.Helper()
	for line := range strings.Lines(text) {
		for x := range secrets {
			if i := strings.Index(line, x); len(x) >= 6 && i >= 0 {
				t.Fatalf("the credential %q is told: …%s", x, line[max(0, i-300):min(len(line), i+len(x)+50)])
			}
		}
	}
}
