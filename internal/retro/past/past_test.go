package past

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/record"
)

var who = auth.Local()

func open(t *testing.T) *Shelf {
	t.Helper()
	store, err := record.Open(t.Context(), record.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	return &Shelf{Records: store}
}

const text = `# Checkout down on 3 May 2025

Customers reported failing payments from 10:00 to 10:40 UTC because the pool of connections was exhausted.

## Weather

It rained.

## Timeline

- 10:00 UTC first failures
- 10:40 UTC pool enlarged

## Action items

- Enlarge the pool
- Alert on waiting connections
`

func ptr[T any](v T) *T { return &v }

func TestADocumentWaitsIsCorrectedAndConfirmed(t *testing.T) {
	s, ctx := open(t), t.Context()
	p, err := s.Put(ctx, who, "notes/checkout.md", []byte(text))
	if err != nil || p.State != Waiting || p.Name != "checkout.md" || len(p.Found.FollowUps) != 2 || p.Found.Began.Format(time.RFC3339) != "2025-05-03T10:00:00Z" {
		t.Fatalf("got %+v, %v", p, err)
	}
	if head, err := s.Records.Head(ctx, who.Scope()); err != nil || head.Seq != 0 {
		t.Errorf("a record was made before anybody confirmed: %v, %v", head, err)
	}
	again, err := s.Put(ctx, who, "checkout.md", []byte(text))
	if err != nil || !again.Known || again.ID != p.ID {
		t.Errorf("the same document: got %+v, %v", again, err)
	}
	for _, bad := range []Correction{{Title: ptr(" ")}, {Factors: &[]string{"root cause"}}, {Ended: ptr(time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC))}, {Sections: map[string]string{"nowhere": ""}}, {Sections: map[string]string{"weather": "nowhere"}}} {
		var invalid *hansei.InvalidError
		if _, err := s.Correct(ctx, who, p.ID, bad); !errors.As(err, &invalid) {
			t.Errorf("%+v: got %v", bad, err)
		}
	}
	p, err = s.Correct(ctx, who, p.ID, Correction{Title: ptr("Checkout refused payments"), Severity: ptr("sev2"), Services: &[]string{"Checkout"}, Factors: &[]string{"capacity", "testing gap"},
		FollowUps: &[]int{1}, Timeline: &[]string{"text:2"}, Customers: ptr(-1.0), Sections: map[string]string{"weather": "surprises", "summary": "summary"}})
	if err != nil {
		t.Fatal(err)
	}
	out, _, err := s.Confirm(ctx, who, p.ID)
	if err != nil || !out.New || out.Incident == "" {
		t.Fatalf("got %+v, %v", out, err)
	}
	r, _, err := record.Get[*hansei.Retrospective](ctx, s.Records, who.Scope(), out.ID)
	if err != nil {
		t.Fatal(err)
	}
	if r.Title != "Checkout refused payments" || len(r.Factors) != 2 || r.Factors[0].Evidence == "" || r.Section("surprises").Text != "It rained." || r.Section("weather") != nil || len(r.Timeline) != 1 || r.State != hansei.RetroDraft || r.Completeness == nil {
		t.Errorf("got %+v", r)
	}
	in, _, err := record.Get[*hansei.Incident](ctx, s.Records, who.Scope(), out.Incident)
	if err != nil || in.Type != hansei.IncidentBackfilled || in.Severity != "sev2" || len(in.Services) != 1 {
		t.Errorf("got %+v, %v", in, err)
	}
	if list, err := s.Records.List(ctx, who.Scope(), hansei.KindFollowUp, "", 10); err != nil || len(list) != 1 || list[0].Record.(*hansei.FollowUp).Title != "Alert on waiting connections" {
		t.Errorf("got %+v, %v", list, err)
	}
	if _, _, err := s.Confirm(ctx, who, p.ID); !errors.Is(err, hansei.ErrConflict) {
		t.Errorf("confirmed twice: got %v", err)
	}
	// The same document taken in at once is the same record.
	other, seq, err := s.Import(ctx, who, "elsewhere/checkout.md", []byte(text))
	if err != nil || other.New || other.ID != out.ID || seq != 0 {
		t.Errorf("got %+v at %d, %v", other, seq, err)
	}
}

