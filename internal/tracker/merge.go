package tracker

import "time"

// Side is what one of the two holds.
type Side struct {
	Values map[string]string
	// At says when a field was changed last; At[""] for those it does not name.
	At map[string]time.Time
}

func (s Side) at(field string) time.Time {
	if t, ok := s.At[field]; ok {
		return t
	}
	return s.At[""]
}

// Merge compares the two sides with what they held when they last met, field by
// field: what only one side changed since goes to the other one, and where both
// changed it the later word stands. What both hold alike, or what nobody
// changed since, goes nowhere: an echo of one's own word changes nothing, and
// what a tracker could not take is not sent for ever.
//
// here is what the follow-up takes, there what the issue takes. A field that
// the tracker does not tell is left alone.
func Merge(wasHere, wasThere map[string]string, ours, theirs Side) (here, there map[string]string) {
	here, there = map[string]string{}, map[string]string{}
	for field, told := range theirs.Values {
		mine, known := ours.Values[field]
		if !known || mine == told {
			continue
		}
		h, met := wasHere[field]
		t, both := wasThere[field]
		we, they := !met || h != mine, !both || t != told
		switch {
		case we && (!they || ours.at(field).After(theirs.at(field))):
			there[field] = mine
		case they:
			here[field] = told
		}
	}
	return here, there
}
