package job

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"
)

// servers knows which servers live. Each counts up its own row of a table, and
// takes another for dead whose count stood still over several looks. No clock
// is compared with another, and a database that is away for a while makes
// nobody dead, as looks that fail are not counted.
//
// A data directory has one server: there, every other is dead.
type servers struct {
	self     string
	db       *sql.DB
	postgres bool

	mu    sync.Mutex
	signs map[string]sign
	last  time.Time // when a look last succeeded
}

// sign is what was seen of a server.
type sign struct {
	beat  int64
	still int // looks since it changed
}

const (
	beatEvery  = 5 * time.Second
	deadAfter  = 5   // looks
	forgetAt   = 720 // looks: an hour
	beatWithin = 10 * time.Second
)

func newServers(self string, db *sql.DB, postgres bool) *servers {
	return &servers{self: self, db: db, postgres: postgres, signs: map[string]sign{}}
}

func (s *servers) migrate(ctx context.Context) error {
	if !s.postgres {
		return nil
	}
	_, err := s.db.ExecContext(ctx, "CREATE TABLE IF NOT EXISTS job_server (id TEXT PRIMARY KEY, beat BIGINT NOT NULL)")
	return err
}

// alive says whether a server may still be at its jobs.
func (s *servers) alive(id string) bool {
	if id == s.self || !s.postgres {
		return id == s.self
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if time.Since(s.last) > 3*beatEvery {
		return true // we are the one who knows nothing
	}
	sign, ok := s.signs[id]
	return ok && sign.still < deadAfter
}

// run shows that this server lives, and looks at the others, until ctx ends.
func (s *servers) run(ctx context.Context, log *slog.Logger) {
	if !s.postgres {
		return
	}
	tick := time.NewTicker(beatEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), beatWithin)
			defer cancel()
			if _, err := s.db.ExecContext(ctx, "DELETE FROM job_server WHERE id = $1", s.self); err != nil {
				log.Debug("sign off", "error", err)
			}
			return
		case <-tick.C:
			if err := s.beat(ctx); err != nil && ctx.Err() == nil {
				log.Warn("this server could not show that it lives; others may begin its jobs anew", "error", err)
			}
		}
	}
}

// beat counts this server's row up and looks at all.
func (s *servers) beat(ctx context.Context) error {
	if !s.postgres {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, beatWithin)
	defer cancel()
	_, err := s.db.ExecContext(ctx, "INSERT INTO job_server (id, beat) VALUES ($1, 1) ON CONFLICT (id) DO UPDATE SET beat = job_server.beat + 1", s.self)
	if err != nil {
		return fmt.Errorf("show that this server lives: %w", err)
	}
	seen, err := s.look(ctx)
	if err != nil {
		return fmt.Errorf("look which servers live: %w", err)
	}
	for id, beat := range s.compare(seen) {
		if _, err := s.db.ExecContext(ctx, "DELETE FROM job_server WHERE id = $1 AND beat = $2", id, beat); err != nil {
			return fmt.Errorf("forget a server: %w", err)
		}
	}
	return nil
}

func (s *servers) look(ctx context.Context) (seen map[string]int64, err error) {
	rows, err := s.db.QueryContext(ctx, "SELECT id, beat FROM job_server")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	seen = map[string]int64{}
	for rows.Next() {
		var id string
		var beat int64
		if err := rows.Scan(&id, &beat); err != nil {
			return nil, err
		}
		seen[id] = beat
	}
	return seen, rows.Err()
}

// compare takes note of a look and returns the servers that are long gone.
func (s *servers) compare(seen map[string]int64) (gone map[string]int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last = time.Now()
	signs := make(map[string]sign, len(seen))
	gone = map[string]int64{}
	for id, beat := range seen {
		now := sign{beat: beat}
		if was, ok := s.signs[id]; ok && was.beat == beat {
			now.still = was.still + 1
		}
		if signs[id] = now; now.still >= forgetAt {
			gone[id] = beat
		}
	}
	s.signs = signs
	return gone
}
