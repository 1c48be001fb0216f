package batch

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/fact"
	"hansei/internal/record"
	"hansei/internal/retro"
)

// The states of a batch.
const (
	Running = "running"
	Stopped = "stopped" // by a person; it can go on
	Failed  = "failed"  // one draft after the other failed; it can go on
	Done    = record.DeliveryDone
)

// Job is the kind of job that works on a batch; its argument is "batch".
const Job = "draft-retrospectives"

const (
	source = "retrospective-drafts"
	maxID  = 20 // bytes of a batch's name
	// Most is how many incidents one batch drafts for at most.
	Most = 5_000
)

// Batches drafts for many incidents at once. Its fields are set before the
// first call.
type Batches struct {
	Records *record.Store
	Facts   *fact.View
	Desk    *retro.Desk
	// Settled returns once facts and search hold a sequence.
	Settled func(ctx context.Context, seq record.Seq) error
	// Later has a batch worked on after the transaction. Twice at once does no harm.
	Later func(tx *record.Tx, id string) error
	// Begun, when it is not nil, hears of a batch once it is to be worked on:
	// where nobody does jobs, somebody else must.
	Begun  func(who auth.Actor, id string)
	Random func() string // letters and digits, for ids
	Log    *slog.Logger
}

// Batch is one batch and how far it is.
type Batch struct {
	ID      string    `json:"id"`
	State   string    `json:"state"`
	Query   Query     `json:"query"`
	Began   time.Time `json:"began"`
	Ended   time.Time `json:"ended,omitzero"`
	Total   int       `json:"total"`   // incidents
	Done    int       `json:"done"`    // of them were looked at
	Drafted int       `json:"drafted"` // retrospectives made
	Removed int       `json:"removed"` // of them were taken back
	Left    []Left    `json:"left"`    // the others, and why there is no draft of each
	Problem string    `json:"problem,omitempty"`

	incidents []hansei.ID
}

// Left is an incident of a batch that got no draft from it.
type Left struct {
	Incident hansei.ID `json:"incident"`
	Reason   string    `json:"reason"`
	Text     string    `json:"text,omitempty"` // for people, where something failed
}

// plan and progress are what stands in the options and in the summary of a
// batch's delivery.
type plan struct {
	Query     Query       `json:"query"`
	Incidents []hansei.ID `json:"incidents"`
}

type progress struct {
	At      int       `json:"at"` // how many of the incidents were looked at
	Left    []Left    `json:"left,omitempty"`
	Ended   time.Time `json:"ended,omitzero"`
	Removed int       `json:"removed,omitzero"`
}

func batchOf(d record.Delivery) (Batch, progress, error) {
	var what plan
	var far progress
	for text, to := range map[string]any{d.Options: &what, d.Summary: &far} {
		if err := json.Unmarshal([]byte(text), to); err != nil {
			return Batch{}, far, fmt.Errorf("batch %s: %w", d.ID, err)
		}
	}
	b := Batch{ID: d.ID, State: d.State, Query: what.Query, Began: d.Received, Ended: far.Ended, Total: len(what.Incidents), Done: far.At,
		Drafted: far.At - len(far.Left), Removed: far.Removed, Left: far.Left, Problem: d.Error, incidents: what.Incidents}
	if b.Left == nil {
		b.Left = []Left{}
	}
	if b.State == Running {
		b.Ended = time.Time{} // it failed once, and goes on
	}
	return b, far, nil
}

// Get is one batch.
func (b *Batches) Get(ctx context.Context, who auth.Scope, id string) (Batch, error) {
	out, _, err := b.read(ctx, who, id)
	return out, err
}

func (b *Batches) read(ctx context.Context, who auth.Scope, id string) (Batch, progress, error) {
	d, err := b.Records.GetDelivery(ctx, who, id)
	if err == nil && d.Source != source {
		err = fmt.Errorf("batch %s: %w", id, hansei.ErrNotFound)
	}
	if err != nil {
		return Batch{}, progress{}, err
	}
	return batchOf(d)
}

