package chart

import (
	"math"
	"testing"
)

func TestDuration(t *testing.T) {
	for _, c := range []struct {
		seconds float64
		want    string
	}{
		{0, "0 s"}, {0.42, "0.42 s"}, {42, "42 s"}, {59.6, "1 m"}, {90, "1 m 30 s"}, {119.6, "2 m"}, {420, "7 m"}, {3580, "1 h"},
		{4020, "1 h 7 m"}, {3600, "1 h"}, {86399, "1 d"}, {187200, "2 d 4 h"}, {10 * 86400, "10 d"}, {864000 - 60, "10 d"}, {1234 * 86400, "1\u202f234 d"},
		{-420, "−7 m"}, {math.NaN(), "no value"},
	} {
		if got := Duration(c.seconds); got != c.want {
			t.Errorf("Duration(%g) = %q, want %q", c.seconds, got, c.want)
		}
	}
}

func TestFormat(t *testing.T) {
	for _, c := range []struct {
		v    float64
		u    Unit
		want string
	}{
		{24.34, Per30d, "24 per 30 d"}, {0.0762, Ratio, "7.6 %"}, {0.9995, Ratio, "99.95 %"}, {1, Ratio, "100 %"}, {0.38, Ratio, "38 %"}, {0, Ratio, "0 %"},
		{1234.5, One, "1\u202f200"}, {0.01234, One, "0.012"}, {6.98, One, "7.0"}, {7, One, "7"}, {-12.6, One, "−13"}, {99.6, One, "100"},
		{4020, Seconds, "1 h 7 m"}, {1.5e6, "customer_min", "1\u202f500\u202f000 customer-minutes"}, {math.Inf(1), One, "no value"},
	} {
		if got := Format(c.v, c.u); got != c.want {
			t.Errorf("Format(%g, %s) = %q, want %q", c.v, c.u, got, c.want)
		}
	}
	if got, want := Exact(4020.5, Seconds), "4\u202f020.5 s"; got != want {
		t.Errorf("Exact: got %q, want %q", got, want)
	}
	if got, want := Count(1234567), "1\u202f234\u202f567"; got != want {
		t.Errorf("Count: got %q, want %q", got, want)
	}
}

func TestScales(t *testing.T) {
	for _, c := range []struct {
		name   string
		scale  scale
		labels []string
	}{
		{"durations over days", newScale(Seconds, true, false, []float64{40, 90000}), []string{"1 m", "10 m", "1 h", "6 h", "1 d"}},
		{"durations within hours", newScale(Seconds, true, false, []float64{2000, 9000}), []string{"30 m", "1 h", "2 h", "3 h"}},
		{"a zero stands at the edge", newScale(Seconds, true, false, []float64{0, 60, 7200}), []string{"1 m", "10 m", "1 h"}},
		{"counts from zero", newScale(One, false, true, []float64{12, 31}), []string{"0", "10", "20", "30", "40"}},
		{"nothing at all", newScale(One, false, true, nil), []string{"0", "0.25", "0.5", "0.75", "1"}},
	} {
		var got []string
		for _, tick := range c.scale.ticks {
			got = append(got, tick.Label)
		}
		if len(got) != len(c.labels) {
			t.Errorf("%s: got %q, want %q", c.name, got, c.labels)
			continue
		}
		for i := range got {
			if got[i] != c.labels[i] {
				t.Errorf("%s: got %q, want %q", c.name, got, c.labels)
				break
			}
		}
	}
}
