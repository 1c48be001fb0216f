package fetch

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"math/rand/v2"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"
)

const (
	callTimeout = 5 * time.Minute // of one attempt, its body included
	firstWait   = time.Second
	longestWait = 2 * time.Minute // between repeats, unless the tool asks for more
	attempts    = 8
	saysMax     = 300 // characters of an answer that an error shows
)

// Get asks for a URL.
func (c *Client) Get(ctx context.Context, url string, header http.Header) (*Response, error) {
	return c.do(ctx, http.MethodGet, url, nil, header)
}

// Post sends a body, which is taken for JSON unless header says otherwise. It
// is repeated like Get: use it for questions only.
func (c *Client) Post(ctx context.Context, url string, body []byte, header http.Header) (*Response, error) {
	return c.do(ctx, http.MethodPost, url, body, header)
}

// LaterError is a call that failed for a reason that may pass.
type LaterError struct {
	Err   error
	After time.Duration // that the tool asks to wait; 0: not said
}

func (e *LaterError) Error() string { return e.Err.Error() }
func (e *LaterError) Unwrap() error { return e.Err }

// Send makes one call, which may change something, and never repeats it: the
// caller must find out first whether it was done. What may pass is a
// *LaterError.
func (c *Client) Send(ctx context.Context, method, url string, body []byte, header http.Header) (*Response, error) {
	r, err := c.once(ctx, method, url, body, header)
	var passing *passingError
	if errors.As(err, &passing) {
		return nil, &LaterError{c.clean(passing.err), passing.wait}
	}
	return r, c.clean(err)
}

// JSON is Get of a JSON document, decoded into a value.
func (c *Client) JSON(ctx context.Context, url string, into any) (*Response, error) {
	r, err := c.Get(ctx, url, nil)
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(r.Body, into); err != nil {
		return nil, fmt.Errorf("%s: the answer is not the JSON that was expected: %w", bare(url), err)
	}
	return r, nil
}

// do repeats a call while the reason for its failure may pass. When the tool
// asks to wait for longer than there is time, the error is a *LaterError.
func (c *Client) do(ctx context.Context, method, url string, body []byte, header http.Header) (*Response, error) {
	budget := c.Budget
	if budget == 0 {
		budget = DefaultBudget
	}
	var spent time.Duration
	for attempt := 1; ; attempt++ {
		began := c.now()
		r, err := c.once(ctx, method, url, body, header)
		spent += c.now().Sub(began)
		var passing *passingError
		if err == nil || !errors.As(err, &passing) || ctx.Err() != nil {
			return r, c.clean(err)
		}
		wait := passing.wait
		if wait <= 0 {
			wait = min(longestWait, firstWait<<(attempt-1))
			wait += time.Duration(rand.Int64N(int64(wait)/2 + 1)) // so that sources do not ask in step
		}
		if attempt == attempts || wait > budget-spent {
			if passing.wait > 0 {
				return nil, &LaterError{c.clean(passing.err), passing.wait}
			}
			return nil, c.clean(passing.err)
		}
		spent += wait
		c.log().Debug("a call is repeated", "url", bare(url), "after", wait, "error", c.clean(passing.err))
		if err := c.wait(ctx, wait); err != nil {
			return nil, err
		}
	}
}

// passingError is a failure that may pass.
type passingError struct {
	err  error
	wait time.Duration // that the tool asked for; 0: not said
}

func (e *passingError) Error() string { return e.err.Error() }
func (e *passingError) Unwrap() error { return e.err }

