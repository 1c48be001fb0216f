package intake

import (
	"encoding/json"
	"testing"
	"time"

	"hansei"
)

func said(t *testing.T, in hansei.Incident) json.RawMessage {
	t.Helper()
	text, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestOrigins(t *testing.T) {
	at := time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)
	a := hansei.Incident{Title: "Checkout down", Severity: "sev1", Labels: []string{"x", "y"}}
	b := hansei.Incident{Title: "Checkout is down", Severity: "sev1", Priority: "P1", Labels: []string{"x", "y"}}
	gone := hansei.Incident{Title: "Checkout is down", Urgency: "high"}
	a.Milestones.Set(hansei.RoleDeclared, at)
	b.Milestones.Set(hansei.RoleDeclared, at.In(time.FixedZone("CET", 3600)))
	rec := &hansei.Incident{Title: "Checkout is down", Severity: "sev2", Priority: "P1", Labels: []string{"x", "y"}}
	rec.Milestones.Set(hansei.RoleDeclared, at)
	rec.From = []hansei.Observed{{Source: "gone", External: "9", Out: hansei.OutDeleted, Record: said(t, gone)},
		{Source: "pager", External: "1", Record: said(t, a)}, {Source: "status", External: "2", Record: said(t, b)}}
	rec.Edits = []hansei.Edit{{Field: "severity", By: "Ann", Value: json.RawMessage(`"sev2"`)}}
	all, err := Origins(rec)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	disputed := map[string]bool{}
	for _, o := range all {
		if disputed[o.Field.Name] = o.Disputed(); o.Edit != nil {
			got[o.Field.Name] = o.Edit.By
		}
		for _, s := range o.Said {
			if s.Stands {
				got[o.Field.Name] += s.Source
			}
		}
	}
	want := map[string]string{"title": "status", "severity": "Ann", "priority": "status", "labels": "pager", "declared_at": "pager", "urgency": ""}
	for name, from := range want {
		if got[name] != from {
			t.Errorf("%s: got from %q, want %q", name, got[name], from)
		}
	}
	for name, is := range map[string]bool{"title": true, "severity": true, "priority": false, "labels": false, "declared_at": false} {
		if disputed[name] != is {
			t.Errorf("%s: disputed %v, want %v", name, disputed[name], is)
		}
	}
	if len(all) != len(want) {
		t.Errorf("got %d fields, want %d", len(all), len(want))
	}
}

func TestOriginsOfOneSource(t *testing.T) {
	rec := &hansei.Incident{Title: "A"}
	rec.From = []hansei.Observed{{Source: "pager", External: "1"}}
	all, err := Origins(rec)
	if err != nil || len(all) != 1 || len(all[0].Said) != 1 || !all[0].Said[0].Stands {
		t.Errorf("got %+v, %v", all, err)
	}
}

// TestOriginsOfOwnFields: the organization's own fields, asked for, have
// origins as all others do.
func TestOriginsOfOwnFields(t *testing.T) {
	rec := &hansei.Incident{Title: "A"}
	rec.Custom = map[string]string{"region": "eu"}
	us, eu := hansei.Incident{}, hansei.Incident{}
	us.Custom, eu.Custom = map[string]string{"region": "us"}, map[string]string{"region": "eu"}
	rec.From = []hansei.Observed{{Source: "first", External: "1", Record: said(t, us)}, {Source: "second", External: "2", Record: said(t, eu)}}
	all, err := Origins(rec, hansei.OwnField{Name: "region"}.Field())
	if err != nil || len(all) != 1 || all[0].Stands() != "second" {
		t.Errorf("got %+v, %v", all, err)
	}
}
