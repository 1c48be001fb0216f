package duty

import (
	"errors"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hansei"
)

func at(s string) time.Time {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		panic(err)
	}
	return t.UTC()
}

var reader = &Reader{Person: FromSummary, Zone: time.UTC,
	Pattern: regexp.MustCompile(`(?i)^(?:\[[^\]]*\]\s*)?(?:on[- ]?call\s*[-–:]\s*)?(.+?)(?:\s+[-–]\s+.*|\s+(?:is\s+)?on[- ]?call.*)?$`)}

func feed(t testing.TB, name string) []byte {
	t.Helper()
	body, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return body
}

func TestReadUnderstandsFeeds(t *testing.T) {
	level := 1.0
	shift := func(key, who, schedule, began, ended string) Shift {
		return Shift{key, hansei.Shift{Person: hansei.ID(who), Schedule: schedule, Began: at(began), Ended: at(ended)}}
	}
	with := func(s Shift, change func(*Shift)) Shift { change(&s); return s }
	attendees := *reader
	attendees.Person, attendees.Schedule, attendees.Team, attendees.Level = FromAttendee, "Main", "Core", &level
	organizers := *reader
	organizers.Person = FromOrganizer
	main := func(s *Shift) { s.Team, s.Level = "Core", &level }
	for _, c := range []struct {
		file   string
		reader *Reader
		want   []Shift
	}{
		{"pagerduty.ics", reader, []Shift{
			with(shift("Q1@pagerduty.com", "Jane Doe", "On Call Schedule for Shop", "2026-02-02T15:00:00Z", "2026-02-09T15:00:00Z"), func(s *Shift) { s.URL = "https://acme.pagerduty.com/schedules#PI7DH85" }),
			shift("Q2@pagerduty.com", "José Núñez, Jr.", "On Call Schedule for Shop", "2026-02-09T15:00:00Z", "2026-02-16T15:00:00Z"),
		}},
		// 7 March, not the 14th, the 21st, the 28th over the change of clocks,
		// 4 April moved and taken over, not the 11th, the 18th, the 25th.
		{"google.ics", reader, []Shift{
			shift("nights@google.com:1772913600", "Ann Lee", "Nights", "2026-03-07T20:00:00Z", "2026-03-08T08:00:00Z"),
			shift("nights@google.com:1774123200", "Ann Lee", "Nights", "2026-03-21T20:00:00Z", "2026-03-22T08:00:00Z"),
			shift("nights@google.com:1774728000", "Ann Lee", "Nights", "2026-03-28T20:00:00Z", "2026-03-29T07:00:00Z"),
			shift("nights@google.com:1775329200", "Bo Chen", "Nights", "2026-04-04T20:00:00Z", "2026-04-05T06:00:00Z"),
			shift("nights@google.com:1776538800", "Ann Lee", "Nights", "2026-04-18T19:00:00Z", "2026-04-19T07:00:00Z"),
			shift("nights@google.com:1777143600", "Ann Lee", "Nights", "2026-04-25T19:00:00Z", "2026-04-26T07:00:00Z"),
			shift("holiday@google.com", "Cy Young", "Nights", "2026-04-30T22:00:00Z", "2026-05-01T22:00:00Z"),
		}},
		{"outlook.ics", &attendees, []Shift{
			with(shift("040000008200E00074C5B7101A82E008:Ann Lee", "Ann Lee", "Main", "2026-06-01T07:00:00Z", "2026-06-08T07:00:00Z"), main),
			with(shift("040000008200E00074C5B7101A82E008:cy@example.com", "cy@example.com", "Main", "2026-06-01T07:00:00Z", "2026-06-08T07:00:00Z"), main),
		}},
		{"outlook.ics", &organizers, []Shift{
			shift("040000008200E00074C5B7101A82E008:Lead, Team", "Lead, Team", "", "2026-06-01T07:00:00Z", "2026-06-08T07:00:00Z"),
		}},
	} {
		got, err := c.reader.Read(feed(t, c.file), time.Time{}, at("2026-12-01T00:00:00Z"))
		if err != nil {
			t.Errorf("%s: %v", c.file, err)
		}
		if d := cmp.Diff(c.want, got.Shifts); d != "" {
			t.Errorf("%s (-want +got):\n%s", c.file, d)
		}
	}
}

