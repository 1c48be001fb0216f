// Package followups shows follow-ups: the list of what is to be done after
// incidents, open ones first, with changes of several at once; and one page
// each, with where it comes from, how it stands in the tracker, whether it
// worked, and the incidents that began while it was open. What is done on them
// is done by package followup.
package followups
