package connect

import (
	"time"

	"hansei"
	"hansei/internal/record"
)

// The lag of a source is the longest stretch of time, up to now, of which it is
// not known here what the tool has to tell, though it should be:
//
//   - the age of the oldest delivery that waits to be understood; what a paused
//     source keeps does not wait;
//   - for a list whose history was read to its end: the time since it last was,
//     less the interval in which it is read;
//   - for a list whose history is still being read: the stretch that was asked
//     for and is not read yet. Forwards that is from where it came to up to now,
//     backwards from its beginning up to where it came to; where the tool's
//     paging does not tell, all of it.
//
// What a tool has not sent, and lets nobody ask for, cannot be known of.

// Waits is what LagOf says of deliveries that wait to be understood.
const Waits = "deliveries"

// behind is the lag of a list.
func behind(p record.PullState, interval time.Duration, now time.Time) time.Duration {
	lag := now.Sub(p.Began)
	switch {
	case p.Whole && !p.Ended.IsZero():
		lag = now.Sub(p.Ended) - interval
	case p.Whole:
		lag = now.Sub(later(p.Through, p.Began)) - interval
	case !p.Through.IsZero():
		lag = now.Sub(p.Through)
	case !p.Back.IsZero():
		lag = p.Back.Sub(p.Began)
	}
	return max(0, lag)
}

// lag sums up what its lists and the deliveries that wait are behind.
func (v *View) lag(oldest, now time.Time) {
	var most time.Duration
	if !oldest.IsZero() {
		most, v.LagOf = max(0, now.Sub(oldest)), Waits
	}
	for _, st := range v.Streams {
		if st.behind > most {
			most, v.LagOf = st.behind, st.Name
		}
		v.Pulled = later(v.Pulled, st.At)
	}
	if v.Lag = most.Round(time.Millisecond).Seconds(); v.Lag == 0 {
		v.LagOf = ""
	}
}

// Covered is what a source fills of one kind of record.
type Covered struct {
	Kind    hansei.Kind `json:"kind"`
	Records int         `json:"records"` // that the source tells of, alone or with others
	Filled  int         `json:"filled"`  // fields that it fills in one record at least
	Known   int         `json:"known"`   // fields that the kind has
	Fields  []Field     `json:"fields"`  // each of them, once there is a record
}

// Field is one field of a kind and how often a source fills it.
type Field struct {
	Name    string   `json:"name"`
	Records int      `json:"records"`             // in which this source fills it
	Needed  []string `json:"needed_by,omitempty"` // metrics that leave out all of this source's records for want of it
}
