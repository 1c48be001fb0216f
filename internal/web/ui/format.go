package ui

import (
	"fmt"
	"math"
	"strings"
	"time"

	"hansei/internal/chart"
)

// Duration writes seconds as people say them: 42 s, 7 m, 1 h 7 m, 2 d 4 h.
func Duration(seconds float64) string { return chart.Duration(seconds) }

// Count writes a number of things with all its digits: 12 345.
func Count(n int) string { return chart.Count(n) }

// Percent writes a ratio with two significant digits: 7.6 %.
func Percent(ratio float64) string { return chart.Percent(ratio) }

// Value writes an estimate in its unit, with two significant digits.
func Value(v float64, u chart.Unit) string { return chart.Format(v, u) }

// Exact writes a value with every digit that it has, for hovering.
func Exact(v float64, u chart.Unit) string { return chart.Exact(v, u) }

// Bounds writes an interval in numbers: 51 m to 1 h 20 m.
func Bounds(in chart.Interval, u chart.Unit) string {
	low, high := in.Low, in.High
	switch {
	case math.IsInf(low, 0) && math.IsInf(high, 0):
		return "no bound on either side"
	case math.IsInf(low, 0):
		return "at most " + Value(high, u)
	case math.IsInf(high, 0):
		return "at least " + Value(low, u)
	}
	number, unit := chart.Split(low, u)
	if other, _ := chart.Split(high, u); unit != "" {
		return number + " to " + other + " " + unit
	}
	return Value(low, u) + " to " + Value(high, u)
}

// Plural writes a count with its noun: 1 incident, 801 incidents.
func Plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return Count(n) + " " + many
}

// Clock writes a time in a zone, with the zone named: 4 Mar 2025 14:05 CET.
// A nil zone is UTC.
func Clock(t time.Time, zone *time.Location) string {
	if zone == nil {
		zone = time.UTC
	}
	return t.In(zone).Format("2 Jan 2006 15:04 MST")
}

// UTC writes a time to the second in UTC, for hovering.
func UTC(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") }

// Date writes a day in a zone: 4 Mar 2025.
func Date(t time.Time, zone *time.Location) string {
	if zone == nil {
		zone = time.UTC
	}
	return t.In(zone).Format("2 Jan 2006")
}

// Window writes the half-open window of whole days as people read one, with
// both ends included: 1 Jan to 31 Dec 2025.
func Window(since, until time.Time, zone *time.Location) string {
	last := until.Add(-time.Nanosecond)
	a, b := Date(since, zone), Date(last, zone)
	if a == b {
		return a
	}
	if year := b[strings.LastIndex(b, " "):]; strings.HasSuffix(a, year) {
		a = strings.TrimSuffix(a, year)
	}
	return a + " to " + b
}

// Ago writes how long before now a time was, for use beside the time itself.
func Ago(t, now time.Time) string {
	d := now.Sub(t)
	if d < 0 {
		return "in " + Duration(math.Round(-d.Seconds()))
	}
	return Duration(math.Round(d.Seconds())) + " ago"
}

// Bytes writes a size in decimal units: 1.2 MB.
func Bytes(n int64) string {
	const step = 1000
	if n < step {
		return fmt.Sprintf("%d B", n)
	}
	v, i := float64(n), -1
	for v >= step && i < 4 {
		v, i = v/step, i+1
	}
	return fmt.Sprintf("%.1f %cB", v, "kMGTP"[i])
}

// Day writes a day in a zone as forms take it: 2025-03-04.
func Day(t time.Time, zone *time.Location) string { return t.In(zone).Format(time.DateOnly) }

// brief writes a time of a day or two that are known: 4 Mar 14:05:09.
func brief(t time.Time, zone *time.Location) string {
	if zone == nil {
		zone = time.UTC
	}
	return t.In(zone).Format("2 Jan 15:04:05")
}
