package job

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"hansei"
	"hansei/internal/auth"
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
var States = []string{"running", "available", "retryable", "scheduled", "discarded", "completed", "cancelled"}

// Filter picks jobs; empty fields pick all.
type Filter struct {
	State string
	Kind  string
	Limit int // 100 when 0
}

const maxListed = 1000

type tx = *sql.Tx

// List shows jobs, the newest first.
func (q *Queue) List(ctx context.Context, who auth.Scope, f Filter) ([]State, error) {
	if _, err := who.MayRead(); err != nil {
		return nil, err
	}
	client, err := q.river()
	if err != nil {
		return nil, err
	}
	if f.Limit <= 0 {
		f.Limit = 100
	}
	p := river.NewJobListParams().First(min(f.Limit, maxListed)).OrderBy(river.JobListOrderByID, river.SortOrderDesc)
	if f.State != "" {
		p = p.States(rivertype.JobState(f.State))
	}
	if f.Kind != "" {
		p = p.Kinds(f.Kind)
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

// Retry has a job done again at once. Cancel gives it up.
func (q *Queue) Retry(ctx context.Context, who auth.Actor, id int64) error {
	return q.act(who, id, func(c *river.Client[tx]) error { _, err := c.JobRetry(ctx, id); return err })
}

// Cancel gives a job up; one that runs is told to stop.
func (q *Queue) Cancel(ctx context.Context, who auth.Actor, id int64) error {
	return q.act(who, id, func(c *river.Client[tx]) error { _, err := c.JobCancel(ctx, id); return err })
}

func (q *Queue) act(who auth.Actor, id int64, do func(*river.Client[tx]) error) error {
	if _, err := who.MayWrite(); err != nil {
		return err
	}
	client, err := q.river()
	if err != nil {
		return err
	}
	err = do(client)
	if errors.Is(err, river.ErrNotFound) {
		return fmt.Errorf("job %d: %w", id, hansei.ErrNotFound)
	}
	return err
}
