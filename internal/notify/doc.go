// Package notify brings messages to people and channels: by e-mail, to Slack
// and Microsoft Teams, and to programs by signed webhooks.
//
// A message is put in the outbox by the transaction that causes it, with the
// job that delivers it: both are there when that commits, or neither. It is
// delivered at least once, is tried again with growing pauses while the reason
// may pass, and its row says to whom it went, why, and what was wrong. That
// nobody is told twice is decided where it is put in (record.Tx.Tell).
//
// A server that dies after a message was sent and before that was noted sends
// it again; the ids of webhooks and e-mails stay the same, so that receivers
// can tell.
//
// What is worth telling, to whom and when, is not decided here: see package
// watch.
package notify