func TestDropIsUndone(t *testing.T) {
	s, ctx := open(t), t.Context()
	good, err := s.Put(ctx, who, "a.md", []byte("# A\n"))
	if err != nil {
		t.Fatal(err)
	}
	bad, err := s.Put(ctx, who, "b.md", []byte("---\ntitle: [\n---\nx"))
	if err != nil || bad.State != Failed || bad.Error == "" {
		t.Fatalf("got %+v, %v", bad, err)
	}
	for _, p := range []Paper{good, bad} {
		for _, dropped := range []bool{true, true, false, false} {
			if err := s.Drop(ctx, who, p.ID, dropped); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := s.Get(ctx, who.Scope(), p.ID); err != nil || got.State != p.State || got.Error != p.Error {
			t.Errorf("got %+v, %v", got, err)
		}
	}
	if err := s.Drop(ctx, who, "none", true); !errors.Is(err, hansei.ErrNotFound) {
		t.Errorf("got %v", err)
	}
	if _, _, err := s.Confirm(ctx, who, bad.ID); !errors.Is(err, hansei.ErrConflict) {
		t.Errorf("got %v", err)
	}
	if _, err := s.Put(ctx, auth.Actor{}, "c.md", []byte("x")); !errors.Is(err, hansei.ErrForbidden) {
		t.Errorf("nobody put a document: %v", err)
	}
	// It is not taken for a file of rows after a crash.
	if counts, err := s.Counts(ctx, who.Scope()); err != nil || counts[Waiting] != 1 || counts[Failed] != 1 {
		t.Errorf("got %v, %v", counts, err)
	}
}

func archive(t *testing.T, files map[string]string) *bytes.Reader {
	t.Helper()
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for name, body := range files {
		f, err := z.Create(name)
		if err == nil {
			_, err = io.WriteString(f, body)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return bytes.NewReader(out.Bytes())
}

func TestArchive(t *testing.T) {
	s, ctx := open(t), t.Context()
	files := map[string]string{"OPS/index.html": "<h2>Space Details:</h2><h2>Available Pages:</h2>", "OPS/attachments/1.png": "png", "__MACOSX/OPS/a.md": "x", ".hidden.md": "x",
		"2024/index.md": "# One\n", "2025/index.md": "# Two\n", "../../etc/evil.md": "# Three\n", "empty.md": "", "not.md": "---\na: [\n---\n"}
	body := archive(t, files)
	got := map[string]string{}
	if err := s.PutArchive(ctx, who, "x.zip", body, body.Size(), func(p Paper) { got[p.Name] = p.State }); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"OPS/index.html": Failed, "2024/index.md": Waiting, "2025/index.md": Waiting, "evil.md": Waiting, "empty.md": Failed, "not.md": Failed}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %v, want %v", got, want)
	}
	for name, b := range map[string]*bytes.Reader{"none.zip": archive(t, map[string]string{"a.png": "x"}), "broken.zip": bytes.NewReader([]byte("PK nothing"))} {
		var invalid *hansei.InvalidError
		if err := s.PutArchive(ctx, who, name, b, b.Size(), func(Paper) {}); !errors.As(err, &invalid) || invalid.Field != name {
			t.Errorf("%s: got %v", name, err)
		}
	}
	// A file that says it is small and unpacks to far more is stopped.
	bomb := archive(t, map[string]string{"bomb.md": string(bytes.Repeat([]byte("a"), 20<<20)), "good.md": "# Good\n"})
	states := map[string]string{}
	if err := s.PutArchive(ctx, who, "bomb.zip", bomb, bomb.Size(), func(p Paper) { states[p.Name] = p.State }); err != nil || states["bomb.md"] != Failed || states["good.md"] != Waiting {
		t.Errorf("got %v, %v", states, err)
	}
}

// TestWorkGoesOn: what was confirmed and broken off is finished by the next
// server, each document once.
func TestWorkGoesOn(t *testing.T) {
	s, ctx := open(t), t.Context()
	for i := range 130 {
		if _, err := s.Put(ctx, who, fmt.Sprintf("d%d.md", i), []byte(fmt.Sprintf("# Down %d on 3 May 2025\n", i))); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.ConfirmAll(ctx, who); err != nil {
		t.Fatal(err)
	}
	list, err := s.List(ctx, who.Scope(), Confirmed, time.Time{}, 3)
	if err != nil || len(list) != 3 {
		t.Fatalf("got %d, %v", len(list), err)
	}
	if _, _, err := s.Confirm(ctx, who, list[0].ID); err != nil { // all that was done before the crash
		t.Fatal(err)
	}
	if err := s.Work(ctx, who); err != nil {
		t.Fatal(err)
	}
	counts, err := s.Counts(ctx, who.Scope())
	if err != nil || counts[Done] != 130 || counts[Confirmed] != 0 {
		t.Errorf("got %v, %v", counts, err)
	}
	if all, err := s.Records.List(ctx, who.Scope(), hansei.KindRetrospective, "", 500); err != nil || len(all) != 130 {
		t.Errorf("got %d retrospectives, %v", len(all), err)
	}
}

// TestRealPostmortems takes in public postmortems, all at once.
func TestRealPostmortems(t *testing.T) {
	files, err := filepath.Glob("../../../../shared/data/postmortems/*.md")
	if err != nil || len(files) == 0 {
		t.Skip("the postmortems are not here")
	}
	s, ctx, began := open(t), t.Context(), time.Now()
	for _, name := range files {
		body, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if p, err := s.Put(ctx, who, name, body); err != nil || p.State != Waiting {
			t.Errorf("%s: %+v, %v", name, p, err)
		}
	}
	read := time.Since(began)
	if err := errors.Join(s.ConfirmAll(ctx, who), s.Work(ctx, who)); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d documents: read in %v, brought in in %v", len(files), read, time.Since(began)-read)
	all, err := s.Records.List(ctx, who.Scope(), hansei.KindRetrospective, "", 500)
	if err != nil || len(all) != len(files) {
		t.Errorf("got %d retrospectives of %d, %v", len(all), len(files), err)
	}
	incidents, err := s.Records.List(ctx, who.Scope(), hansei.KindIncident, "", 500)
	if err != nil || len(incidents) < 88 {
		t.Errorf("got %d incidents, %v", len(incidents), err)
	}
}
