// Package sourcetest holds what every source must satisfy, whatever tool it
// understands.
package sourcetest

import (
	"bytes"
	"errors"
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"hansei"
	"hansei/internal/source"
)

// Sample is one kind of source with what a configuration of it needs.
type Sample struct {
	Kind     source.Kind
	Settings map[string]string
	Secret   string // a credential among the settings, which must never be told
	Dir      string // of its package, below internal/source
	Statuses []Status
	None     string // why there is no status whose meaning matters
}

// Run tries everything.
func Run(t *testing.T, s Sample) {
	t.Run("Literal", func(t *testing.T) { literal(t, s) })
	t.Run("Size", func(t *testing.T) { size(t, s) })
	t.Run("Hostile", func(t *testing.T) { hostile(t, s) })
	t.Run("Status", func(t *testing.T) { statuses(t, s) })
	t.Run("Silent", func(t *testing.T) { silent(t, s) })
	t.Run("Cursor", func(t *testing.T) { cursor(t, s) })
}

func opened(t *testing.T, s Sample) source.Source {
	t.Helper()
	src, err := s.Kind.New(source.Config{Name: "sample", Settings: s.Settings})
	if err != nil {
		t.Fatal(err)
	}
	return src
}

// literal holds that a person is told what to do.
func literal(t *testing.T, s Sample) {
	k := s.Kind
	if k.Name == "" || hansei.Slug(k.Name) != hansei.ID(k.Name) || k.Title == "" || !strings.HasSuffix(k.About, ".") || !strings.HasPrefix(k.Docs, "https://") || len(k.Gives) == 0 {
		t.Errorf("the literal is not complete: %+v", k)
	}
	seen := map[string]bool{}
	for _, x := range k.Settings {
		if x.Title == "" || x.Help == "" || seen[x.Name] {
			t.Errorf("setting %q: expected a title, help, and a name of its own", x.Name)
		}
		seen[x.Name] = true
	}
	src := opened(t, s)
	_, receives := src.(source.Receiver)
	if steps := strings.Join(k.Steps, "\n"); receives && !strings.Contains(steps, "{url}") {
		t.Error("the steps do not say where the webhook's URL goes")
	}
	if p, ok := src.(source.Puller); ok {
		for _, st := range p.Streams() {
			if st.Name == "" || st.Title == "" || st.Pull == nil {
				t.Errorf("stream %+v is not complete", st)
			}
		}
	} else if !receives {
		t.Error("it neither receives nor pulls")
	}
	for _, x := range k.Settings {
		if x.Lists && !tried(t, s) {
			t.Errorf("setting %s lists things whose history is read: hold it to sourcetest.Grows", x.Name)
		}
		if !x.Required {
			unread(t, s, x)
			continue
		}
		var bad *hansei.InvalidError
		if _, err := k.New(source.Config{Name: "sample", Settings: s.without(x.Name)}); !errors.As(err, &bad) || bad.Field != x.Name {
			t.Errorf("without %s: got %v", x.Name, err)
		}
	}
}

// tried says whether the tests of a package try what is listed later.
func tried(t *testing.T, s Sample) bool {
	files, err := filepath.Glob(filepath.Join(s.Dir, "*_test.go"))
	if err != nil {
		t.Error(err)
	}
	return slices.ContainsFunc(files, func(f string) bool {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Error(err)
		}
		return bytes.Contains(text, []byte("sourcetest.Grows("))
	})
}

// without are a sample's settings but one.
func (s Sample) without(name string) map[string]string {
	less := maps.Clone(s.Settings)
	delete(less, name)
	return less
}

// unread holds that a source that is not read for want of a setting says so.
func unread(t *testing.T, s Sample, x source.Setting) {
	src, err := s.Kind.New(source.Config{Name: "sample", Settings: s.without(x.Name)})
	if err != nil {
		return // it says what it needs with it
	}
	if _, read := opened(t, s).(source.Puller); !read {
		return
	}
	if p, ok := src.(source.Puller); ok && len(p.Streams()) > 0 {
		return
	}
	c, ok := src.(source.Checker)
	if !ok {
		t.Fatalf("without %s it is not read, and does not say so", x.Name)
	}
	found := c.Check(&source.Pull{Ctx: t.Context()})
	if len(found) != 1 || x.Secret && found[0].OK {
		t.Errorf("without %s it is not read, and a test of the connection finds %+v", x.Name, found)
	}
}

