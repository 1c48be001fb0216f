package job

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/record"
)

// State is a job as people see it.
type State struct {
	ID       int64           `json:"id"`
	Kind     string          `json:"kind"`
	Args     json.RawMessage `json:"args"`
	State    string          `json:"state"` // available, pending, running, scheduled, retryable, completed, cancelled, discarded
	Attempt  int             `json:"attempt"`
	Attempts int             `json:"max_attempts"`
	Error    string          `json:"error,omitempty"` // of the last attempt
	Created  time.Time       `json:"created"`
	Next     time.Time       `json:"next,omitzero"` // when it is tried next
	Began    time.Time       `json:"began,omitzero"`
	Ended    time.Time       `json:"ended,omitzero"`
	Server   string          `json:"server,omitempty"` // that ran it last
}

// States are those a job may be in, in the order in which people care.
var States = []string{"running", "available", "retryable", "scheduled", "pending", "discarded", "completed", "cancelled"}

// Filter picks jobs; empty fields pick all.
type Filter struct {
	State  string
	Kind   string
	Before int64 // jobs older than the one of this id: the next page
	Limit  int   // 100 when 0; 1000 at most
}

const maxListed = 1000

// List shows jobs, the newest first.
func (q *Queue) List(ctx context.Context, who auth.Scope, f Filter) ([]State, error) {
	if _, err := who.MayRead(); err != nil {
		return nil, err
	}
	client, err := q.river()
	if err != nil {
		return nil, err
	}
	p := river.NewJobListParams().First(min(cmp.Or(f.Limit, 100), maxListed)).OrderBy(river.JobListOrderByID, river.SortOrderDesc)
	if f.State != "" {
		if !slices.Contains(States, f.State) {
			return nil, hansei.Invalid("state", "%q is none of %s", f.State, strings.Join(States, ", "))
		}
		p = p.States(rivertype.JobState(f.State))
	}
	if f.Kind != "" {
		p = p.Kinds(f.Kind)
	}
	if f.Before > 0 {
		p = p.Where("id < @before", river.NamedArgs{"before": f.Before})
	}
	found, err := client.JobList(ctx, p)
	if err != nil {
		return nil, fmt.Errorf("list jobs: %w", err)
	}
	out := make([]State, len(found.Jobs))
	for i, j := range found.Jobs {
		out[i] = state(j)
	}
	return out, nil
}

// Counts says how many jobs there are in each of States.
func (q *Queue) Counts(ctx context.Context, who auth.Scope) (counts map[string]int, err error) {
	if _, err := who.MayRead(); err != nil {
		return nil, err
	}
	rows, err := q.db.QueryContext(ctx, "SELECT state, count(*) FROM river_job GROUP BY state")
	if err != nil {
		return nil, fmt.Errorf("count jobs: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	counts = map[string]int{}
	for _, s := range States {
		counts[s] = 0
	}
	for rows.Next() {
		var state string
		var n int
		if err := rows.Scan(&state, &n); err != nil {
			return nil, fmt.Errorf("count jobs: %w", err)
		}
		counts[state] = n
	}
	return counts, rows.Err()
}

func state(j *rivertype.JobRow) State {
	s := State{ID: j.ID, Kind: j.Kind, Args: j.EncodedArgs, State: string(j.State), Attempt: j.Attempt, Attempts: j.MaxAttempts, Created: j.CreatedAt.UTC()}
	if len(j.Errors) > 0 {
		s.Error = j.Errors[len(j.Errors)-1].Error
	}
	if len(j.AttemptedBy) > 0 {
		s.Server = j.AttemptedBy[len(j.AttemptedBy)-1]
	}
	if j.AttemptedAt != nil {
		s.Began = j.AttemptedAt.UTC()
	}
	if j.FinalizedAt != nil {
		s.Ended = j.FinalizedAt.UTC()
	} else {
		s.Next = j.ScheduledAt.UTC()
	}
	return s
}

// Retry has a job done again at once, with one attempt more if all are used up.
// One that runs, or that another Unique job has replaced, is ErrConflict.
func (q *Queue) Retry(ctx context.Context, who auth.Actor, id int64) error {
	return q.act(ctx, who, id, "retry", func(ctx context.Context, c *river.Client[*sql.Tx], tx *sql.Tx) error {
		j, err := c.JobRetryTx(ctx, tx, id)
		if err == nil && j.State == rivertype.JobStateRunning {
			err = fmt.Errorf("job %d runs: %w", id, hansei.ErrConflict)
		}
		return err
	})
}

// Cancel gives a job up; one that runs is told to stop within seconds. A job
// that has ended stays as it is.
func (q *Queue) Cancel(ctx context.Context, who auth.Actor, id int64) error {
	return q.act(ctx, who, id, "cancel", func(ctx context.Context, c *river.Client[*sql.Tx], tx *sql.Tx) error {
		_, err := c.JobCancelTx(ctx, tx, id)
		return err
	})
}

// act changes a job by the store's own writer, in whose line it waits behind
// large imports, for as long as ctx lets it. Others are in the transaction, too:
// once begun, it is not given up.
func (q *Queue) act(ctx context.Context, who auth.Actor, id int64, verb string, do func(context.Context, *river.Client[*sql.Tx], *sql.Tx) error) error {
	client, err := q.river()
	if err != nil {
		return err
	}
	_, err = q.store.Write(ctx, who, func(tx *record.Tx) error { return do(context.WithoutCancel(ctx), client, tx.SQL()) })
	switch {
	case errors.Is(err, river.ErrNotFound):
		return fmt.Errorf("job %d: %w", id, hansei.ErrNotFound)
	case err != nil && (strings.Contains(err.Error(), "river_job_unique_idx") || strings.Contains(err.Error(), "river_job.unique_key")):
		return fmt.Errorf("another job does what job %d would: %w", id, hansei.ErrConflict)
	case err != nil:
		return fmt.Errorf("%s job %d: %w", verb, id, err)
	}
	q.log.Info("a person changed a job", "did", verb, "id", id, "who", who.Name)
	return nil
}
