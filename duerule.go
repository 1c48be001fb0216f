package hansei

import (
	"slices"
	"strings"
	"time"
)

// DueRule is one line of the rules until when follow-ups are due: those of a
// kind, of incidents of a severity or worse, and of a priority, are due so many
// days after they were created. An empty part fits everything; the first line
// that fits holds, so special ones stand above general ones. A follow-up that
// no line fits has no due date.
//
//	{Priority: "high", Severity: "sev1", Days: 5}  high, of a sev1:  within a week
//	{Type: "investigate", Days: 15}                investigations:   within three
//	{Days: 30}                                     all others:       within six
type DueRule struct {
	Type     string `json:"type,omitempty"`     // the follow-up's kind, one of FollowUpTypes
	Severity string `json:"severity,omitempty"` // the mildest severity of its incidents it holds for, as "sev2"
	Priority string `json:"priority,omitempty"` // "high", "medium", "low", or a word of the organization's
	Days     int    `json:"days"`               // 1 to 1,000; working days unless RetroRules.Weekends
}

// fits says whether a rule holds. severity is the worst of the incidents'.
func (d DueRule) fits(f *FollowUp, severity string) bool {
	return (d.Type == "" || d.Type == f.Type) && (d.Severity == "" || Needs(severity, d.Severity)) && (d.Priority == "" || strings.EqualFold(d.Priority, strings.TrimSpace(f.Priority)))
}

// DueAt is until when a follow-up is due that was created at its Created, and
// the rule that says so; zero when none does. severity is the worst of its
// incidents'. Weekends are those of the zone.
func (r RetroRules) DueAt(f *FollowUp, severity string, zone *time.Location) (time.Time, DueRule) {
	i := slices.IndexFunc(r.FollowUpDue, func(d DueRule) bool { return d.fits(f, severity) })
	if i < 0 {
		return time.Time{}, DueRule{}
	}
	d := r.FollowUpDue[i]
	if r.Weekends != nil && *r.Weekends {
		return f.Created.In(zone).AddDate(0, 0, d.Days).UTC(), d
	}
	return Workdays(f.Created.In(zone), d.Days).UTC(), d
}

// Workdays is the time so many working days after another, at the same time of
// day: Saturdays and Sundays are skipped.
func Workdays(from time.Time, days int) time.Time {
	for days > 0 {
		from = from.AddDate(0, 0, 1)
		if wd := from.Weekday(); wd != time.Saturday && wd != time.Sunday {
			days--
		}
	}
	return from
}

// Worse is the worse of two severities; one that is unknown is the better.
func Worse(a, b string) string {
	x, y := severityRank(a), severityRank(b)
	if x == 0 || y > 0 && y < x {
		return b
	}
	return a
}

const (
	maxDueRules = 100
	maxDueDays  = 1000
)

func validDue(rules []DueRule) error {
	if len(rules) > maxDueRules {
		return Invalid("follow_up_due", "%d rules are too many; at most %d", len(rules), maxDueRules)
	}
	for i, d := range rules {
		switch {
		case d.Type != "" && !slices.Contains(FollowUpTypes, d.Type):
			return Invalid("follow_up_due", "rule %d: %q is not a kind of follow-up; expected one of %s", i+1, d.Type, strings.Join(FollowUpTypes, ", "))
		case d.Severity != "" && severityRank(d.Severity) == 0:
			return Invalid("follow_up_due", "rule %d: %q is not a severity; expected sev1 to sev5", i+1, d.Severity)
		case d.Days < 1 || d.Days > maxDueDays:
			return Invalid("follow_up_due", "rule %d: expected 1 to %d days, got %d", i+1, maxDueDays, d.Days)
		}
	}
	return nil
}

// TrackerRule is where follow-ups live in the organization's tracker.
type TrackerRule struct {
	Source string `json:"source"`         // the name of a configured source: GitHub, GitLab, Jira or Linear
	Place  string `json:"place"`          // its repository, project or team; the first configured when empty
	Auto   bool   `json:"auto,omitempty"` // each new follow-up is created there at once
}
