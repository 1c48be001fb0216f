package intake

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/record"
)

func TestOwnFieldsByHand(t *testing.T) {
	im, ctx, who := imports(t), context.Background(), auth.Local()
	p := People{Records: im.Records}
	text := "id,title,created_at,region\n1,one,2025-01-01T00:00:00Z,north\n"
	take(t, im, "incidents.csv", text, Options{})
	org := &hansei.Organization{Header: hansei.Header{ID: hansei.OrganizationID}, Retrospectives: &hansei.RetroRules{Fields: []hansei.OwnField{
		{Kind: hansei.KindIncident, Name: "cells", Type: hansei.OwnNumber},
		{Kind: hansei.KindIncident, Name: "areas", Type: hansei.OwnList, Options: []string{"Pay", "Ship"}},
		{Kind: hansei.KindIncident, Name: "old", Type: hansei.OwnText, Retired: true},
		{Kind: hansei.KindFollowUp, Name: "quarter", Type: hansei.OwnText},
	}}}
	if _, err := im.Records.Write(ctx, who, func(tx *record.Tx) error { return record.Put(tx, org, 0) }); err != nil {
		t.Fatal(err)
	}
	set := func(name, value string) error {
		_, err := p.Edit(ctx, who, hansei.KindIncident, "file:1", 0, []Set{{"custom." + name, json.RawMessage(value)}}, "why")
		return err
	}
	for _, c := range []struct{ name, value, wrong string }{
		{"cells", `"3.0"`, ""}, {"areas", `["pay"]`, ""}, {"region", `"south"`, ""},
		{"cells", `"many"`, "not a number"}, {"areas", `["sea"]`, "expected one of Pay, Ship"},
		{"old", `"x"`, "retired"}, {"nothing", `"x"`, "no such field"}, {"quarter", `"x"`, "no such field"},
	} {
		if err := set(c.name, c.value); (err == nil) != (c.wrong == "") || err != nil && !strings.Contains(err.Error(), c.wrong) {
			t.Errorf("%s = %s: got %v, want %q", c.name, c.value, err, c.wrong)
		}
	}
	stands := func(want string) {
		t.Helper()
		in, _, err := record.Get[*hansei.Incident](ctx, im.Records, who.Scope(), "file:1")
		if err != nil {
			t.Fatal(err)
		}
		if got, err := json.Marshal(in.Custom); err != nil || string(got) != want {
			t.Errorf("got %s, %v; want %s", got, err, want)
		}
	}
	stands(`{"areas":"[\"Pay\"]","cells":"3","region":"south"}`)
	// A later import does not touch a person's word; given back, the source's is back.
	take(t, im, "incidents.csv", strings.Replace(text, "north", "west", 1), Options{})
	stands(`{"areas":"[\"Pay\"]","cells":"3","region":"south"}`)
	for _, name := range []string{"region", "cells"} {
		if err := set(name, "null"); err != nil {
			t.Fatal(err)
		}
	}
	stands(`{"areas":"[\"Pay\"]","region":"west"}`)

	made := []Set{{"title", []byte(`"t"`)}, {"status", []byte(`"open"`)}, {"created_at", []byte(`"2025-01-01T00:00:00Z"`)}, {"custom.quarter", []byte(`"Q3"`)}}
	if _, err := p.Create(ctx, who, hansei.KindFollowUp, "f", made, ""); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Edit(ctx, who, hansei.KindFollowUp, "f", 0, []Set{{"custom.quarter", nil}}, ""); err != nil {
		t.Fatal(err)
	}
	f, _, err := record.Get[*hansei.FollowUp](ctx, im.Records, who.Scope(), "f")
	if err != nil || len(f.Custom) != 0 || f.Title != "t" {
		t.Errorf("got %v %q, %v", f.Custom, f.Title, err)
	}
}

// TestTrackerStays: how a follow-up stands in the tracker is nothing that its
// source tells, so another word of the source does not end it.
func TestTrackerStays(t *testing.T) {
	at := time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)
	key := hansei.Key{Kind: hansei.KindFollowUp, Source: "desk", External: "1"}
	is := &hansei.FollowUp{Header: hansei.Header{ID: "f", From: []hansei.Observed{{Source: key.Source, External: key.External, At: at}}},
		Title: "T", Status: hansei.FollowUpOpen, Created: at, Tracker: &hansei.Tracked{Source: "jira", External: "7"}}
	said := hansei.Observation{Key: key, Record: &hansei.FollowUp{Title: "U", Status: hansei.FollowUpOpen, Created: at}, At: at.Add(time.Hour)}
	rec, err := (&workingSet{}).fold(is, "f", said, Reading{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if f := rec.(*hansei.FollowUp); f.Title != "U" || f.Tracker == nil || f.Tracker.External != "7" {
		t.Errorf("got %+v", f)
	}
}