// once makes one call and reads its whole answer.
func (c *Client) once(ctx context.Context, method, target string, body []byte, header http.Header) (*Response, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	q, err := c.request(ctx, method, target, body, header)
	if err != nil {
		return nil, err
	}
	res, err := c.client().Do(q)
	if err != nil {
		if errors.Is(err, ErrPrivate) || strings.Contains(err.Error(), "redirect") || strings.Contains(err.Error(), "certificate") {
			return nil, err
		}
		return nil, &passingError{err: err}
	}
	text, err := io.ReadAll(io.LimitReader(res.Body, c.max()+1))
	if closeErr := res.Body.Close(); err == nil {
		err = closeErr
	}
	switch {
	case err != nil: // the body broke off
		return nil, &passingError{err: fmt.Errorf("%s %s: the answer broke off: %w", method, bare(target), err)}
	case int64(len(text)) > c.max():
		return nil, fmt.Errorf("%s %s: %w", method, bare(target), &TooLongError{c.max()})
	case res.StatusCode >= 200 && res.StatusCode < 300, res.StatusCode == http.StatusNotModified:
		return &Response{Status: res.StatusCode, Header: res.Header, Body: text}, nil
	}
	no := &StatusError{Method: method, URL: bare(target), Status: res.StatusCode, Says: summary(c.without(q, text)), Header: res.Header}
	if res.StatusCode == http.StatusBadRequest && bytes.Contains(text, []byte(`"RATELIMITED"`)) { // Linear's way to say 429
		no.Status = http.StatusTooManyRequests
		return nil, &passingError{no, c.refilled(res.Header)}
	}
	if wait, passes := c.passes(res); passes {
		return nil, &passingError{no, wait}
	}
	return nil, no
}

func (c *Client) request(ctx context.Context, method, target string, body []byte, header http.Header) (*http.Request, error) {
	u, err := url.Parse(target)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return nil, fmt.Errorf("%s: expected a URL such as https://api.example.com", bare(target))
	}
	q, err := http.NewRequestWithContext(ctx, method, target, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	q.Header.Set("User-Agent", "Hansei/1")
	q.Header.Set("Accept", "application/json")
	if len(body) > 0 {
		q.Header.Set("Content-Type", "application/json")
	}
	for k, v := range header {
		q.Header[http.CanonicalHeaderKey(k)] = v
	}
	if c.Auth != nil {
		c.Auth(q)
	}
	return q, nil
}

// without takes the credentials of a call out of its answer: some tools, and
// what stands before them, repeat what they were asked with.
func (c *Client) without(q *http.Request, text []byte) []byte {
	if c.Auth == nil {
		return text
	}
	bare := &http.Request{Method: q.Method, URL: q.URL, Header: http.Header{}}
	c.Auth(bare)
	for _, values := range bare.Header {
		for _, word := range strings.FieldsFunc(strings.Join(values, " "), func(r rune) bool { return r == ' ' || r == '=' || r == '"' }) {
			if len(word) >= shortestSecret {
				text = bytes.ReplaceAll(text, []byte(word), []byte("…"))
			}
		}
	}
	if _, password, ok := bare.BasicAuth(); ok && len(password) >= shortestSecret {
		text = bytes.ReplaceAll(text, []byte(password), []byte("…"))
	}
	return text
}

// shortestSecret is how long a word must be to be taken for a credential;
// shorter ones would take common words out of what a tool says.
const shortestSecret = 6

// passes says whether an answer may be another one later, and how long the
// tool asks to wait.
func (c *Client) passes(res *http.Response) (wait time.Duration, passes bool) {
	h := res.Header
	switch {
	case res.StatusCode == http.StatusTooManyRequests, res.StatusCode == http.StatusRequestTimeout, res.StatusCode >= 500 && res.StatusCode != http.StatusNotImplemented:
	case res.StatusCode == http.StatusForbidden && (exhausted(h) || h.Get("Retry-After") != ""): // GitHub's way to say 429
	default:
		return 0, false
	}
	return c.asks(h, res.StatusCode == http.StatusTooManyRequests), true
}

// Asks is how long the headers of an answer ask to wait; 0: they do not.
func (c *Client) Asks(h http.Header) time.Duration { return c.asks(h, false) }

