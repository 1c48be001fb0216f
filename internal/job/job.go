package job

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"hansei/internal/record"
)

// Job is work to be done.
type Job struct {
	Kind     string    // of two or more letters, digits and -_./:
	Args     any       // becomes a JSON object; no secrets
	Unique   bool      // nothing happens while one of this kind with these arguments waits or runs
	At       time.Time // not before; at once when zero
	Attempts int       // until it is given up; 12, over about half a day, when 0
}

// Handler does a job of a kind. An error, or a panic, has the job done again
// later, until its attempts are used up; see Snooze and Cancel. ctx ends with
// the job's time, when somebody cancels it, and a while after the server was
// asked to stop: a handler that then returns ctx's error has lost no attempt.
type Handler func(ctx context.Context, args json.RawMessage) error

// Snooze is what a handler returns to be run again after d; the attempt is not
// counted.
func Snooze(d time.Duration) error { return river.JobSnooze(max(d, 0)) }

// Cancel is what a handler returns to give the job up: doing it again would
// fail again.
func Cancel(err error) error { return river.JobCancel(err) }

const (
	attempts = 12 // with pauses of attempt⁴ seconds: the last after some 11 hours
	// grace is what a handler has, beyond its time, before the log complains.
	grace = time.Minute
)

// Handle says what does the jobs of a kind and how long one may take (a minute
// when 0). It is called before the first Enqueue and before Run; a kind that
// is handled twice is a mistake in the program and panics.
func (q *Queue) Handle(kind string, timeout time.Duration, h Handler) {
	river.AddWorkerArgs(q.config.Workers, payload{kind: kind}, &worker{queue: q, handle: h, timeout: cmp.Or(timeout, time.Minute)})
}

// Line is where jobs wait, in front of workers of its own: what may take long or
// come by the thousand holds up nothing in another line. Most wait in one that
// has no name.
type Line string

// The lines beside that of most jobs.
const (
	Pulls    Line = "pulls"    // what waits for tools, which may not answer
	Messages Line = "messages" // to people, likewise
	Bulk     Line = "bulk"     // what one event may ask for by the thousand
)

// workers is how many jobs of a line a server does at a time.
var workers = map[Line]int{Pulls: 16, Messages: 4, Bulk: 2}

// In says that jobs of some kinds wait in a line. It is called before the first
// Enqueue and before Run.
func (q *Queue) In(l Line, kinds ...string) {
	q.config.Queues[string(l)] = river.QueueConfig{MaxWorkers: workers[l]}
	for _, k := range kinds {
		q.lines[k] = l
	}
}

// Every has a job of a kind begun at each multiple of an interval since the
// zero time, so that neither a restart nor a change of leader delays it, and
// also when a server becomes the leader if atStart says so. While one waits or
// runs, no other is begun. It is called before Run.
func (q *Queue) Every(kind string, every time.Duration, atStart bool) {
	q.config.PeriodicJobs = append(q.config.PeriodicJobs, river.NewPeriodicJob(interval(every), func() (river.JobArgs, *river.InsertOpts) {
		return payload{kind: kind}, q.options(Job{Kind: kind, Unique: true})
	}, &river.PeriodicJobOpts{ID: kind, RunOnStart: atStart}))
}

// interval implements river.PeriodicSchedule. River's own counts from when a
// server became the leader: what is due every six hours would never be begun by
// a server that is restarted every five.
type interval time.Duration

// Next implements river.PeriodicSchedule.
func (i interval) Next(t time.Time) time.Time {
	return t.Truncate(time.Duration(i)).Add(time.Duration(i))
}

func (q *Queue) options(j Job) *river.InsertOpts {
	o := &river.InsertOpts{MaxAttempts: cmp.Or(j.Attempts, attempts), ScheduledAt: j.At, Queue: string(q.lines[j.Kind])}
	if j.Unique {
		o.UniqueOpts = river.UniqueOpts{ByArgs: true, ByState: []rivertype.JobState{rivertype.JobStateAvailable, rivertype.JobStatePending,
			rivertype.JobStateRunning, rivertype.JobStateRetryable, rivertype.JobStateScheduled}}
	}
	return o
}

// Enqueue adds a job in a transaction: it is there when that commits, or not
// at all. A kind that nobody handles is an error.
func (q *Queue) Enqueue(tx *record.Tx, j Job) error {
	client, err := q.river()
	if err != nil {
		return err
	}
	p := payload{kind: j.Kind}
	if j.Args != nil {
		if p.args, err = json.Marshal(j.Args); err != nil {
			return fmt.Errorf("arguments of job %s: %w", j.Kind, err)
		}
	}
	// The transaction is not given up half-way, whoever stops waiting for it.
	if _, err := client.InsertTx(context.Background(), tx.SQL(), p, q.options(j)); err != nil {
		return fmt.Errorf("enqueue job %s: %w", j.Kind, err)
	}
	return nil
}

// payload is a job as River sees it: each kind of ours is one of River's, with
// arguments that it passes on unread.
type payload struct {
	kind string
	args json.RawMessage
}

// Kind implements river.JobArgs.
func (p payload) Kind() string { return p.kind }

// MarshalJSON implements json.Marshaler.
func (p payload) MarshalJSON() ([]byte, error) {
	if len(p.args) == 0 {
		return []byte("{}"), nil
	}
	return p.args, nil
}

// UnmarshalJSON implements json.Unmarshaler.
func (p *payload) UnmarshalJSON(text []byte) error {
	p.args = append(json.RawMessage(nil), text...)
	return nil
}

// worker implements river.Worker.
type worker struct {
	river.WorkerDefaults[payload]
	queue   *Queue
	handle  Handler
	timeout time.Duration
}

// Work implements river.Worker.
func (w *worker) Work(ctx context.Context, j *river.Job[payload]) error {
	ctx, cancel := context.WithTimeout(ctx, w.timeout)
	defer cancel()
	late := time.AfterFunc(w.timeout+grace, func() {
		w.queue.log.Warn("a job goes on although its time is up", "kind", j.Kind, "id", j.ID, "time", w.timeout)
	})
	defer late.Stop()
	return w.handle(ctx, j.Args.args)
}

// Timeout implements river.Worker. River asks when it starts a job, whose time
// Work bounds, and when it looks for jobs to rescue: those of a dead server
// have no time left. Those of one that lives are never taken from it, however
// long they are: while a large import holds the database, the end of a job is
// noted late, and it must not be done again for that.
func (w *worker) Timeout(j *river.Job[payload]) time.Duration {
	if n := len(j.AttemptedBy); n > 0 && w.queue.servers.alive(j.AttemptedBy[n-1]) {
		return -1 // none
	}
	return time.Nanosecond
}
