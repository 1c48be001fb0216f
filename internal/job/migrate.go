package job

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/riverqueue/river/rivermigrate"
)

// migrationLock is the advisory lock of PostgreSQL under which tables are made.
const migrationLock = 0x68616e736a6f6273 // "hansjobs"

// migrate brings River's tables, and ours, up to date. Of two servers that
// start at once, the second waits and finds it done. (A data directory has one
// server.)
func (q *Queue) migrate(ctx context.Context) (err error) {
	if q.postgres {
		// The lock is a transaction's, which poolers between us and the
		// database keep whole; River migrates in others.
		tx, err := q.db.BeginTx(ctx, nil)
		if err != nil {
			return err
		}
		defer func() {
			if undo := tx.Rollback(); undo != nil && !errors.Is(undo, sql.ErrTxDone) {
				q.log.Warn("unlock the tables of jobs", "error", undo)
			}
		}()
		if _, err := tx.ExecContext(ctx, "SELECT pg_advisory_xact_lock($1)", int64(migrationLock)); err != nil {
			return fmt.Errorf("lock: %w", err)
		}
	}
	m, err := rivermigrate.New(q.driver, &rivermigrate.Config{Logger: q.config.Logger})
	if err != nil {
		return err
	}
	if _, err := m.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return err
	}
	return q.servers.migrate(ctx)
}
