// Package retro is where retrospectives are drafted, written, reviewed and
// published, and where their follow-ups come from.
//
// A draft is assembled from what the record already holds: the incident, its
// milestones and messages, alerts, changes to its services and to what they
// depend on, tickets, similar incidents of the past. Nothing in it is made up,
// and every entry of the timeline leads to where it comes from. Drafting again
// adds what has arrived since and leaves people's words alone.
//
// What people write is merged section by section; where two wrote the same
// lines, both texts are kept and a person chooses. Every revision stays in the
// journal.
//
// A retrospective has no sources, so it is written whole and not field by
// field over them as package intake does with other records. Follow-ups are
// ordinary records: intake.People changes them.
package retro
