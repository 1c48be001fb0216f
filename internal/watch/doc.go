// Package watch is what Hansei does by itself: it follows the journal and the
// clock, and has people told what they would want to know.
//
// Following (Follow): an incident that is resolved gets its retrospective
// drafted; one that is open is told with those of the past that it is like; a
// review, a publication and a mention in a comment reach whom they are for. By
// the clock (Remind): what is due or overdue is brought to mind at a pace that
// the organization sets, and once a week channels hear what is open.
//
// Everything is decided by the record as it is and by what was told before
// (record.Tx.Tell), never by what this process remembers: a restart, a repeat
// and a second server tell nothing twice. What happened longer ago than Recent
// is never acted on, so that years of imported history stay quiet.
//
// How a message looks in Slack, and whether it arrived, is package notify's;
// what a retrospective is made of is package retro's.
package watch
