package retro

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/record"
)

// desk is a desk with one retrospective on a journal of its own.
func desk(t *testing.T, sections ...string) (*Desk, hansei.ID) {
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
	r := &hansei.Retrospective{Header: hansei.Header{ID: "retro:1"}, Title: "One", State: hansei.RetroDraft}
	for _, id := range sections {
		r.Sections = append(r.Sections, hansei.Section{ID: id, Title: id})
	}
	if _, err := store.Write(t.Context(), auth.Local(), func(tx *record.Tx) error { return record.Put(tx, r, 0) }); err != nil {
		t.Fatal(err)
	}
	return &Desk{Records: store, Now: time.Now}, r.ID
}

// writer is somebody who writes as the page does: from the text they last saw,
// going on from what the server made of it.
type writer struct {
	name string
	r    *rand.Rand
	base map[string]string
	said []string // lines that they saved, by section and line
}

func (w *writer) step(ctx context.Context, d *Desk, id hansei.ID, sections []string) error {
	section := sections[w.r.IntN(len(sections))]
	if w.r.IntN(4) == 0 { // the page hears of what others wrote
		r, _, err := d.Get(ctx, auth.Local().Scope(), id)
		if err != nil {
			return err
		}
		w.base[section] = r.Section(section).Text
		if len(r.Section(section).Others) > 4 {
			_, err := d.Choose(ctx, auth.Local().As(w.name), id, section, r.Section(section).Text)
			return err
		}
		return nil
	}
	lines := strings.SplitAfter(w.base[section], "\n")
	word := fmt.Sprintf("%s-%d", w.name, len(w.said))
	if at := w.r.IntN(len(lines)); w.r.IntN(3) == 0 && strings.HasSuffix(lines[at], "\n") {
		lines[at] = strings.TrimSuffix(lines[at], "\n") + " " + word + "\n" // in the middle of a line
	} else {
		lines[at] = word + "\n" + lines[at]
	}
	text := strings.Join(lines, "")
	_, apart, err := d.Write(ctx, auth.Local().As(w.name), id, Writing{Section: section, Base: w.base[section], Text: text})
	if err != nil {
		if strings.Contains(err.Error(), "choose one first") {
			w.base[section] = text
			return nil // it was not saved, and the writer was told
		}
		return err
	}
	w.said = append(w.said, section+"\x00"+word)
	w.base[section] = text
	if !apart && w.r.IntN(2) == 0 {
		r, _, err := d.Get(ctx, auth.Local().Scope(), id)
		if err != nil {
			return err
		}
		w.base[section] = r.Section(section).Text
	}
	return nil
}

// TestNothingWrittenTogetherIsLost: however the savings of several writers
// interleave, every word that was saved is in the section, beside it, or in the
// history; and what nobody chose away is in the section or beside it.
func TestNothingWrittenTogetherIsLost(t *testing.T) {
	sections := []string{"a", "b"}
	for seed := range uint64(12) {
		d, id := desk(t, sections...)
		var all []*writer
		var going sync.WaitGroup
		for i, name := range []string{"ann", "bob", "cyd"} {
			w := &writer{name: name, r: rand.New(rand.NewPCG(seed, uint64(i))), base: map[string]string{}}
			all = append(all, w)
			going.Go(func() {
				for range 25 {
					if err := w.step(t.Context(), d, id, sections); err != nil {
						t.Errorf("seed %d, %s: %v", seed, w.name, err)
						return
					}
				}
			})
		}
		going.Wait()
		kept := map[string]string{}
		versions, err := d.Records.History(t.Context(), auth.Local().Scope(), hansei.KindRetrospective, id)
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range versions {
			rec, err := record.DecodeDoc(hansei.KindRetrospective, v.Doc)
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range rec.(*hansei.Retrospective).Sections {
				kept[s.ID] += s.Text + " "
				for _, o := range s.Others {
					kept[s.ID] += o.Text + " "
				}
			}
		}
		words := map[string]map[string]bool{}
		for id, text := range kept {
			words[id] = map[string]bool{}
			for w := range strings.FieldsSeq(text) {
				words[id][w] = true
			}
		}
		said := 0
		for _, w := range all {
			for _, x := range w.said {
				section, word, _ := strings.Cut(x, "\x00")
				if said++; !words[section][word] {
					t.Errorf("seed %d: %q of section %s is lost", seed, word, section)
				}
			}
		}
		if said < 30 {
			t.Errorf("seed %d: only %d were saved", seed, said)
		}
	}
}

// TestMergedTextsKeepBoth: without anybody choosing, every word that was saved
// stands in the section or beside it when all is done, not only in the history.
func TestMergedTextsKeepBoth(t *testing.T) {
	for seed := range uint64(20) {
		d, id := desk(t, "a")
		r := rand.New(rand.NewPCG(seed, 7))
		base := map[string]string{}
		var said []string
		for i := range 30 {
			name := []string{"ann", "bob"}[r.IntN(2)]
			word := fmt.Sprintf("%s-%d", name, i)
			lines := strings.SplitAfter(base[name], "\n")
			at := r.IntN(len(lines))
			lines[at] = word + "\n" + lines[at]
			text := strings.Join(lines, "")
			_, apart, err := d.Write(t.Context(), auth.Local().As(name), id, Writing{Section: "a", Base: base[name], Text: text})
			if err != nil {
				t.Fatal(err)
			}
			said = append(said, word)
			if base[name] = text; !apart {
				now, _, err := d.Get(t.Context(), auth.Local().Scope(), id)
				if err != nil {
					t.Fatal(err)
				}
				base[name] = now.Section("a").Text
			}
		}
		now, _, err := d.Get(t.Context(), auth.Local().Scope(), id)
		if err != nil {
			t.Fatal(err)
		}
		all := now.Section("a").Text
		for _, o := range now.Section("a").Others {
			all += o.Text
		}
		for _, w := range said {
			if !strings.Contains(all, w+"\n") {
				t.Errorf("seed %d: %q is not there: %q", seed, w, all)
			}
		}
	}
}

func TestWritingFreezesItsFigures(t *testing.T) {
	d, id := desk(t, "a")
	asked := 0
	d.Figure = func(_ context.Context, _ auth.Scope, block string) (hansei.Frozen, error) {
		asked++
		if strings.Contains(block, "nothing") {
			return hansei.Frozen{}, hansei.Invalid("block", "there is no metric")
		}
		v := 42.0
		return hansei.Frozen{Title: block, Value: &v, N: 7, Seq: 3}, nil
	}
	who := auth.Local()
	save := func(base, text string) {
		t.Helper()
		if _, _, err := d.Write(t.Context(), who, id, Writing{Section: "a", Base: base, Text: text}); err != nil {
			t.Fatal(err)
		}
	}
	bad, good := "```hansei figure nothing\n```\n", "```hansei figure time_to_resolve  x=1\n```\n\n```hansei timeline\n```\n"
	save("", bad)
	if _, err := d.Move(t.Context(), who, id, hansei.RetroPublished); err == nil {
		t.Error("it was published with a block that says nothing")
	}
	save(bad, good)
	if _, err := d.Move(t.Context(), who, id, hansei.RetroPublished); err != nil {
		t.Fatal(err)
	}
	r, _, err := d.Get(t.Context(), who.Scope(), id)
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Frozen) != 1 || r.Frozen[0].Block != "figure time_to_resolve x=1" || *r.Frozen[0].Value != 42 || r.Frozen[0].At.IsZero() || asked != 2 {
		t.Errorf("got %+v after %d", r.Frozen, asked)
	}
}
