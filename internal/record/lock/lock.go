// Package lock gives a data directory to one process at a time.
package lock

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// Acquire takes the lock of a data directory, or says who holds it. The
// kernel frees it when the process ends, however it ends.
func Acquire(dir string) (*os.File, error) {
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
