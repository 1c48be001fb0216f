package watch

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"hansei"
	"hansei/internal/record"
)

func TestWorkdays(t *testing.T) {
	at := func(s string) time.Time {
		d, err := time.Parse(time.DateOnly, s)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	for _, c := range []struct {
		from, to string
		want     int
	}{
		{"2026-03-06", "2026-03-09", 1}, {"2026-03-06", "2026-03-08", 0}, {"2026-03-07", "2026-03-09", 1}, {"2026-03-02", "2026-03-02", 0},
		{"2026-03-02", "2026-03-06", 4}, {"2026-03-02", "2026-03-16", 10}, {"2026-03-09", "2026-03-06", -1}, {"2026-03-27", "2026-03-30", 1}, {"2025-12-31", "2026-01-02", 2},
	} {
		if got := workdays(at(c.from), at(c.to)); got != c.want {
			t.Errorf("from %s to %s: got %d, want %d", c.from, c.to, got, c.want)
		}
	}
}

func TestAwake(t *testing.T) {
	at := func(s string) time.Time {
		d, err := time.Parse(time.RFC3339, s)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	for _, c := range []struct {
		name, now, zone string
		from, until     int
		want            string
	}{
		{"by day", "2026-03-02T10:00:00Z", "Europe/Berlin", 19, 8, "2026-03-02T10:00:00Z"},
		{"in the evening", "2026-03-02T20:30:00Z", "Europe/Berlin", 19, 8, "2026-03-03T07:00:00Z"},
		{"at night", "2026-03-03T02:00:00Z", "Europe/Berlin", 19, 8, "2026-03-03T07:00:00Z"},
		{"the night that clocks go forward", "2026-03-28T20:00:00Z", "Europe/Berlin", 19, 8, "2026-03-29T06:00:00Z"},
		{"the hour it ends", "2026-03-03T07:00:00Z", "Europe/Berlin", 19, 8, "2026-03-03T07:00:00Z"},
		{"an unknown zone", "2026-03-03T02:00:00Z", "", 19, 8, "2026-03-03T02:00:00Z"},
		{"a wrong zone", "2026-03-03T02:00:00Z", "Mars/Base", 19, 8, "2026-03-03T02:00:00Z"},
		{"no quiet hours", "2026-03-03T02:00:00Z", "Europe/Berlin", 24, 24, "2026-03-03T02:00:00Z"},
		{"quiet at noon", "2026-03-03T12:00:00Z", "UTC", 12, 14, "2026-03-03T14:00:00Z"},
	} {
		if got := awake(at(c.now), c.zone, c.from, c.until); !got.Equal(at(c.want)) {
			t.Errorf("%s: got %s, want %s", c.name, got.UTC().Format(time.RFC3339), c.want)
		}
	}
}

// days runs the clock day by day, hourly, and returns what was told on each:
// "03-06 overdue ann".
func (h *house) days(n int) []string {
	h.t.Helper()
	var out []string
	seen := len(h.told())
	for range n * 24 {
		if err := h.Remind(h.t.Context(), who); err != nil {
			h.t.Fatal(err)
		}
		for _, m := range h.told()[seen:] {
			seen++
			what, _, _ := strings.Cut(m, ":")
			out = append(out, h.now.UTC().Format("01-02T15 ")+what)
		}
		h.now = h.now.Add(time.Hour)
	}
	return out
}

func TestRemindsAtAPace(t *testing.T) {
	h := opened(t)
	h.now = time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC) // a Monday
	h.put(&hansei.Organization{Header: head("organization"), Zone: "America/New_York"},
		&hansei.Person{Header: head("ann"), Name: "Ann", Email: "ann@example.org"},
		channel("team", hansei.EventOverdue), channel("boss", hansei.EventEscalated),
		&hansei.Retrospective{Header: head("retro:x"), Title: "Down", State: hansei.RetroDraft, Owner: "ann", Due: time.Date(2026, 3, 6, 16, 0, 0, 0, time.UTC)})
	// Due on Friday the 6th. Nine o'clock in New York is 14 in UTC, and 13 once
	// its clocks went forward on the 8th.
	is(t, "three weeks", h.days(21),
		"03-04T14 due ann", "03-09T13 overdue ann", "03-10T13 overdue team", "03-13T13 escalated boss", "03-16T13 overdue ann", "03-17T13 overdue team")
	r, _, err := h.Retros.Get(t.Context(), who.Scope(), "retro:x")
	if err != nil {
		t.Fatal(err)
	}
	// Another date begins anew; publishing ends it.
	r.Due = time.Date(2026, 3, 24, 16, 0, 0, 0, time.UTC)
	h.put(r)
	is(t, "a new date", h.days(4), "03-23T13 due ann", "03-25T13 overdue ann", "03-26T13 overdue team")
	r.State, r.Published = hansei.RetroPublished, h.now
	h.put(r)
	is(t, "published", h.days(7))
}

func TestRemindsOfFollowUpsByTheirRules(t *testing.T) {
	h := opened(t)
	h.now = time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)
	due := time.Date(2026, 3, 3, 0, 0, 0, 0, time.UTC)
	follow := func(id, severity string, owner hansei.ID) []hansei.Record {
		in := h.incident("in-"+id, severity, h.now.AddDate(0, -6, 0), time.Hour)
		return []hansei.Record{in, &hansei.FollowUp{Header: head(id), Title: id, Status: hansei.FollowUpOpen, Created: due.AddDate(0, -1, 0), Due: due, Owner: owner, Incidents: []hansei.ID{in.ID}}}
	}
	h.put(&hansei.Person{Header: head("ann"), Name: "Ann", Email: "ann@example.org"}, channel("team", hansei.EventOverdue), channel("boss", hansei.EventEscalated))
	h.put(follow("grave", "sev1", "ann")...)
	h.put(follow("mild", "sev4", "ann")...)
	// Both in one message while they go together; a sev1's escalates after three
	// working days, a sev4's never.
	is(t, "two weeks", h.days(14), "03-02T09 due ann", "03-04T09 overdue ann", "03-05T09 overdue team", "03-06T09 escalated boss",
		"03-09T09 overdue ann", "03-10T09 overdue team", "03-12T09 overdue ann", "03-13T09 overdue team")
	h.put(follow("orphan", "sev2", "nobody")...)
	m := h.days(1) // Monday the 16th, late by nine days
	if !slices.ContainsFunc(m, func(s string) bool { return strings.Contains(s, "overdue team") }) {
		t.Errorf("what nobody owns is told to nobody: %q", m)
	}
}

