package chart

import (
	"math"
	"strconv"
)

const (
	minute = 60.0
	hour   = 60 * minute
	day    = 24 * hour
)

// Duration writes seconds as people say them, with at most two units:
// 0.4 s, 42 s, 1 m 30 s, 7 m, 1 h 7 m, 2 d 4 h, 12 d.
func Duration(seconds float64) string {
	if math.IsNaN(seconds) || math.IsInf(seconds, 0) {
		return "no value"
	}
	if seconds < 0 {
		return "−" + Duration(-seconds)
	}
	if seconds > 0 && seconds < 9.95 && seconds != math.Trunc(seconds) {
		return Estimate(seconds) + " s"
	}
	// Each step rounds to what it shows before the next is asked, so that
	// 59 m 40 s becomes 1 h and never 60 m.
	if s := math.Round(seconds); s < 2*minute {
		return two(s, minute, "m", 1, "s")
	}
	if s := math.Round(seconds/minute) * minute; s < day {
		return two(s, hour, "h", minute, "m")
	}
	if s := math.Round(seconds/hour) * hour; s < 10*day {
		return two(s, day, "d", hour, "h")
	}
	return group(strconv.FormatFloat(math.Round(seconds/day), 'f', 0, 64)) + " d"
}

// two writes s in a large and a small unit, leaving out the one that is zero.
func two(s, large float64, largeName string, small float64, smallName string) string {
	a := math.Floor(s / large)
	b := math.Round((s - a*large) / small)
	low := strconv.FormatFloat(b, 'f', 0, 64) + " " + smallName
	if a == 0 {
		return low
	}
	high := strconv.FormatFloat(a, 'f', 0, 64) + " " + largeName
	if b == 0 {
		return high
	}
	return high + " " + low
}
