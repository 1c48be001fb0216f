package job

import (
	"cmp"
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverdatabasesql"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivertype"

	"hansei/internal/record"
)

// Options configure a Queue.
type Options struct {
	Log *slog.Logger
	// Now is the clock on SQLite; time.Now when nil. On PostgreSQL the
	// database's clock rules, so that servers agree.
	Now     func() time.Time
	Workers int // jobs at a time on this server that wait in no Line; 4 when 0
}

// Queue holds jobs and runs them. On SQLite there is one Queue to a store.
type Queue struct {
	store    *record.Store
	db       *sql.DB
	postgres bool
	driver   riverdriver.Driver[*sql.Tx]
	log      *slog.Logger // of this package; River's is quiet
	config   river.Config
	lines    map[string]Line // by kind
	servers  *servers

	once   sync.Once
	client *river.Client[*sql.Tx]
	err    error
}

const (
	poll        = time.Second
	keepDone    = 7 * 24 * time.Hour
	keepGivenUp = 30 * 24 * time.Hour // every attempt failed; somebody may want to know
	rescueAfter = 30 * time.Second    // at the earliest, see worker.Timeout
	softStop    = 8 * time.Second     // for jobs to finish
	hardStop    = 4 * time.Second     // for them to notice that they should have
	startPause  = 2 * time.Second
	// connections is more than River has services that may all wait for a large
	// import to end: who looks at the queue meanwhile must not wait as well.
	// Two stay open.
	connections = 10
)

// Open prepares the queue's tables in the store's database. Close it before
// the store.
func Open(ctx context.Context, store *record.Store, o Options) (*Queue, error) {
	db, postgres, err := store.Jobs()
	if err != nil {
		return nil, err
	}
	q, err := newQueue(ctx, store, db, postgres, o)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return q, nil
}

func newQueue(ctx context.Context, store *record.Store, db *sql.DB, postgres bool, o Options) (*Queue, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	db.SetMaxOpenConns(connections)
	q := &Queue{store: store, db: db, postgres: postgres, log: o.Log.With("part", "jobs"), servers: newServers(name(), db, postgres), lines: map[string]Line{}}
	if postgres {
		q.driver = riverdatabasesql.New(db)
	} else {
		q.driver = riversqlite.New(db)
	}
	q.configure(o)
	if err := q.migrate(ctx); err != nil {
		return nil, fmt.Errorf("tables of jobs: %w", err)
	}
	return q, nil
}

func (q *Queue) configure(o Options) {
	q.config = river.Config{
		ID:           q.servers.self,
		Logger:       slog.New(quiet{q.log.Handler(), q.postgres}),
		ErrorHandler: mourner{q.log},
		Workers:      river.NewWorkers(),
		Queues:       map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: cmp.Or(o.Workers, 4)}},
		// Old and new servers work side by side while an installation is
		// updated; a lone server knows all kinds there are.
		FetchOnlyKnownKinds: q.postgres,
		// On SQLite, listening would be polling many times a second.
		PollOnly: true, FetchPollInterval: poll,
		CompletedJobRetentionPeriod: keepDone, CancelledJobRetentionPeriod: keepDone, DiscardedJobRetentionPeriod: keepGivenUp,
		JobTimeout: rescueAfter, RescueStuckJobsAfter: rescueAfter,
		SoftStopTimeout: softStop,
	}
	if !q.postgres && o.Now != nil {
		q.config.Test.Time = clock(o.Now)
	}
}

// name is what jobs show as their server.
func name() string {
	host, err := os.Hostname()
	if err != nil {
		host = "server"
	}
	return fmt.Sprintf("%.60s-%d-%s", host, os.Getpid(), rand.Text()[:8])
}

// clock implements rivertype.TimeGenerator.
type clock func() time.Time

var _ rivertype.TimeGenerator = clock(nil)

// Now implements rivertype.TimeGenerator.
func (c clock) Now() time.Time { return c() }

// NowOrNil implements rivertype.TimeGenerator.
func (c clock) NowOrNil() *time.Time {
	t := c().UTC()
	return &t
}

// river makes the client once everything is said.
func (q *Queue) river() (*river.Client[*sql.Tx], error) {
	q.once.Do(func() {
		if q.client, q.err = river.NewClient(q.driver, &q.config); q.err != nil {
			q.err = fmt.Errorf("jobs: %w", q.err)
		}
	})
	return q.client, q.err
}

// Run does jobs until ctx ends. Those that run then have a few seconds to
// finish and to notice that they should; one that does not is begun anew later.
// It is called once.
func (q *Queue) Run(ctx context.Context) error {
	client, err := q.river()
	if err != nil {
		return err
	}
	var beats sync.WaitGroup
	alive, still := context.WithCancel(context.WithoutCancel(ctx))
	defer beats.Wait()
	defer still() // only after the last job
	// One that was told to stop while it started has jobs to let finish, too.
	if started, err := q.start(ctx, client); !started {
		return err
	}
	beats.Go(func() { q.servers.run(alive, q.log) })
	<-ctx.Done()
	late := time.NewTimer(q.config.SoftStopTimeout + hardStop)
	defer late.Stop()
	select {
	case <-client.Stopped():
	case <-late.C:
		q.log.Warn("jobs that were told to stop still run; they are begun anew later")
	}
	return nil
}

// start starts River. At that it writes, for which it gives the database ten
// seconds; a large import may hold it for longer.
func (q *Queue) start(ctx context.Context, client *river.Client[*sql.Tx]) (started bool, err error) {
	for ctx.Err() == nil {
		err := q.servers.beat(ctx)
		if err == nil {
			err = client.Start(ctx)
		}
		if err == nil {
			return true, nil
		}
		if q.postgres || !busy(err.Error()) {
			return false, fmt.Errorf("start jobs: %w", err)
		}
		q.log.Debug("jobs wait for the database", "error", err)
		select {
		case <-ctx.Done():
		case <-time.After(startPause):
		}
	}
	return false, nil
}

// Close frees the queue's handle on the database.
func (q *Queue) Close() error { return q.db.Close() }
