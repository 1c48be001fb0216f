package app

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"hansei"
	"hansei/internal/record/lock"
)

func open(t *testing.T, c Config) *App {
	t.Helper()
	if c.Dir == "" {
		c.Dir = t.TempDir()
	}
	a, err := New(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	})
	return a
}

func TestListenRefusesOthers(t *testing.T) {
	for listen, want := range map[string]bool{
		"127.0.0.1:0": true, "localhost:8080": true, "[::1]:0": true, "127.8.9.10:1": true,
		"0.0.0.0:8080": false, ":8080": false, "[::]:80": false, "192.168.1.4:80": false, "example.org:80": false, "8080": false,
	} {
		err := loopback(listen)
		var bad *hansei.InvalidError
		if (err == nil) != want || (err != nil && (!errors.As(err, &bad) || bad.Field != "listen")) {
			t.Errorf("%s: got %v, want allowed %v", listen, err, want)
		}
	}
	dir := t.TempDir() + "/data"
	if _, err := New(t.Context(), Config{Dir: dir, Listen: "0.0.0.0:8080"}); err == nil || !strings.Contains(err.Error(), "SSH tunnel") {
		t.Errorf("got %v; want a way out", err)
	}
	if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a refused server made its data directory: %v", err)
	}
}

func TestGuard(t *testing.T) {
	h := open(t, Config{}).Handler()
	for _, c := range []struct {
		name, method, host, header, value string
		status                            int
	}{
		{"by address", "GET", "127.0.0.1:8080", "", "", 200},
		{"by name", "GET", "localhost:8080", "", "", 200},
		{"by IPv6", "GET", "[::1]", "", "", 200},
		{"another name (DNS rebinding)", "GET", "evil.example:8080", "", "", 421},
		{"another machine", "GET", "192.168.1.4:8080", "", "", 421},
		{"a page elsewhere posts", "POST", "127.0.0.1:8080", "Sec-Fetch-Site", "cross-site", 403},
		{"an old browser's page elsewhere posts", "POST", "127.0.0.1:8080", "Origin", "https://evil.example", 403},
	} {
		path := "/api/v1/status"
		if c.method == "POST" {
			path = "/api/v1/rebuild"
		}
		r := httptest.NewRequestWithContext(t.Context(), c.method, path, nil)
		r.Host = c.host
		if c.header != "" {
			r.Header.Set(c.header, c.value)
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != c.status {
			t.Errorf("%s: got %d %s, want %d", c.name, w.Code, w.Body, c.status)
		}
	}
}

func TestPanicIsOneAnswer(t *testing.T) {
	a := open(t, Config{})
	h := a.guard(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("a bug") }))
	r := httptest.NewRequestWithContext(t.Context(), "GET", "http://localhost/", nil)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if w.Code != 500 || strings.Contains(w.Body.String(), "a bug") {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
}

// TestAddressesAreNotLogged: a webhook's address may be all that proves its
// sender, so no log holds it.
func TestAddressesAreNotLogged(t *testing.T) {
	a := open(t, Config{})
	var log bytes.Buffer
	a.log = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	h := a.guard(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	for _, path := range []string{"/hooks/s3cret", "/incidents"} {
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), "POST", "http://localhost"+path, strings.NewReader("{}")))
	}
	if text := log.String(); strings.Contains(text, "s3cret") || !strings.Contains(text, "path=/hooks/… status=404") || !strings.Contains(text, "path=/incidents") {
		t.Error(text)
	}
}

// TestRunAndStop serves on a port and on the socket, refuses a second process,
// and ends in an orderly way.
func TestRunAndStop(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(Socket(dir), nil, 0o600); err != nil { // as a process that died left it
		t.Fatal(err)
	}
	a, err := New(t.Context(), Config{Dir: dir, Listen: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx) }()
	c := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		for deadline := time.Now().Add(10 * time.Second); ; {
			conn, err := d.DialContext(ctx, "unix", Socket(dir))
			if err == nil || time.Now().After(deadline) {
				return conn, err
			}
		}
	}}}
	res, err := c.Get("http://anything/healthz")
	if err != nil {
		t.Fatal(err)
	}
	if err := res.Body.Close(); err != nil || res.StatusCode != 200 {
		t.Errorf("got %d, %v", res.StatusCode, err)
	}
	c.CloseIdleConnections()
	if info, err := os.Stat(Socket(dir)); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("socket: got %v, %v; want it for its owner only", info, err)
	}
	var used *lock.InUseError
	if _, err := New(t.Context(), Config{Dir: dir}); !errors.As(err, &used) || !strings.Contains(err.Error(), "process") {
		t.Errorf("second process: got %v", err)
	}
	stop()
	if err := <-ended; err != nil {
		t.Errorf("run ended with %v", err)
	}
	if err := a.Close(); err != nil {
		t.Error(err)
	}
}