func (c *Client) asks(h http.Header, tooMany bool) time.Duration {
	now := c.now()
	if v := h.Get("Retry-After"); v != "" {
		if n, err := strconv.ParseFloat(v, 64); err == nil && n >= 0 {
			return seconds(n)
		}
		if t, err := http.ParseTime(v); err == nil {
			return max(t.Sub(now), time.Millisecond)
		}
	}
	// Some tools say with every answer when the count begins anew: that is to be
	// waited for only when nothing is left, or when it is all that a 429 says.
	counted := h.Get("X-RateLimit-Remaining") != "" || h.Get("RateLimit-Remaining") != ""
	if !exhausted(h) && (counted || !tooMany) {
		return 0
	}
	for _, name := range []string{"RateLimit-Reset", "X-RateLimit-Reset"} {
		n, err := strconv.ParseFloat(h.Get(name), 64)
		switch {
		case err != nil || n < 0:
		case n > 1e9: // a moment, in seconds since 1970
			return seconds(n - float64(now.UnixMilli())/1000 + 1)
		default: // seconds from now
			return seconds(n)
		}
	}
	return 0
}

// refilled is how long to wait when a limit of Linear's is reached. It tells of
// each what is left and when it begins anew, in milliseconds since 1970. Where
// something is left of all, but less than the call takes, a minute.
func (c *Client) refilled(h http.Header) time.Duration {
	wait := time.Duration(0)
	for _, name := range []string{"Requests", "Complexity", "Endpoint-Requests"} {
		ms, err := strconv.ParseInt(h.Get("X-RateLimit-"+name+"-Reset"), 10, 64)
		if err == nil && h.Get("X-RateLimit-"+name+"-Remaining") == "0" {
			wait = max(wait, time.UnixMilli(ms).Sub(c.now()))
		}
	}
	return cmp.Or(wait, time.Minute)
}

// seconds is a time to wait, however much a tool asks for.
func seconds(n float64) time.Duration {
	const most = math.MaxInt64 / int64(time.Second)
	return max(time.Duration(min(n, float64(most))*float64(time.Second)), time.Millisecond)
}

// Error implements error. It says what a person can act on.
func (e *StatusError) Error() string {
	text := fmt.Sprintf("%s %s: %d %s", e.Method, e.URL, e.Status, http.StatusText(e.Status))
	if e.Says != "" {
		text += ": " + e.Says
	}
	return text
}

// NextLink is the URL of rel="next" in the Link headers, or "" (RFC 8288).
func NextLink(h http.Header) string {
	for _, line := range h.Values("Link") {
		for _, m := range link.FindAllStringSubmatch(line, -1) {
			if rel.MatchString(m[2]) {
				return m[1]
			}
		}
	}
	return ""
}

var (
	link = regexp.MustCompile(`<([^<>]*)>([^<]*)`)
	rel  = regexp.MustCompile(`(?i);\s*rel\s*=\s*(?:"[^"]*\bnext\b[^"]*"|next\b)`)
)

// bare is a URL without what may be secret in it: user, query and fragment.
func bare(text string) string {
	u, err := url.Parse(text)
	if err != nil {
		return "the URL"
	}
	u.User, u.RawQuery, u.Fragment = nil, "", ""
	return u.String()
}

// clean takes the URL with its query out of an error of net/http.
func (c *Client) clean(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return fmt.Errorf("%s %s: %w", strings.ToUpper(u.Op), bare(u.URL), u.Err)
	}
	var p *passingError
	if errors.As(err, &p) {
		return p.err
	}
	return err
}

// summary is the beginning of an answer's text, with what looks like a secret
// taken out.
func summary(text []byte) string {
	s := strings.Join(strings.Fields(strings.ToValidUTF8(string(text[:min(len(text), 4*saysMax)]), "")), " ")
	s = secret.ReplaceAllString(s, "…")
	if r := []rune(s); len(r) > saysMax {
		s = string(r[:saysMax]) + "…"
	}
	return s
}

// secret matches words that are long and mixed enough to be a credential.
var secret = regexp.MustCompile(`[A-Za-z0-9_\-+/=.~]{24,}`)

func (c *Client) client() *http.Client {
	if c.HTTP == nil {
		c.HTTP = Guarded(nil)
	}
	return c.HTTP
}

func (c *Client) now() time.Time {
	if c.Now == nil {
		return time.Now()
	}
	return c.Now()
}

func (c *Client) log() *slog.Logger {
	if c.Log == nil {
		return slog.New(slog.DiscardHandler)
	}
	return c.Log
}

func (c *Client) wait(ctx context.Context, d time.Duration) error {
	if c.Wait != nil {
		return c.Wait(ctx, d)
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
