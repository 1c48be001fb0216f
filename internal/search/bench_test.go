package search

import (
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"hansei"
)

// town makes records as organizations have them: words by Zipf's law, lengths
// by a lognormal, and in each text a host, a trace id and a number that stand
// nowhere else, which is what makes vocabularies grow.
type town struct {
	r     *rand.Rand
	words *rand.Zipf
}

func newTown() *town {
	r := rand.New(rand.NewPCG(5, 6))
	return &town{r, rand.NewZipf(r, 1.07, 6, 30_000)}
}

// word is a word of syllables, the same for the same number.
func wordOf(n uint64) string {
	syllables := []string{"con", "pay", "re", "ti", "mer", "lo", "ga", "que", "pro", "da", "ser", "tor", "in", "vi", "la", "ni", "ma", "po", "stra", "ced", "ex", "ful", "gor", "hel", "jun", "ken", "lum", "nor", "ox", "pil", "rus", "sum"}
	n = n*2654435761 + 97
	var b strings.Builder
	for range 2 + n%3 {
		b.WriteString(syllables[n%32])
		n /= 29
	}
	return b.String()
}

func (w *town) text(n int) string {
	out := make([]string, n)
	for i := range out {
		out[i] = wordOf(w.words.Uint64())
	}
	return strings.Join(out, " ")
}

func (w *town) doc(i int) Doc {
	kind := []hansei.Kind{hansei.KindIncident, hansei.KindIncident, hansei.KindIncident, hansei.KindRetrospective, Lesson, hansei.KindFollowUp}[w.r.IntN(6)]
	length := int(math.Exp(w.r.NormFloat64()*0.8 + 4)) // median 55 words
	d := Doc{Key: Key{kind, hansei.ID(fmt.Sprint("pd:Q", i))}, Title: w.text(4 + w.r.IntN(6)), At: time.Date(2020, 1, 1, 0, 0, i*60, 0, time.UTC), Names: []string{fmt.Sprint("INC-", i)}}
	d.Body = w.text(min(length, 2000)) + fmt.Sprintf(" host-%x trace %x took %d ms", w.r.Uint32(), w.r.Uint64(), w.r.IntN(100_000))
	d.Tags = map[string][]string{"service": {wordOf(uint64(w.r.IntN(300)))}, "team": {wordOf(uint64(w.r.IntN(30)))},
		"severity": {fmt.Sprint("sev", 1+w.r.IntN(5))}, "status": {"resolved"}, "factor": {wordOf(uint64(w.r.IntN(40)))}}
	return d
}

// query is what somebody types: one to four words of some document, the last
// often half, one in five misspelt, some with filters or in quotes.
func (w *town) query(x *Index) Query {
	e := &x.docs[w.r.IntN(len(x.docs))]
	fields := strings.Fields(e.title)
	from := w.r.IntN(len(fields))
	words := slices.Clone(fields[from:min(len(fields), from+1+w.r.IntN(4))])
	q := Query{}
	switch last := &words[len(words)-1]; w.r.IntN(10) {
	case 0, 1, 2, 3, 4:
		*last = (*last)[:2+w.r.IntN(len(*last)-1)]
	case 5, 6:
		*last = misspelt(w.r, *last) + " "
	case 7:
		words = []string{`"` + strings.Join(words, " ") + `" `}
	case 8:
		*last += " "
	}
	if q.Text = strings.Join(words, " "); w.r.IntN(3) == 0 {
		q.Kinds, q.Tags = []hansei.Kind{e.Kind}, map[string][]string{"severity": {"sev1", "sev2"}}
	}
	return q
}

func misspelt(r *rand.Rand, s string) string {
	i := r.IntN(len(s) - 1)
	switch r.IntN(3) {
	case 0:
		return s[:i] + s[i+1:]
	case 1:
		return s[:i] + string(s[i+1]) + string(s[i]) + s[i+2:]
	}
	return s[:i] + "x" + s[i:]
}

const many = 100_000

func large() *Index {
	w, x := newTown(), New()
	for i := range many {
		d := w.doc(i)
		x.Set(d.Key, d)
	}
	return x
}

// spent is how much time of processors this process has had: what things cost,
// however busy the machine is.
func spent(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// percentiles runs something again and again and reports how much time of a
// processor it takes at the median, at the 99th percentile and at most.
func percentiles(b *testing.B, do func()) {
	var took []time.Duration
	for b.Loop() {
		began := spent(b)
		do()
		took = append(took, spent(b)-began)
	}
	slices.Sort(took)
	at := func(q float64) float64 {
		return float64(took[min(len(took)-1, int(q*float64(len(took))))].Microseconds()) / 1000
	}
	b.ReportMetric(at(0.5), "p50-ms")
	b.ReportMetric(at(0.99), "p99-ms")
	b.ReportMetric(at(1), "max-ms")
}

// BenchmarkBox looks words up among 100,000 documents while they are typed.
func BenchmarkBox(b *testing.B) {
	x, w := large(), newTown()
	b.Run("typing", func(b *testing.B) { percentiles(b, func() { x.Search(w.query(x)) }) })
	b.Run("commonest", func(b *testing.B) {
		q := Query{Text: wordOf(0) + " " + wordOf(1) + " " + wordOf(2) + " " + wordOf(3)[:2]}
		percentiles(b, func() { x.Search(q) })
	})
	b.Run("quoted", func(b *testing.B) {
		q := Query{Text: `"` + wordOf(0) + " " + wordOf(1) + `"`}
		percentiles(b, func() { x.Search(q) })
	})
	b.Run("nowhere", func(b *testing.B) {
		percentiles(b, func() { x.Search(Query{Text: "zqxvwkjyh "}) })
	})
}

// BenchmarkSimilar asks for what is like a record; once while nothing changes,
// once with a change before each.
func BenchmarkSimilar(b *testing.B) {
	x, w := large(), newTown()
	like := func() { x.Similar(Like{Of: x.docs[w.r.IntN(many)].Key}) }
	b.Run("still", func(b *testing.B) { percentiles(b, like) })
	b.Run("changing", func(b *testing.B) {
		percentiles(b, func() {
			x.Set(x.docs[77].Key, w.doc(77))
			like()
		})
	})
}

// BenchmarkBuild indexes 100,000 documents and reports what each takes.
func BenchmarkBuild(b *testing.B) {
	w := newTown()
	var docs []Doc
	text := 0
	for i := range many {
		docs = append(docs, w.doc(i))
		text += len(docs[i].Title) + len(docs[i].Body)
	}
	for b.Loop() {
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		x, began := New(), spent(b)
		for _, d := range docs {
			x.Set(d.Key, d)
		}
		b.ReportMetric((spent(b) - began).Seconds(), "cpu-s")
		runtime.GC()
		runtime.ReadMemStats(&after)
		b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/many, "B/document")
		b.ReportMetric(float64(text)/many, "B-text/document")
		b.ReportMetric(float64(len(x.words.terms)), "words")
	}
}
