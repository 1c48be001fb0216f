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

	"hansei/internal/record/gather"
	"hansei/internal/record/lock"
	"hansei/internal/record/prepared"
	"hansei/internal/record/recent"
	"hansei/internal/record/verdict"
)

// Seq is a position in a journal; the first entry is 1.
type Seq int64

// Revision counts the versions of one record; the first is 1.
type Revision int64

// Epoch names one life of a journal. After a restore from backup or a failover
// that lost entries, sequences are used again: the epoch is changed then, and
// a view that sees another one than its own is rebuilt.
type Epoch string

// ErrUnavailable says that the database was not reached for as long as it was
// tried. What was to be written may be there nevertheless: who must not do it
// twice repeats it with the same key, or with what makes it the same delivery.
var ErrUnavailable = errors.New("the database cannot be reached")

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
	rows      gather.Rows // of its transaction
	recent    recent.Log[Change]
	id        string // of this writer among those of other servers
	patience  time.Duration
	late      time.Duration
	arrivals  *arrivals
	db        *sql.DB // of write
	read      *prepared.Reads
	requests  chan *request
	stopped   chan struct{} // closed when the writer has ended
	closing   sync.Once
	gate      sync.RWMutex // held to send a request; Close takes it
	closed    bool
	ctx       context.Context // ends when the store is being closed
	cancel    context.CancelFunc
	following sync.WaitGroup

	compact atomic.Bool // the writer is to compact the database before it goes on
	looks   atomic.Bool // whether names of new records are noted is looked up

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
		id: random(), patience: patience, late: late, rows: gather.New(), recent: recent.Log[Change]{Size: func(c Change) int { return len(c.Doc) }, Age: func(c *Change) { c.read = nil }},
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
	if s.lock, err = lock.Acquire(o.Dir); err != nil {
		return nil, err
	}
	if err := s.open(ctx); err != nil {
		return nil, errors.Join(err, s.release())
	}
	go s.writer()
	s.following.Go(func() {
		s.arrivals.KeepTidy(s.ctx, func(err error) {
			s.log.Warn("the spool of deliveries could not be emptied; it is tried again", "error", verdict.Readable(err))
		})
	})
	s.following.Go(func() { s.engine.attend(s.ctx, s.id, s.wake) })
	return s, nil
}

func (s *Store) open(ctx context.Context) (err error) {
	var read *sql.DB
	s.db, read, err = s.engine.open(ctx)
	if read != nil {
		s.read = prepared.New(read, !s.engine.shared())
	}
	if err != nil {
		return err
	}
	if err := s.connect(ctx); err != nil {
		return fmt.Errorf("open %s: %w", s.engine.name(), verdict.Readable(err))
	}
	if err := s.engine.migrate(ctx, s.write); err != nil {
		return err
	}
	// What a crash left of deliveries that were still arriving.
	if _, err := s.stmts.exec(ctx, "DELETE FROM part WHERE owner LIKE 'pending-%' AND owner < ?", s.engine.abandoned(s.now())); err != nil {
		return fmt.Errorf("open %s: %w", s.engine.name(), verdict.Readable(err))
	}
	// What writers noted who are long gone.
	if _, err := s.stmts.exec(ctx, "DELETE FROM writer WHERE at < ?", s.now().Add(-day).UnixMicro()); err != nil {
		return fmt.Errorf("open %s: %w", s.engine.name(), verdict.Readable(err))
	}
	return s.openSpool(ctx)
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
		errs = append(errs, s.read.Close())
	}
	if s.arrivals != nil {
		errs = append(errs, s.arrivals.Close())
	}
	if s.write != nil {
		errs = append(errs, s.stmts.close(), s.write.Close())
	}
	if s.db != nil {
		errs = append(errs, s.db.Close())
	}
	errs = append(errs, s.lock.Close())
	return errors.Join(errs...)
}

// Jobs opens a handle for the queue of jobs, and says whether it leads to
// PostgreSQL. Whoever asks for it closes it, before the store.
func (s *Store) Jobs() (db *sql.DB, postgres bool, err error) {
	db, err = s.engine.jobs()
	return db, s.engine.shared(), err
}

// random makes an id nobody can guess.
func random() string { return rand.Text() }
