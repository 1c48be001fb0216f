package record

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	_ "modernc.org/sqlite" // the driver "sqlite"
)

// Seq is a position in a journal; the first entry is 1.
type Seq int64

// Revision counts the versions of one record; the first is 1.
type Revision int64

// Epoch names one life of a journal. After a restore from backup or a failover
// that lost entries, sequences are used again: the epoch is changed then, and
// a view that sees another one than its own is rebuilt.
type Epoch string

// Options say where the store is.
type Options struct {
	Dir string           // the data directory; it is created if missing
	Now func() time.Time // time.Now when nil
	Log *slog.Logger
}

// Store is an open record store. Close it to let another process in.
type Store struct {
	now  func() time.Time
	log  *slog.Logger
	dir  string
	lock *os.File

	write    *sql.Conn  // used by the writer goroutine alone
	stmts    statements // of write
	tx       *sql.Tx    // of write, while a group is committed
	db       *sql.DB
	read     *sql.DB
	requests chan *request
	stopped  chan struct{} // closed when the writer has ended
	closing  sync.Once
	gate     sync.RWMutex // held to send a request; Close takes it
	closed   bool

	mu    sync.Mutex
	moved chan struct{} // closed and replaced at each commit
}

// Open opens or creates the store of a data directory. A second process gets
// an error that names the first; a file that is damaged, not ours or of a
// newer version gets a clear error and is not touched.
func Open(ctx context.Context, o Options) (*Store, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if err := os.MkdirAll(o.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("data directory: %w", err)
	}
	lock, err := acquire(o.Dir)
	if err != nil {
		return nil, err
	}
	s := &Store{now: o.Now, log: o.Log, dir: o.Dir, lock: lock,
		requests: make(chan *request, 256), stopped: make(chan struct{}), moved: make(chan struct{})}
	if err := s.open(ctx); err != nil {
		return nil, errors.Join(err, s.release())
	}
	go s.writer()
	return s, nil
}

func (s *Store) path() string { return filepath.Join(s.dir, "hansei.db") }

func (s *Store) open(ctx context.Context) error {
	fresh, err := inspect(ctx, s.path())
	if err != nil {
		return err
	}
	pragmas := "&_pragma=busy_timeout(5000)&_pragma=journal_mode(wal)&_pragma=synchronous(full)&_pragma=cache_size(-65536)&_pragma=temp_store(memory)&_pragma=wal_autocheckpoint(4000)"
	if fresh {
		pragmas = "&_pragma=page_size(8192)" + pragmas
	}
	if s.db, err = sql.Open("sqlite", "file:"+s.path()+"?_txlock=immediate"+pragmas); err != nil {
		return fmt.Errorf("open %s: %w", s.path(), err)
	}
	s.db.SetMaxOpenConns(1)
	if s.write, err = s.db.Conn(ctx); err != nil {
		return fmt.Errorf("open %s: %w", s.path(), readable(err))
	}
	s.stmts = statements{s.write, map[string]*sql.Stmt{}}
	if err := s.migrate(ctx); err != nil {
		return err
	}
	if s.read, err = sql.Open("sqlite", "file:"+s.path()+"?mode=ro&_pragma=query_only(1)&_pragma=busy_timeout(5000)&_pragma=cache_size(-8192)"); err != nil {
		return fmt.Errorf("open %s: %w", s.path(), err)
	}
	s.read.SetMaxOpenConns(6)
	// What a crash left of deliveries that were still arriving.
	if _, err := s.write.ExecContext(ctx, "DELETE FROM part WHERE owner LIKE 'pending-%'"); err != nil {
		return fmt.Errorf("open %s: %w", s.path(), readable(err))
	}
	return nil
}

// migrate creates the tables of a new store or adds those that an older
// version did not have, all in one transaction.
func (s *Store) migrate(ctx context.Context) error {
	var version int
	if err := s.write.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version); err != nil {
		return fmt.Errorf("open %s: %w", s.path(), readable(err))
	}
	if version == schemaVersion {
		return nil
	}
	stmts := append([]string{"BEGIN IMMEDIATE"}, slices.Concat(migrations[version:]...)...)
	stmts = append(stmts, fmt.Sprintf("PRAGMA application_id = %d", applicationID), fmt.Sprintf("PRAGMA user_version = %d", schemaVersion), "COMMIT")
	for _, q := range stmts {
		if _, err := s.write.ExecContext(ctx, q); err != nil {
			return fmt.Errorf("create the tables of %s: %w", s.path(), readable(err))
		}
	}
	return nil
}

// Close ends the writer, closes the file and frees the data directory.
func (s *Store) Close() error {
	var err error
	s.closing.Do(func() {
		s.gate.Lock()
		s.closed = true
		close(s.requests)
		s.gate.Unlock()
		<-s.stopped
		err = s.release()
	})
	return err
}

func (s *Store) release() error {
	var errs []error
	if s.read != nil {
		errs = append(errs, s.read.Close())
	}
	if s.write != nil {
		errs = append(errs, s.stmts.close())
		errs = append(errs, s.write.Close())
	}
	if s.db != nil {
		errs = append(errs, s.db.Close())
	}
	errs = append(errs, s.lock.Close())
	return errors.Join(errs...)
}

// random makes an id nobody can guess.
func random() string { return rand.Text() }
