// Package hint lets servers that share a database tell each other when they have
// written, so that a page on one shows at once what came in at the other. What
// they tell is a hint and no more: it does not pass every pooler, it is lost with
// the connection, and it is sent after the commit, so that no commit waits for
// it. Who waits for the journal also looks by himself.
package hint

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/stdlib"
)

const (
	channel   = "hansei"
	tellPause = 10 * time.Millisecond // between two hints
	hearPause = 2 * time.Second       // before listening is tried again
)

// Follow tells others of news, and calls wake when others have written, until
// ctx ends. db has two connections to PostgreSQL, and is closed then; self is
// this server's id.
func Follow(ctx context.Context, db *sql.DB, log *slog.Logger, news <-chan struct{}, self string, wake func()) {
	var telling sync.WaitGroup
	telling.Go(func() { tell(ctx, db, log, news, self) })
	defer func() {
		telling.Wait()
		if err := db.Close(); err != nil {
			log.Debug("stop listening", "error", err)
		}
	}()
	for ctx.Err() == nil {
		if err := hear(ctx, db, self, wake); err != nil && ctx.Err() == nil {
			log.Debug("cannot listen to other servers; it is looked instead", "error", err)
			sleep(ctx, hearPause)
		}
	}
}

func tell(ctx context.Context, db *sql.DB, log *slog.Logger, news <-chan struct{}, self string) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-news:
		}
		if _, err := db.ExecContext(ctx, "SELECT pg_notify($1, $2)", channel, self); err != nil && ctx.Err() == nil {
			log.Debug("cannot tell other servers; they look by themselves", "error", err)
			sleep(ctx, hearPause)
		}
		sleep(ctx, tellPause)
	}
}

// hear listens until the connection breaks.
func hear(ctx context.Context, db *sql.DB, self string, wake func()) (err error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	return conn.Raw(func(c any) error {
		std, ok := c.(*stdlib.Conn)
		if !ok {
			return fmt.Errorf("listen: the connection is a %T", c)
		}
		pg := std.Conn()
		if _, err := pg.Exec(ctx, "LISTEN "+channel); err != nil {
			return err
		}
		wake() // what came while nobody listened
		for {
			hint, err := pg.WaitForNotification(ctx)
			if err != nil {
				return err
			}
			if hint.Payload != self {
				wake()
			}
		}
	})
}

func sleep(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
