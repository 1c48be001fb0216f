package retro

import (
	"errors"
	"testing"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/record"
)

// TestMarkRead: a person who opens a published retrospective is marked once,
// with the revision last read; nobody else is.
func TestMarkRead(t *testing.T) {
	d, id := desk(t, "summary")
	ctx, who := t.Context(), auth.Local()
	if _, err := d.Records.Write(ctx, who, func(tx *record.Tx) error {
		return record.Put(tx, &hansei.Person{Header: hansei.Header{ID: "ann"}, Name: "Ann"}, 0)
	}); err != nil {
		t.Fatal(err)
	}
	mark := func(name string) *hansei.Reading {
		t.Helper()
		if err := d.MarkRead(ctx, who.As(name), id); err != nil {
			t.Fatal(err)
		}
		r, _, err := record.Get[*hansei.Reading](ctx, d.Records, who.Scope(), hansei.NewReading(id, hansei.ID(name)).ID)
		if errors.Is(err, hansei.ErrNotFound) {
			return nil
		}
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	publish := func(state string) {
		t.Helper()
		if _, err := d.Records.Write(ctx, who, func(tx *record.Tx) error {
			r, rev, err := record.Get[*hansei.Retrospective](ctx, tx, who.Scope(), id)
			if err != nil {
				return err
			}
			r.State = state
			return record.Put(tx, r, rev)
		}); err != nil {
			t.Fatal(err)
		}
	}
	if mark("ann") != nil {
		t.Error("a draft was marked as read")
	}
	publish(hansei.RetroPublished)
	if mark("local") != nil {
		t.Error("somebody who did not say who they are was marked")
	}
	first := mark("ann")
	if first == nil || first.Retrospective != id || first.Person != "ann" || first.At.IsZero() {
		t.Fatalf("got %+v", first)
	}
	head, err := d.Records.Head(ctx, who.Scope())
	if err != nil {
		t.Fatal(err)
	}
	mark("ann")
	if again, err := d.Records.Head(ctx, who.Scope()); err != nil || again.Seq != head.Seq {
		t.Errorf("reading the same revision again wrote %d entries (%v)", again.Seq-head.Seq, err)
	}
	publish(hansei.RetroRevised)
	if later := mark("ann"); later == nil || later.Revision <= first.Revision || !later.At.Equal(first.At) {
		t.Errorf("of the next revision: %+v after %+v", later, first)
	}
	if err := d.MarkRead(ctx, who.As("ann"), "retro:none"); !errors.Is(err, hansei.ErrNotFound) {
		t.Errorf("of none: %v", err)
	}
}
