package clock

import (
	"testing"
	"time"
)

func TestParse(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	dayFirst := Style{Zone: time.UTC, DayFirst: true}
	monthFirst := Style{Zone: time.UTC}
	for _, c := range []struct {
		style Style
		text  string
		want  string // RFC 3339; "" for no time
	}{
		{monthFirst, "2016-02-29T01:16:00Z", "2016-02-29T01:16:00Z"},
		{monthFirst, " 2016-02-29T01:16:00.123456789Z ", "2016-02-29T01:16:00.123456789Z"},
		{monthFirst, "2016-02-29T01:16:00+02:00", "2016-02-28T23:16:00Z"},
		{monthFirst, "2021-09-30T17:20:11.000+0000", "2021-09-30T17:20:11Z"},
		{monthFirst, "2016-02-29 01:16:00 -0700", "2016-02-29T08:16:00Z"},
		{monthFirst, "2016-02-29 01:16:00+02", "2016-02-28T23:16:00Z"},
		{monthFirst, "2016-02-29 01:16:00 UTC", "2016-02-29T01:16:00Z"},
		{monthFirst, "2016-02-29 01:16:00 EST", "2016-02-29T06:16:00Z"},
		{monthFirst, "2016-02-29 01:16:00,250", "2016-02-29T01:16:00.25Z"},
		{monthFirst, "2016-02-29 01:16", "2016-02-29T01:16:00Z"},
		{monthFirst, "2016-02-29", "2016-02-29T00:00:00Z"},
		{monthFirst, "2016/2/9 1:16", "2016-02-09T01:16:00Z"},
		{Style{Zone: berlin}, "2016-07-01 12:00:00", "2016-07-01T10:00:00Z"},
		{Style{Zone: berlin}, "2016-07-01 12:00:00Z", "2016-07-01T12:00:00Z"},
		{dayFirst, "29-02-2016 01:16", "2016-02-29T01:16:00Z"},
		{dayFirst, "03/04/2016", "2016-04-03T00:00:00Z"},
		{monthFirst, "03/04/2016", "2016-03-04T00:00:00Z"},
		{dayFirst, "3.4.16 7:05", "2016-04-03T07:05:00Z"},
		{monthFirst, "2/29/16 1:16 PM", "2016-02-29T13:16:00Z"},
		{monthFirst, "2/29/2016 12:16:30 AM", "2016-02-29T00:16:30Z"},
		{monthFirst, "29-02-2016 01:16", ""},
		{dayFirst, "30-02-2016 01:16", ""},
		{monthFirst, "2015-02-29", ""},
		{monthFirst, "2016-02-29T24:00:00Z", "2016-03-01T00:00:00Z"},
		{monthFirst, "2016-02-29T25:00:00Z", ""},
		{monthFirst, "2016-02-29T01:60:00Z", ""},
		{monthFirst, "2016-02-29 13:16 PM", ""},
		{monthFirst, "1456708560", "2016-02-29T01:16:00Z"},
		{monthFirst, "1456708560.5", "2016-02-29T01:16:00.5Z"},
		{monthFirst, "1456708560000", "2016-02-29T01:16:00Z"},
		{monthFirst, "1456708560000000", "2016-02-29T01:16:00Z"},
		{monthFirst, "1456708560000000001", "2016-02-29T01:16:00.000000001Z"},
		{monthFirst, "1.45670856e9", "2016-02-29T01:16:00Z"},
		{monthFirst, "20160229", "2016-02-29T00:00:00Z"},
		{monthFirst, "20160229011600", "2016-02-29T01:16:00Z"},
		{monthFirst, "12", ""},
		{monthFirst, "30/Sep/21 17:20", "2021-09-30T17:20:00Z"},
		{monthFirst, "30/Sep/21 5:20 PM", "2021-09-30T17:20:00Z"},
		{monthFirst, "Feb 29, 2016 1:16 AM", "2016-02-29T01:16:00Z"},
		{monthFirst, "February 29, 2016 at 1:16 AM", "2016-02-29T01:16:00Z"},
		{monthFirst, "Mon, 29 Feb 2016 01:16:00 GMT", "2016-02-29T01:16:00Z"},
		{monthFirst, "Mon, 29 Feb 2016 01:16:00 -0700", "2016-02-29T08:16:00Z"},
		{monthFirst, "29 Feb 2016 01:16", "2016-02-29T01:16:00Z"},
		{monthFirst, "Mon Feb 29 01:16:00 2016", "2016-02-29T01:16:00Z"},
		{monthFirst, "soon", ""},
		{monthFirst, "", ""},
		{monthFirst, "192.168.1.1", ""},
		{monthFirst, "1.2.3", ""},
		{monthFirst, "1969-12-31T23:59:59Z", "1969-12-31T23:59:59Z"},
	} {
		got, ok := c.style.Parse([]byte(c.text))
		text := ""
		if ok {
			text = got.Format(time.RFC3339Nano)
		}
		if text != c.want {
			t.Errorf("Parse(%q, day first %t) = %q, want %q", c.text, c.style.DayFirst, text, c.want)
		}
	}
}

