package reading

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"hansei"
	"hansei/internal/source"
	"hansei/internal/source/sourcetest"
)

// statuses of a site, by the id that the tests give each: its place here.
var statuses = []struct{ name, category string }{{"To do", "new"}, {"Doing", "indeterminate"}, {"Review", "indeterminate"}, {"Done", "done"}, {"Mitigated", "indeterminate"}, {"Resolved", "indeterminate"}, {"Closed", "done"}, {"Odd", "undefined"}}

func at(h int) time.Time { return time.Date(2026, 3, 1, h, 0, 0, 0, time.UTC) }

// moved are changes of status, one an hour from 10:00 on: "01 13" goes from To
// do to Doing and from there to Done.
func moved(moves string) (out []string) {
	for i, m := range strings.Fields(moves) {
		from, to := m[0]-'0', m[1]-'0'
		out = append(out, fmt.Sprintf(`{"created":"2026-03-01T%d:00:00.000+0000","items":[{"field":"labels"},{"field":"status","from":"%d","fromString":%q,"to":"%d","toString":%q}]}`, 10+i, from, statuses[from].name, to, statuses[to].name))
	}
	return out
}

func issue(kind string, now int, more string) string {
	return fmt.Sprintf(`{"id":"1","key":"OPS-1","fields":{"issuetype":{"name":%q},"status":{"id":"%d","name":%q,"statusCategory":{"key":%q}},"created":"2026-03-01T09:00:00.000+0000","updated":"2026-03-01T20:00:00.000+0000"}%s}`,
		kind, now, statuses[now].name, statuses[now].category, more)
}

func told(t *testing.T, d source.Delivery) hansei.Observation {
	t.Helper()
	said, err := (&Site{Name: "tracker", Incidents: []string{"incident"}}).Normalize(d)
	if said = sourcetest.Are(said); err != nil || len(said) != 1 {
		t.Fatalf("%s: %d, %v", d.Body, len(said), err)
	}
	return said[0]
}

// pulled is what a page tells of an issue that went a way.
func pulled(t *testing.T, kind string, now int, moves string, total int) hansei.Observation {
	t.Helper()
	known := []string{}
	for id, s := range statuses {
		known = append(known, fmt.Sprintf(`"%d":%q`, id, s.category))
	}
	log := moved(moves)
	for i := range len(log) / 2 { // Jira has the newest first
		log[i], log[len(log)-1-i] = log[len(log)-1-i], log[i]
	}
	return told(t, source.Delivery{Name: "pull/issues", Body: []byte(`{"statuses":{` + strings.Join(known, ",") + `},"issues":[` + issue(kind, now, fmt.Sprintf(`,"changelog":{"total":%d,"histories":[%s]}`, max(total, len(log)), strings.Join(log, ","))) + `]}`)})
}

// TestWork: work began with the first move to a status of work in progress, and
// ended with the last to one that is done; what was opened again is not done.
func TestWork(t *testing.T) {
	none := time.Time{}
	for _, c := range []struct {
		now            int
		moves          string
		total          int
		started, ended time.Time
	}{
		{0, "", 0, none, none},
		{1, "01", 0, at(10), none},
		{7, "07", 0, none, none}, // "No Category" is Jira's own
		{3, "71 13", 0, at(10), at(11)},
		{3, "01 12 23", 0, at(10), at(12)},
		{3, "01 13 31 13", 0, at(10), at(13)},
		{1, "01 13 31", 0, at(10), none},
		{6, "01 13 36", 0, at(10), at(11)}, // closed after it was done
		{3, "03", 0, none, at(10)},
		{1, "", 0, at(9), none},     // made so
		{3, "13", 0, at(9), at(10)}, // made so
		{2, "12", 3, at(10), none},  // of its moves the first are not known
	} {
		o := pulled(t, "Task", c.now, c.moves, c.total)
		if w := o.Record.(*hansei.WorkItem); !w.Started.Equal(c.started) || !w.Done.Equal(c.ended) {
			t.Errorf("%q: began %v, ended %v; want %v, %v", c.moves, w.Started, w.Done, c.started, c.ended)
		}
	}
	for _, c := range []struct {
		now     int
		moves   string
		started time.Time
	}{{1, "01", at(10)}, {3, "13", none}, {1, "", none}} {
		w := told(t, webhook("Task", c.now, c.moves)).Record.(*hansei.WorkItem)
		if !w.Started.Equal(c.started) || w.Done.IsZero() == (c.now == 3) {
			t.Errorf("an event of %q: began %v, ended %v", c.moves, w.Started, w.Done)
		}
	}
}

func webhook(kind string, now int, move string) source.Delivery {
	items := "[]"
	if move != "" {
		items = `[{"field":"status","from":"` + move[:1] + `","fromString":"` + statuses[move[0]-'0'].name + `","to":"` + move[1:] + `","toString":"` + statuses[move[1]-'0'].name + `"}]`
	}
	return source.Delivery{Name: "jira:issue_updated", Body: []byte(fmt.Sprintf(`{"webhookEvent":"jira:issue_updated","timestamp":%d,"issue":%s,"changelog":{"items":%s}}`, at(10).UnixMilli(), issue(kind, now, ""), items))}
}

// TestWay: what an incident that is kept as an issue went through are its
// milestones.
func TestWay(t *testing.T) {
	none := time.Time{}
	for _, c := range []struct {
		now                                       int
		moves                                     string
		acknowledged, mitigated, resolved, closed time.Time
	}{
		{0, "", none, none, none, none},
		{1, "01", at(10), none, none, none},
		{4, "01 14", at(10), at(11), none, none},
		{3, "01 14 43", at(10), at(11), at(12), none},
		{3, "01 14 41 14 43", at(10), at(11), at(14), none},
		{1, "01 14 43 31", at(10), none, none, none},           // opened again
		{3, "01 14 43 31 14 43", at(10), at(14), at(15), none}, // and resolved again
		{5, "01 15", at(10), none, at(11), none},               // its name says so, its category does not
		{6, "01 15 56", at(10), none, at(11), at(12)},          // closed after it was resolved
		{6, "06", at(10), none, at(10), none},
	} {
		in := pulled(t, "Incident", c.now, c.moves, 0).Record.(*hansei.Incident)
		for role, want := range map[hansei.Role]time.Time{hansei.RoleAcknowledged: c.acknowledged, hansei.RoleMitigated: c.mitigated, hansei.RoleResolved: c.resolved, hansei.RoleClosed: c.closed} {
			if got, _ := in.Milestones.At(role); !got.Equal(want) {
				t.Errorf("%q: %s at %v, want %v", c.moves, role, got, want)
			}
		}
		if (in.Status == hansei.StatusResolved) == c.resolved.IsZero() {
			t.Errorf("%q: it is %s", c.moves, in.Status)
		}
	}
	// An event tells of its own move, and leaves alone what it does not know.
	for move, want := range map[string]string{"14": "mitigated", "43": "", "51": "clears", "": ""} {
		now := 1
		if move != "" {
			now = int(move[1] - '0')
		}
		o := told(t, webhook("Incident", now, move))
		_, mitigated := o.Record.(*hansei.Incident).Milestones.At(hansei.RoleMitigated)
		clears := strings.Contains(strings.Join(o.Clear, " "), "mitigated_at")
		if !o.Partial || mitigated != (want == "mitigated") || clears != (want == "clears") {
			t.Errorf("an event of %q: %+v", move, o)
		}
	}
}
