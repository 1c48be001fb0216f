// Package quantity writes numbers, durations and spans of time as people read them.
package quantity

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Of writes a number with its unit for people.
func Of(n *json.Number, unit string) string {
	if n == nil {
		return "–"
	}
	x, err := n.Float64()
	if err != nil {
		return n.String()
	}
	switch unit {
	case "s":
		return Duration(x)
	case "ratio":
		return Significant(100*x) + " %"
	case "per_30d":
		return Significant(x) + " per 30 days"
	case "customer_min":
		return Significant(x) + " customer-minutes"
	case "min":
		return Significant(x) + " min"
	case "1", "":
		return Significant(x)
	}
	return Significant(x) + " " + unit
}

// Duration writes seconds in its two largest parts: 1 h 7 m.
func Duration(seconds float64) string {
	sign := ""
	if seconds < 0 {
		sign, seconds = "-", -seconds
	}
	if seconds < 10 && seconds != math.Trunc(seconds) {
		return sign + Significant(seconds) + " s"
	}
	parts := []struct {
		size float64
		name string
	}{{86400, "d"}, {3600, "h"}, {60, "m"}, {1, "s"}}
	seconds = math.Round(seconds)
	for i, u := range parts {
		if seconds < u.size && i < len(parts)-1 {
			continue
		}
		if i == len(parts)-1 {
			return fmt.Sprintf("%s%.0f s", sign, seconds)
		}
		next := parts[i+1]
		whole, rest := math.Trunc(seconds/u.size), math.Round(math.Mod(seconds, u.size)/next.size)
		if rest*next.size >= u.size {
			whole, rest = whole+1, 0
			if i > 0 && whole*u.size >= parts[i-1].size {
				return sign + Duration(whole*u.size)
			}
		}
		if rest == 0 {
			return fmt.Sprintf("%s%.0f %s", sign, whole, u.name)
		}
		return fmt.Sprintf("%s%.0f %s %.0f %s", sign, whole, u.name, rest, next.name)
	}
	return ""
}

// Significant writes a number in three digits that count, or whole with
// thousands apart.
func Significant(x float64) string {
	a := math.Abs(x)
	switch {
	case a >= 99.95 || x == math.Trunc(x):
		return Thousands(math.Round(x))
	case a >= 0.001:
		digits := max(0, 2-int(math.Floor(math.Log10(a))))
		return strings.TrimRight(strings.TrimRight(strconv.FormatFloat(x, 'f', digits, 64), "0"), ".")
	}
	return strconv.FormatFloat(x, 'g', 3, 64)
}

// Thousands writes a whole number with its thousands apart.
func Thousands(x float64) string {
	s := strconv.FormatFloat(math.Abs(x), 'f', 0, 64)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	if x < 0 {
		s = "-" + s
	}
	return s
}

// Percent writes a share as a percentage.
func Percent(share string) string {
	x, err := strconv.ParseFloat(share, 64)
	if err != nil {
		return share
	}
	return Significant(100*x) + " %"
}

// moment writes a time as a date when it is midnight in a zone.
func moment(text string, z *time.Location) string {
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return text
	}
	if t = t.In(z); t.Equal(time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, z)) {
		return t.Format(time.DateOnly)
	}
	return t.Format("2006-01-02 15:04 MST")
}

// Span writes a half-open window, as a month or year where it is one.
func Span(since, until string, z *time.Location) string {
	s, err1 := time.Parse(time.RFC3339Nano, since)
	u, err2 := time.Parse(time.RFC3339Nano, until)
	if err1 == nil && err2 == nil {
		s, u = s.In(z), u.In(z)
		if s.Day() == 1 && s.Equal(time.Date(s.Year(), s.Month(), 1, 0, 0, 0, 0, z)) {
			switch {
			case u.Equal(s.AddDate(0, 1, 0)):
				return s.Format("2006-01")
			case s.Month() == time.January && u.Equal(s.AddDate(1, 0, 0)):
				return s.Format("2006")
			}
		}
	}
	return moment(since, z) + " to " + moment(until, z)
}
