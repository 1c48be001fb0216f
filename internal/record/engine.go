package record

import (
	"context"
	"database/sql"
	"iter"
	"time"

	"hansei/internal/record/words"
)

// engine is what differs between the databases that a Store can stand on: how
// they are reached, how tables are made, and what is to be done about an error.
// The statements are the same on all but for their placeholders and for how many
// values go into one: a list to look up, rows to add (package words).
type engine interface {
	// open reaches the database: write is for the one writer, read for everybody.
	open(ctx context.Context) (write, read *sql.DB, err error)
	// migrate makes the tables or brings them up to date, in one transaction.
	migrate(ctx context.Context, conn *sql.Conn) error
	// text is a statement in the engine's own words.
	text(q string) string
	// lookUp is a statement that asks for what keys name, and its arguments.
	lookUp(l words.Lookup, scope []any, keys []string) (q string, args []any)
	// insert are the statements that add rows, and their arguments.
	insert(i words.Insert, values []any) iter.Seq2[string, []any]
	// prepare makes a statement that is run again and again.
	prepare(ctx context.Context, of *statements, q string) (statement, error)
	// abandoned is the owner of parts before which all pending ones are of
	// uploads that nobody can be busy with any more.
	abandoned(now time.Time) string
	// attend does what is done beside the writer, until ctx ends. It calls wake
	// when another server may have written, as far as it gets to know. self is
	// this writer's id.
	attend(ctx context.Context, self string, wake func())
	// settle is called after a commit, and before the next.
	settle(ctx context.Context, conn *sql.Conn)
	// compact writes the database anew, without what was deleted.
	compact(ctx context.Context, conn *sql.Conn) error
	// shared says that other servers may write, and that a connection may be
	// lost without the database.
	shared() bool
	// jobs opens one more handle, for the queue of jobs.
	jobs() (*sql.DB, error)
	// name is the place, for messages; it holds no password.
	name() string
}
