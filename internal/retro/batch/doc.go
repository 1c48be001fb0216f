// Package batch drafts retrospectives for a whole period of history in one go.
//
// A batch is work that goes on by itself: what is to be drafted is decided once,
// when it begins, and kept with how far it is. A job drafts one after the other
// and can be broken off anywhere: what a batch wrote carries the batch's name,
// so that whoever goes on knows its own drafts again and makes none twice. That
// is also how drafts that nobody touched are found when they are taken back.
package batch
