package asset

import (
	"bytes"
	"compress/gzip"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"

	"hansei/internal/chart"
)

func get(t *testing.T, url, encoding string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, url, nil)
	r.Header.Set("Accept-Encoding", encoding)
	w := httptest.NewRecorder()
	Handler().ServeHTTP(w, r)
	return w
}

func TestAssetsAreImmutableAndCompressed(t *testing.T) {
	plain := get(t, URL("app.css"), "")
	if plain.Code != http.StatusOK || !strings.HasPrefix(plain.Header().Get("Content-Type"), "text/css") {
		t.Fatalf("got %d %s", plain.Code, plain.Header().Get("Content-Type"))
	}
	if got := plain.Header().Get("Cache-Control"); !strings.Contains(got, "immutable") {
		t.Errorf("Cache-Control: %s", got)
	}
	for _, c := range []struct {
		accept, want string
		open         func(io.Reader) (io.Reader, error)
	}{
		{"gzip, deflate, br", "br", func(r io.Reader) (io.Reader, error) { return brotli.NewReader(r), nil }},
		{"gzip, br;q=0", "gzip", func(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) }},
	} {
		w := get(t, URL("app.css"), c.accept)
		if got := w.Header().Get("Content-Encoding"); got != c.want {
			t.Fatalf("Content-Encoding for %q: got %q, want %q", c.accept, got, c.want)
		}
		r, err := c.open(w.Body)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, plain.Body.Bytes()) {
			t.Errorf("%s: the content differs", c.want)
		}
	}
	if got := get(t, "/assets/app-000000000000.css", "").Code; got != http.StatusNotFound {
		t.Errorf("a stale name: got %d, want 404", got)
	}
}

func TestStylesheetAndChartsShareTheirColours(t *testing.T) {
	css, err := files.ReadFile("css/1-tokens.css")
	if err != nil {
		t.Fatal(err)
	}
	light, dark, ok := strings.Cut(string(css), "[data-bs-theme='dark']")
	if !ok {
		t.Fatal("no dark theme")
	}
	for theme, c := range map[string]struct {
		css     string
		palette chart.Palette
	}{"light": {light, chart.Light}, "dark": {dark, chart.Dark}} {
		for token, want := range c.palette {
			m := regexp.MustCompile(`--hs-` + token + `: (#\w+);`).FindStringSubmatch(c.css)
			if m == nil || m[1] != want {
				t.Errorf("%s %s: the stylesheet has %q, the charts %s", theme, token, m, want)
			}
		}
	}
}

func TestScriptsStaySmall(t *testing.T) {
	const limit = 3000
	entries, err := files.ReadDir("js")
	if err != nil {
		t.Fatal(err)
	}
	lines := 0
	for _, e := range entries {
		b, err := files.ReadFile("js/" + e.Name())
		if err != nil {
			t.Fatal(err)
		}
		lines += bytes.Count(b, []byte("\n"))
	}
	if lines > limit {
		t.Errorf("%d lines of our own JavaScript, more than %d", lines, limit)
	}
}

func TestNothingInAPageReachesElsewhere(t *testing.T) {
	for _, name := range []string{"app.css", "tabler.css"} {
		if m := regexp.MustCompile(`(?:@import|url\(["']?https?:)[^;]{0,80}`).Find(all().byName[name].plain); m != nil {
			t.Errorf("%s loads %s", name, m)
		}
	}
}

// The stylesheets are one: a class that two files draw is drawn by both, on the
// pages of each.
func TestAClassIsDrawnByOneFile(t *testing.T) {
	names, err := fs.Glob(files, "css/*.css")
	if err != nil || len(names) == 0 {
		t.Fatal(names, err)
	}
	home := map[string]string{}
	for _, name := range names {
		text, err := fs.ReadFile(files, name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`(?m)^(\.hs-[a-z0-9-]+) \{`).FindAllStringSubmatch(string(text), -1) {
			if other := home[m[1]]; other != "" && other != name {
				t.Errorf("%s is drawn by %s and by %s", m[1], other, name)
			}
			home[m[1]] = name
		}
	}
}