const maxLines = 450

// size holds that a package stays small enough to be read at once.
func size(t *testing.T, s Sample) {
	err := filepath.WalkDir(s.Dir, func(dir string, d os.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return err
		}
		files, err := filepath.Glob(filepath.Join(dir, "*.go"))
		lines := 0
		for _, f := range files {
			text, readErr := os.ReadFile(f)
			err = errors.Join(err, readErr)
			if !strings.HasSuffix(f, "_test.go") {
				lines += bytes.Count(text, []byte("\n"))
			}
		}
		if lines > maxLines {
			t.Errorf("%s has %d lines; at most %d", dir, lines, maxLines)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// seeds are shapes that payloads have, for bytes to be changed in.
var seeds = []string{
	`{}`, `[]`, `null`, `"x"`, `{"type":"event_callback","event":{"type":"message","channel":{},"ts":1}}`, `{"alerts":[{"status":"firing","labels":null}]}`,
	`{"repository":{"full_name":"a/b"},"deployment":{"id":1},"issue":{"number":1},"pull_request":{}}`, `{"object_kind":"issue","project":{"path_with_namespace":"a/b"},"object_attributes":{"labels":[1]}}`,
	`{"webhookEvent":"jira:issue_updated","issue":{"id":"1","key":"A-1","fields":{"description":{"content":[{"content":[{}]}]}}}}`, `{"event":{"event_type":"incident.triggered","occurred_at":"2026-01-01T00:00:00Z","data":{"type":"incident"}}}`,
	`{"context":{"type":"dev.cdevents.service.deployed.0.3.0"},"subject":[]}`, `{"incident":{"id":"x","components":[{}],"incident_updates":[{"affected_components":null}]}}`, `{"tickets":[{"id":1e99}]}`, "BEGIN:VCALENDAR\nBEGIN:VEVENT\nRRULE:FREQ=SECONDLY\nEND:VEVENT\nEND:VCALENDAR",
}

// inside matches what only those who wrote a source understand.
var inside = regexp.MustCompile(`jsontext|unmarshal|Unmarshal|Go value|Go struct|invalid character|unexpected EOF|unexpected end`)

// hostile sends what no tool would: nothing panics, the same bytes give the
// same answer and stay as they are, nobody without the secret passes, no error
// tells it, and each is in words for people.
func hostile(t *testing.T, s Sample) {
	src, rng := opened(t, s), rand.New(rand.NewPCG(1, 2))
	names := []string{"", "x", "deployment_status", "issues", "ticket.created", "message"}
	if p, ok := src.(source.Puller); ok {
		for _, st := range p.Streams() {
			names = append(names, "pull/"+st.Name)
		}
	}
	at := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	for _, seed := range seeds {
		for range 40 {
			body := []byte(seed)
			for range rng.IntN(4) {
				body[rng.IntN(len(body))] = byte(rng.IntN(256))
			}
			body = body[:len(body)-rng.IntN(len(body)/2+1)]
			for _, name := range names {
				d := source.Delivery{Name: name, Body: bytes.Clone(body), Received: at}
				a, errA := src.Normalize(d)
				b, errB := src.Normalize(d)
				if !reflect.DeepEqual(a, b) || (errA == nil) != (errB == nil) || !bytes.Equal(d.Body, body) {
					t.Fatalf("%s %q: it is not the same twice", name, body)
				}
				if errA != nil && (errA.Error() == "" || s.Secret != "" && strings.Contains(errA.Error(), s.Secret)) {
					t.Fatalf("%s %q: the error says %q", name, body, errA)
				}
				if errA != nil && inside.MatchString(errA.Error()) {
					t.Fatalf("%s %q: the error says how it was read: %v", name, body, errA)
				}
				for _, o := range a {
					if o.Key.Source != "sample" || o.Key.External == "" || o.Record == nil || o.Record.Kind() != o.Key.Kind {
						t.Fatalf("%s %q: observation with the key %+v", name, body, o.Key)
					}
				}
			}
			if r, ok := src.(source.Receiver); ok {
				_, err := r.Verify(source.Request{Header: http.Header{"Authorization": {"Bearer guess"}, "X-Hub-Signature-256": {"sha256=00"}}, Body: body, Now: at})
				if err == nil || s.Secret != "" && strings.Contains(err.Error(), s.Secret) {
					t.Fatalf("%q: somebody without the secret: %v", body, err)
				}
			}
		}
	}
}