func TestReadKeepsToTheWindow(t *testing.T) {
	got, err := reader.Read(feed(t, "google.ics"), at("2026-03-08T08:00:00Z"), at("2026-03-21T20:00:00Z"))
	if err != nil || len(got.Shifts) != 1 || got.Shifts[0].Began != at("2026-03-21T20:00:00Z") || !got.First.Equal(at("2026-03-07T20:00:00Z")) {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestReadTakesTitlesByThePattern(t *testing.T) {
	for title, want := range map[string]string{
		"Ann Lee": "Ann Lee", "On Call - Ann Lee - Team": "Ann Lee", "[Primary] Ann Lee on call": "Ann Lee", "on-call: ann@example.com": "ann@example.com",
		"Ann Lee is on call for Shop": "Ann Lee", "Anne-Marie Lee": "Anne-Marie Lee", "": "",
	} {
		body := "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:1\nDTSTART:20260101T000000Z\nDTEND:20260102T000000Z\nSUMMARY:" + title + "\nEND:VEVENT\nEND:VCALENDAR\n"
		got, err := reader.Read([]byte(body), time.Time{}, at("2026-02-01T00:00:00Z"))
		who := ""
		if len(got.Shifts) > 0 {
			who = string(got.Shifts[0].Person)
		}
		if err != nil || who != want {
			t.Errorf("%q: %q, %v; want %q", title, who, err, want)
		}
	}
}

func TestReadRefusesWhatItDoesNotKnow(t *testing.T) {
	event := func(lines string) string {
		return "BEGIN:VCALENDAR\nBEGIN:VEVENT\nSUMMARY:A\n" + lines + "\nEND:VEVENT\nEND:VCALENDAR\n"
	}
	for body, want := range map[string]string{
		"<html>":                          "not a calendar",
		event(""):                         "UID",
		event("UID:1\nDTSTART:yesterday"): "yesterday",
		event("UID:1\nDTSTART;TZID=Middle Earth:20260101T000000"):                                                "Middle Earth",
		event("UID:1\nDTSTART:20260101T000000Z\nDURATION:soon"):                                                  "soon",
		event("UID:1\nDTSTART:20260101T000000Z\nDURATION:PT1H\nRRULE:FREQ=SECONDLY"):                             "daily or less",
		event("UID:1\nDTSTART:20260101T000000Z\nDURATION:PT1H\nRRULE:FREQ=HOURLY;BYSETPOS=9"):                    "BYSETPOS",
		event("UID:1\nDTSTART:20260101T000000Z\nDURATION:PT1H\nRRULE:FREQ=HOURLY;BYHOUR=25"):                     "byhour",
		event("UID:1\nDTSTART:20260101T000000Z\nDURATION:PT1H\nRRULE:FREQ=MONTHLY;INTERVAL=9223372036854775807"): "interval",
		event("UID:1\nDTSTART:00010101T000000Z\nDURATION:PT1H"):                                                  "1583",
		event("UID:1\nDTSTART:20260101T000000Z\nDURATION:PT1H\nRRULE:FREQ=OFTEN"):                                "RRULE",
		event("UID:1\nDTSTART:20260101T000000Z\nRECURRENCE-ID;RANGE=THISANDFUTURE:20260101T000000Z"):             "THISANDFUTURE",
		event("UID:1\nDTSTART:19700101T000000Z\nDURATION:PT1H\nRRULE:FREQ=DAILY;BYHOUR=0,1,2,3"):                 "more than",
	} {
		got, err := reader.Read([]byte(body), time.Time{}, at("2026-02-01T00:00:00Z"))
		if err == nil && len(got.Flaws) == 1 {
			err = got.Flaws[0].Err
		}
		if err == nil || got.Shifts != nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %d shifts, %v; want an error with %q", body, len(got.Shifts), err, want)
		}
	}
}

// said tells a calendar's shifts in one line each, of events given by their lines.
func said(t *testing.T, since string, events ...string) ([]string, error) {
	t.Helper()
	body := "BEGIN:VCALENDAR\nVERSION:2.0\n"
	for _, e := range events {
		if !strings.HasPrefix(e, "BEGIN:") {
			e = "BEGIN:VEVENT\n" + e + "\nEND:VEVENT"
		}
		body += e + "\n"
	}
	got, err := duties.Read([]byte(body+"END:VCALENDAR\n"), at(since), at("2026-12-31T00:00:00Z"))
	var out []string
	for _, f := range got.Flaws {
		err = errors.Join(err, f.Err)
	}
	for _, s := range got.Shifts {
		out = append(out, string(s.Person)+" "+s.Began.Format(time.RFC3339)+" "+s.Ended.Format(time.RFC3339))
	}
	return out, err
}

// duties are the events whose title says so.
var duties = &Reader{Person: FromSummary, Zone: time.UTC, Pattern: regexp.MustCompile(`^On Call - (.+)$`)}

// TestReadUnderstandsZonesOfTheCalendar: the clocks of Berlin under a name that
// no machine knows, over a change of them.
func TestReadUnderstandsZonesOfTheCalendar(t *testing.T) {
	zone := "BEGIN:VTIMEZONE\nTZID:(UTC+01:00) Amsterdam\\, Berlin\n" +
		"BEGIN:STANDARD\nDTSTART:16010101T030000\nTZOFFSETFROM:+0200\nTZOFFSETTO:+0100\nRRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10\nEND:STANDARD\n" +
		"BEGIN:DAYLIGHT\nDTSTART:16010101T020000\nTZOFFSETFROM:+0100\nTZOFFSETTO:+0200\nRRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3\nEND:DAYLIGHT\nEND:VTIMEZONE"
	got, err := said(t, "2026-01-01T00:00:00Z",
		"UID:1\nSUMMARY:On Call - Ann\nDTSTART;TZID=\"(UTC+01:00) Amsterdam, Berlin\":20260327T210000\nDTEND;TZID=\"(UTC+01:00) Amsterdam, Berlin\":20260328T090000\nRRULE:FREQ=DAILY;COUNT=3",
		"UID:2\nSUMMARY:On Call - Bo\nDTSTART:20260401T090000Z\nDURATION:PT1H", zone)
	want := []string{
		"Ann 2026-03-27T20:00:00Z 2026-03-28T08:00:00Z", "Ann 2026-03-28T20:00:00Z 2026-03-29T07:00:00Z", "Ann 2026-03-29T19:00:00Z 2026-03-30T07:00:00Z",
		"Bo 2026-04-01T09:00:00Z 2026-04-01T10:00:00Z",
	}
	if d := cmp.Diff(want, got); d != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, d)
	}
}

