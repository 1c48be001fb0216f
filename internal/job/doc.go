// Package job does work later and elsewhere: a job is enqueued in the
// transaction of the record that asks for it, so that it is there exactly when
// the record is. It is run by one of the servers, is repeated with growing
// pauses while it fails, and is kept where people see it. Some jobs come at
// intervals; one server of all enqueues them.
//
// It is River (riverqueue.com, v0.51) on the record store's own database:
// SQLite in a data directory, PostgreSQL where many servers share the work.
// Both are polled; nothing listens.
//
// A job runs at least once. A server that dies while it works, or that cannot
// reach the database for a while, leaves jobs that another begins anew: what a
// handler does must be harmless to do twice. Two runs of a Unique job never
// wait side by side, yet one that was taken for dead may still be ending.
//
// Arguments and errors are readable by everybody who may see the queue. No
// secret belongs there: name the source, and let the handler look its key up.
//
// It is not the queue of deliveries, which is their own table, nor a bus of
// events: whoever wants to know what changed reads the feed of the journal.
package job
