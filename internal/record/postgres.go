package record

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"

	"hansei/internal/record/dial"
	"hansei/internal/record/hint"
	"hansei/internal/record/tables"
	"hansei/internal/record/verdict"
	"hansei/internal/record/words"
)

// postgresEngine is the engine of a PostgreSQL server, or of a primary and its
// replicas, which several servers of ours may share.
type postgresEngine struct {
	config *pgx.ConnConfig
	log    *slog.Logger
	news   chan struct{} // something was written that others are to be told of
	// replans says that statements are planned each time: a plan that was kept
	// from when a table was empty would read all of it for ever.
	replans bool
}

const reachTime = 5 * time.Second // to reach one of the hosts

// atServer understands a connection string, in either form of libpq's. Where
// several hosts are named, only the one that takes writes will do.
func atServer(database string, log *slog.Logger) (*postgresEngine, error) {
	config, err := pgx.ParseConfig(database)
	if err != nil {
		return nil, fmt.Errorf("the database's address: %w", err)
	}
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = reachTime
	}
	if config.ValidateConnect == nil {
		config.ValidateConnect = pgconn.ValidateConnectTargetSessionAttrsReadWrite
	}
	if config.RuntimeParams["application_name"] == "" {
		config.RuntimeParams["application_name"] = "hansei"
	}
	replans := !strings.Contains(database, "default_query_exec_mode")
	if replans {
		config.DefaultQueryExecMode = pgx.QueryExecModeCacheDescribe
	}
	config.DialFunc = dial.Dialer().DialContext
	return &postgresEngine{config, log, make(chan struct{}, 1), replans}, nil
}

func (e *postgresEngine) name() string {
	hosts := []string{e.config.Host}
	for _, f := range e.config.Fallbacks {
		if f.Host != hosts[len(hosts)-1] {
			hosts = append(hosts, f.Host)
		}
	}
	return fmt.Sprintf("PostgreSQL database %s at %s", e.config.Database, strings.Join(hosts, ", "))
}

func (e *postgresEngine) shared() bool { return true }

func (e *postgresEngine) text(q string) string { return words.Numbered(q) }

func (e *postgresEngine) lookUp(l words.Lookup, scope []any, keys []string) (string, []any) {
	return l.Each(scope, keys)
}

func (e *postgresEngine) insert(i words.Insert, values []any) iter.Seq2[string, []any] {
	return i.Arrays(values)
}

// prepare leaves it to the driver, which keeps statements of its own accord,
// and does not where a pooler between here and there cannot bear it.
func (e *postgresEngine) prepare(_ context.Context, of *statements, q string) (statement, error) {
	p := plain{of: of, text: words.Numbered(q)}
	if strings.HasPrefix(q, "INSERT ") {
		p.mode = e.planned()
	}
	return p, nil
}

// planned, before a statement's arguments, says that its plan can be kept.
func (e *postgresEngine) planned() []any {
	if !e.replans { // where a pooler cannot bear it
		return nil
	}
	return []any{pgx.QueryExecModeCacheStatement}
}

// abandoned: another server may be busy with an upload for long.
func (e *postgresEngine) abandoned(now time.Time) string { return pendingOwner(now.Add(-day), "") }

const (
	readers  = 12          // connections at most
	keepOpen = time.Minute // one that nobody needs; to make one takes 5 ms of a processor
)

func (e *postgresEngine) open(ctx context.Context) (write, read *sql.DB, err error) {
	write, read = e.pool(1), e.pool(readers)
	read.SetConnMaxIdleTime(keepOpen)
	if err := e.reach(ctx, read); err != nil {
		return write, read, fmt.Errorf("open the %s: %w", e.name(), verdict.Readable(err))
	}
	return write, read, nil
}

// reach waits for a server that is just being started beside this one.
func (e *postgresEngine) reach(ctx context.Context, db *sql.DB) error {
	for since := time.Now(); ; sleep(ctx, lastPause) {
		err := e.warn(ctx, db)
		if state := verdict.State(err); err == nil || ctx.Err() != nil || time.Since(since) > patience ||
			verdict.Judge(err) != verdict.Lost || strings.HasPrefix(state, "28") || state == "3D000" {
			return err
		}
		e.log.Info("the database is not there yet", "error", err)
	}
}

func (e *postgresEngine) pool(size int) *sql.DB {
	db := sql.OpenDB(stdlib.GetConnector(*e.config, stdlib.OptionAfterConnect(byKey)))
	db.SetMaxOpenConns(size)
	db.SetMaxIdleConns(size)
	return db
}

// byKey says that nearly all we ask for is looked up by its key, and is in memory:
// left to itself the planner reads a table of 40,000 deliveries whole for 64.
func byKey(ctx context.Context, conn *pgx.Conn) error {
	_, err := conn.Exec(ctx, "SET random_page_cost = 1.1")
	return err
}

// settle implements engine: it has the others told.
func (e *postgresEngine) settle(context.Context, *sql.Conn) {
	select {
	case e.news <- struct{}{}:
	default: // it is about to be told
	}
}

// attend implements engine.
func (e *postgresEngine) attend(ctx context.Context, self string, wake func()) {
	hint.Follow(ctx, e.pool(2), e.log, e.news, self, wake)
}