func TestStyleOf(t *testing.T) {
	for _, c := range []struct{ format, text, want string }{
		{"DD.MM.YYYY HH:mm", "29.02.2016 01:16", "2016-02-29T01:16:00Z"},
		{"MM/DD/YY hh:mm A", "02/29/16 01:16 PM", "2016-02-29T13:16:00Z"},
		{"02-01-2006 15:04", "29-02-2016 01:16", "2016-02-29T01:16:00Z"},
		{"YYYY-MM-DDTHH:mm:ssZ", "2016-02-29T01:16:00+02:00", "2016-02-28T23:16:00Z"},
		{DayFirst, "03-04-2016", "2016-04-03T00:00:00Z"},
		{MonthFirst, "03-04-2016", "2016-03-04T00:00:00Z"},
		{"epoch s", "1456708560", "2016-02-29T01:16:00Z"},
		{"epoch ms", "1456708560250", "2016-02-29T01:16:00.25Z"},
	} {
		s, err := StyleOf(c.format, time.UTC)
		if err != nil {
			t.Errorf("StyleOf(%q): %v", c.format, err)
			continue
		}
		got, ok := s.Parse([]byte(c.text))
		if !ok || got.Format(time.RFC3339Nano) != c.want {
			t.Errorf("StyleOf(%q) reads %q as %v %t, want %s", c.format, c.text, got, ok, c.want)
		}
	}
	for _, format := range []string{"HH:mm", "YYYY", "whenever", "epoch weeks"} {
		if _, err := StyleOf(format, time.UTC); err == nil {
			t.Errorf("StyleOf(%q): no error, though it says no whole date", format)
		}
	}
}

func TestOrder(t *testing.T) {
	for _, c := range []struct {
		texts        []string
		want         string
		explainsWith bool
	}{
		{[]string{"2016-02-29", "soon"}, "", false},
		{[]string{"03-04-2016", "29-02-2016"}, DayFirst, false},
		{[]string{"03/04/2016", "02/29/2016"}, MonthFirst, false},
		{[]string{"03/04/2016"}, MonthFirst, true},
		{[]string{"03-04-2016"}, DayFirst, true},
		{[]string{"03.04.2016"}, DayFirst, true},
		{[]string{"13.04.2016", "15.04.2016", "04.13.2016"}, DayFirst, true},
	} {
		var o Order
		for _, text := range c.texts {
			o.See([]byte(text))
		}
		got, note := o.Decide()
		if got != c.want || (note != "") != c.explainsWith {
			t.Errorf("%v: got %q, note %q; want %q, a note %t", c.texts, got, note, c.want, c.explainsWith)
		}
	}
}

// What this package reads, it must read as the standard library does where
// that reads it too.
func FuzzParse(f *testing.F) {
	for _, s := range []string{"2016-02-29T01:16:00Z", "29-02-2016 01:16", "2/29/16 1:16 PM", "1456708560", "30/Sep/21 17:20", "Mon, 29 Feb 2016 01:16:00 GMT"} {
		f.Add(s, true)
	}
	f.Fuzz(func(t *testing.T, text string, dayFirst bool) {
		got, ok := Style{Zone: time.UTC, DayFirst: dayFirst}.Parse([]byte(text))
		want, err := time.Parse(time.RFC3339Nano, text)
		if err == nil && want.Year() >= 1970 && want.Year() < 2100 && (!ok || !got.Equal(want)) {
			t.Errorf("%q: got %v %t, want %v", text, got, ok, want)
		}
		var o Order
		o.See([]byte(text))
		o.Decide()
	})
}

func BenchmarkParse(b *testing.B) {
	s, text := Style{Zone: time.UTC}, []byte("2016-02-29T01:16:00Z")
	for b.Loop() {
		if _, ok := s.Parse(text); !ok {
			b.Fatal("not read")
		}
	}
}
