package record

import (
	"context"
	"database/sql"
)

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