func (e *postgresEngine) jobs() (*sql.DB, error) { return e.pool(4), nil }

// migrationLock keeps two servers that start together from making the tables
// twice; any number that no other program is likely to use.
const migrationLock = 0x48_4e_53_49

func (e *postgresEngine) migrate(ctx context.Context, conn *sql.Conn) (err error) {
	tx, err := conn.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("open the %s: %w", e.name(), verdict.Readable(err))
	}
	if err := e.raise(ctx, tx); err != nil {
		return errors.Join(fmt.Errorf("create the tables of the %s: %w", e.name(), verdict.Readable(err)), tx.Rollback())
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("create the tables of the %s: %w", e.name(), verdict.Readable(err))
	}
	return nil
}

func (e *postgresEngine) raise(ctx context.Context, tx *sql.Tx) error {
	for _, q := range []string{
		fmt.Sprintf("SELECT pg_advisory_xact_lock(%d)", migrationLock),
		"CREATE TABLE IF NOT EXISTS hansei (one BIGINT PRIMARY KEY CHECK (one = 1), version BIGINT NOT NULL)",
		"INSERT INTO hansei (one, version) VALUES (1, 0) ON CONFLICT (one) DO NOTHING",
	} {
		if _, err := tx.ExecContext(ctx, q); err != nil {
			return err
		}
	}
	var version int
	if err := tx.QueryRowContext(ctx, "SELECT version FROM hansei").Scan(&version); err != nil {
		return err
	}
	if version > tables.Version {
		return fmt.Errorf("they were written by a newer version of Hansei (format %d, this one knows %d) and were left as they are", version, tables.Version)
	}
	for _, list := range tables.Migrations[version:] {
		for _, q := range list {
			if _, err := tx.ExecContext(ctx, columns.Replace(q)); err != nil {
				return err
			}
		}
	}
	if version < tables.Version { // what is packed already is not packed again
		if _, err := tx.ExecContext(ctx, "ALTER TABLE arrived ALTER COLUMN bytes SET STORAGE EXTERNAL"); err != nil {
			return err
		}
	}
	_, err := tx.ExecContext(ctx, "UPDATE hansei SET version = $1", tables.Version)
	return err
}

// columns turns a migration's types into PostgreSQL's. Texts are compared
// byte by byte, as SQLite does, whatever the language of the database.
var columns = strings.NewReplacer(" BLOB", " BYTEA", " TEXT", ` TEXT COLLATE "C"`)

// plain is a statement that is only a text.
type plain struct {
	of   *statements
	text string
	mode []any // the driver's way with it, before the arguments
}

// ExecContext implements statement.
func (p plain) ExecContext(ctx context.Context, args ...any) (sql.Result, error) {
	return p.of.session().ExecContext(ctx, p.text, append(p.mode, args...)...)
}

// QueryContext implements statement.
func (p plain) QueryContext(ctx context.Context, args ...any) (*sql.Rows, error) {
	return p.of.session().QueryContext(ctx, p.text, append(p.mode, args...)...)
}

// QueryRowContext implements statement.
func (p plain) QueryRowContext(ctx context.Context, args ...any) *sql.Row {
	return p.of.session().QueryRowContext(ctx, p.text, append(p.mode, args...)...)
}

// Close implements statement.
func (p plain) Close() error { return nil }

// broken says that a connection to PostgreSQL is closed.
func broken(conn *sql.Conn) (closed bool) {
	err := conn.Raw(func(c any) error {
		pg, ok := c.(*stdlib.Conn)
		closed = ok && pg.Conn().IsClosed()
		return nil
	})
	return closed || err != nil
}

func (e *postgresEngine) compact(ctx context.Context, conn *sql.Conn) error {
	for _, table := range []string{"entry", "current", "delivery", "part", "reject", "notice", "told", "name", "mention", "blob", "arrived"} {
		if _, err := conn.ExecContext(ctx, "VACUUM FULL "+table); err != nil {
			return fmt.Errorf("compact the database: %w", err)
		}
	}
	return nil
}

// warn says, at the start, in which ways this server may forget what it has
// acknowledged. None of them can be seen later, from its answers.
func (e *postgresEngine) warn(ctx context.Context, db *sql.DB) error {
	var fsync, commit, standbys string
	var replicas int
	err := db.QueryRowContext(ctx, `SELECT current_setting('fsync'), current_setting('synchronous_commit'), current_setting('synchronous_standby_names'),
		(SELECT count(*) FROM pg_stat_replication)`).Scan(&fsync, &commit, &standbys, &replicas)
	if err != nil {
		return err
	}
	if fsync == "off" {
		e.log.Warn("the database's fsync is off: a power cut may destroy it")
	}
	if commit == "off" {
		e.log.Warn("the database's synchronous_commit is off: what was acknowledged may be lost when it crashes")
	}
	if replicas > 0 && (standbys == "" || commit == "local") {
		e.log.Warn("the database has a replica that does not confirm commits: what was acknowledged is lost when that one is promoted. "+
			"Name it in synchronous_standby_names, or tell nobody that this is highly available", "replicas", replicas, "synchronous_commit", commit)
	}
	return nil
}
