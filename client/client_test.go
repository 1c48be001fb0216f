package client_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"hansei/client"
)

func serve(t *testing.T, fn http.HandlerFunc) *client.Client {
	t.Helper()
	s := httptest.NewServer(fn)
	t.Cleanup(s.Close)
	c, err := client.New(s.URL+"/api/v1/", "secret")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func say(t *testing.T, w io.Writer, text string) {
	t.Helper()
	if _, err := io.WriteString(w, text); err != nil {
		t.Error(err)
	}
}

// TestProblems: whatever a server or a proxy before it answers becomes one line.
func TestProblems(t *testing.T) {
	for _, tt := range []struct {
		name, media, body string
		status            int
		want              string
	}{
		{"detail", "application/problem+json", `{"title":"Not Found","status":404,"detail":"metric \"x\": not found"}`, 404, `metric "x": not found`},
		{"title alone", "application/problem+json", `{"title":"Conflict","status":409}`, 409, "Conflict"},
		{"input", "application/problem+json", `{"detail":"validation failed","errors":[{"location":"query.limit","message":"expected number <= 1000"},{"location":"body.sql","message":"expected length >= 1"}]}`, 422,
			"limit: expected number <= 1000; sql: expected length >= 1"},
		{"detail repeats the error", "application/problem+json", `{"detail":"since: expected a date","errors":[{"location":"since","message":"expected a date"}]}`, 422, "since: expected a date"},
		{"several lines", "application/problem+json", `{"detail":"one\n  two"}`, 422, "one two"},
		{"text", "text/plain", "the journal cannot be read\n", 503, "the journal cannot be read"},
		{"a proxy's page", "text/html", "<html>Bad gateway</html>", 502, "the server answered 502 Bad Gateway"},
		{"nothing", "", "", 500, "the server answered 500 Internal Server Error"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", tt.media)
				w.WriteHeader(tt.status)
				say(t, w, tt.body)
			})
			_, err := c.Metric(t.Context(), "x")
			if err == nil || err.Error() != tt.want {
				t.Errorf("got %v, want %s", err, tt.want)
			}
			if got, want := client.NotFound(err), tt.status == 404; got != want {
				t.Errorf("NotFound: got %v, want %v", got, want)
			}
		})
	}
}

// TestPages: lists follow the cursor, ask for no more than is wanted, and end
// with the first error.
func TestPages(t *testing.T) {
	const all = 2500
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		from, _ := strconv.Atoi(r.URL.Query().Get("cursor")) // none is 0
		limit, err := strconv.Atoi(r.URL.Query().Get("limit"))
		if err != nil {
			t.Error(err)
		}
		if r.URL.Query().Get("where") == "broken=yes" && from > 0 {
			w.WriteHeader(http.StatusConflict)
			return
		}
		page := map[string]any{"records": []client.Version{}}
		list := []client.Version{}
		for i := from; i < min(all, from+limit); i++ {
			list = append(list, client.Version{Record: json.RawMessage(`{"id":"x"}`), Revision: int64(i)})
		}
		page["records"] = list
		if from+limit < all {
			page["next"] = fmt.Sprint(from + limit)
		}
		if err := json.NewEncoder(w).Encode(page); err != nil {
			t.Error(err)
		}
	})
	for _, tt := range []struct {
		where       []string
		limit, want int
		fails       bool
	}{{nil, 0, all, false}, {nil, 1, 1, false}, {nil, 1500, 1500, false}, {nil, 9999, all, false}, {[]string{"broken=yes"}, 0, 1000, true}} {
		got, failed := 0, false
		for v, err := range c.Records(t.Context(), "incident", client.Filter{Where: tt.where}, tt.limit) {
			if err != nil {
				failed = true
				continue
			}
			if v.Revision != int64(got) {
				t.Fatalf("limit %d: got record %d at %d", tt.limit, v.Revision, got)
			}
			got++
		}
		if got != tt.want || failed != tt.fails {
			t.Errorf("limit %d where %v: got %d, failed %v, want %d, %v", tt.limit, tt.where, got, failed, tt.want, tt.fails)
		}
	}
}

