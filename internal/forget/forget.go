// Package forget takes a person out of everything that is kept: the journal and
// every revision in it, what stands beside it, and the payloads in which they
// are named. It is the only thing that rewrites the journal, and it cannot be
// undone.
//
// What stays is that somebody was there: a responder without a name, so that
// counts and times stay what they were. The views are built again, for the
// journal has a new epoch then.
package forget

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/record"
)

// Clerk forgets people.
type Clerk struct {
	Records *record.Store
	Random  func() string // makes ids
	// Settle waits until what was received before a time was understood: its
	// payload may be taken away then. May be nil, when nothing arrives.
	Settle func(ctx context.Context, who auth.Scope, before time.Time) error
}

// Forgotten says what was done.
type Forgotten struct {
	ID       hansei.ID `json:"id"`       // under which the record stands now
	Entries  int       `json:"entries"`  // of the journal that were rewritten
	Texts    int       `json:"texts"`    // beside it: names of files, notes of failures, messages
	Payloads int       `json:"payloads"` // that were taken away
	seq      record.Seq
}

// Seq is the journal's head after it.
func (f Forgotten) Seq() record.Seq { return f.seq }

// batch is how many entries one transaction looks at: others write in between.
const batch = 500

// Forget takes a person out of everything. confirm is their name, typed. told,
// if not nil, is told how far it is. When it breaks off, the person is still
// there; beginning again goes on where it was, for what is done is done.
func (c *Clerk) Forget(ctx context.Context, who auth.Actor, id hansei.ID, confirm string, told func(done, total record.Seq)) (out Forgotten, err error) {
	p, _, err := record.Get[*hansei.Person](ctx, c.Records, who.Scope(), id)
	if err != nil {
		return out, err
	}
	if p.Name == Former {
		return out, hansei.Invalid("id", "this person is forgotten already")
	}
	if strings.TrimSpace(confirm) != p.Name {
		return out, hansei.Invalid("name", "it cannot be undone: type the person's name, %q, to confirm", p.Name)
	}
	if told == nil {
		told = func(record.Seq, record.Seq) {}
	}
	began := time.Now()
	if err := c.Records.Unspool(ctx, who); err != nil {
		return out, fmt.Errorf("what has just come in: %w", err)
	}
	if c.Settle != nil {
		if err := c.Settle(ctx, who.Scope(), began); err != nil {
			return out, err
		}
	}
	ctx = context.WithoutCancel(ctx) // who asked may hang up; half forgotten is the worst
	w, ids, err := c.words(ctx, who, id)
	if err != nil {
		return out, err
	}
	// Payloads go first: what is understood of one meanwhile is in the journal
	// when that is rewritten.
	if out.Payloads, err = c.Records.DropPayloads(ctx, who, began, (&finder{words: w}).in); err != nil {
		return out, fmt.Errorf("payloads: %w", err)
	}
	if err := c.journal(ctx, who, w, &out, told); err != nil {
		return out, err
	}
	if out.Texts, err = c.Records.RewriteTexts(ctx, who, func(column, s string) string {
		switch column {
		case "person":
			return w.person(s)
		case "source", "stream": // the keys of how far a list was pulled, which must not be lost
			return s
		}
		if doc, changed, err := w.doc([]byte(s)); err == nil && changed && strings.HasPrefix(strings.TrimSpace(s), "{") {
			return string(doc)
		}
		return w.text(s)
	}); err != nil {
		return out, fmt.Errorf("texts beside the journal: %w", err)
	}
	out.ID = hansei.ID(ids[string(id)])
	if out.seq, err = c.renew(ctx, who, ids, out.ID); err != nil {
		return out, err
	}
	if err := c.Records.Compact(ctx, who); err != nil {
		return out, fmt.Errorf("the person is forgotten, but what was overwritten may still stand in the files of the database: %w", err)
	}
	return out, nil
}

