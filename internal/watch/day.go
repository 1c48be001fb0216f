package watch

import "time"

// day is a date of the organization's calendar, as its midnight in UTC: days
// are counted without the hours that clocks are set forward or back.
func day(t time.Time, zone *time.Location) time.Time {
	y, m, d := t.In(zone).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
}

func working(d time.Time) bool {
	return d.Weekday() != time.Saturday && d.Weekday() != time.Sunday
}

// workdays counts the working days after one day up to and with another;
// negative when the other comes before. From a Friday to the Monday after it
// is one; to the Saturday or Sunday none.
func workdays(from, to time.Time) int {
	sign := 1
	if to.Before(from) {
		from, to, sign = to, from, -1
	}
	days := int(to.Sub(from).Hours()/24 + 0.5)
	n := days / 7 * 5
	for d := from.AddDate(0, 0, days/7*7); d.Before(to); {
		d = d.AddDate(0, 0, 1)
		if working(d) {
			n++
		}
	}
	return sign * n
}
