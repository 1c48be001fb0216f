// Package asset serves what pages load besides HTML: the stylesheets, the
// scripts, the icons, and the vendored libraries, each with its version and
// licence beside it.
//
// Everything is embedded, so a page needs no internet. A file's name holds the
// hash of its content, so that it can be cached for ever and a new release is
// never seen with an old stylesheet. Each file is compressed once, on its first
// request, and kept.
//
// There is no build step: app.css and app.js are the files of css/ and js/ one
// after another.
package asset

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/andybalholm/brotli"

	"hansei/internal/chart"
)

//go:embed css js vendor
var files embed.FS

// Prefix is the path under which Handler answers.
const Prefix = "/assets/"

// CSP is the Content-Security-Policy of every page: scripts and styles come
// from this server alone and none stand in the page.
const CSP = "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; " +
	"object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

// file is one asset ready to be served.
type file struct {
	name  string // with the hash
	mime  string
	plain []byte

	once   sync.Once
	gzip   []byte
	brotli []byte
}

// bundle is every asset by its plain name and by its hashed one.
type bundle struct{ byName, byHash map[string]*file }

// all is built once, on first use, and never changes.
var all = sync.OnceValue(build)

// URL is where the asset of a plain name (app.css, theme.js, icons.svg) is
// served. An unknown name is a mistake in the program and panics.
func URL(name string) string {
	f, ok := all().byName[name]
	if !ok {
		panic("no asset named " + name)
	}
	return Prefix + f.name
}

// Icon is the address of one symbol in the icon sprite.
func Icon(name string) string { return URL("icons.svg") + "#" + name }

// build reads the embedded files; they are part of the program, so a missing
// one is a mistake in it.
func build() bundle {
	b := bundle{map[string]*file{}, map[string]*file{}}
	b.add("tabler.css", read(files, "vendor/tabler-core-1.6.1/tabler.min.css"))
	b.add("htmx.js", read(files, "vendor/htmx-4.0.1/htmx.min.js"))
	b.add("icons.svg", read(files, "vendor/tabler-icons-3.51.0/icons.svg"))
	b.add("echarts.js", read(chart.Assets, chart.EChartsPath), read(chart.Assets, chart.OptionPath))
	b.add("theme.js", read(files, "js/theme.js"))
	b.add("app.css", folder("css", "")...)
	b.add("app.js", folder("js", "theme.js")...)
	return b
}

// folder reads the files of a folder in the order of their names, but one.
func folder(dir, but string) [][]byte {
	entries, err := fs.ReadDir(files, dir)
	if err != nil {
		panic(fmt.Sprintf("assets: %v", err))
	}
	var parts [][]byte
	for _, e := range entries {
		if e.Name() != but {
			parts = append(parts, slim(e.Name(), read(files, path.Join(dir, e.Name()))))
		}
	}
	return parts
}

// tight takes the spaces out of CSS that stand there for people alone. None of
// our values holds such a pair of signs in quotes.
var tight = strings.NewReplacer(" {", "{", "{ ", "{", "; }", "}", " }", "}", "; ", ";", ": ", ":")

// slim takes out of our own files what only people read: comments that stand
// on lines of their own, the space before a line, and in CSS around signs.
func slim(name string, text []byte) []byte {
	if path.Ext(name) == ".css" {
		for {
			from := bytes.Index(text, []byte("/*"))
			if from < 0 {
				break
			}
			to := bytes.Index(text[from:], []byte("*/"))
			if to < 0 {
				break
			}
			text = slices.Concat(text[:from], text[from+to+2:])
		}
	}
	var out []byte
	if path.Ext(name) == ".css" {
		text = []byte(tight.Replace(string(text)))
	}
	for line := range bytes.Lines(text) {
		if line = bytes.TrimLeft(line, " \t"); len(line) > 1 && !bytes.HasPrefix(line, []byte("//")) {
			out = append(out, line...)
		}
	}
	return out
}

func read(from fs.FS, name string) []byte {
	b, err := fs.ReadFile(from, name)
	if err != nil {
		panic(fmt.Sprintf("assets: %v", err))
	}
	return b
}

var mimes = map[string]string{
	".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml",
}

func (b bundle) add(name string, parts ...[]byte) {
	content := bytes.Join(parts, []byte("\n"))
	sum := sha256.Sum256(content)
	ext := path.Ext(name)
	f := &file{
		name: strings.TrimSuffix(name, ext) + "-" + hex.EncodeToString(sum[:6]) + ext,
		mime: mimes[ext], plain: content,
	}
	b.byName[name], b.byHash[f.name] = f, f
}

// Handler serves the assets under Prefix.
func Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f, ok := all().byHash[strings.TrimPrefix(r.URL.Path, Prefix)]
		if !ok {
			http.NotFound(w, r)
			return
		}
		h := w.Header()
		h.Set("Content-Type", f.mime)
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
		h.Set("ETag", `"`+f.name+`"`)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Add("Vary", "Accept-Encoding")
		if r.Header.Get("If-None-Match") == `"`+f.name+`"` {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		body := f.encoded(r.Header.Get("Accept-Encoding"), h)
		h.Set("Content-Length", fmt.Sprint(len(body)))
		if r.Method != http.MethodHead {
			_, _ = w.Write(body) // a reader that hangs up is no error of ours
		}
	})
}

// encoded picks the smallest form that the reader takes.
func (f *file) encoded(accept string, h http.Header) []byte {
	f.once.Do(f.compress)
	switch {
	case f.brotli != nil && takes(accept, "br"):
		h.Set("Content-Encoding", "br")
		return f.brotli
	case f.gzip != nil && takes(accept, "gzip"):
		h.Set("Content-Encoding", "gzip")
		return f.gzip
	}
	return f.plain
}

// compress writes to memory, which cannot fail short of a broken library;
// then the plain form is served.
func (f *file) compress() {
	var g, b bytes.Buffer
	gw, err := gzip.NewWriterLevel(&g, gzip.BestCompression)
	if err == nil && writeAll(gw, f.plain) {
		f.gzip = g.Bytes()
	}
	if writeAll(brotli.NewWriterLevel(&b, 6), f.plain) {
		f.brotli = b.Bytes()
	}
}

func writeAll(w interface {
	Write([]byte) (int, error)
	Close() error
}, p []byte) bool {
	_, err := w.Write(p)
	return err == nil && w.Close() == nil
}

// takes reports whether Accept-Encoding allows a coding.
func takes(accept, coding string) bool {
	for part := range strings.SplitSeq(accept, ",") {
		name, q, _ := strings.Cut(strings.TrimSpace(part), ";")
		if strings.TrimSpace(name) == coding {
			return strings.ReplaceAll(q, " ", "") != "q=0"
		}
	}
	return false
}
