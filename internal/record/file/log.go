package file

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"sync"
)

// Log is the write-ahead log beside a file. SQLite lets whoever commits take it
// over into the file once it has grown, and wait for that as long as for many
// commits. A Log has it done beside them.
type Log struct {
	path  string
	grown chan struct{}
	mu    sync.Mutex // held while it is taken over
}

const (
	enough = 2000 // pages that are worth being taken over
	// The pages of a log from which on whoever commits takes the rest over, so
	// that it begins anew though others never pause.
	most = 8000
	// LogLimit is the bytes of a log from which on its room is given back.
	LogLimit = 64 << 20
)

// NewLog is the log of a file.
func NewLog(path string) *Log { return &Log{path: path, grown: make(chan struct{}, 1)} }

// Committed looks after a commit whether the log is to be taken over. conn may
// leave that to it (wal_autocheckpoint = 0).
func (l *Log) Committed(ctx context.Context, conn *sql.Conn) error {
	pages, taken, err := checkpoint(ctx, conn, "NOOP")
	if err == nil && pages >= most {
		l.mu.Lock()
		pages, taken, err = checkpoint(ctx, conn, "PASSIVE")
		l.mu.Unlock()
	}
	if err == nil && (pages-taken >= enough || l.large()) {
		select {
		case l.grown <- struct{}{}:
		default: // it is about to be
		}
	}
	return err
}

func (l *Log) large() bool {
	info, err := os.Stat(l.path + "-wal")
	return err == nil && info.Size() >= LogLimit
}

// Empty takes the log over and leaves nothing in it.
func (l *Log) Empty(ctx context.Context, conn *sql.Conn) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, _, err := checkpoint(ctx, conn, "TRUNCATE")
	return err
}

// Keep takes the log over whenever it has grown, until ctx ends. failed is told
// when that did not succeed; it is tried again after the next commit.
func (l *Log) Keep(ctx context.Context, failed func(error)) {
	// While it waits for readers, to give room back, nobody can write.
	db := Open(l.path, ReadWrite, "busy_timeout = 200", "synchronous = normal", "wal_autocheckpoint = 0")
	db.SetMaxOpenConns(1)
	for {
		select {
		case <-l.grown:
		case <-ctx.Done():
			if err := db.Close(); err != nil {
				failed(err)
			}
			return
		}
		if err := l.takeOver(context.WithoutCancel(ctx), db); err != nil {
			failed(err)
		}
	}
}

func (l *Log) takeOver(ctx context.Context, db *sql.DB) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	pages, taken, err := checkpoint(ctx, db, "PASSIVE")
	if err != nil || pages > taken || !l.large() {
		return err // somebody reads what was before, perhaps
	}
	if _, _, err = checkpoint(ctx, db, "TRUNCATE"); errors.Is(err, errRead) {
		return nil
	}
	return err
}

var errRead = errors.New("the log cannot be emptied while somebody reads what stands in it")

// checkpoint returns how many pages the log has, and how many of them are in the
// file.
func checkpoint(ctx context.Context, on interface {
	QueryRowContext(ctx context.Context, q string, args ...any) *sql.Row
}, how string) (pages, taken int, err error) {
	var busy bool
	if err := on.QueryRowContext(ctx, "PRAGMA wal_checkpoint("+how+")").Scan(&busy, &pages, &taken); err != nil {
		return 0, 0, fmt.Errorf("take over the log: %w", err)
	}
	if busy && how == "TRUNCATE" {
		return 0, 0, errRead
	}
	return pages, taken, nil
}
