package hansei_test

import (
	"errors"
	"testing"
	"time"

	"hansei"
)

func TestFollowUpsAreDueByTheFirstRuleThatFits(t *testing.T) {
	friday := time.Date(2026, 3, 6, 23, 30, 0, 0, time.UTC) // Saturday in Berlin
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	all := true
	for name, c := range map[string]struct {
		rules    hansei.RetroRules
		f        hansei.FollowUp
		severity string
		zone     *time.Location
		want     string
	}{
		"high of a sev1":       {hansei.DefaultRetroRules, hansei.FollowUp{Priority: "High", Type: "detect"}, "sev1", time.UTC, "2026-03-13"},
		"high":                 {hansei.DefaultRetroRules, hansei.FollowUp{Priority: "high"}, "sev3", time.UTC, "2026-03-20"},
		"an investigation":     {hansei.DefaultRetroRules, hansei.FollowUp{Type: "investigate"}, "", time.UTC, "2026-03-27"},
		"anything else":        {hansei.DefaultRetroRules, hansei.FollowUp{}, "", time.UTC, "2026-04-17"},
		"weekends of the zone": {hansei.RetroRules{FollowUpDue: []hansei.DueRule{{Days: 1}}}, hansei.FollowUp{}, "", berlin, "2026-03-08"}, // Monday 00:30 there
		"weekends count":       {hansei.RetroRules{FollowUpDue: []hansei.DueRule{{Days: 2}}, Weekends: &all}, hansei.FollowUp{}, "", time.UTC, "2026-03-08"},
		"no rule fits":         {hansei.RetroRules{FollowUpDue: []hansei.DueRule{{Severity: "sev2", Days: 2}}}, hansei.FollowUp{}, "sev3", time.UTC, "0001-01-01"},
	} {
		c.f.Created = friday
		if got, _ := c.rules.DueAt(&c.f, c.severity, c.zone); got.Format(time.DateOnly) != c.want {
			t.Errorf("%s: got %s, want %s", name, got, c.want)
		}
	}
	for _, bad := range []hansei.DueRule{{Type: "fix", Days: 1}, {Severity: "bad", Days: 1}, {}, {Days: 1001}} {
		var invalid *hansei.InvalidError
		if err := (&hansei.RetroRules{FollowUpDue: []hansei.DueRule{bad}}).Validate(); !errors.As(err, &invalid) || invalid.Field != "follow_up_due" {
			t.Errorf("%+v: got %v", bad, err)
		}
	}
}
