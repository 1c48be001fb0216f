// Package intake turns deliveries into records: raw first, then understood,
// then each thing found or created, then merged.
//
// Understanding a delivery is one transaction: all of it becomes visible or
// none. What a delivery says of a thing is an observation; the record is the
// merge of what every source last said, with people's edits on top. Reading a
// delivery twice changes nothing.
//
// It does not know formats (package source and below) and does no counting.
package intake
