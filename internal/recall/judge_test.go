package recall_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/recall"
	"hansei/internal/record"
	"hansei/internal/search"
)

// world is a store with incidents a to f that all tell of a payment timeout.
func world(t *testing.T) *recall.Memory {
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
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	m := &recall.Memory{Records: store, Search: search.NewView(slog.New(slog.DiscardHandler)), Now: func() time.Time { return now }}
	_, err = store.Write(t.Context(), auth.Local(), func(tx *record.Tx) error {
		for i, id := range []hansei.ID{"a", "b", "c", "d", "e", "f"} {
			in := &hansei.Incident{Header: hansei.Header{ID: id}, Title: "Payment timeout", Description: fmt.Sprint("The pool ran dry, case ", i), Type: hansei.IncidentReal, Status: hansei.StatusResolved}
			in.Milestones.Set(hansei.RoleDeclared, now.AddDate(0, 0, i-30))
			in.Milestones.Set(hansei.RoleResolved, now.AddDate(0, 0, i-30).Add(time.Hour))
			if err := record.Put(tx, in, 0); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	caughtUp(t, m)
	return m
}

func caughtUp(t *testing.T, m *recall.Memory) {
	t.Helper()
	if err := m.Search.CatchUp(t.Context(), m.Records, auth.Local().Scope()); err != nil {
		t.Fatal(err)
	}
}

func said(a, b hansei.ID, verdict string, place int) recall.Said {
	return recall.Said{Of: hansei.KindIncident, A: a, B: b, Verdict: verdict, Place: place}
}

func TestOneWordForAPair(t *testing.T) {
	m, ctx, who := world(t), t.Context(), auth.Local()
	must := func(s recall.Said) {
		t.Helper()
		if _, _, err := m.Judge(ctx, who, s); err != nil {
			t.Fatal(err)
		}
	}
	must(said("a", "b", hansei.LessonOther, 1))
	must(said("b", "a", hansei.LessonSame, 2)) // changed their mind, the other way round
	must(said("c", "a", hansei.LessonOther, 3))
	must(said("a", "f", hansei.LessonSame, 9))
	must(said("d", "a", hansei.LessonSame, 0))
	must(said("e", "a", hansei.LessonSame, 4))
	if _, err := m.Retract(ctx, who, said("a", "e", "", 0)); err != nil {
		t.Fatal(err)
	}
	all, err := m.Judgements(ctx, who.Scope(), hansei.KindIncident)
	if err != nil {
		t.Fatal(err)
	}
	p := recall.Measure(all)
	if p.Same != 1 || p.Other != 1 || p.N != 2 || p.Elsewhere != 2 || *p.Share != 0.5 {
		t.Errorf("got %+v, want 1 same and 1 other of the first five, and 2 elsewhere", p)
	}
	// Wilson's interval of 1 of 2 at 95 %.
	if fmt.Sprintf("%.3f %.3f", *p.Low, *p.High) != "0.095 0.905" {
		t.Errorf("got %.3f to %.3f, want 0.095 to 0.905", *p.Low, *p.High)
	}
	must(said("a", "e", hansei.LessonOther, 0)) // after it was taken back
}

func TestWhatCannotBeJudged(t *testing.T) {
	m := world(t)
	for _, c := range []struct {
		name string
		said recall.Said
		want error
	}{
		{"itself", said("a", "a", hansei.LessonSame, 1), &hansei.InvalidError{}},
		{"nothing", said("a", "nothing", hansei.LessonSame, 1), hansei.ErrNotFound},
		{"no verdict", said("a", "b", "perhaps", 1), &hansei.InvalidError{}},
		{"no such place", said("a", "b", hansei.LessonSame, 1000), &hansei.InvalidError{}},
	} {
		_, _, err := m.Judge(t.Context(), auth.Local(), c.said)
		var invalid *hansei.InvalidError
		if ok := errors.As(err, &invalid); err == nil || !ok && !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %T", c.name, err, c.want)
		}
	}
	if _, err := m.Retract(context.Background(), auth.Local(), said("a", "b", "", 0)); !errors.Is(err, hansei.ErrNotFound) {
		t.Errorf("taking back what nobody said: got %v, want not found", err)
	}
	if _, _, err := m.Judge(t.Context(), auth.Actor{Name: "nobody"}, said("a", "b", hansei.LessonSame, 1)); !errors.Is(err, hansei.ErrForbidden) {
		t.Errorf("who may not write: got %v, want forbidden", err)
	}
}