// TestReadNeedsOnlyDuty: what is no duty may be as strange as it likes, unless
// it stands for an occurrence of what is.
func TestReadNeedsOnlyDuty(t *testing.T) {
	nights := "UID:1\nSUMMARY:On Call - Ann\nDTSTART:20260301T200000Z\nDURATION:PT12H\nRRULE:FREQ=DAILY;COUNT=2"
	got, err := said(t, "2026-01-01T00:00:00Z", nights,
		"UID:2\nSUMMARY:Lunch\nDTSTART;TZID=Middle Earth:20260301T120000\nDURATION:PT1H",
		"UID:3\nSUMMARY:Lunch\nDTSTART:20260301T120000Z\nDURATION:soon\nRRULE:FREQ=SECONDLY\nSTATUS:EATEN",
		"UID:4\nSUMMARY:Lunch\nDTSTART:20260301T120000Z\nRECURRENCE-ID;RANGE=THISANDFUTURE:20260301T120000Z",
		"UID:1\nSUMMARY:Nobody\nDTSTART;TZID=Middle Earth:20260302T200000\nRECURRENCE-ID:20260302T200000Z", "SUMMARY:Lunch")
	if d := cmp.Diff([]string{"Ann 2026-03-01T20:00:00Z 2026-03-02T08:00:00Z"}, got); d != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, d)
	}
	got, err = said(t, "2026-01-01T00:00:00Z", nights, "UID:1\nSUMMARY:Nobody\nRECURRENCE-ID;RANGE=THISANDFUTURE:20260302T200000Z\nDTSTART:20260302T200000Z")
	if err == nil || !strings.Contains(err.Error(), "THISANDFUTURE") {
		t.Errorf("%v, %v", got, err)
	}
}

// TestReadWithFlaws: of a series of which one event cannot be understood nothing
// is told, of the others all.
func TestReadWithFlaws(t *testing.T) {
	for name, flawed := range map[string]string{
		"the series":    "UID:1\nSUMMARY:On Call - Ann\nDTSTART:20260301T200000Z\nDURATION:PT12H\nRRULE:FREQ=SECONDLY",
		"one instead":   "UID:1\nSUMMARY:On Call - Bo\nDTSTART;TZID=Middle Earth:20260302T200000\nRECURRENCE-ID:20260302T200000Z",
		"more than can": "UID:1\nSUMMARY:On Call - Ann\nDTSTART:19700101T000000Z\nDURATION:PT1H\nRRULE:FREQ=DAILY;BYHOUR=0,1,2,3;COUNT=100000",
	} {
		got, err := said(t, "2026-01-01T00:00:00Z", "UID:1\nSUMMARY:On Call - Ann\nDTSTART:20260301T200000Z\nDURATION:PT12H\nRRULE:FREQ=DAILY;COUNT=3",
			flawed, "UID:1:2\nSUMMARY:On Call - Cy\nDTSTART:20260305T200000Z\nDURATION:PT12H")
		if d := cmp.Diff([]string{"Cy 2026-03-05T20:00:00Z 2026-03-06T08:00:00Z"}, got); d != "" || err == nil {
			t.Errorf("%s: %v (-want +got):\n%s", name, err, d)
		}
	}
}

