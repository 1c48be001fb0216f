package fetch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// client waits without waiting, and says how long it would have.
func client(t *testing.T, h http.Client) (*Client, *time.Duration) {
	t.Helper()
	var waited time.Duration
	return &Client{HTTP: &h, Wait: func(_ context.Context, d time.Duration) error { waited += d; return nil }}, &waited
}

func serve(t *testing.T, h http.HandlerFunc) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s
}

func TestPrivateAddressesAreRefused(t *testing.T) {
	for text, ok := range map[string]bool{
		"8.8.8.8": true, "2606:4700:4700::1111": true,
		"127.0.0.1": false, "127.8.9.1": false, "::1": false, "10.1.2.3": false, "172.16.0.1": false, "172.31.255.255": false, "192.168.1.1": false,
		"169.254.169.254": false, "fe80::1": false, "fd00::1": false, "100.64.0.1": false, "0.0.0.0": false, "::": false, "224.0.0.1": false, "255.255.255.255": false,
		"::ffff:127.0.0.1": false, "::ffff:10.0.0.1": false, "64:ff9b::a00:1": false, "2002:7f00:1::": false, "192.0.2.1": false, "198.18.0.1": false, "240.0.0.1": false, "fec0::1": false,
	} {
		if err := allowed(netip.MustParseAddr(text), nil); (err == nil) != ok {
			t.Errorf("%s: got %v, want allowed %v", text, err, ok)
		}
	}
	if err := allowed(netip.MustParseAddr("::ffff:10.1.2.3"), []netip.Prefix{netip.MustParsePrefix("10.1.0.0/16")}); err != nil {
		t.Errorf("a private address that was allowed: %v", err)
	}
}

func TestGuardJudgesTheAddressItself(t *testing.T) {
	asked := false
	s := serve(t, func(http.ResponseWriter, *http.Request) { asked = true })
	c, _ := client(t, *Guarded(nil))
	_, port, err := net.SplitHostPort(s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	for _, host := range []string{"127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "0x7f.1", "2130706433"} {
		if _, err := c.Get(t.Context(), "http://"+net.JoinHostPort(strings.Trim(host, "[]"), port)+"/?key=s3cret", nil); err == nil || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: got %v", host, err)
		}
	}
	if asked {
		t.Error("a private address was asked")
	}
	c, _ = client(t, *Guarded([]netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}))
	if _, err := c.Get(t.Context(), s.URL, nil); err != nil || !asked {
		t.Errorf("an address that was allowed: %v", err)
	}
}

func TestRedirects(t *testing.T) {
	var seen http.Header
	other := serve(t, func(_ http.ResponseWriter, r *http.Request) { seen = r.Header.Clone() })
	s := serve(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, other.URL, http.StatusFound) })
	c := &Client{HTTP: Guarded([]netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}), Auth: func(r *http.Request) {
		r.Header.Set("Authorization", "Bearer s3cret")
		r.Header.Set("PRIVATE-TOKEN", "s3cret")
	}}
	if _, err := c.Get(t.Context(), s.URL, nil); err != nil {
		t.Fatal(err)
	}
	if fmt.Sprint(seen) == "" || strings.Contains(fmt.Sprint(seen), "s3cret") {
		t.Errorf("the other host was told %v", seen)
	}
	loop := serve(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/", http.StatusFound) })
	if _, err := c.Get(t.Context(), loop.URL, nil); err == nil || !strings.Contains(err.Error(), "redirects") {
		t.Errorf("a loop: %v", err)
	}
}

