package archive

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/fact"
	"hansei/internal/intake"
	"hansei/internal/record"
	"hansei/internal/retro"
	"hansei/internal/retro/document"
	"hansei/internal/search"
)

var (
	who = auth.Local()
	now = time.Date(2026, 6, 1, 9, 0, 0, 0, time.UTC)
)

// open is an archivist over n retrospectives with a follow-up each, whose texts
// are as long as is said.
func open(t testing.TB, n, long int) *Archivist {
	t.Helper()
	ctx, dir := t.Context(), t.TempDir()
	store, err := record.Open(ctx, record.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	facts, err := fact.Open(ctx, fact.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		facts.Close()
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	if _, err := store.Write(ctx, who, func(tx *record.Tx) error {
		err := record.Put(tx, &hansei.Service{Header: hansei.Header{ID: "shop"}, Name: "Shop"}, 0)
		for i := range n {
			err = errors.Join(err, record.Put(tx, written(i, long), 0), record.Put(tx, &hansei.FollowUp{Header: hansei.Header{ID: hansei.ID(fmt.Sprintf("fu-%d", i))},
				Title: fmt.Sprintf("Alert %d earlier", i), Status: hansei.FollowUpOpen, Created: now, Retrospective: hansei.ID(fmt.Sprintf("retro:%04d", i))}, 0))
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if err := facts.CatchUp(ctx, store, who.Scope(), nil); err != nil {
		t.Fatal(err)
	}
	clock := func() time.Time { return now }
	return &Archivist{Facts: facts, Now: clock,
		Desk: &retro.Desk{Records: store, Facts: facts, Search: search.NewView(slog.New(slog.DiscardHandler)), People: intake.People{Records: store}, Now: clock}}
}

func written(i, long int) *hansei.Retrospective {
	var text strings.Builder
	for text.Len() < long {
		fmt.Fprintf(&text, "Sentence %d of retrospective %d, which says what happened to the queue. ", text.Len(), i)
	}
	severity := []string{"sev1", "sev2"}[i%2]
	return &hansei.Retrospective{Header: hansei.Header{ID: hansei.ID(fmt.Sprintf("retro:%04d", i))}, Title: fmt.Sprintf("Queue %d was full", i/2), State: hansei.RetroDraft, Severity: severity,
		Incidents: []hansei.ID{hansei.ID(fmt.Sprintf("%04d", i))}, Services: []hansei.ID{"shop"}, FactorNames: []string{"capacity"}, Factors: []hansei.Factor{{Name: "capacity"}}, Drafted: now.Add(-time.Hour),
		Sections: []hansei.Section{{ID: "summary", Title: "Summary", Text: strings.TrimSpace(text.String())}}}
}

func files(t *testing.T, path string) *zip.ReadCloser {
	t.Helper()
	z, err := zip.OpenReader(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := z.Close(); err != nil {
			t.Error(err)
		}
	})
	return z
}

func content(t *testing.T, f *zip.File) []byte {
	t.Helper()
	r, err := f.Open()
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(r)
	if err = errors.Join(err, r.Close()); err != nil {
		t.Fatal(err)
	}
	return text
}

// peak writes an archive of n retrospectives into a file and returns the most
// memory that was in use while it did, beyond what was before.
func peak(t *testing.T, a *Archivist, file string) (most uint64) {
	t.Helper()
	out, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	z, err := a.Open(t.Context(), who, Filter{}, "markdown")
	if err != nil {
		t.Fatal(err)
	}
	heap := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before, n, early := heap(), 0, int64(0)
	err = z.Write(t.Context(), out, func() {
		if n++; n%25 == 0 {
			if now := heap(); now > before {
				most = max(most, now-before)
			}
		}
		if n == z.Count/2 {
			at, err := out.Seek(0, io.SeekCurrent)
			if err != nil {
				t.Fatal(err)
			}
			early = at
		}
	})
	if err = errors.Join(err, out.Close()); err != nil {
		t.Fatal(err)
	}
	if early == 0 {
		t.Error("nothing had left before half of the documents were read")
	}
	return most
}

// TestAThousand: all of them are in it and are read again as they were, and an
// archive of ten times as many takes no more memory.
func TestAThousand(t *testing.T) {
	const long = 40_000
	few, many := filepath.Join(t.TempDir(), "few.zip"), filepath.Join(t.TempDir(), "many.zip")
	small := peak(t, open(t, 100, long), few)
	began := time.Now()
	large := peak(t, open(t, 1000, long), many)
	t.Logf("100 take %.1f MB, 1,000 of %d bytes each %.1f MB, in %v", float64(small)/1e6, long, float64(large)/1e6, time.Since(began))
	if large > small+4<<20 {
		t.Errorf("1,000 take %d bytes, 100 take %d", large, small)
	}
	z := files(t, many)
	index, err := csv.NewReader(bytes.NewReader(content(t, z.File[len(z.File)-1]))).ReadAll()
	if err != nil || z.File[len(z.File)-1].Name != Index || len(index) != 1001 || len(z.File) != 1001 {
		t.Fatalf("got %d files, %d lines, %v", len(z.File), len(index), err)
	}
	seen := map[string]bool{}
	for i, f := range z.File[:1000] {
		found, err := document.Read(f.Name, content(t, f), hansei.DefaultRetroRules)
		want := written(i, long)
		if err != nil || found.Retrospective.Title != want.Title || found.Retrospective.Severity != want.Severity || len(found.FollowUps) != 1 ||
			found.Retrospective.Section("summary") == nil || found.Retrospective.Section("summary").Text != want.Sections[0].Text {
			t.Fatalf("%s is not what was written: %v", f.Name, err)
		}
		line := index[i+1]
		if got := strings.Join(line, "|"); got != fmt.Sprintf("%s|retro:%04d|Queue %d was full|draft|%s|%04d|Shop|capacity|", f.Name, i, i/2, want.Severity, i) || seen[f.Name] {
			t.Fatalf("the index says %s of %s", got, f.Name)
		}
		seen[f.Name] = true
	}
}

func TestFormatsAndFilters(t *testing.T) {
	a, ctx := open(t, 5, 100), t.Context()
	for format, ending := range map[string]string{"markdown": ".md", "html": ".html", "pdf": ".pdf", "word": ".doc", "docs": ".html", "confluence": ".xml", "json": ".json"} {
		file := filepath.Join(t.TempDir(), "a.zip")
		out, err := os.Create(file)
		if err != nil {
			t.Fatal(err)
		}
		z, err := a.Open(ctx, who, Filter{Severity: "sev2", Q: "queue full"}, format)
		if err == nil {
			err = z.Write(ctx, out, func() {})
		}
		if err = errors.Join(err, out.Close()); err != nil {
			t.Fatal(err)
		}
		got := files(t, file)
		if len(got.File) != 3 || !strings.HasSuffix(got.File[0].Name, ending) || !got.File[0].Modified.Equal(now.Add(-time.Hour)) {
			t.Errorf("%s: got %d files, %s of %v", format, len(got.File), got.File[0].Name, got.File[0].Modified)
		}
		if format == "json" {
			var doc struct {
				Retrospective hansei.Retrospective
				FollowUps     []hansei.FollowUp `json:"follow_ups"`
			}
			if err := json.Unmarshal(content(t, got.File[0]), &doc); err != nil || doc.Retrospective.ID != "retro:0001" || len(doc.FollowUps) != 1 {
				t.Errorf("got %+v, %v", doc, err)
			}
		}
	}
	for field, ask := range map[string]func() error{
		"format": func() error { _, err := a.Open(ctx, who, Filter{}, "exe"); return err },
		"state":  func() error { _, err := a.Open(ctx, who, Filter{State: "lost"}, "html"); return err },
		"due":    func() error { _, err := a.Open(ctx, who, Filter{Due: "'; DROP"}, "html"); return err },
		"q":      func() error { _, err := a.Open(ctx, who, Filter{Q: strings.Repeat("x", 300)}, "html"); return err },
	} {
		var invalid *hansei.InvalidError
		if err := ask(); !errors.As(err, &invalid) || invalid.Field != field {
			t.Errorf("%s: got %v", field, err)
		}
	}
	if _, err := a.Open(ctx, auth.Actor{}, Filter{}, "html"); !errors.Is(err, hansei.ErrForbidden) {
		t.Errorf("nobody: got %v", err)
	}
	for _, f := range []Filter{{Owner: "none"}, {Service: "shop"}, {Complete: "low", State: "draft"}, {Owner: "me", Due: "soon"}, {Service: "it's"}} {
		if _, err := a.Open(ctx, who, f, "html"); err != nil {
			t.Errorf("%+v: %v", f, err)
		}
	}
}

// gone is a reader who goes away.
type gone struct{ n int }

func (g *gone) Write(b []byte) (int, error) {
	if g.n -= len(b); g.n < 0 {
		return 0, io.ErrClosedPipe
	}
	return len(b), nil
}

// TestItEnds: who goes away, or stops waiting, ends the work.
func TestItEnds(t *testing.T) {
	a := open(t, 50, 20_000)
	z, err := a.Open(t.Context(), who, Filter{}, "html")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	if err := z.Write(t.Context(), &gone{30_000}, func() { n++ }); !errors.Is(err, io.ErrClosedPipe) || n > 40 {
		t.Errorf("got %v after %d", err, n)
	}
	ctx, stop := context.WithCancel(t.Context())
	if z, err = a.Open(ctx, who, Filter{}, "html"); err != nil {
		t.Fatal(err)
	}
	n = 0
	if err := z.Write(ctx, io.Discard, func() {
		if n++; n == 3 {
			stop()
		}
	}); !errors.Is(err, context.Canceled) || n != 3 {
		t.Errorf("got %v after %d", err, n)
	}
}

func TestFileName(t *testing.T) {
	names := map[string]bool{}
	for id, title := range map[string]string{"a": "Checkout: down/again?", "b": "Checkout: down/again?", "c": "../../etc/passwd", "d": "", "e": "CON", "f": strings.Repeat("Größe ", 100), "g": "日本"} {
		name := FileName(&hansei.Retrospective{Header: hansei.Header{ID: hansei.ID(id)}, Title: title})
		if names[name] || len(name) > maxName+9 || strings.ContainsAny(name, `./\:*?"<>|`) || name == "" || name[0] == '-' {
			t.Errorf("%q of %q", name, title)
		}
		names[name] = true
	}
	if got := inert("=1+1"); got != "'=1+1" {
		t.Errorf("got %s", got)
	}
}
