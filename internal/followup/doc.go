// Package followup is the life of follow-ups: made, changed, closed, verified,
// listed, and kept in step with their doubles in the organization's tracker.
//
// A follow-up and its issue are two records of one thing, and people work on
// both. What the tracker tells comes in as a work item like all it tells
// (Told); what people do here goes out by a job that is enqueued in the
// transaction of the change (Before). Both end in Sync, which compares the two
// sides with what they held when they last met (tracker.Merge) and is harmless
// to run at any time, in any order, any number of times.
//
// An issue is created once: the intention is written first, with a marker that
// the issue carries, and whoever finds an intention older than his own looks
// for the marker before he creates anything.
package followup