func TestRepeats(t *testing.T) {
	var n atomic.Int64
	for name, c := range map[string]struct {
		faults []func(http.ResponseWriter)
		waits  time.Duration // at least
	}{
		"429 with seconds": {[]func(http.ResponseWriter){func(w http.ResponseWriter) { w.Header().Set("Retry-After", "7"); w.WriteHeader(429) }}, 7 * time.Second},
		"429 with a date": {[]func(http.ResponseWriter){func(w http.ResponseWriter) {
			w.Header().Set("Retry-After", time.Now().Add(90*time.Second).UTC().Format(http.TimeFormat))
			w.WriteHeader(429)
		}}, 80 * time.Second},
		"budget that is used up": {[]func(http.ResponseWriter){func(w http.ResponseWriter) {
			w.Header().Set("X-RateLimit-Remaining", "0")
			w.Header().Set("X-RateLimit-Reset", fmt.Sprint(time.Now().Add(time.Minute).Unix()))
			w.WriteHeader(403)
		}}, 50 * time.Second},
		"500 while much is left": {[]func(http.ResponseWriter){func(w http.ResponseWriter) {
			w.Header().Set("X-RateLimit-Remaining", "4000")
			w.Header().Set("X-RateLimit-Reset", fmt.Sprint(time.Now().Add(time.Hour).Unix()))
			w.WriteHeader(502)
		}}, time.Second},
		"429 with a reset alone": {[]func(http.ResponseWriter){func(w http.ResponseWriter) {
			w.Header().Set("RateLimit-Reset", "30")
			w.WriteHeader(429)
		}}, 30 * time.Second},
		"400 of Linear's": {[]func(http.ResponseWriter){func(w http.ResponseWriter) {
			w.Header().Set("X-RateLimit-Requests-Remaining", "0")
			w.Header().Set("X-RateLimit-Requests-Reset", fmt.Sprint(time.Now().Add(5*time.Minute).UnixMilli()))
			w.Header().Set("X-RateLimit-Complexity-Remaining", "2999000")
			w.Header().Set("X-RateLimit-Complexity-Reset", fmt.Sprint(time.Now().Add(time.Hour).UnixMilli()))
			w.WriteHeader(400)
			_, _ = w.Write([]byte(`{"errors":[{"message":"Rate limit exceeded","extensions":{"type":"ratelimited","code":"RATELIMITED","statusCode":429}}]}`))
		}}, 290 * time.Second},
		"400 of Linear's, of a query that is too dear now": {[]func(http.ResponseWriter){func(w http.ResponseWriter) {
			w.WriteHeader(400)
			_, _ = w.Write([]byte(`{"errors":[{"message":"Rate limit exceeded","extensions":{"code":"RATELIMITED"}}]}`))
		}}, time.Minute},
		"500 twice": {[]func(http.ResponseWriter){func(w http.ResponseWriter) { w.WriteHeader(500) }, func(w http.ResponseWriter) { w.WriteHeader(503) }}, 3 * time.Second},
		"a body that breaks off": {[]func(http.ResponseWriter){func(w http.ResponseWriter) {
			w.Header().Set("Content-Length", "1000")
			_, _ = w.Write([]byte(`{"half":`))
		}}, time.Second},
		"a connection that is cut": {[]func(http.ResponseWriter){func(w http.ResponseWriter) { panic(http.ErrAbortHandler) }}, time.Second},
	} {
		n.Store(0)
		s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			if i := int(n.Add(1)) - 1; i < len(c.faults) {
				c.faults[i](w)
				return
			}
			_, _ = w.Write([]byte(`{"ok":true}`))
		})
		cl, waited := client(t, http.Client{})
		var got struct{ OK bool }
		if _, err := cl.JSON(t.Context(), s.URL, &got); err != nil || !got.OK || *waited < c.waits {
			t.Errorf("%s: %v, waited %s, want %s at least", name, err, *waited, c.waits)
		}
	}
}