// List lists batches, the newest first.
func (b *Batches) List(ctx context.Context, who auth.Scope, limit int) ([]Batch, error) {
	list, err := b.Records.Deliveries(ctx, who, record.DeliveryFilter{Source: source, Limit: limit})
	if err != nil {
		return nil, err
	}
	out := make([]Batch, 0, len(list))
	for _, d := range list {
		one, _, err := batchOf(d)
		if err != nil {
			return nil, err
		}
		out = append(out, one)
	}
	return out, nil
}

// Start begins a batch: it and the job that works on it are one transaction.
// One batch runs at a time.
func (b *Batches) Start(ctx context.Context, who auth.Actor, q Query) (Batch, error) {
	if _, err := who.MayWrite(); err != nil {
		return Batch{}, err
	}
	counts, err := b.Records.DeliveryStates(ctx, who.Scope(), source)
	if err != nil {
		return Batch{}, err
	}
	if counts[Running] > 0 {
		return Batch{}, fmt.Errorf("another batch is running; wait for it, or stop it: %w", hansei.ErrConflict)
	}
	p, err := b.Plan(ctx, who.Scope(), q)
	if err != nil {
		return Batch{}, err
	}
	switch {
	case p.TooMany:
		return Batch{}, hansei.Invalid("since", "%d drafts are too many at once; at most %d: choose a shorter period, or fewer severities", p.Drafts, Most)
	case p.Drafts == 0:
		return Batch{}, hansei.Invalid("since", "no incident of that period needs a draft")
	}
	what, err := json.Marshal(plan{p.Query, p.incidents})
	if err != nil {
		return Batch{}, fmt.Errorf("a batch: %w", err)
	}
	id := strings.ToLower("drafts-" + b.Random())
	id = id[:min(len(id), maxID)]
	_, err = b.Records.Write(ctx, who, func(tx *record.Tx) error {
		if err := tx.AddWork(hansei.Delivery{ID: id, Source: source, Name: p.Query.String()}, Running, string(what), "{}"); err != nil {
			return err
		}
		return b.Later(tx, id)
	})
	if err != nil {
		return Batch{}, err
	}
	b.tell(who, id)
	return b.Get(ctx, who.Scope(), id)
}

func (b *Batches) tell(who auth.Actor, id string) {
	if b.Begun != nil {
		b.Begun(who, id)
	}
}

// Stop ends a batch that runs: what is drafted stays, the rest is not begun.
func (b *Batches) Stop(ctx context.Context, who auth.Actor, id string) (Batch, error) {
	return b.move(ctx, who, id, []string{Running}, Stopped, func(*record.Tx) error { return nil })
}

// Resume has a batch go on that was stopped, or that failed.
func (b *Batches) Resume(ctx context.Context, who auth.Actor, id string) (Batch, error) {
	out, err := b.move(ctx, who, id, []string{Stopped, Failed}, Running, func(tx *record.Tx) error { return b.Later(tx, id) })
	if err == nil {
		b.tell(who, id)
	}
	return out, err
}

// move brings a batch into a state; one that is in it already stays.
func (b *Batches) move(ctx context.Context, who auth.Actor, id string, from []string, to string, then func(*record.Tx) error) (Batch, error) {
	was, err := b.Get(ctx, who.Scope(), id)
	if err != nil || was.State == to {
		return was, err
	}
	if !slices.Contains(from, was.State) {
		return was, fmt.Errorf("batch %s is %s: %w", id, was.State, hansei.ErrConflict)
	}
	_, err = b.Records.Write(ctx, who, func(tx *record.Tx) error {
		moved, err := tx.MoveWork(id, was.State, to, "")
		if err == nil && !moved {
			err = fmt.Errorf("batch %s: %w", id, hansei.ErrConflict)
		}
		if err != nil {
			return err
		}
		return then(tx)
	})
	if err != nil {
		return was, err
	}
	return b.Get(ctx, who.Scope(), id)
}
