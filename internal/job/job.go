// Package job does work later and elsewhere: a job is enqueued in the
// transaction of the record that asks for it, is run at least once by one of
// the servers, is repeated with growing pauses while it fails, and is kept
// where people see it. Some jobs come at intervals; one server of all begins
// them.
//
// It is River (riverqueue.com) on the record store's own database. What a job
// does must be harmless to do twice. Arguments are readable by everybody who
// may see the queue: no secret belongs there.
//
// It is not for what every delivery needs: the deliveries are a queue of their
// own (docs/adr/0010-the-inbox.md).
package job

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverdatabasesql"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"
	"github.com/riverqueue/river/rivertype"

	"hansei/internal/record"
)

// Job is work to be done.
type Job struct {
	Kind   string
	Args   any       // becomes JSON
	Unique bool      // nothing happens while one with these arguments waits or runs
	At     time.Time // not before; at once when zero
}

// Handler does a job. An error has it done again later.
type Handler func(ctx context.Context, args json.RawMessage) error

// Options configure a Queue.
type Options struct {
	Log     *slog.Logger
	Workers int           // jobs at a time; 4 when 0
	Poll    time.Duration // how often it looks for jobs; a second when 0
}

// Queue holds jobs. Handle and Every are called before the first Enqueue.
type Queue struct {
	db       *sql.DB
	driver   riverdriver.Driver[*sql.Tx]
	options  Options
	workers  *river.Workers
	periodic []*river.PeriodicJob

	once   sync.Once
	client *river.Client[*sql.Tx]
	err    error
}

const (
	keepDone  = 7 * 24 * time.Hour
	keepGiven = 30 * 24 * time.Hour // up, after every attempt failed
	// rescueAfter is when a job that still runs is taken for one whose server
	// died. It is longer than any handler may take.
	rescueAfter = 7 * time.Hour
	softStop    = 8 * time.Second
	maxAttempts = 12
)

// Open prepares the queue's tables in the store's database. Close it before
// the store.
func Open(ctx context.Context, store *record.Store, o Options) (*Queue, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Workers == 0 {
		o.Workers = 4
	}
	if o.Poll == 0 {
		o.Poll = time.Second
	}
	db, postgres, err := store.Jobs()
	if err != nil {
		return nil, err
	}
	q := &Queue{db: db, options: o, workers: river.NewWorkers()}
	if postgres {
		q.driver = riverdatabasesql.New(db)
	} else {
		q.driver = riversqlite.New(db)
	}
	if err := q.migrate(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("tables of jobs: %w", err), db.Close())
	}
	return q, nil
}

// migrate brings the tables up to date. Two servers may start at once: the one
// that comes second finds it done.
func (q *Queue) migrate(ctx context.Context) error {
	m, err := rivermigrate.New(q.driver, &rivermigrate.Config{Logger: q.log()})
	if err != nil {
		return err
	}
	for attempt := 0; ; attempt++ {
		if _, err = m.Migrate(ctx, rivermigrate.DirectionUp, nil); err == nil || attempt == 3 || ctx.Err() != nil {
			return err
		}
		time.Sleep(100 * time.Millisecond << attempt)
	}
}

// work is a job as River sees it: each kind of ours is one of River's.
type work struct {
	kind string
	args json.RawMessage
}

// Kind implements river.JobArgs.
func (w work) Kind() string { return w.kind }

// MarshalJSON implements json.Marshaler.
func (w work) MarshalJSON() ([]byte, error) {
	if len(w.args) == 0 {
		return []byte("{}"), nil
	}
	return w.args, nil
}

// UnmarshalJSON implements json.Unmarshaler.
func (w *work) UnmarshalJSON(text []byte) error {
	w.args = append(json.RawMessage(nil), text...)
	return nil
}

// worker runs a handler.
type worker struct {
	river.WorkerDefaults[work]
	do      Handler
	timeout time.Duration
}

// Work implements river.Worker.
func (w *worker) Work(ctx context.Context, j *river.Job[work]) error { return w.do(ctx, j.Args.args) }

// Timeout implements river.Worker.
func (w *worker) Timeout(*river.Job[work]) time.Duration { return w.timeout }

// Handle says what does the jobs of a kind, and how long one may take.
func (q *Queue) Handle(kind string, timeout time.Duration, do Handler) {
	river.AddWorkerArgs(q.workers, work{kind: kind}, &worker{do: do, timeout: timeout})
}

// Every has a job of a kind begun at intervals, and when a server starts if
// atStart says so.
func (q *Queue) Every(kind string, every time.Duration, atStart bool) {
	q.periodic = append(q.periodic, river.NewPeriodicJob(river.PeriodicInterval(every), func() (river.JobArgs, *river.InsertOpts) {
		return work{kind: kind}, options(Job{Unique: true})
	}, &river.PeriodicJobOpts{ID: kind, RunOnStart: atStart}))
}

func options(j Job) *river.InsertOpts {
	o := &river.InsertOpts{MaxAttempts: maxAttempts, ScheduledAt: j.At}
	if j.Unique {
		o.UniqueOpts = river.UniqueOpts{ByArgs: true, ByState: []rivertype.JobState{rivertype.JobStateAvailable, rivertype.JobStatePending,
			rivertype.JobStateRunning, rivertype.JobStateRetryable, rivertype.JobStateScheduled}}
	}
	return o
}

// river makes the client once everything is said.
func (q *Queue) river() (*river.Client[*sql.Tx], error) {
	q.once.Do(func() {
		q.client, q.err = river.NewClient(q.driver, &river.Config{
			Logger: q.log(), Workers: q.workers, PeriodicJobs: q.periodic,
			Queues:                      map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: q.options.Workers}},
			FetchPollInterval:           q.options.Poll,
			CompletedJobRetentionPeriod: keepDone, CancelledJobRetentionPeriod: keepDone, DiscardedJobRetentionPeriod: keepGiven,
			RescueStuckJobsAfter: rescueAfter, SoftStopTimeout: softStop,
		})
	})
	return q.client, q.err
}

// Enqueue adds a job in a transaction: it is there when that commits, or not
// at all.
func (q *Queue) Enqueue(tx *record.Tx, j Job) error {
	client, err := q.river()
	if err != nil {
		return err
	}
	w := work{kind: j.Kind}
	if j.Args != nil {
		if w.args, err = json.Marshal(j.Args); err != nil {
			return fmt.Errorf("arguments of job %s: %w", j.Kind, err)
		}
	}
	if _, err := client.InsertTx(context.Background(), tx.SQL(), w, options(j)); err != nil {
		return fmt.Errorf("enqueue job %s: %w", j.Kind, err)
	}
	return nil
}

// Run does jobs until ctx ends; those that run then have a moment to finish.
func (q *Queue) Run(ctx context.Context) error {
	client, err := q.river()
	if err != nil {
		return err
	}
	if err := client.Start(ctx); err != nil {
		return fmt.Errorf("jobs: %w", err)
	}
	<-client.Stopped()
	return ctx.Err()
}

// Close frees the queue's handle on the database.
func (q *Queue) Close() error { return q.db.Close() }
