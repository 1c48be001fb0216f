package web_test

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/fact"
	"hansei/internal/followup"
	"hansei/internal/forget"
	"hansei/internal/intake"
	"hansei/internal/job"
	"hansei/internal/metric"
	"hansei/internal/recall"
	"hansei/internal/record"
	"hansei/internal/retro"
	"hansei/internal/retro/batch"
	"hansei/internal/retro/model"
	"hansei/internal/retro/past"
	"hansei/internal/rulebook"
	"hansei/internal/seal"
	"hansei/internal/search"
	"hansei/internal/tracker"
	"hansei/internal/tracker/github"
	"hansei/internal/web"
)

// site is the pages over real stores.
type site struct {
	*web.Server
	url    string
	client *http.Client
}

// now is when the tests' pages are looked at.
var now = time.Date(2025, 6, 1, 12, 0, 0, 0, time.UTC)

func newSite(t *testing.T) *site {
	t.Helper()
	ctx, dir := t.Context(), directory(t)
	clock := func() time.Time { return now }
	records, err := record.Open(ctx, record.Options{Dir: dir, Now: clock})
	if err != nil {
		t.Fatal(err)
	}
	facts, err := fact.Open(ctx, fact.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	follow, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- facts.Follow(follow, records, auth.Local().Scope()) }()
	log := slog.New(slog.NewTextHandler(t.Output(), nil))
	words := search.NewView(log)
	searching := make(chan error, 1)
	go func() { searching <- words.Follow(follow, records, auth.Local().Scope()) }()
	actions := &followup.Desk{Records: records, Facts: facts, Now: clock, Kinds: []tracker.Kind{github.Kind}, Base: "https://hansei.example",
		Later:    func(*record.Tx, hansei.ID, bool) error { return nil },
		Accounts: func(context.Context, auth.Scope) ([]followup.Account, error) { return nil, nil }}
	people := intake.People{Records: records, Before: actions.Before}
	desk := &retro.Desk{Records: records, Facts: facts, Search: words, People: people, Now: clock}
	box, err := seal.New(make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	s := &web.Server{Model: &model.Writer{Records: records, Desk: desk, Seal: box, Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}, Records: records, Facts: facts, Metrics: metric.New(facts, records, clock),
		Imports: &intake.Imports{Records: records, Log: log}, People: people,
		Clerk:  &forget.Clerk{Records: records, Random: func() string { return "x" }},
		Past:   &past.Shelf{Records: records},
		Retros: desk, Rules: &rulebook.Book{Records: records, Facts: facts, People: people, Desk: desk}, Search: words, Recall: &recall.Memory{Records: records, Facts: facts, Search: words, Now: clock},
		Actor: asked, Now: clock, Log: log, Version: "test",
		Background: func(fn func(context.Context)) { fn(follow) }}
	s.Batches = &batch.Batches{Records: records, Facts: facts, Desk: desk, Log: log, Random: rand.Text,
		Settled: func(ctx context.Context, seq record.Seq) error {
			return errors.Join(facts.Wait(ctx, seq), words.Wait(ctx, seq))
		},
		Later: func(*record.Tx, string) error { return nil }}
	actions.People, actions.Retros, s.FollowUps = people, desk, actions
	connectToys(t, s, dir)
	server := httptest.NewServer(s.Handler())
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		server.Close()
		stop()
		<-ended
		<-searching
		facts.Close()
		if err := s.Jobs.Close(); err != nil {
			t.Error(err)
		}
		if err := records.Close(); err != nil {
			t.Error(err)
		}
	})
	return &site{s, server.URL, &http.Client{Jar: jar}}
}

// directory is a data directory for one test: a copy of an empty one. To make
// all its tables anew would be half of the time of most tests.
func directory(t *testing.T) string {
	t.Helper()
	empty, err := tables()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.CopyFS(dir, empty); err != nil {
		t.Fatal(err)
	}
	return dir
}

