// Package drafts holds where retrospectives begin: the panel on the page of an
// incident, and the page on which those of a window of history are drafted.
//
// It decides nothing: what a draft holds is said by package retro.
package drafts