// words gathers what the person was ever called, and the ids of those who were
// merged with them.
func (c *Clerk) words(ctx context.Context, who auth.Actor, id hansei.ID) (*words, map[string]string, error) {
	into, err := c.merged(ctx, who)
	if err != nil {
		return nil, nil, err
	}
	ids, names, handles := map[string]string{}, []string{}, []string{}
	for _, one := range withMerged(id, into) {
		ids[string(one)] = "former-" + c.Random()
		versions, err := c.Records.History(ctx, who.Scope(), hansei.KindPerson, one)
		if err != nil {
			return nil, nil, err
		}
		for _, v := range versions {
			rec, err := record.DecodeDoc(hansei.KindPerson, v.Doc)
			if err != nil {
				return nil, nil, err
			}
			n, h := called(rec.(*hansei.Person))
			names, handles = append(names, n...), append(handles, h...)
		}
	}
	return newWords(names, ids, handles...), ids, nil
}

// merged lists, by who they were merged into, those who were merged.
func (c *Clerk) merged(ctx context.Context, who auth.Actor) (map[hansei.ID][]hansei.ID, error) {
	into := map[hansei.ID][]hansei.ID{}
	for after := hansei.ID(""); ; {
		page, err := c.Records.List(ctx, who.Scope(), hansei.KindPerson, after, 500)
		if err != nil {
			return nil, err
		}
		for _, s := range page {
			after = s.Record.Head().ID
			if to := s.Record.Head().MergedInto; to != "" {
				into[to] = append(into[to], after)
			}
		}
		if len(page) < 500 {
			return into, nil
		}
	}
}

// withMerged is a person and all who were merged into them, also by way of
// another; each once, should merges ever go in a circle.
func withMerged(id hansei.ID, into map[hansei.ID][]hansei.ID) []hansei.ID {
	out, known := []hansei.ID{id}, map[hansei.ID]bool{id: true}
	for i := 0; i < len(out); i++ {
		for _, one := range into[out[i]] {
			if !known[one] {
				known[one], out = true, append(out, one)
			}
		}
	}
	return out
}

// journal rewrites entries until it has caught up with those who write.
func (c *Clerk) journal(ctx context.Context, who auth.Actor, w *words, out *Forgotten, told func(done, total record.Seq)) error {
	for at := record.Seq(0); ; {
		head, err := c.Records.Head(ctx, who.Scope())
		if err != nil || at >= head.Seq {
			return err
		}
		var bad error
		_, n, err := c.Records.RewriteEntries(ctx, who, at, batch, func(e *record.Entry) bool {
			doc, changed, err := w.doc(e.Doc)
			if err != nil {
				bad = fmt.Errorf("entry %d: %w", e.Seq, err)
				return false
			}
			if e.Kind == hansei.KindPerson && w.ids[string(e.ID)] != "" {
				doc, changed = e.Doc, false // in the end, so that it can be begun again
			}
			by := w.person(e.Who)
			changed = changed || by != e.Who
			e.Who, e.Doc = by, doc
			return changed
		})
		if err = errors.Join(err, bad); err != nil {
			return err
		}
		out.Entries += n
		at = min(at+batch, head.Seq)
		told(at, head.Seq)
	}
}

// renew empties the person's own records and notes, as their last revision, who
// had it done.
func (c *Clerk) renew(ctx context.Context, who auth.Actor, ids map[string]string, kept hansei.ID) (record.Seq, error) {
	return c.Records.Write(ctx, who, func(tx *record.Tx) error {
		for id, to := range ids {
			p := &hansei.Person{Header: hansei.Header{ID: hansei.ID(to)}, Name: Former}
			if hansei.ID(to) != kept {
				p.MergedInto = kept
			}
			doc, err := record.Encode(p)
			if err != nil {
				return err
			}
			if err := tx.Renew(hansei.KindPerson, hansei.ID(id), p.ID, doc); err != nil {
				return err
			}
			_, rev, err := record.Get[*hansei.Person](ctx, tx, who.Scope(), p.ID)
			if err != nil {
				return err
			}
			if err := record.Put(tx, p, rev); err != nil {
				return err
			}
		}
		return nil
	})
}