// tables is an empty data directory, read into memory.
var tables = sync.OnceValues(func() (files fstest.MapFS, err error) {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "empty")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	records, err := record.Open(ctx, record.Options{Dir: dir})
	if err != nil {
		return nil, err
	}
	jobs, err := job.Open(ctx, records, job.Options{})
	if err != nil {
		return nil, errors.Join(err, records.Close())
	}
	if err := errors.Join(jobs.Close(), records.Close()); err != nil {
		return nil, err
	}
	facts, err := fact.Open(ctx, fact.Options{Dir: dir})
	if err != nil {
		return nil, err
	}
	facts.Close()
	files = fstest.MapFS{}
	for _, name := range []string{"hansei.db", "facts.duckdb"} {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			return nil, err
		}
		files[name] = &fstest.MapFile{Data: data, Mode: 0o600}
	}
	return files, nil
})

// asked is who asks: the person whom a browser says its reader is.
func asked(r *http.Request) (auth.Actor, error) {
	if id, _ := auth.Named(r); id != "" {
		return auth.Local().As(string(id)), nil
	}
	return auth.Local(), nil
}

// load imports a file and waits until the facts hold it.
func (s *site) load(t *testing.T, name, content string) string {
	t.Helper()
	ctx := t.Context()
	d, _, err := s.Imports.Receive(ctx, auth.Local(), name, intake.Options{}, strings.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Imports.Understand(ctx, auth.Local(), d.ID); err != nil {
		t.Fatal(err)
	}
	head, err := s.Records.Head(ctx, auth.Local().Scope())
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Facts.Wait(ctx, head.Seq); err != nil {
		t.Fatal(err)
	}
	return d.ID
}

// answer is what a page said.
type answer struct {
	status int
	path   string // after redirects
	body   string
	header http.Header
}

func (s *site) answered(t *testing.T, r *http.Response, err error) answer {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Body.Close() }()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{r.StatusCode, r.Request.URL.RequestURI(), string(body), r.Header}
}

func (s *site) get(t *testing.T, path string) answer {
	t.Helper()
	r, err := s.client.Get(s.url + path)
	return s.answered(t, r, err)
}

// post sends a form: name, value, name, value …
func (s *site) post(t *testing.T, path string, form ...string) answer {
	t.Helper()
	v := url.Values{}
	for i := 0; i < len(form); i += 2 {
		v.Add(form[i], form[i+1])
	}
	r, err := s.client.PostForm(s.url+path, v)
	return s.answered(t, r, err)
}

// says checks an answer's status and what its page must and, after a "!",
// must not hold.
func (a answer) says(t *testing.T, status int, parts ...string) answer {
	t.Helper()
	if a.status != status {
		t.Errorf("%s: got status %d, want %d", a.path, a.status, status)
	}
	text, bad := strings.Join(strings.Fields(a.body), " "), a.status != status
	for _, p := range parts {
		p, absent := strings.CutPrefix(p, "!")
		if strings.Contains(text, strings.Join(strings.Fields(p), " ")) == absent {
			bad = true
			t.Errorf("%s: %q, want it absent: %v", a.path, p, absent)
		}
	}
	if bad {
		t.Logf("%s:\n%.3000s", a.path, words.ReplaceAllString(main(text), " "))
	}
	return a
}

// words is what stands between them.
var words = regexp.MustCompile(`(<[^>]*>\s*)+`)

// main is the content of a page without what stands around it.
func main(html string) string {
	_, after, ok := strings.Cut(html, "<main")
	if !ok {
		return html
	}
	before, _, _ := strings.Cut(after, "</main>")
	return before
}

const incidentsCSV = `id,title,severity,status,services,started_at,detected_at,resolved_at,customers_affected,region
A-1,Checkout was slow,sev2,resolved,"checkout, payments",2025-03-01T10:00:00Z,2025-03-01T10:05:00Z,2025-03-01T11:00:00Z,1200,eu
A-2,<script>alert(1)</script>,sev1,resolved,search,2025-04-02T08:00:00Z,2025-04-02T07:30:00Z,2025-04-02T08:42:00Z,,us
A-3,Nobody could log in,sev3,open,login,2025-05-30T22:00:00Z,,,,eu
`
