package record

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
	"modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"
)

// acquire takes the lock of a data directory, or says who holds it. The
// kernel frees it when the process ends, however it ends.
func acquire(dir string) (*os.File, error) {
	path := filepath.Join(dir, "hansei.lock")
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("data directory %s cannot be written: %w", dir, err)
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		holder, readErr := io.ReadAll(io.LimitReader(f, 500))
		closeErr := f.Close()
		if !errors.Is(err, unix.EWOULDBLOCK) || readErr != nil {
			return nil, errors.Join(fmt.Errorf("lock %s: %w", path, err), readErr, closeErr)
		}
		return nil, &InUseError{Dir: dir, Holder: strings.TrimSpace(string(holder))}
	}
	text := fmt.Sprintf("process %d (%s)\n", os.Getpid(), strings.Join(os.Args, " "))
	if err := f.Truncate(0); err != nil {
		return nil, errors.Join(fmt.Errorf("data directory %s cannot be written: %w", dir, err), f.Close())
	}
	if _, err := f.WriteAt([]byte(text), 0); err != nil {
		return nil, errors.Join(fmt.Errorf("data directory %s cannot be written: %w", dir, err), f.Close())
	}
	return f, nil
}

// InUseError says that another process has the data directory.
type InUseError struct {
	Dir    string
	Holder string // "process 123 (hansei serve)"
}

func (e *InUseError) Error() string {
	return fmt.Sprintf("the data directory %s is in use by %s; stop it first, or talk to it", e.Dir, e.Holder)
}

// quickCheck is the size up to which a file is checked whole at each start.
const quickCheck = 64 << 20

// inspect looks at the file without changing it: whether it is there at all,
// ours, of a version we know, and whole.
func inspect(ctx context.Context, path string) (fresh bool, err error) {
	f, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return true, nil
	}
	if err != nil {
		return false, fmt.Errorf("open %s: %w", path, err)
	}
	head := make([]byte, 100)
	n, err := io.ReadFull(f, head)
	info, statErr := f.Stat()
	if closeErr := f.Close(); closeErr != nil || statErr != nil {
		return false, errors.Join(closeErr, statErr)
	}
	switch {
	case n == 0:
		return true, nil // created, and then nothing: a crash before the first commit
	case err != nil, !bytes.HasPrefix(head, []byte("SQLite format 3\x00")):
		return false, fmt.Errorf("%s is damaged or not a Hansei database; it was left as it is", path)
	case binary.BigEndian.Uint32(head[68:]) != applicationID:
		if binary.BigEndian.Uint32(head[68:]) == 0 && walExists(path) {
			break // the first commit is still in the log beside the file
		}
		return false, fmt.Errorf("%s is a database of another program; it was left as it is", path)
	case binary.BigEndian.Uint32(head[60:]) > schemaVersion:
		return false, fmt.Errorf("%s was written by a newer version of Hansei (format %d, this one knows %d); it was left as it is",
			path, binary.BigEndian.Uint32(head[60:]), schemaVersion)
	}
	if info.Size() > quickCheck {
		return false, nil
	}
	return check(ctx, path)
}

func walExists(path string) bool {
	info, err := os.Stat(path + "-wal")
	return err == nil && info.Size() > 0
}

func check(ctx context.Context, path string) (fresh bool, err error) {
	db, err := sql.Open("sqlite", "file:"+path+"?mode=ro&_pragma=query_only(1)")
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	var says string
	var tables int
	if err := db.QueryRowContext(ctx, "PRAGMA quick_check(1)").Scan(&says); err != nil {
		return false, fmt.Errorf("%s is damaged; it was left as it is, restore it from a backup: %w", path, err)
	}
	if says != "ok" {
		return false, fmt.Errorf("%s is damaged (%s); it was left as it is, restore it from a backup", path, says)
	}
	if err := db.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_master").Scan(&tables); err != nil {
		return false, fmt.Errorf("read %s: %w", path, err)
	}
	return tables == 0, nil
}

// readable says in words what an error of the engine means for the data.
func readable(err error) error {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return err
	}
	switch e.Code() & 0xff {
	case lib.SQLITE_FULL:
		return fmt.Errorf("the disk is full; nothing of this was written: %w", err)
	case lib.SQLITE_READONLY, lib.SQLITE_CANTOPEN:
		return fmt.Errorf("the data directory cannot be written; nothing was changed: %w", err)
	case lib.SQLITE_CORRUPT, lib.SQLITE_NOTADB:
		return fmt.Errorf("the database file is damaged; restore it from a backup: %w", err)
	case lib.SQLITE_IOERR:
		return fmt.Errorf("the disk cannot be read or written; nothing of this was written: %w", err)
	}
	return err
}

// conflict says that a key was already there.
func conflict(err error) bool {
	var e *sqlite.Error
	return errors.As(err, &e) && e.Code()&0xff == lib.SQLITE_CONSTRAINT
}
