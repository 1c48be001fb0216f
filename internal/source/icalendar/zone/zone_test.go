package zone

import (
	"os"
	"strings"
	"testing"
	"time"

	ics "github.com/arran4/golang-ical"
)

func zones(t testing.TB, lines string) *Zones {
	t.Helper()
	cal, err := ics.ParseCalendar(strings.NewReader("BEGIN:VCALENDAR\nVERSION:2.0\n" + lines + "END:VCALENDAR\n"))
	if err != nil {
		t.Fatal(err)
	}
	return Of(cal, time.UTC)
}

// defined is a time zone as calendars define it, of the lines of its parts.
func defined(name string, parts ...string) string {
	return "BEGIN:VTIMEZONE\nTZID:" + name + "\n" + strings.Join(parts, "") + "END:VTIMEZONE\n"
}

func part(kind, begins, from, to, more string) string {
	return "BEGIN:" + kind + "\nDTSTART:" + begins + "\nTZOFFSETFROM:" + from + "\nTZOFFSETTO:" + to + "\n" + more + "END:" + kind + "\n"
}

func TestZonesHaveManyNames(t *testing.T) {
	z := zones(t, defined("Customized Time Zone", "X-LIC-LOCATION:America/Lima\n"))
	for name, want := range map[string]string{
		"Europe/Berlin": "Europe/Berlin", "/freeassociation.sourceforge.net/Europe/Berlin": "Europe/Berlin", "W. Europe Standard Time": "Europe/Berlin",
		"Customized Time Zone": "America/Lima", "America/Argentina/Buenos_Aires": "America/Argentina/Buenos_Aires", "UTC": "UTC",
		"/citadel.org/20210210_1/America/Argentina/Buenos_Aires": "America/Argentina/Buenos_Aires",
		"Egypt Standard Time": "Africa/Cairo", "UTC+12": "Etc/GMT-12", "Russia Time Zone 10": "Asia/Srednekolymsk", "Yukon Standard Time": "America/Whitehorse",
	} {
		got, err := z.Find(name)
		if err != nil || got.String() != want {
			t.Errorf("%s: %v, %v; want %s", name, got, err, want)
		}
	}
	for w, city := range windows {
		if _, err := time.LoadLocation(city); err != nil {
			t.Errorf("%s: %v", w, err)
		}
	}
}

// TestDefinitions reads Outlook's definition of the zone of Berlin, under names
// that it gives it, and finds the clocks of Berlin.
func TestDefinitions(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile("testdata/outlook.ics")
	if err != nil {
		t.Fatal(err)
	}
	cal, err := ics.ParseCalendar(strings.NewReader(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	z := Of(cal, time.UTC)
	for _, name := range []string{"Customized Time Zone", "tzone://Microsoft/Custom", "(UTC+01:00) Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna"} {
		l, err := z.Find(name)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		// The European Union has changed its clocks by this rule since 1996.
		for at := time.Date(1996, 1, 1, 0, 0, 0, 0, time.UTC); at.Year() < 2099; at = at.Add(23 * time.Hour) {
			if got, want := at.In(l).Format(time.DateTime), at.In(berlin).Format(time.DateTime); got != want {
				t.Fatalf("%s: at %s it is %s; want %s", name, at, got, want)
			}
		}
		if again, err := z.Find(name); err != nil || again != l {
			t.Errorf("%s: found anew: %v", name, err)
		}
	}
	if z.Home.String() != "Customized Time Zone" {
		t.Errorf("home is %s", z.Home)
	}
}

func TestDefinitionsChange(t *testing.T) {
	z := zones(t, defined("Nepal", part("STANDARD", "16010101T000000", "+054116", "+0545", ""))+
		// Of RFC 5545, 3.6.5: a rule that ended, and dates.
		defined("Eastern", part("DAYLIGHT", "19870405T020000", "-0500", "-0400", "RRULE:FREQ=YEARLY;BYMONTH=4;BYDAY=1SU;UNTIL=19980404T070000Z\n"),
			part("STANDARD", "19671029T020000", "-0400", "-0500", "RDATE:19961027T020000,19971026T020000\nRDATE:19981025T020000\n"),
			part("DAYLIGHT", "19990424T020000", "-0500", "-0400", "RDATE:20000430T020000\n"))+
		// Where a rule begins on a day that is none of its own, nothing changes.
		defined("New", part("STANDARD", "20070101T020000", "-0400", "-0500", "RRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=1SU\n"),
			part("DAYLIGHT", "20070101T020000", "-0500", "-0400", "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=2SU\n")))
	for _, c := range []struct{ name, at, want string }{
		{"Nepal", "1500-01-01T00:00:00Z", "1500-01-01T05:41:16+05:41"},
		{"Nepal", "2026-01-01T00:00:00Z", "2026-01-01T05:45:00+05:45"},
		{"Eastern", "1997-04-06T06:59:59Z", "1997-04-06T01:59:59-05:00"},
		{"Eastern", "1997-04-06T07:00:00Z", "1997-04-06T03:00:00-04:00"},
		{"Eastern", "1997-10-26T06:00:00Z", "1997-10-26T01:00:00-05:00"},
		{"Eastern", "1998-07-01T00:00:00Z", "1998-06-30T19:00:00-05:00"}, // the rule ended
		{"Eastern", "1999-07-01T00:00:00Z", "1999-06-30T20:00:00-04:00"},
		{"New", "2007-02-01T00:00:00Z", "2007-01-31T19:00:00-05:00"},
		{"New", "2007-03-11T07:00:00Z", "2007-03-11T03:00:00-04:00"},
	} {
		l, err := z.Find(c.name)
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		at, err := time.Parse(time.RFC3339, c.at)
		if err != nil {
			t.Fatal(err)
		}
		if got := at.In(l).Format(time.RFC3339); got != c.want {
			t.Errorf("%s: at %s it is %s; want %s", c.name, c.at, got, c.want)
		}
	}
}

func TestFindRefusesWhatItDoesNotKnow(t *testing.T) {
	many := make([]string, 300)
	for i := range many {
		many[i] = part("STANDARD", "20260101T000000", "+0000", time.Unix(int64(i)*60, 0).UTC().Format("+1504"), "")
	}
	for want, parts := range map[string][]string{
		"says of no time": {}, "is not an offset": {part("STANDARD", "20260101T000000", "+0000", "one", "")},
		"begins once":               {part("STANDARD", "now", "+0000", "+0100", "")},
		"is not a time":             {part("STANDARD", "20260101T000000", "+0000", "+0100", "RDATE:now\n")},
		"by which clocks":           {part("STANDARD", "20260101T000000", "+0000", "+0100", "RRULE:FREQ=HOURLY;BYHOUR=3\n")},
		"FREQ=MONTHLY":              {part("STANDARD", "20260101T000000", "+0000", "+0100", "RRULE:FREQ=MONTHLY;INTERVAL=9223372036854775807\n")},
		"must be between":           {part("STANDARD", "20260101T000000", "+0000", "+0100", "RRULE:FREQ=YEARLY;BYMONTH=13\n")},
		"changes its clocks more":   {part("STANDARD", "16010101T000000", "+0000", "+0100", "RRULE:FREQ=DAILY\n")},
		"malformed time zone infor": many,
	} {
		if l, err := zones(t, defined("Mine", parts...)).Find("Mine"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, %v; want an error with %q", l, err, want)
		}
	}
	if l, err := zones(t, "").Find("Mine"); err == nil || !strings.Contains(err.Error(), "TZID") {
		t.Errorf("%v, %v", l, err)
	}
}