func TestGivesUp(t *testing.T) {
	var n atomic.Int64
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		n.Add(1)
		w.Header().Set("Retry-After", "600")
		w.WriteHeader(429)
	})
	c, waited := client(t, http.Client{})
	c.Budget = 20 * time.Minute
	var no *StatusError
	if _, err := c.Get(t.Context(), s.URL, nil); !errors.As(err, &no) || no.Status != 429 || *waited > c.Budget {
		t.Errorf("got %v after %s", err, *waited)
	}
	var later *LaterError
	c.Budget = 5 * time.Minute
	if _, err := c.Get(t.Context(), s.URL, nil); !errors.As(err, &no) || !errors.As(err, &later) || later.After != 10*time.Minute {
		t.Errorf("more than there is time for: got %v", err)
	}
	for _, status := range []int{400, 401, 403, 404, 410, 501} {
		n.Store(0)
		s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			n.Add(1)
			w.WriteHeader(status)
			_, _ = io.WriteString(w, `{"message":"no. Your token ghp_abcdefghijklmnopqrstuvwxyz0123456789 is odd"}`)
		})
		c, _ := client(t, http.Client{})
		_, err := c.Get(t.Context(), s.URL+"/path?key=s3cret", nil)
		if !errors.As(err, &no) || no.Status != status || n.Load() != 1 {
			t.Errorf("%d: got %v after %d calls", status, err, n.Load())
		}
		if strings.Contains(err.Error(), "s3cret") || strings.Contains(err.Error(), "ghp_") || !strings.Contains(err.Error(), "/path") {
			t.Errorf("%d: the error says %v", status, err)
		}
	}
}

// TestForEver: a tool that asks to wait for ever is not waited for, and not asked
// again at once.
func TestForEver(t *testing.T) {
	for _, head := range [][2]string{{"Retry-After", "Fri, 31 Dec 9999 23:59:59 GMT"}, {"Retry-After", "99999999999999999999"}, {"X-RateLimit-Reset", "253402300799"}, {"X-RateLimit-Reset", "1e30"}} {
		s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set(head[0], head[1])
			w.WriteHeader(429)
		})
		c, waited := client(t, http.Client{})
		var later *LaterError
		if _, err := c.Get(t.Context(), s.URL, nil); !errors.As(err, &later) || later.After < 24*time.Hour || *waited > 0 {
			t.Errorf("%s: %s: got %v after %s", head[0], head[1], err, *waited)
		}
	}
}

func TestSecretsStayOutOfErrorsAndLogs(t *testing.T) {
	var log strings.Builder
	c := &Client{HTTP: &http.Client{}, Log: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Wait: func(context.Context, time.Duration) error { return nil }, Auth: func(r *http.Request) { r.Header.Set("Authorization", "Bearer s3cret") }}
	for _, url := range []string{"http://127.0.0.1:1/x?token=s3cret", "http://user:s3cret@127.0.0.1:1/", "ftp://s3cret/", "http://%zz?s3cret"} {
		if _, err := c.Get(t.Context(), url, nil); err == nil || strings.Contains(err.Error(), "token=s3cret") || strings.Contains(err.Error(), ":s3cret@") {
			t.Errorf("%s: %v", url, err)
		}
	}
	if strings.Contains(log.String(), "s3cret") || !strings.Contains(log.String(), "repeated") {
		t.Errorf("the log: %s", &log)
	}
}

func TestLargeAnswersAreRefused(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		for range MaxBody>>20 + 2 {
			if _, err := w.Write(make([]byte, 1<<20)); err != nil {
				return
			}
		}
	})
	c, _ := client(t, http.Client{})
	if _, err := c.Get(t.Context(), s.URL, nil); err == nil || !strings.Contains(err.Error(), "more than 32 MB") {
		t.Errorf("got %v", err)
	}
}

func TestEndsWithItsContext(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(503) })
	ctx, stop := context.WithCancel(t.Context())
	c := &Client{HTTP: &http.Client{}, Wait: func(context.Context, time.Duration) error { stop(); return ctx.Err() }}
	if _, err := c.Get(ctx, s.URL, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestNextLink(t *testing.T) {
	for line, want := range map[string]string{
		`<https://a/x?page=2>; rel="next", <https://a/x?page=9>; rel="last"`: "https://a/x?page=2",
		`<https://a/x?page=1>; rel="prev", <https://a/x?page=3>; rel=next`:   "https://a/x?page=3",
		`<https://a/x>; rel="last"`:                                          "", "": "", `<https://a/y>; title="next"`: "", `<https://a/z>; rel="prev next"`: "https://a/z",
	} {
		if got := NextLink(http.Header{"Link": {line}}); got != want {
			t.Errorf("%s: got %q, want %q", line, got, want)
		}
	}
}
