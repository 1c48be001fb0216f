package forget

import (
	"bytes"
	"compress/gzip"
	"database/sql"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/record"
	"hansei/internal/record/pack"
	"hansei/internal/record/pgtest"
)

var who = auth.Local()

func write(t *testing.T, s *record.Store, as auth.Actor, recs ...hansei.Record) {
	t.Helper()
	if _, err := s.Write(t.Context(), as, func(tx *record.Tx) error {
		for _, r := range recs {
			found, err := record.Load(t.Context(), tx, as.Scope(), r.Kind(), []hansei.ID{r.Head().ID})
			if err != nil {
				return err
			}
			if err := record.Put(tx, r, found[r.Head().ID].Revision); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}

// TestNothingIsLeft looks for a forgotten person in all that the database
// holds, and finds everybody else as they were.
func TestNothingIsLeft(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) {
		dir := t.TempDir()
		s, err := record.Open(t.Context(), record.Options{Dir: dir})
		if err != nil {
			t.Fatal(err)
		}
		look := func(when string) { inFiles(t, dir, when) }
		forgetAnn(t, s)
		look("open")
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		look("closed")
	})
	t.Run("postgres", func(t *testing.T) {
		url, _ := pgtest.Start(t)
		s, err := record.Open(t.Context(), record.Options{Dir: t.TempDir(), Database: url})
		if err != nil {
			t.Fatal(err)
		}
		forgetAnn(t, s)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		inTables(t, url)
	})
}

// inFiles looks into every file of a directory.
func inFiles(t *testing.T, dir, when string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(files) == 0 {
		t.Fatal(err)
	}
	for _, name := range files {
		if text, err := os.ReadFile(name); err == nil && bytes.Contains(bytes.ToLower(text), []byte("zyx")) {
			t.Errorf("%s: %s still holds the name", when, filepath.Base(name))
		}
	}
}

// inTables looks into every column of every table, of jobs and sessions, too.
func inTables(t *testing.T, url string) {
	t.Helper()
	db, err := sql.Open("pgx", url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	rows, err := db.Query(`SELECT quote_ident(table_schema) || '.' || quote_ident(table_name), quote_ident(column_name), data_type FROM information_schema.columns
		WHERE table_schema NOT IN ('pg_catalog', 'information_schema') AND data_type IN ('text', 'character varying', 'bytea', 'json', 'jsonb')`)
	if err != nil {
		t.Fatal(err)
	}
	columns, holds := 0, func(table, column, test string) {
		var n int
		if err := db.QueryRow("SELECT count(*) FROM " + table + " WHERE " + test).Scan(&n); err != nil || n > 0 {
			t.Errorf("%s.%s holds the name in %d rows, %v", table, column, n, err)
		}
	}
	for rows.Next() {
		var table, column, kind string
		if err := rows.Scan(&table, &column, &kind); err != nil {
			t.Fatal(err)
		}
		columns++
		if kind == "bytea" {
			holds(table, column, "position('zyx'::bytea IN "+column+") > 0 OR position('Zyx'::bytea IN "+column+") > 0 OR position('ZYX'::bytea IN "+column+") > 0")
		} else {
			holds(table, column, column+"::text ILIKE '%zyx%'")
		}
	}
	if err := rows.Err(); err != nil || columns < 30 {
		t.Errorf("looked into %d columns, %v", columns, err)
	}
}

// forgetAnn writes what names a person, has her forgotten, and reads what is
// left.
func forgetAnn(t *testing.T, s *record.Store) {
	t.Helper()
	ctx, at := t.Context(), time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)
	ann := &hansei.Person{Header: hansei.Header{ID: "pd:zyxann", From: []hansei.Observed{{Source: "pd", External: "zyxann.zyxsmith@corp.example"}}}, Name: "Zyxann Zyxsmith", Email: "zyxann.zyxsmith@corp.example"}
	bob := &hansei.Person{Header: hansei.Header{ID: "bob"}, Name: "Bob Jones", Email: "bob@corp.example"}
	as := auth.Local().As("Zyxann Zyxsmith")
	for i := range 3 {
		r := &hansei.Retrospective{Header: hansei.Header{ID: "retro:1", Edits: []hansei.Edit{{Field: "title", Value: []byte(`"Zyxann Zyxsmith did"`), By: "Zyxann Zyxsmith", At: at}}}, Title: "Down, told by Zyxann Zyxsmith", State: hansei.RetroDraft, Owner: "pd:zyxann", Reviewers: []hansei.ID{"bob", "pd:zyxann"},
			Sections: []hansei.Section{{ID: "summary", Title: "Summary", Text: strings.Repeat("x ", i) + "zyxann  ZYXSMITH called @pd:zyxann (zyxann.zyxsmith@corp.example), and Bob Jones came. \"Zyxann\nZyxsmith\"", Others: []hansei.Wording{{By: "Zyxann Zyxsmith", At: at, Text: "x"}}}},
			Timeline: []hansei.Moment{{ID: "1", At: at, What: "note", Text: "Paged Zyxann Zyxsmith", By: "Zyxann Zyxsmith", Note: "by Zyxann Zyxsmith"}},
			Comments: []hansei.Comment{{ID: "1", Section: "summary", By: "Zyxann Zyxsmith", At: at, Text: "I, Zyxann Zyxsmith"}}, Codings: []hansei.Coding{{By: "Zyxann Zyxsmith", At: at}}}
		in := &hansei.Incident{Header: hansei.Header{ID: "i1"}, Title: "Down", Responders: []hansei.ID{"pd:zyxann", "bob"}, Services: []hansei.ID{"web"}, Milestones: hansei.Milestones{{Role: hansei.RoleBegan, At: at}}}
		ann.Aliases = []string{"zyxann-ops"}[:min(i, 1)]
		write(t, s, as, ann, bob, r, in)
	}
	if _, _, err := s.PutDelivery(ctx, who, hansei.Delivery{Source: "file", Name: "zyxann-ops.csv"}, `{"kind":"person"}`, strings.NewReader("name\nZyxann Zyxsmith\n")); err != nil {
		t.Fatal(err)
	}
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	if _, err := io.WriteString(z, "name\nZyxann Zyxsmith\n"); err != nil || z.Close() != nil {
		t.Fatal(err)
	}
	if _, _, err := s.PutDelivery(ctx, who, hansei.Delivery{Source: "file", Name: "people.csv.gz"}, `{"kind":"person"}`, &packed); err != nil {
		t.Fatal(err)
	}
	kept, _, err := s.PutDelivery(ctx, who, hansei.Delivery{Source: "file", Name: "bob.csv"}, `{"kind":"person"}`, strings.NewReader("name\nBob Jones\n"))
	if err != nil {
		t.Fatal(err)
	}
	packer, err := pack.New()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Deliver(ctx, who, []pack.Packed{packer.Pack("pd", "event", "text/plain", "1", []byte("Zyxann Zyxsmith was paged"))}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Write(ctx, who, func(tx *record.Tx) error {
		return tx.PutPull(record.PullState{Source: "pd", Stream: "calendar", Cursor: `{"shifts":{"u1:Zyxann Zyxsmith":{"end":1}}}`, Error: "no word of Zyxann Zyxsmith"})
	}); err != nil {
		t.Fatal(err)
	}
	before, err := s.Head(ctx, who.Scope())
	if err != nil {
		t.Fatal(err)
	}
	c := &Clerk{Records: s, Random: func() string { return "r1" }}
	var invalid *hansei.InvalidError
	if _, err := c.Forget(ctx, who, "pd:zyxann", "Zyxann", nil); !errors.As(err, &invalid) || invalid.Field != "name" {
		t.Errorf("without the name: got %v", err)
	}
	if _, err := c.Forget(ctx, who, "nobody", "x", nil); !errors.Is(err, hansei.ErrNotFound) {
		t.Errorf("nobody: got %v", err)
	}
	if _, err := c.Forget(ctx, auth.Actor{}, "pd:zyxann", "Zyxann Zyxsmith", nil); !errors.Is(err, hansei.ErrForbidden) {
		t.Errorf("by nobody: got %v", err)
	}
	out, err := c.Forget(ctx, who, "pd:zyxann", "Zyxann Zyxsmith", nil)
	if err != nil || out.ID != "former-r1" || out.Payloads != 3 || out.Entries == 0 {
		t.Fatalf("got %+v, %v", out, err)
	}
	pulls, err := record.Pulls(ctx, s, who.Scope(), "pd")
	if err != nil || len(pulls) != 1 || pulls[0].Cursor != `{"shifts":{"u1:a former colleague":{"end":1}}}` {
		t.Errorf("how far was pulled: %+v, %v", pulls, err)
	}
	after, err := s.Head(ctx, who.Scope())
	if err != nil || after.Epoch == before.Epoch || after.Seq != before.Seq+1 {
		t.Errorf("got %+v after %+v, %v; want a new epoch and one entry more", after, before, err)
	}
	r, _, err := record.Get[*hansei.Retrospective](ctx, s, who.Scope(), "retro:1")
	if err != nil || r.Owner != "former-r1" || r.Section("summary").Text != "x x a former colleague called @former-r1 (a former colleague), and Bob Jones came. \"a former colleague\"" || r.Timeline[0].By != Former || !r.Timeline[0].At.Equal(at) {
		t.Errorf("got %+v, %v", r, err)
	}
	in, _, err := record.Get[*hansei.Incident](ctx, s, who.Scope(), "i1")
	if err != nil || len(in.Responders) != 2 || in.Responders[0] != "former-r1" || in.Responders[1] != "bob" {
		t.Errorf("got %+v, %v", in, err)
	}
	if history, err := s.History(ctx, who.Scope(), hansei.KindPerson, "former-r1"); err != nil || len(history) != 4 || history[0].Who != who.Name {
		t.Errorf("got %+v, %v", history, err)
	}
	if _, _, err := record.Get[*hansei.Person](ctx, s, who.Scope(), "pd:zyxann"); !errors.Is(err, hansei.ErrNotFound) {
		t.Errorf("the old id still leads somewhere: %v", err)
	}
	if body, err := s.OpenDelivery(ctx, who.Scope(), kept.ID); err != nil {
		t.Error(err)
	} else if err := body.Close(); err != nil {
		t.Error(err)
	}
}

func TestWords(t *testing.T) {
	w := newWords([]string{"Will", "Ann Lee", "ann@x.example", "Al"}, map[string]string{"ann": "former-1"})
	for in, want := range map[string]string{
		"Will will not go":              Former + " will not go",
		"Willow and Ann Leeds":          "Willow and Ann Leeds",
		"ANN LEE, ann  lee; Ann\nLee":   Former + ", " + Former + "; " + Former,
		"mail ann@x.example.":           "mail " + Former + ".",
		"@ann and @anna and person/ann": "@former-1 and @anna and person/former-1",
		"ann writes":                    "ann writes", // an id within prose is a word like any other
	} {
		if got := w.text(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
	doc, changed, err := w.doc([]byte(`{"id":"ann","responders":["ann"],"services":["ann"],"n":12345678901234567890,"title":"By Ann Lee"}`))
	if want := `{"id":"ann","responders":["former-1"],"services":["ann"],"n":12345678901234567890,"title":"By a former colleague"}`; err != nil || !changed || string(doc) != want {
		t.Errorf("got %s, %v, %v", doc, changed, err)
	}
}
