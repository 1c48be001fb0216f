// Package verdict tells what an error of the database means: for the data, in
// words, and for who asked.
package verdict

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/mattn/go-sqlite3"
)

// Readable says in words what an error of the engine means for the data.
func Readable(err error) error {
	var e sqlite3.Error
	if !errors.As(err, &e) {
		return readableState(err)
	}
	switch e.Code {
	case sqlite3.ErrFull:
		return fmt.Errorf("the disk is full; nothing of this was written: %w", err)
	case sqlite3.ErrReadonly, sqlite3.ErrCantOpen:
		return fmt.Errorf("the data directory cannot be written; nothing was changed: %w", err)
	case sqlite3.ErrCorrupt, sqlite3.ErrNotADB:
		return fmt.Errorf("the database file is damaged; restore it from a backup: %w", err)
	case sqlite3.ErrIoErr:
		return fmt.Errorf("the disk cannot be read or written; nothing of this was written: %w", err)
	}
	return err
}

// readableState is Readable for PostgreSQL.
func readableState(err error) error {
	switch code := State(err); {
	case code == "53100":
		return fmt.Errorf("the database's disk is full; nothing of this was written: %w", err)
	case code == "53300":
		return fmt.Errorf("the database takes no more connections: %w", err)
	case code == "28P01", code == "28000":
		return fmt.Errorf("the database refuses the user or the password: %w", err)
	case code == "3D000":
		return fmt.Errorf("there is no such database; create it first: %w", err)
	case code == "42501":
		return fmt.Errorf("the database's user may not do this: %w", err)
	case code == "XX001", code == "XX002":
		return fmt.Errorf("the database is damaged; restore it from a backup: %w", err)
	}
	return err
}

// State is PostgreSQL's code of an error, empty if it is none of its own.
func State(err error) string {
	var e *pgconn.PgError
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}

// Conflict says that a key was already there.
func Conflict(err error) bool {
	var e sqlite3.Error
	if errors.As(err, &e) {
		return e.Code == sqlite3.ErrConstraint
	}
	return State(err) == "23505"
}

// Verdict is what an error of the database means for who asked.
type Verdict int

const (
	Answer Verdict = iota // it is the answer; asking again changes nothing
	Again                 // surely nothing was written; at once may do
	Lost                  // the connection or the server is gone: what was done is not known
)

// Judge tells which of the three an error is. SQLite gives answers only.
func Judge(err error) Verdict {
	switch code := State(err); {
	case code == "40001", code == "40P01": // serialization failure, deadlock
		return Again
	case strings.HasPrefix(code, "08"), // connection exceptions
		code == "57P01", code == "57P02", code == "57P03", // shut down, crashed, starting
		code == "25006",               // the server has become one that only reads
		code == "25P03",               // it ended our transaction for being idle
		code == "53300",               // no connection is free
		code == "XX000",               // at a commit that spans servers
		strings.HasPrefix(code, "58"): // its files cannot be reached
		return Lost
	case code != "":
		return Answer
	}
	var connecting *pgconn.ConnectError
	var network net.Error
	switch {
	case pgconn.SafeToRetry(err), errors.As(err, &connecting), errors.As(err, &network),
		errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, net.ErrClosed),
		errors.Is(err, driver.ErrBadConn), errors.Is(err, sql.ErrConnDone), errors.Is(err, sql.ErrTxDone), errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return Lost
	}
	return Answer
}
