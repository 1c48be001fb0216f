// Package rulebook is where an organization changes its own rules for
// retrospectives: the templates, the taxonomy of contributing factors, what is
// required, and fields of its own.
//
// A change is a new revision of the organization's record, so each can be
// undone and its history read. What a change means for retrospectives, incidents
// and follow-ups that are there already becomes new revisions of them; nothing
// that was written before is rewritten. A renamed or merged factor is renewed
// where it was used: at once where it is in few records, by a job where it is in
// many. It is done from the name that a person chose, so that doing it twice,
// or the other way round, is harmless.
//
// What is allowed is package schema's to say; which retrospective lacks what,
// package retro's.
package rulebook
