package search

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"hansei"
)

func doc(id, title, body string) Doc {
	return Doc{Key: Key{hansei.KindIncident, hansei.ID(id)}, Title: title, Body: body}
}

func found(x *Index, q Query) (ids []string) {
	for _, h := range x.Search(q).Hits {
		ids = append(ids, string(h.ID))
	}
	return ids
}

func small() *Index {
	x := New()
	pay := doc("1", "Payment timeout", "The connection pool of payment-api was exhausted; customers saw HTTPServer errors.")
	pay.Tags, pay.At = map[string][]string{"service": {"payment"}}, time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	dns := doc("2", "DNS resolution failed", "A pool of resolvers lost its connection to the internet.")
	dns.At = time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC)
	retro := doc("3", "Certificate expired", "Nobody was told that the certificate of the gateway would expire. 支払い")
	retro.Kind = hansei.KindRetrospective
	x.Put(pay, dns, retro)
	return x
}

func TestSearch(t *testing.T) {
	x := small()
	for _, c := range []struct {
		name string
		q    Query
		want []string
	}{
		{"a word of the title first", Query{Text: "payment "}, []string{"1"}},
		{"all words", Query{Text: "connection pool "}, []string{"2", "1"}},
		{"a phrase", Query{Text: `"connection pool"`}, []string{"1"}},
		{"without a word", Query{Text: "pool -resolvers "}, []string{"1"}},
		{"half a word", Query{Text: "certif"}, []string{"3"}},
		{"a misspelt word", Query{Text: "certificaet "}, []string{"3"}},
		{"a part of a compound", Query{Text: "api "}, []string{"1"}},
		{"a hump", Query{Text: "server "}, []string{"1"}},
		{"any word where nothing has all", Query{Text: "gateway internet "}, []string{"3", "2"}},
		{"of a kind", Query{Text: "connection ", Kinds: []hansei.Kind{hansei.KindRetrospective}}, nil},
		{"with a tag", Query{Text: "connection ", Tags: map[string][]string{"service": {"payment"}}}, []string{"1"}},
		{"since", Query{Text: "connection ", Since: time.Date(2026, 1, 15, 0, 0, 0, 0, time.UTC)}, []string{"2"}},
		{"until", Query{Text: "connection ", Until: time.Date(2026, 1, 15, 0, 0, 0, 0, time.UTC)}, []string{"1"}},
		{"a script without spaces", Query{Text: "支払"}, []string{"3"}},
		{"nothing", Query{Text: "zzzzzz "}, nil},
	} {
		got := found(x, c.q)
		slices.Sort(got)
		slices.Sort(c.want)
		if !cmp.Equal(got, c.want) {
			t.Errorf("%s: got %v, want %v", c.name, got, c.want)
		}
	}
	if got := x.Search(Query{Text: "certificaet "}).Corrected; got != "certificate" {
		t.Errorf("got %q, want certificate", got)
	}
}

// TestBM25 is the example of rank_bm25's README with Lucene's weights, k1 1.2
// and b 0.75; the title is empty, so nothing counts more than once.
func TestBM25(t *testing.T) {
	x := New()
	for i, text := range []string{"Hello there good man!", "It is quite windy in London", "How is the weather today?"} {
		x.Put(doc(fmt.Sprint(i), "", text))
	}
	hits := x.Search(Query{Text: "windy London "}).Hits
	// Lucene leaves out the factor k1+1, which changes no order.
	if len(hits) != 1 || math.Abs(hits[0].Score/(k1+1)-0.824226263) > 1e-6 {
		t.Errorf("got %+v, want one hit of 0.824226263", hits)
	}
}

// TestChanges: an index that was changed again and again answers like one
// that was made of what is left.
func TestChanges(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	words := strings.Fields("pool timeout gateway certificate disk queue retry deploy database cache latency error")
	text := func(n int) string {
		var out []string
		for range n {
			out = append(out, words[r.IntN(len(words))])
		}
		return strings.Join(out, " ")
	}
	x, left := New(), map[string]Doc{}
	for range 6000 {
		id := fmt.Sprint(r.IntN(400))
		if r.IntN(4) == 0 {
			x.Delete(Key{hansei.KindIncident, hansei.ID(id)})
			delete(left, id)
			continue
		}
		d := doc(id, text(3), text(12))
		x.Put(d)
		left[id] = d
	}
	fresh := New()
	for _, d := range left {
		fresh.Put(d)
	}
	if x.Len() != fresh.Len() {
		t.Fatalf("got %d documents, want %d", x.Len(), fresh.Len())
	}
	for _, w := range words {
		a, b := x.Search(Query{Text: w + " pool ", Limit: 100}), fresh.Search(Query{Text: w + " pool ", Limit: 100})
		if a.Total != b.Total || !cmp.Equal(scores(a), scores(b)) {
			t.Fatalf("%s: got %d hits %v, want %d %v", w, a.Total, scores(a)[:3], b.Total, scores(b)[:3])
		}
	}
	for id := range left {
		of := Like{Of: Key{hansei.KindIncident, hansei.ID(id)}, N: 3}
		a, b := x.Similar(of), fresh.Similar(of)
		if len(a) != len(b) || math.Abs(a[0].Score-b[0].Score) > 1e-6 {
			t.Fatalf("like %s: got %v, want %v", id, a, b)
		}
	}
}

func scores(r Result) (out []string) {
	for _, h := range r.Hits {
		out = append(out, fmt.Sprintf("%.3f", h.Score))
	}
	return out
}

func TestHighlights(t *testing.T) {
	x := New()
	x.Put(doc("1", "Überlast", strings.Repeat("ä ö ü ", 100)+"the Überlast came here "+strings.Repeat("é è ê ", 100)))
	hit := x.Search(Query{Text: "überlast "}).Hits[0]
	marked := 0
	for _, s := range append(hit.TitleParts, hit.Snippet...) {
		if !utf8.ValidString(s.Text) {
			t.Errorf("%q is cut inside a letter", s.Text)
		}
		if s.Marked {
			marked++
		}
	}
	if marked != 2 {
		t.Errorf("got %d marks in %+v, want 2", marked, hit)
	}
}

func TestReasons(t *testing.T) {
	x := New()
	tags := map[string][]string{"service": {"checkout"}, "factor": {"capacity"}}
	a, b, c := doc("a", "Certificate expired", "tls"), doc("b", "An expired certificate", "tls"), doc("c", "Certificates", "expire")
	a.Tags, b.Tags = tags, tags
	x.Put(a, b, c, doc("d", "Disk full", "no space"), doc("e", "Queue stuck", "consumer"))
	got := x.Similar(Like{Of: a.Key, N: 2})
	if len(got) != 2 || got[0].ID != "b" {
		t.Fatalf("got %+v, want b first", got)
	}
	want := []string{"same service: checkout", "shared factor: capacity"}
	if !cmp.Equal(got[0].Reasons[:2], want) || !strings.Contains(got[0].Reasons[2], "words in common: ") || !strings.Contains(got[0].Reasons[2], "certificate") {
		t.Errorf("got %q, want %q and the words", got[0].Reasons, want)
	}
}

func FuzzSearch(f *testing.F) {
	x := small()
	for _, s := range []string{"", `"`, "-", "a", "certificaet", `"pool" -x 支`, "\xff\xfe"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		x.Search(Query{Text: text})
		x.Similar(Like{Title: text, Text: text})
	})
}
