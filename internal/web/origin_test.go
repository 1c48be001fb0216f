package web_test

import (
	"regexp"
	"testing"
	"time"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/connect"
	"hansei/internal/intake"
)

// TestOriginIsWhoseWordStands: a field names the source whose word it is, when
// a rule lets a later one lead and when the first one does not count.
func TestOriginIsWhoseWordStands(t *testing.T) {
	s, ctx, who := newSite(t), t.Context(), auth.Local()
	a, b := s.added(t, "toy", "first", nil), s.added(t, "toy", "second", nil)
	started := now.Add(-3 * time.Hour)
	tell := func() {
		s.sends(t, a, event{ID: "1", Status: "open", Title: "Search is slow", Priority: "P1", At: started})
		s.sends(t, b, event{ID: "2", Status: "open", Title: "Slow search", Priority: "P2", At: started, See: "https://first.example/i/1"})
	}
	says := func(when, label, value, source string) {
		t.Helper()
		row := regexp.MustCompile(`(?s)<dt>` + label + `</dt>.*?<span class="hs-said">\s*(.*?)\s*</span>\s*<small class="hs-from">(.*?)</small>`)
		m := row.FindStringSubmatch(s.get(t, "/incidents/first:1").says(t, 200).body)
		if m == nil || m[1] != value || m[2] != "from "+source {
			t.Errorf("%s, %s: got %q, want %s from %s", when, label, m, value, source)
		}
	}
	tell()
	says("no rule", "Priority", "P1", "first")
	rules := []hansei.SourceOrder{{Kind: hansei.KindIncident, Field: "priority", Sources: []string{"second"}}}
	if _, err := s.People.SetRules(ctx, who, intake.Rules{SourceOrder: &rules}); err != nil {
		t.Fatal(err)
	}
	started = started.Add(time.Minute)
	tell()
	says("by a rule", "Priority", "P2", "second")
	says("by a rule for another field", "Title", "Search is slow", "first")
	filter := []hansei.Condition{{Field: "priority", In: []string{"P2"}}}
	if _, err := s.Sources.Edit(ctx, who, "first", connect.Change{Filter: &filter}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Sources.Inbox.Rejudge(ctx, who, "first"); err != nil {
		t.Fatal(err)
	}
	s.understood(t)
	says("the first does not count", "Title", "Slow search", "second")
}
