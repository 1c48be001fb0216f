// Package file looks at a database file before it is opened as one.
package file

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"hansei/internal/record/verdict"
)

// Ours is what a file says of itself that is ours, in its header.
type Ours struct {
	ID      uint32 // SQLite's application id
	Version int    // the newest that we know
}

// quickCheck is the size up to which a file is checked whole at each start.
const quickCheck = 64 << 20

// Inspect looks at the file without changing it: whether it is there at all,
// ours, of a version we know, and whole. That there is no file yet, or one that a
// crash left before the first commit, is well.
func Inspect(ctx context.Context, path string, o Ours) error {
	head, size, err := header(path)
	if err != nil {
		return err
	}
	switch {
	case size == 0 && walExists(path):
		// SQLite would take it for a new file and delete the log, and with it
		// what can perhaps still be saved.
		return fmt.Errorf("%s is missing or empty, but the log of its last changes (%s-wal) is there; both were left as they are, restore the file from a backup", path, filepath.Base(path))
	case size == 0:
		return nil
	case len(head) < headerSize, !bytes.HasPrefix(head, []byte("SQLite format 3\x00")):
		return fmt.Errorf("%s is damaged or not a Hansei database; it was left as it is", path)
	}
	if err := o.judge(path, binary.BigEndian.Uint32(head[68:]), binary.BigEndian.Uint32(head[60:])); err != nil {
		return err
	}
	return o.check(ctx, path, size <= quickCheck)
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

// judge judges the file's application id and version. Both are 0 in a file
// whose first commit is not in it yet.
func (o Ours) judge(path string, app, version uint32) error {
	switch {
	case app == 0 && version == 0:
		return nil
	case app != o.ID:
		return fmt.Errorf("%s is a database of another program; it was left as it is", path)
	case int(version) > o.Version:
		return fmt.Errorf("%s was written by a newer version of Hansei (format %d, this one knows %d); it was left as it is", path, version, o.Version)
	}
	return nil
}

func walExists(path string) bool {
	info, err := os.Stat(path + "-wal")
	return err == nil && info.Size() > 0
}

// check reads the file through the engine, which also sees commits that are
// still in the log beside it, whole if asked to.
func (o Ours) check(ctx context.Context, path string, whole bool) (err error) {
	db := Open(path, ReadOnly, "query_only = 1", "busy_timeout = 5000")
	defer func() { err = errors.Join(err, db.Close()) }()
	var app, version, tables uint32
	for q, to := range map[string]*uint32{
		"PRAGMA application_id": &app, "PRAGMA user_version": &version, "SELECT count(*) FROM sqlite_master": &tables,
	} {
		if err := db.QueryRowContext(ctx, q).Scan(to); err != nil {
			return fmt.Errorf("%s cannot be read; it was left as it is: %w", path, verdict.Readable(err))
		}
	}
	if err := o.judge(path, app, version); err != nil {
		return err
	}
	if app == 0 && tables > 0 {
		return fmt.Errorf("%s is a database of another program; it was left as it is", path)
	}
	if !whole {
		return nil
	}
	says := ""
	if err := db.QueryRowContext(ctx, "PRAGMA quick_check(1)").Scan(&says); err != nil {
		return fmt.Errorf("%s is damaged; it was left as it is, restore it from a backup: %w", path, err)
	}
	if says != "ok" {
		return fmt.Errorf("%s is damaged (%s); it was left as it is, restore it from a backup", path, says)
	}
	return nil
}
