// Package notices holds the pages about what Hansei tells people by itself:
// the channels that messages go to, what is told and when, what each message
// looks like, and the log of what was sent.
//
// It decides and sends nothing: channels and their tests are package notify's,
// what is worth telling is package watch's.
package notices