// TestReadBoundsRules: rules that begin long ago, or recur every hour, tell what
// they say of the time that is asked for.
func TestReadBoundsRules(t *testing.T) {
	for _, c := range []struct {
		event string
		want  []string
	}{
		{"DTSTART;TZID=Europe/Berlin:19990101T010000\nDURATION:PT1H\nRRULE:FREQ=HOURLY;INTERVAL=12;BYDAY=SU", []string{"2026-12-27T00:00:00Z", "2026-12-27T12:00:00Z"}},
		{"DTSTART;TZID=Europe/Berlin:19980329T013000\nDURATION:PT30M\nRRULE:FREQ=HOURLY;INTERVAL=60", []string{"2026-12-27T00:30:00Z", "2026-12-29T12:30:00Z"}},
		{"DTSTART:19500101T100000Z\nDURATION:PT1H\nRRULE:FREQ=HOURLY;BYHOUR=10;BYMONTHDAY=29,30", []string{"2026-12-29T10:00:00Z", "2026-12-30T10:00:00Z"}},
		{"DTSTART:16010101T000000Z\nDURATION:P1D\nRRULE:FREQ=DAILY;INTERVAL=3", []string{"2026-12-25T00:00:00Z", "2026-12-28T00:00:00Z", "2026-12-31T00:00:00Z"}},
		{"DTSTART:16040108T000000Z\nDURATION:PT1H\nRRULE:FREQ=WEEKLY;INTERVAL=2;WKST=SU;BYDAY=MO,TU", []string{"2026-12-28T00:00:00Z", "2026-12-29T00:00:00Z"}},
		{"DTSTART;VALUE=DATE:16041228\nRRULE:FREQ=YEARLY", []string{"2026-12-28T00:00:00Z"}}, // a birthday without a year, as Apple says it
		{"DTSTART:19601228T000000Z\nDURATION:PT1H\nRRULE:FREQ=YEARLY", []string{"2026-12-28T00:00:00Z"}},
		{"DTSTART:20260101T030000Z\nDURATION:PT1H\nRRULE:FREQ=HOURLY;INTERVAL=24;BYHOUR=5", nil},
		{"DTSTART:20261226T000000Z\nDURATION:PT1H\nRRULE:FREQ=HOURLY;INTERVAL=24;COUNT=2", []string{"2026-12-26T00:00:00Z", "2026-12-27T00:00:00Z"}},
	} {
		got, err := said(t, "2026-12-25T12:00:00Z", "UID:1\nSUMMARY:On Call - Ann\n"+c.event)
		var began []string
		for _, s := range got {
			began = append(began, strings.Fields(s)[1])
		}
		if d := cmp.Diff(c.want, began); d != "" || err != nil {
			t.Errorf("%s: %v (-want +got):\n%s", c.event, err, d)
		}
	}
}

func FuzzRead(f *testing.F) {
	for _, name := range []string{"pagerduty.ics", "google.ics", "outlook.ics"} {
		f.Add(feed(f, name))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		a, erra := reader.Read(body, time.Time{}, at("2026-12-01T00:00:00Z"))
		b, errb := reader.Read(body, time.Time{}, at("2026-12-01T00:00:00Z"))
		if d := cmp.Diff(a.Shifts, b.Shifts); d != "" || len(a.Flaws) != len(b.Flaws) || (erra == nil) != (errb == nil) {
			t.Errorf("%v, %v\n%s", erra, errb, d)
		}
	})
}

// BenchmarkRead reads five years of a rota of eight people.
func BenchmarkRead(b *testing.B) {
	var s strings.Builder
	s.WriteString("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n")
	for i := range 8 {
		day := string(rune('1' + i))
		s.WriteString("BEGIN:VEVENT\r\nUID:" + day + "\r\nSUMMARY:Person " + day + "\r\nDTSTART;TZID=Europe/Berlin:2021010" + day + "T090000\r\nDURATION:P1W\r\nRRULE:FREQ=WEEKLY;INTERVAL=8\r\nEND:VEVENT\r\n")
	}
	s.WriteString("END:VCALENDAR\r\n")
	for b.Loop() {
		got, err := reader.Read([]byte(s.String()), time.Time{}, at("2026-01-01T00:00:00Z"))
		if err != nil || len(got.Shifts) < 200 {
			b.Fatal(len(got.Shifts), err)
		}
	}
}
