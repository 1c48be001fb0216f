package app

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/record"
)

// TestSuggestAfterMany: as many incidents as one look takes, with ids as long as
// they may be, are looked through, and each has its nearest first.
func TestSuggestAfterMany(t *testing.T) {
	a, err := New(t.Context(), Config{Dir: t.TempDir(), Listen: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	})
	who, began := auth.Local(), time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	incident := func(source, external string, at time.Time) *hansei.Incident {
		in := &hansei.Incident{Header: hansei.Header{ID: hansei.ID(source + ":" + external), From: []hansei.Observed{{Source: source, External: external}}}, Title: "T", Status: hansei.StatusOpen}
		in.Milestones.Set(hansei.RoleDeclared, at)
		return in
	}
	seq, err := a.records.Write(t.Context(), who, func(tx *record.Tx) error {
		for i := range feedPage {
			if err := record.Put(tx, incident("one", strings.Repeat("x", 100)+fmt.Sprint(i), began.Add(time.Duration(i)*time.Minute)), 0); err != nil {
				return err
			}
		}
		for i := range 120 { // more than are compared with one
			if err := record.Put(tx, incident("two", fmt.Sprint(i), began.Add(time.Duration(i)*time.Minute)), 0); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		err = a.CatchUp(t.Context())
	}
	if err == nil {
		err = a.facts.Wait(t.Context(), seq)
	}
	if err != nil {
		t.Fatal(err)
	}
	var ids []hansei.ID
	for i := range feedPage {
		ids = append(ids, hansei.ID("one:"+strings.Repeat("x", 100)+fmt.Sprint(i)))
	}
	pairs, err := a.near(t.Context(), who.Scope(), ids, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	each, first := map[hansei.ID]int{}, map[hansei.ID]hansei.ID{}
	for _, p := range pairs {
		if each[p[0]]++; each[p[0]] == 1 {
			first[p[0]] = p[1]
		}
	}
	for _, i := range []int{0, 60, 119} {
		if id := ids[i]; each[id] != maxEach || first[id] != hansei.ID(fmt.Sprintf("two:%d", i)) {
			t.Errorf("%d: %d pairs, the first with %q", i, each[id], first[id])
		}
	}
	if id := ids[150]; each[id] != 30 { // those of the hour before
		t.Errorf("150: %d pairs", each[id])
	}
	if err := a.suggest(t.Context(), who); err != nil {
		t.Error(err)
	}
	if a.suggested < seq {
		t.Errorf("looked at %d of %d", a.suggested, seq)
	}
}
