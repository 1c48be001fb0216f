// Package record keeps the journal: the append-only log of every revision of
// every record, which is the only truth. Beside it stand which revision is
// current, the raw deliveries, sessions and blobs.
//
// Only a Tx writes, and a Tx always knows who. Writers that come together are
// grouped into one commit; the sequence of a journal has no gaps and is the
// order of commits. An append may carry a key, so that repeating it after an
// unknown outcome is safe. A revision is checked against the one the writer
// read: whoever was slower gets ErrConflict.
//
// What webhooks deliver is durable before it has its row, in a spool
// (arrivals.go): a file beside SQLite's, a table on PostgreSQL.
//
// It knows no numbers and no words: those are views, built from the feed. The
// statements are written for two engines (placeholders ?, times as
// microseconds, documents as text); SQLite is the one here.
package record