func TestNobodyIsBuried(t *testing.T) {
	h := opened(t)
	h.now = time.Date(2026, 3, 4, 9, 5, 0, 0, time.UTC)
	h.put(&hansei.Person{Header: head("ann"), Name: "Ann", Email: "ann@example.org"}, channel("team", hansei.EventOverdue))
	for i := range 60 {
		h.put(&hansei.FollowUp{Header: head(fmt.Sprint("f", i)), Title: fmt.Sprint("Thing ", i), Status: hansei.FollowUpOpen, Created: h.now.AddDate(-3, 0, 0), Due: h.now.AddDate(0, 0, -7), Owner: "ann"},
			&hansei.FollowUp{Header: head(fmt.Sprint("taken", i)), Title: "of years in a tracker", Status: hansei.FollowUpOpen, Created: h.now.AddDate(-3, 0, 0), Due: h.now.AddDate(0, 0, -7), Owner: "ann", Tracker: &hansei.Tracked{Source: "code", Adopted: h.now.AddDate(0, 0, -1)}},
			&hansei.FollowUp{Header: head(fmt.Sprint("stale", i)), Title: "x", Status: hansei.FollowUpOpen, Created: h.now.AddDate(-3, 0, 0), Due: h.now.AddDate(-2, 0, 0), Owner: "ann"})
	}
	is(t, "the first day", h.days(1), "03-04T09 overdue ann")
	m, _ := h.last()
	if len(m.Items) != 20 || m.More != 40 || m.Subject != "60 things are overdue" {
		t.Errorf("got %d items, %d more, %q", len(m.Items), m.More, m.Subject)
	}
}

func TestRulesAreKept(t *testing.T) {
	day := time.Date(2026, 3, 4, 9, 5, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		rules hansei.NoticeRules
		want  []string
	}{
		"off":           {hansei.NoticeRules{Off: true}, nil},
		"muted":         {hansei.NoticeRules{Muted: []string{hansei.EventOverdue}}, nil},
		"channels only": {hansei.NoticeRules{ChannelsOnly: true}, []string{"03-04T09 overdue team"}},
		"later":         {hansei.NoticeRules{Hour: 11}, []string{"03-04T11 overdue ann"}},
		"never again":   {hansei.NoticeRules{Pace: hansei.Pace{Channel: -1, Escalate: -1}, FollowUps: []hansei.FollowUpPace{}}, []string{"03-04T09 overdue ann"}},
	} {
		t.Run(name, func(t *testing.T) {
			h := opened(t)
			h.now = day
			h.put(&hansei.Organization{Header: head("organization"), Notices: &c.rules}, &hansei.Person{Header: head("ann"), Name: "Ann", Email: "ann@example.org"}, channel("team", hansei.EventOverdue),
				&hansei.FollowUp{Header: head("f"), Title: "F", Status: hansei.FollowUpOpen, Created: h.now.AddDate(-1, 0, 0), Due: h.now.AddDate(0, 0, -1), Owner: "ann"})
			is(t, "a day", h.days(1), c.want...)
		})
	}
}

