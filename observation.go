package hansei

import "time"

// Observation is what one delivery says about one thing, in our words, before
// identity is resolved. References inside Record (services, teams, people)
// hold the names that the source used; intake replaces them by ids.
//
// Observations of one thing may arrive in any order and any number of times:
// what is newer by At wins, field by field.
type Observation struct {
	Key    Key
	Record Record
	// At is when the thing was as Record says, by the source's own clock: the
	// event's time, or when the thing was last updated. Zero means when the
	// delivery was received.
	At time.Time
	// Partial means that Record holds only what this event tells: an empty
	// field says nothing, and elements of a list are added to it. Otherwise
	// Record is the whole thing, and an empty field is empty.
	Partial bool
	// None means that the thing is not of this kind (any more): an issue that
	// was an incident, a run of no deploying workflow. It tells of nothing else,
	// and changes only a record that its source told of before. A Partial
	// observation says that it is one by clearing "deleted".
	None bool `json:",omitempty"`
	// Clear names fields that a Partial observation empties, such as
	// "resolved_at" of an incident that was reopened.
	Clear []string
	// First names times of which the earliest ever told counts, such as
	// "acknowledged_at", whatever At says.
	First []string
	// Names are what else the source calls this thing: a key such as "OPS-12",
	// a URL beside its "url" field, the id that other tools refer to.
	Names []string
	// Mentions are names of other things that the source says belong to this
	// one. Those found in its texts need not be listed.
	Mentions []string
	// Line is where in the delivery it stood (1 is the first), for messages.
	Line int
}
