package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"

	"hansei/internal/auth"
	"hansei/internal/record"
)

// Copy copies an installation from one place to another, each a data directory
// or a postgres:// URL, and compares both by their digest. The place it is
// copied to must be empty. The key that seals secrets is a file of its own and
// is not copied. It returns the digest of both and how
// many entries they have.
func Copy(ctx context.Context, from, to string, log *slog.Logger, progress func(done, total int64)) (digest string, entries int64, err error) {
	a, endA, err := place(ctx, from, log, true)
	if err != nil {
		return "", 0, fmt.Errorf("from: %w", err)
	}
	defer func() { err = errors.Join(err, endA()) }()
	b, endB, err := place(ctx, to, log, false)
	if err != nil {
		return "", 0, fmt.Errorf("to: %w", err)
	}
	defer func() { err = errors.Join(err, endB()) }()
	if err := record.Copy(ctx, a, b, func(done, total record.Seq) { progress(int64(done), int64(total)) }); err != nil {
		return "", 0, err
	}
	digest, seq, err := b.Digest(ctx, auth.Local().Scope())
	return digest, int64(seq), err
}

// place opens a store that is named by a directory or a URL. A database needs
// a directory for its lock alone.
func place(ctx context.Context, name string, log *slog.Logger, exists bool) (*record.Store, func() error, error) {
	o, clean := record.Options{Dir: name, Log: log}, func() error { return nil }
	if strings.HasPrefix(name, "postgres://") || strings.HasPrefix(name, "postgresql://") {
		dir, err := os.MkdirTemp("", "hansei-copy-")
		if err != nil {
			return nil, nil, err
		}
		o.Dir, o.Database, clean = dir, name, func() error { return os.RemoveAll(dir) }
	} else if _, err := os.Stat(name); exists && err != nil {
		return nil, nil, err
	}
	s, err := record.Open(ctx, o)
	if err != nil {
		return nil, nil, errors.Join(err, clean())
	}
	return s, func() error { return errors.Join(s.Close(), clean()) }, nil
}