func TestDigest(t *testing.T) {
	h := opened(t)
	h.now = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC) // a Sunday
	payments := channel("payments", hansei.EventDigest)
	payments.Teams = []hansei.ID{"payments"}
	nobody := channel("nobody", hansei.EventDigest)
	nobody.Teams = []hansei.ID{"search"}
	h.put(channel("all", hansei.EventDigest), payments, nobody,
		&hansei.FollowUp{Header: head("a"), Title: "Later", Status: hansei.FollowUpOpen, Created: h.now.AddDate(-1, 0, 0), Due: h.now.AddDate(0, 1, 0), Team: "payments"},
		&hansei.FollowUp{Header: head("b"), Title: "Sooner", Status: hansei.FollowUpOpen, Created: h.now.AddDate(-1, 0, 0), Due: h.now.AddDate(0, 0, -300)},
		&hansei.FollowUp{Header: head("c"), Title: "Done", Status: hansei.FollowUpDone, Created: h.now.AddDate(-1, 0, 0), Closed: h.now},
		&hansei.Retrospective{Header: head("retro:x"), Title: "Down", State: hansei.RetroInReview, Teams: []hansei.ID{"payments"}})
	is(t, "a week", h.days(8), "03-02T09 digest all", "03-02T09 digest payments")
	all, err := record.Notices(t.Context(), h.Records, who.Scope(), record.NoticeFilter{Channel: "all"})
	if err != nil || len(all) != 1 || all[0].Subject != "Open this week: 1 retrospective, 2 follow-ups" || !strings.Contains(string(all[0].Doc), "One of them is overdue") ||
		!strings.Contains(string(all[0].Doc), "retrospective · not due · nobody owns it") {
		t.Errorf("got %+v, %v", all, err)
	}
	// A server that was down at nine does it when it is back the same day.
	h.now = time.Date(2026, 3, 16, 15, 0, 0, 0, time.UTC)
	if got := h.days(1); len(got) != 2 || !strings.HasPrefix(got[0], "03-16T15") {
		t.Errorf("got %q", got)
	}
}

func TestSamples(t *testing.T) {
	seen := map[string]bool{}
	for _, m := range Samples(time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC), time.UTC) {
		seen[m.Event] = true
		if text := m.Text("https://hansei.example"); m.Subject == "" || strings.Contains(text, "%!") || !strings.Contains(text, "https://hansei.example/") {
			t.Errorf("%s:\n%s", m.Event, text)
		}
	}
	for _, e := range append([]string{hansei.EventMention}, hansei.ChannelEvents...) {
		if !seen[e] {
			t.Errorf("there is no sample of %s", e)
		}
	}
}

// A message about a follow-up leads to its own page, one about both to what
// lists both.
func TestMessagesLeadToTheirPages(t *testing.T) {
	want := map[string]string{hansei.EventDue: "/retrospectives/retro:sample", hansei.EventOverdue: "/follow-ups/sample", hansei.EventEscalated: "/follow-ups/sample", hansei.EventDigest: "/retrospectives"}
	for _, m := range Samples(time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC), time.UTC) {
		if path, ok := want[m.Event]; ok && m.Path != path {
			t.Errorf("%s leads to %s, want %s", m.Event, m.Path, path)
		}
		for _, it := range m.Items {
			if it.Kind == hansei.KindFollowUp && it.Path != "/follow-ups/"+string(it.ID) {
				t.Errorf("%s: the item leads to %s", m.Event, it.Path)
			}
		}
	}
	two := []thing{{kind: hansei.KindFollowUp, id: "a", noun: "follow-up", path: followUpPath("a")}, {kind: hansei.KindFollowUp, id: "b", noun: "follow-up", path: followUpPath("b")}}
	if m := reminder(hansei.EventOverdue, two, time.Time{}, time.UTC, false); m.Path != "/follow-ups" {
		t.Errorf("of two follow-ups it leads to %s", m.Path)
	}
}
