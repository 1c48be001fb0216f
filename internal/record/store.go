package record

import (
	"context"
	"crypto/rand"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"time"
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
	Dir string // the data directory; it is created if missing
	// Database is a PostgreSQL server, "postgres://user@host/name" or
	// "host=a,b dbname=name"; empty for a file in Dir.
	Database string
	Now      func() time.Time // time.Now when nil
	Log      *slog.Logger
}

// Store is an open record store. Close it to let another process in.
type Store struct {
	now    func() time.Time
	log    *slog.Logger
	dir    string
	lock   *os.File
	engine engine

	write     *sql.Conn   // used by the writer goroutine alone
	stmts     *statements // of write
	rows      rows        // of its transaction
	id        string      // of this writer among those of other servers
	patience  time.Duration
	db        *sql.DB // of write
	read      *reads
	requests  chan *request
	stopped   chan struct{} // closed when the writer has ended
	closing   sync.Once
	gate      sync.RWMutex // held to send a request; Close takes it
	closed    bool
	ctx       context.Context // ends when the store is being closed
	cancel    context.CancelFunc
	following sync.WaitGroup

	compact atomic.Bool // the writer is to compact the database before it goes on

	mu    sync.Mutex
	moved chan struct{} // closed and replaced at each commit
}

// Open opens or creates the store of a data directory. A second process on
// the directory gets an error that names the first, wherever the database is,
// for the views that follow the journal stand there. A file that is damaged,
// not ours or of a newer version gets a clear error and is not touched.
func Open(ctx context.Context, o Options) (*Store, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	s := &Store{now: o.Now, log: o.Log, dir: o.Dir,
		id: random(), patience: patience, rows: rows{pending: map[string]bool{}},
		requests: make(chan *request, 256), stopped: make(chan struct{}), moved: make(chan struct{})}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	s.engine = inDirectory(o.Dir, o.Log)
	if o.Database != "" {
		server, err := atServer(o.Database, o.Log)
		if err != nil {
			return nil, err
		}
		s.engine = server
	}
	if err := os.MkdirAll(o.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("data directory: %w", err)
	}
	var err error
	if s.lock, err = acquire(o.Dir); err != nil {
		return nil, err
	}
	if err := s.open(ctx); err != nil {
		return nil, errors.Join(err, s.release())
	}
	go s.writer()
	s.following.Go(func() { s.engine.follow(s.ctx, s.id, s.wake) })
	return s, nil
}

func (s *Store) open(ctx context.Context) (err error) {
	var read *sql.DB
	s.db, read, err = s.engine.open(ctx)
	if read != nil {
		s.read = newReads(read, !s.engine.shared())
	}
	if err != nil {
		return err
	}
	if err := s.connect(ctx); err != nil {
		return fmt.Errorf("open %s: %w", s.engine.name(), readable(err))
	}
	if err := s.engine.migrate(ctx, s.write); err != nil {
		return err
	}
	// What a crash left of deliveries that were still arriving.
	if _, err := s.stmts.exec(ctx, "DELETE FROM part WHERE owner LIKE 'pending-%' AND owner < ?", s.engine.abandoned(s.now())); err != nil {
		return fmt.Errorf("open %s: %w", s.engine.name(), readable(err))
	}
	// What writers noted who are long gone.
	if _, err := s.stmts.exec(ctx, "DELETE FROM writer WHERE at < ?", s.now().Add(-day).UnixMicro()); err != nil {
		return fmt.Errorf("open %s: %w", s.engine.name(), readable(err))
	}
	return nil
}

// connect takes the connection that the writer writes by.
func (s *Store) connect(ctx context.Context) error {
	conn, err := s.db.Conn(ctx)
	if err != nil {
		return err
	}
	s.write, s.stmts = conn, &statements{engine: s.engine, conn: conn, made: map[string]statement{}}
	return nil
}

// disconnect gives up the writer's connection, which is broken.
func (s *Store) disconnect() {
	if s.write == nil {
		return
	}
	err := errors.Join(s.stmts.close(), s.write.Raw(func(any) error { return driver.ErrBadConn }))
	if err != nil {
		s.log.Debug("a broken connection is closed", "error", err)
	}
	s.write = nil
}

// Close ends the writer, closes the file and frees the data directory.
func (s *Store) Close() error {
	var err error
	s.closing.Do(func() {
		s.gate.Lock()
		s.closed = true
		s.cancel()
		close(s.requests)
		s.gate.Unlock()
		<-s.stopped
		err = s.release()
	})
	return err
}

func (s *Store) release() error {
	s.cancel()
	s.following.Wait()
	var errs []error
	if s.read != nil {
		errs = append(errs, s.read.close())
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
