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
		who := strings.TrimSpace(string(holder))
		if who == "" { // it has the lock and not yet said so
			who = "another process"
		}
		return nil, &InUseError{Dir: dir, Holder: who}
	}
	text := fmt.Sprintf("process %d (%s)\n", os.Getpid(), command(os.Args))
	if err := f.Truncate(0); err != nil {
		return nil, errors.Join(fmt.Errorf("data directory %s cannot be written: %w", dir, err), f.Close())
	}
	if _, err := f.WriteAt([]byte(text), 0); err != nil {
		return nil, errors.Join(fmt.Errorf("data directory %s cannot be written: %w", dir, err), f.Close())
	}
	return f, nil
}

// command is the program and its subcommand. Further arguments stay out of
// files and messages: a token may be among them.
func command(args []string) string {
	name := filepath.Base(args[0])
	if len(args) > 1 && !strings.HasPrefix(args[1], "-") {
		name += " " + args[1]
	}
	return name
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
// ours, of a version we know, and whole. fresh means that there is no store
// yet: no file, or one that a crash left before the first commit.
func inspect(ctx context.Context, path string) (fresh bool, err error) {
	head, size, err := header(path)
	if err != nil {
		return false, err
	}
	switch {
	case size == 0 && walExists(path):
		// SQLite would take it for a new file and delete the log, and with it
		// what can perhaps still be saved.
		return false, fmt.Errorf("%s is missing or empty, but the log of its last changes (%s-wal) is there; both were left as they are, restore the file from a backup", path, filepath.Base(path))
	case size == 0:
		return true, nil
	case len(head) < headerSize, !bytes.HasPrefix(head, []byte("SQLite format 3\x00")):
		return false, fmt.Errorf("%s is damaged or not a Hansei database; it was left as it is", path)
	}
	if err := ours(path, binary.BigEndian.Uint32(head[68:]), binary.BigEndian.Uint32(head[60:])); err != nil {
		return false, err
	}
	return check(ctx, path, size <= quickCheck)
}

const headerSize = 100 // bytes; section 1.3 of the SQLite file format

// header reads the start of the file and its size, 0 if there is none.
func header(path string) (head []byte, size int64, err error) {
	f, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, 0, nil
	}
	if err != nil {
		return nil, 0, fmt.Errorf("open %s: %w", path, err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if head, err = io.ReadAll(io.LimitReader(f, headerSize)); err != nil {
		return nil, 0, fmt.Errorf("read %s: %w", path, err)
	}
	info, err := f.Stat()
	if err != nil {
		return nil, 0, err
	}
	return head, info.Size(), nil
}

// ours judges the file's application id and version. Both are 0 in a file
// whose first commit is not in it yet.
func ours(path string, app, version uint32) error {
	switch {
	case app == 0 && version == 0:
		return nil
	case app != applicationID:
		return fmt.Errorf("%s is a database of another program; it was left as it is", path)
	case int(version) > schemaVersion:
		return fmt.Errorf("%s was written by a newer version of Hansei (format %d, this one knows %d); it was left as it is", path, version, schemaVersion)
	}
	return nil
}

func walExists(path string) bool {
	info, err := os.Stat(path + "-wal")
	return err == nil && info.Size() > 0
}

// check reads the file through the engine, which also sees commits that are
// still in the log beside it, whole if asked to.
func check(ctx context.Context, path string, whole bool) (fresh bool, err error) {
	db, err := sql.Open("sqlite", "file:"+path+"?mode=ro&_pragma=query_only(1)&_pragma=busy_timeout(5000)")
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	var app, version, tables uint32
	for q, to := range map[string]*uint32{
		"PRAGMA application_id": &app, "PRAGMA user_version": &version, "SELECT count(*) FROM sqlite_master": &tables,
	} {
		if err := db.QueryRowContext(ctx, q).Scan(to); err != nil {
			return false, fmt.Errorf("%s cannot be read; it was left as it is: %w", path, readable(err))
		}
	}
	if err := ours(path, app, version); err != nil {
		return false, err
	}
	if app == 0 && tables > 0 {
		return false, fmt.Errorf("%s is a database of another program; it was left as it is", path)
	}
	if !whole {
		return tables == 0, nil
	}
	says := ""
	if err := db.QueryRowContext(ctx, "PRAGMA quick_check(1)").Scan(&says); err != nil {
		return false, fmt.Errorf("%s is damaged; it was left as it is, restore it from a backup: %w", path, err)
	}
	if says != "ok" {
		return false, fmt.Errorf("%s is damaged (%s); it was left as it is, restore it from a backup", path, says)
	}
	return tables == 0, nil
}
