package record

import (
	"context"
	"database/sql"
	"fmt"
	"iter"
	"log/slog"
	"path/filepath"
	"slices"
	"time"

	"hansei/internal/record/file"
	"hansei/internal/record/tables"
	"hansei/internal/record/verdict"
	"hansei/internal/record/words"
)

// applicationID says, in a file's header, that it is ours.
const applicationID = 0x48_4e_53_49 // "HNSI"

// sqliteEngine is the engine of one file in the data directory, which one process
// has at a time.
type sqliteEngine struct {
	path string
	log  *slog.Logger
	wal  *file.Log
}

func inDirectory(dir string, log *slog.Logger) *sqliteEngine {
	path := filepath.Join(dir, "hansei.db")
	return &sqliteEngine{path, log, file.NewLog(path)}
}

func (e *sqliteEngine) name() string { return e.path }

func (e *sqliteEngine) shared() bool { return false }

// attend has nobody to follow; it keeps the log short.
func (e *sqliteEngine) attend(ctx context.Context, _ string, _ func()) { e.wal.Keep(ctx, e.trouble) }

func (e *sqliteEngine) trouble(err error) {
	e.log.Warn("the write-ahead log could not be shortened; it is tried again", "error", verdict.Readable(err))
}

func (e *sqliteEngine) text(q string) string { return q }

func (e *sqliteEngine) lookUp(l words.Lookup, scope []any, keys []string) (string, []any) {
	return l.Marks(scope, keys)
}

func (e *sqliteEngine) insert(i words.Insert, values []any) iter.Seq2[string, []any] {
	return i.Marks(values)
}

func (e *sqliteEngine) prepare(ctx context.Context, of *statements, q string) (statement, error) {
	return file.Prepare(ctx, of.conn, q)
}

// abandoned: no other process has the file, so no upload goes on.
func (e *sqliteEngine) abandoned(time.Time) string { return pending + "~" }

func (e *sqliteEngine) open(ctx context.Context) (write, read *sql.DB, err error) {
	if err := file.Inspect(ctx, e.path, file.Ours{ID: applicationID, Version: tables.Version}); err != nil {
		return nil, nil, err
	}
	write = file.Open(e.path, file.ReadWrite, patient, "journal_mode = wal", "synchronous = full", "cache_size = -16384", "temp_store = memory", "wal_autocheckpoint = 0")
	write.SetMaxOpenConns(1)
	read = file.Open(e.path, file.ReadOnly, "query_only = 1", patient, "cache_size = -8192")
	read.SetMaxOpenConns(6)
	return write, read, nil
}

func (e *sqliteEngine) migrate(ctx context.Context, conn *sql.Conn) error {
	var version int
	if err := conn.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version); err != nil {
		return fmt.Errorf("open %s: %w", e.path, verdict.Readable(err))
	}
	if version == tables.Version {
		return nil
	}
	stmts := append([]string{"BEGIN IMMEDIATE"}, slices.Concat(tables.Migrations[version:]...)...)
	stmts = append(stmts, fmt.Sprintf("PRAGMA application_id = %d", applicationID), fmt.Sprintf("PRAGMA user_version = %d", tables.Version), "COMMIT")
	for _, q := range stmts {
		if _, err := conn.ExecContext(ctx, q); err != nil {
			return fmt.Errorf("create the tables of %s: %w", e.path, verdict.Readable(err))
		}
	}
	return nil
}

const patient = "busy_timeout = 5000" // ms

func (e *sqliteEngine) jobs() (*sql.DB, error) {
	// The queue waits while a large import holds the file. After its commits nobody
	// looks at the log, as settle does after the writer's.
	db := file.Open(e.path, file.ReadWrite, "busy_timeout = 60000", "journal_mode = wal", "synchronous = normal", "cache_size = -2048", "wal_autocheckpoint = 8000")
	db.SetMaxOpenConns(1)
	return db, nil
}

// settle has what was committed taken over from the log.
func (e *sqliteEngine) settle(ctx context.Context, conn *sql.Conn) {
	if err := e.wal.Committed(ctx, conn); err != nil {
		e.trouble(err)
	}
}

func (e *sqliteEngine) compact(ctx context.Context, conn *sql.Conn) error {
	_, err := conn.ExecContext(ctx, "VACUUM")
	if err == nil {
		err = e.wal.Empty(ctx, conn)
	}
	if err != nil {
		return fmt.Errorf("compact the database: %w", err)
	}
	return nil
}
