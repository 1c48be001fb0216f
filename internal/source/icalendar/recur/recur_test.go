package recur

import (
	"slices"
	"testing"
	"time"
)

// TestRulesMayBeginLater: that a rule is not followed from its beginning changes
// nothing of what it says, whatever is asked for, and though the clocks skip the
// hour at which it begins.
func TestRulesMayBeginLater(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	sunday, wednesday := time.Date(2025, 2, 2, 2, 30, 0, 0, berlin), time.Date(2025, 2, 5, 2, 30, 0, 0, berlin)
	for text, start := range map[string]time.Time{
		"FREQ=HOURLY": sunday, "FREQ=HOURLY;INTERVAL=7": sunday, "FREQ=HOURLY;INTERVAL=36;BYDAY=SA,SU": sunday, "FREQ=HOURLY;INTERVAL=12;COUNT=900": sunday,
		"FREQ=DAILY": sunday, "FREQ=DAILY;INTERVAL=2;BYHOUR=2,14": sunday, "FREQ=DAILY;BYSETPOS=-1;BYHOUR=2,14": sunday,
		"FREQ=WEEKLY": sunday, "FREQ=WEEKLY;INTERVAL=2;WKST=SU;BYDAY=SU,MO": wednesday, "FREQ=WEEKLY;BYSETPOS=2;BYDAY=MO,WE,SA": wednesday,
		"FREQ=MONTHLY;BYDAY=-1SU": sunday,
	} {
		rule, err := Rule(text, start)
		if err != nil {
			t.Fatal(err)
		}
		s, until := Series{Start: start, Rule: rule, Length: 12 * time.Hour}, time.Date(2026, 4, 20, 0, 0, 0, 0, time.UTC)
		all, err := s.Starts(time.Time{}, until)
		if err != nil {
			t.Fatal(err)
		}
		for since := time.Date(2026, 3, 15, 0, 0, 0, 0, time.UTC); since.Before(until); since = since.Add(24 * time.Hour) {
			early := func(t time.Time) bool { return !t.Add(s.Length).After(since) }
			want := slices.DeleteFunc(slices.Clone(all), early)
			got, err := s.Starts(since, until)
			if got = slices.DeleteFunc(got, early); err != nil || !slices.EqualFunc(want, got, time.Time.Equal) {
				t.Errorf("%s since %s: %v; want %v, %v", text, since, got, want, err)
			}
		}
	}
}