// TestRequests: names are escaped, parameters repeated, and the token sent.
func TestRequests(t *testing.T) {
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if got, want := r.Header.Get("Authorization"), "Bearer secret"; got != want {
			t.Errorf("authorization: got %q, want %q", got, want)
		}
		if got, want := r.URL.EscapedPath(), "/api/v1/figures/a%2Fb"; got != want {
			t.Errorf("path: got %q, want %q", got, want)
		}
		if got, want := r.URL.Query().Encode(), "by=team&by=service&where=severity%3Dsev1%2Csev2"; got != want {
			t.Errorf("query: got %q, want %q", got, want)
		}
		say(t, w, `{"figures":[{"value":1.50}]}`)
	})
	got, err := c.Figures(t.Context(), client.Question{Metric: "a/b", By: []string{"team", "service"}, Where: []string{"severity=sev1,sev2"}})
	if err != nil || len(got) != 1 || string(got[0]) != `{"value":1.50}` {
		t.Errorf("got %s, %v, want the figure as it was sent", got, err)
	}
}

// TestSocket: a path is a Unix socket.
func TestSocket(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "unix", path)
	if err != nil {
		t.Fatal(err)
	}
	s := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		say(t, w, `{"name":"Acme","zone":"UTC"}`)
	})}
	go func() { _ = s.Serve(l) }() // ends with Close
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	c, err := client.New(path, "")
	if err != nil {
		t.Fatal(err)
	}
	o, err := c.Organization(t.Context())
	if err != nil || o.Name != "Acme" {
		t.Errorf("got %+v, %v, want Acme", o, err)
	}
}

// TestTargets: what is no server is refused; one that is away is one line.
func TestTargets(t *testing.T) {
	for _, target := range []string{"ftp://example.org", "http://", "http://%zz"} {
		if _, err := client.New(target, ""); err == nil || !strings.Contains(err.Error(), "server") {
			t.Errorf("New(%q): got %v, want an error", target, err)
		}
	}
	c, err := client.New("http://127.0.0.1:1", "")
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.Status(context.Background())
	if err == nil || !strings.HasPrefix(err.Error(), "ask http://127.0.0.1:1: ") {
		t.Errorf("got %v, want who was asked and why not", err)
	}
}

func TestWhole(t *testing.T) {
	for _, tt := range []struct{ doc, want string }{
		{`{"id":"a"}`, `{"id":"a","revision":2,"seq":7}`},
		{" {\"id\":\"a\"} \n", `{"id":"a","revision":2,"seq":7}`},
		{`{}`, `{"revision":2,"seq":7}`},
	} {
		v := client.Version{Record: json.RawMessage(tt.doc), Revision: 2, Seq: 7}
		if got := string(v.Whole()); got != tt.want {
			t.Errorf("Whole of %s: got %s, want %s", tt.doc, got, tt.want)
		}
	}
}

// TestArchive: what is sent is copied as it comes, and an answer that breaks off
// is an error.
func TestArchive(t *testing.T) {
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		say(t, w, r.URL.RawQuery+strings.Repeat(".", 100_000))
		if r.URL.Query().Get("format") == "broken" {
			panic(http.ErrAbortHandler)
		}
	})
	var out strings.Builder
	if err := c.Archive(t.Context(), client.RetroFilter{State: "draft", Q: "a b"}, "html", &out); err != nil || !strings.HasPrefix(out.String(), "format=html&q=a+b&state=draft.") || out.Len() < 100_000 {
		t.Errorf("got %.60s, %v", out.String(), err)
	}
	if err := c.Archive(t.Context(), client.RetroFilter{}, "broken", io.Discard); err == nil || !strings.Contains(err.Error(), "broke off") {
		t.Errorf("got %v", err)
	}
}
