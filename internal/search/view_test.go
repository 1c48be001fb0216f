package search

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/record"
)

func journal(t *testing.T) *record.Store {
	t.Helper()
	store, err := record.Open(t.Context(), record.Options{Dir: t.TempDir(), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	return store
}

func write(t *testing.T, store *record.Store, recs ...hansei.Record) {
	t.Helper()
	_, err := store.Write(t.Context(), auth.Local(), func(tx *record.Tx) error {
		for _, rec := range recs {
			found, err := record.Load(t.Context(), tx, auth.Local().Scope(), rec.Kind(), []hansei.ID{rec.Head().ID})
			if err != nil {
				return err
			}
			if err := record.Put(tx, rec, found[rec.Head().ID].Revision); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func retrospective(id hansei.ID, lessons ...string) *hansei.Retrospective {
	return &hansei.Retrospective{Header: hansei.Header{ID: id}, Title: "How " + string(id) + " went", State: hansei.RetroDraft, Lessons: lessons, Services: []hansei.ID{"pay"}}
}

// TestFollows: lessons come and go with their retrospective, merged and deleted
// records leave, and a follow-up is found by what it says.
func TestFollows(t *testing.T) {
	store, v, who := journal(t), NewView(slog.New(slog.DiscardHandler)), auth.Local().Scope()
	follow := func() {
		t.Helper()
		if err := v.CatchUp(t.Context(), store, who); err != nil {
			t.Fatal(err)
		}
	}
	keys := func(text string) (out []string) {
		t.Helper()
		res, err := v.Search(t.Context(), who, Query{Text: text})
		if err != nil {
			t.Fatal(err)
		}
		for _, h := range res.Hits {
			out = append(out, string(h.Kind)+" "+h.Doc.Title)
		}
		slices.Sort(out)
		return out
	}
	follow()
	write(t, store, retrospective("one", "Certificates need an owner", "Certificates  need an owner", "Test the failover"), &hansei.Service{Header: hansei.Header{ID: "pay"}, Name: "Payment"})
	follow()
	if got, want := keys("certificates "), []string{"lesson Certificates need an owner", "retrospective How one went"}; !cmp.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	write(t, store, retrospective("one", "Test the failover"))
	follow()
	if got := keys("certificates "); got != nil {
		t.Errorf("a lesson that is gone is found: %q", got)
	}
	if got := keys("failover "); len(got) != 2 {
		t.Errorf("got %q, want the lesson that stayed and its retrospective", got)
	}
	gone := retrospective("one")
	gone.Deleted = true
	merged := &hansei.Service{Header: hansei.Header{ID: "pay", MergedInto: "payment"}, Name: "Payment"}
	write(t, store, gone, merged)
	follow()
	if v.Len() != 0 {
		t.Errorf("%d documents are left", v.Len())
	}
}

// TestScope: who may not read the journal finds nothing in it.
func TestScope(t *testing.T) {
	store, v := journal(t), NewView(slog.New(slog.DiscardHandler))
	write(t, store, retrospective("one", "Secret lesson"))
	if err := v.CatchUp(t.Context(), store, auth.Scope{}); !errors.Is(err, hansei.ErrForbidden) {
		t.Errorf("following: got %v, want forbidden", err)
	}
	if err := v.CatchUp(t.Context(), store, auth.Local().Scope()); err != nil {
		t.Fatal(err)
	}
	if _, err := v.Search(t.Context(), auth.Scope{}, Query{Text: "secret"}); !errors.Is(err, hansei.ErrForbidden) {
		t.Errorf("search: got %v, want forbidden", err)
	}
	if _, err := v.Similar(t.Context(), auth.Scope{}, Like{Title: "secret"}); !errors.Is(err, hansei.ErrForbidden) {
		t.Errorf("similar: got %v, want forbidden", err)
	}
	if _, ok := v.Doc(t.Context(), auth.Scope{}, Key{hansei.KindRetrospective, "one"}); ok {
		t.Error("a document was read")
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := v.Search(gone, auth.Local().Scope(), Query{Text: "secret"}); !errors.Is(err, context.Canceled) {
		t.Errorf("who is gone: got %v, want canceled", err)
	}
}

// TestEditsAreARebuild: after any edits, what is followed answers like what is
// built of what the journal holds now; readers read on meanwhile.
func TestEditsAreARebuild(t *testing.T) {
	store, v, who := journal(t), NewView(slog.New(slog.DiscardHandler)), auth.Local().Scope()
	r := rand.New(rand.NewPCG(8, 9))
	words := []string{"pool", "timeout", "gateway", "certificate", "disk", "queue", "retry", "支払い", "überlast"}
	some := func() string { return words[r.IntN(len(words))] + " " + words[r.IntN(len(words))] }
	reading, stop := context.WithCancel(t.Context())
	var readers sync.WaitGroup
	readers.Go(func() {
		for reading.Err() == nil {
			_, _ = v.Search(reading, who, Query{Text: "pool gatew"})
			_, _ = v.Similar(reading, who, Like{Of: Key{hansei.KindIncident, "3"}})
		}
	})
	for step := range 60 {
		var recs []hansei.Record
		for range 1 + r.IntN(4) {
			id := hansei.ID(fmt.Sprint(r.IntN(8)))
			switch r.IntN(4) {
			case 0:
				x := retrospective(id, some(), some())
				x.Deleted = r.IntN(4) == 0
				recs = append(recs, x)
			case 1:
				j := hansei.NewJudgement(hansei.KindIncident, "3", hansei.ID(fmt.Sprint(4+r.IntN(4))))
				j.Verdict, j.At, j.Deleted = hansei.LessonVerdicts[r.IntN(2)], time.Unix(1, 0), r.IntN(3) == 0
				recs = append(recs, j)
			default:
				in := &hansei.Incident{Header: hansei.Header{ID: id, Deleted: r.IntN(6) == 0}, Title: some(), Description: some(), Severity: "SEV1", Type: hansei.IncidentReal, Status: hansei.StatusOpen}
				in.Milestones.Set(hansei.RoleDeclared, time.Unix(int64(step)*60, 0))
				recs = append(recs, in)
			}
		}
		write(t, store, unique(recs)...)
		if err := v.CatchUp(t.Context(), store, who); err != nil {
			t.Fatal(err)
		}
		fresh, err := build(t.Context(), store, who)
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range words {
			q := Query{Text: w + " pool ", Limit: 100, Tags: map[string][]string{"severity": {"sev1"}}}
			a, b := v.index.Load().Search(q), fresh.Search(q)
			if a.Total != b.Total || !cmp.Equal(scores(a), scores(b)) || !cmp.Equal(a.Facets, b.Facets) {
				t.Fatalf("step %d, %s: got %v %v, want %v %v", step, w, scores(a), a.Facets, scores(b), b.Facets)
			}
		}
		a, b := v.index.Load().Similar(Like{Of: Key{hansei.KindIncident, "3"}}), fresh.Similar(Like{Of: Key{hansei.KindIncident, "3"}})
		if !cmp.Equal(why(a), why(b)) {
			t.Fatalf("step %d: got %v, want %v", step, why(a), why(b))
		}
	}
	stop()
	readers.Wait()
}

// unique keeps the last of each record: a transaction writes one once.
func unique(recs []hansei.Record) (out []hansei.Record) {
	for i, rec := range recs {
		if !slices.ContainsFunc(recs[i+1:], func(o hansei.Record) bool { return o.Kind() == rec.Kind() && o.Head().ID == rec.Head().ID }) {
			out = append(out, rec)
		}
	}
	return out
}

func why(list []Similar) (out []string) {
	for _, s := range list {
		out = append(out, fmt.Sprintf("%s/%s %.4f %v", s.Kind, s.ID, s.Score, s.Reasons))
	}
	slices.Sort(out)
	return out
}

// TestJudged: what a person said of a pair stands above its words.
func TestJudged(t *testing.T) {
	x := New()
	x.Put(doc("a", "Certificate expired", "tls"), doc("b", "An expired certificate", "tls"), doc("c", "Disk full", "no space"), doc("d", "Queue stuck", "consumer"), doc("e", "Cache cold", "warm"))
	ids := func() (out []string) {
		for _, s := range x.Similar(Like{Of: Key{hansei.KindIncident, "a"}}) {
			out = append(out, string(s.ID)+s.Verdict)
		}
		return out
	}
	if got := ids(); !cmp.Equal(got, []string{"b"}) {
		t.Fatalf("got %v, want b", got)
	}
	x.Judge(hansei.KindIncident, "b", "a", hansei.LessonOther)
	x.Judge(hansei.KindIncident, "a", "c", hansei.LessonSame)
	if got := ids(); !cmp.Equal(got, []string{"csame"}) {
		t.Errorf("got %v, want c alone", got)
	}
	x.Judge(hansei.KindIncident, "a", "b", hansei.LessonSame)
	if got := ids(); !cmp.Equal(got, []string{"bsame", "csame"}) {
		t.Errorf("got %v, want b and c", got)
	}
	x.Judge(hansei.KindIncident, "a", "b", "")
	x.Judge(hansei.KindIncident, "c", "a", "")
	if got := ids(); !cmp.Equal(got, []string{"b"}) {
		t.Errorf("after both were taken back: got %v, want b", got)
	}
}

// TestFacets counts what there would be without the filter of the same name.
func TestFacets(t *testing.T) {
	x := New()
	for i, s := range []string{"sev1", "sev1", "sev2", "sev3"} {
		d := doc(fmt.Sprint(i), "Pool dry", "")
		d.Tags = map[string][]string{"severity": {s}, "service": {[]string{"pay", "search"}[i%2]}}
		x.Put(d)
	}
	x.Put(Doc{Key: Key{hansei.KindService, "pay"}, Title: "Payment"})
	res := x.Search(Query{Text: "pool ", Tags: map[string][]string{"severity": {"sev1"}}})
	if res.Total != 2 {
		t.Errorf("got %d, want 2", res.Total)
	}
	want := map[string][]Facet{"kind": {{"incident", "incident", 2}}, "severity": {{"sev1", "sev1", 2}, {"sev2", "sev2", 1}, {"sev3", "sev3", 1}}, "service": {{"pay", "Payment", 1}, {"search", "search", 1}}}
	if !cmp.Equal(res.Facets, want) {
		t.Errorf("got %v, want %v", res.Facets, want)
	}
}

// A snippet shows words, not what stands in a text for the page.
func TestSectionsAreWords(t *testing.T) {
	r := retrospective("r")
	r.Sections = []hansei.Section{{ID: "s", Text: "## The queue\n\nA deployment at [^milestone:began] doubled the **load** of `pay_v2`.\n\n```hansei figure time_to_resolve since=2025-01-01\n```\n\n```\nselect 1\n```\n"}}
	x := New()
	x.apply(r)
	res := x.Search(Query{Text: "doubled load", Limit: 1})
	if len(res.Hits) != 1 {
		t.Fatalf("%d hits", len(res.Hits))
	}
	var text string
	for _, s := range res.Hits[0].Snippet {
		text += s.Text
	}
	for _, bad := range []string{"[^", "**", "`", "##", "time_to_resolve"} {
		if strings.Contains(text, bad) {
			t.Errorf("%q stands in %q", bad, text)
		}
	}
	for _, good := range []string{"doubled the load", "pay_v2", "select 1"} {
		if !strings.Contains(text, good) {
			t.Errorf("%q is not in %q", good, text)
		}
	}
}
