package file

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"

	sqlite "github.com/mattn/go-sqlite3"
)

// How a file is opened.
const (
	ReadWrite = "?_txlock=immediate&_mutex=no" // it is made if it is not there
	ReadOnly  = "?mode=ro&_mutex=no"
)

// Open opens a file of SQLite. Every connection to it begins with the pragmas,
// "cache_size = 100" say. Nothing is reached before it is used.
func Open(path, how string, pragmas ...string) *sql.DB {
	begin := func(c *sqlite.SQLiteConn) error {
		for _, p := range pragmas {
			if _, err := c.Exec("PRAGMA "+p, nil); err != nil {
				return fmt.Errorf("pragma %s: %w", p, err)
			}
		}
		return nil
	}
	// database/sql gives a connection to one goroutine at a time, so it needs no
	// locks of its own.
	return sql.OpenDB(connector{"file:" + path + how, &sqlite.SQLiteDriver{ConnectHook: begin}})
}

type connector struct {
	name   string
	driver *sqlite.SQLiteDriver
}

// Connect implements driver.Connector.
func (c connector) Connect(context.Context) (driver.Conn, error) { return c.driver.Open(c.name) }

// Driver implements driver.Connector.
func (c connector) Driver() driver.Driver { return c.driver }

// Brief is a prepared statement that is over at once and never broken off.
type Brief struct{ *sql.Stmt }

// Prepare prepares a statement.
func Prepare(ctx context.Context, conn *sql.Conn, q string) (Brief, error) {
	st, err := conn.PrepareContext(ctx, q)
	return Brief{st}, err
}

// ExecContext shadows that of sql.Stmt. To be able to break a statement off, the
// driver would run it on a goroutine of its own, which takes longer than most do.
func (b Brief) ExecContext(ctx context.Context, args ...any) (sql.Result, error) {
	return b.Stmt.ExecContext(context.WithoutCancel(ctx), args...)
}
