package retro

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"hansei"
	"hansei/internal/auth"
)

// TestTheSecondRaterIsAnother: whoever chose the factors cannot say
// independently of themselves how well people agree.
func TestTheSecondRaterIsAnother(t *testing.T) {
	d, id := desk(t, "summary")
	ann, bo := auth.Local().As("ann"), auth.Local().As("bo")
	if _, err := d.Code(t.Context(), ann, id, []hansei.Factor{{Name: "capacity"}}); err != nil {
		t.Fatal(err)
	}
	var invalid *hansei.InvalidError
	if _, err := d.Rate(t.Context(), ann, id, []string{"capacity"}); !errors.As(err, &invalid) || invalid.Field != "factors" {
		t.Errorf("the first rates again: got %v", err)
	}
	if _, err := d.Rate(t.Context(), bo, id, []string{"capacity", "network"}); err != nil {
		t.Error(err)
	}
	r, _, err := d.Get(t.Context(), bo.Scope(), id)
	if err != nil || len(r.Codings) != 1 || len(r.CodedBy) != 1 {
		t.Errorf("got %+v, %+v, %v", r.Codings, r.CodedBy, err)
	}
}

func TestTouchesAreBounded(t *testing.T) {
	d, id := desk(t, "summary")
	long := strings.Repeat("x", maxEntry+1)
	for field, touch := range map[string]Touch{"note": {ID: "x", Note: &long}, "new": {New: &hansei.Moment{At: time.Now(), Text: long}}} {
		var invalid *hansei.InvalidError
		if _, err := d.Tell(t.Context(), auth.Local(), id, []Touch{touch}); !errors.As(err, &invalid) || invalid.Field != field {
			t.Errorf("%s: got %v", field, err)
		}
	}
}

// TestWhatPeopleWroteStaysInAFullTimeline: what a new draft adds never pushes
// out what somebody wrote.
func TestWhatPeopleWroteStaysInAFullTimeline(t *testing.T) {
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	var now []hansei.Moment
	for i := range hansei.MaxTimeline {
		now = append(now, hansei.Moment{ID: fmt.Sprint(i), At: at.Add(time.Duration(i) * time.Second), What: WhatAlert, Text: "An alert"})
	}
	late := at.Add(24 * time.Hour)
	old := []hansei.Moment{{ID: "note:1", At: late, What: WhatNote, Text: "By hand"}, {ID: "gone", At: late, What: WhatMessage, Note: "Noted by hand"}, {ID: "other", At: late, What: WhatMessage}}
	got := again(old, now)
	last := got[len(got)-2:]
	if len(got) != hansei.MaxTimeline || last[0].ID+" "+last[1].ID != "gone note:1" && last[0].ID+" "+last[1].ID != "note:1 gone" {
		t.Errorf("%d entries, the last %+v", len(got), last)
	}
}
