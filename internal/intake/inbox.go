package intake

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/intake/fold"
	"hansei/internal/intake/resolve"
	"hansei/internal/record"
	"hansei/internal/source"
)

// Inbox understands what live sources delivered, in batches: the oldest first,
// all records of a delivery or none. A delivery that cannot be understood is
// kept as failed, with its error, for a person to see.
type Inbox struct {
	Records *record.Store
	Log     *slog.Logger
	// Source finds how a configured source is understood, or returns
	// ErrNotFound for one that is gone.
	Source func(name string) (Reading, error)
	// Told is called in the transaction that writes what sources told, with the
	// records that changed by it. May be nil.
	Told func(tx *record.Tx, changed []hansei.Record) error

	once  sync.Once
	wake  chan struct{}
	names *resolve.Resolver         // of the last batch; used by Run alone
	known record.Seq                // the last change of what things are called that names know of
	again map[hansei.Key]fold.Again // what a replay that goes on told so far
	set   record.Seq                // as sources were set then

	missed []record.Ref // that a batch needed besides, and the next loads

	conflicts int // in a row
}

// Reading is how deliveries of one source are understood.
type Reading struct {
	source.Source
	// Counts says whether an incident of this source is one for the
	// organization; nil counts all.
	Counts func(*hansei.Incident) (bool, error)
	// Seq is when a source was last changed, any of them; what was read before a
	// later change is read again. 0: none ever is.
	Seq record.Seq
}

const (
	batchDeliveries = 1024
	batchBytes      = 16 << 20
	inboxPoll       = time.Second
	gather          = 15 * time.Millisecond
	many            = 256 // in a batch: as many have come meanwhile
)

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (b *Inbox) bell() chan struct{} {
	b.once.Do(func() { b.wake = make(chan struct{}, 1) })
	return b.wake
}

// Wake tells Run that something arrived. It never blocks.
func (b *Inbox) Wake() {
	select {
	case b.bell() <- struct{}{}:
	default:
	}
}

// Run understands what arrives until ctx ends.
func (b *Inbox) Run(ctx context.Context, who auth.Actor) error {
	if err := b.begin(ctx, who); err != nil {
		b.Log.Warn("where the journal is could not be noted; it is tried again", "error", err)
	}
	for {
		n, err := b.Drain(ctx, who)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			b.Log.Error("deliveries could not be understood; they are tried again", "error", err)
		case n >= many:
			continue
		case n > 0:
			// Some is coming: one transaction for all of it costs less.
			if err := pause(ctx, gather); err != nil {
				return err
			}
			continue
		}
		timer := time.NewTimer(inboxPoll)
		select {
		case <-b.bell():
		case <-timer.C: // what another server received, or a bell that was lost
		case <-ctx.Done():
		}
		timer.Stop()
	}
}

// Drain understands one batch of what waits and says how many deliveries that
// were. Only one Drain runs at a time.
func (b *Inbox) Drain(ctx context.Context, who auth.Actor) (int, error) {
	waiting, err := b.Records.Inbox(ctx, who.Scope(), batchDeliveries, batchBytes)
	if err != nil || len(waiting) == 0 {
		b.again = nil // a replay, if there was one, is at its end
		return 0, err
	}
	err = b.understand(ctx, who, b.read(waiting))
	if errors.Is(err, errUnwritable) {
		err = b.oneByOne(ctx, who, waiting)
	}
	if errors.Is(err, hansei.ErrConflict) && b.conflicts < maxConflicts {
		b.conflicts++
		return len(waiting), nil // somebody was faster; look again
	}
	b.conflicts = 0
	return len(waiting), err
}

// maxConflicts is how often in a row a batch may find that somebody was faster.
const maxConflicts = 50

// errUnwritable says that a record cannot be written down.
var errUnwritable = errors.New("it cannot be kept")

// oneByOne understands a batch a delivery at a time, for a record that cannot be
// written is the fault of one of them: that one fails.
func (b *Inbox) oneByOne(ctx context.Context, who auth.Actor, waiting []record.Waiting) error {
	for i := range waiting {
		one := b.read(waiting[i : i+1])
		err := b.understand(ctx, who, one)
		if errors.Is(err, errUnwritable) {
			one[0].said, one[0].err = nil, err
			err = b.understand(ctx, who, one)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// outcome is one delivery and what Normalize made of it.
type outcome struct {
	delivery record.Delivery
	reading  Reading
	said     []hansei.Observation
	err      error
	again    bool // it told of something before
}

// read normalizes a batch on two goroutines. Normalize is pure, so nothing
// depends on the order.
func (b *Inbox) read(waiting []record.Waiting) []outcome {
	out := make([]outcome, len(waiting))
	found := map[string]Reading{}
	missing := map[string]error{}
	for i, w := range waiting {
		out[i].delivery = w.Delivery
		if _, ok := found[w.Source]; !ok && missing[w.Source] == nil {
			r, err := b.Source(w.Source)
			if err != nil {
				missing[w.Source] = err
			} else {
				found[w.Source] = r
			}
			if r.Seq > b.set { // what was understood before that stands no more
				b.set, b.again = r.Seq, nil
			}
		}
		out[i].reading, out[i].err = found[w.Source], missing[w.Source]
	}
	var wg sync.WaitGroup
	const readers = 2
	for k := range readers {
		wg.Go(func() {
			for i := k; i < len(out); i += readers {
				if out[i].err == nil {
					out[i].said, out[i].err = b.normalize(out[i].reading, waiting[i])
				}
			}
		})
	}
	wg.Wait()
	return out
}

func (b *Inbox) normalize(r Reading, w record.Waiting) (said []hansei.Observation, err error) {
	if w.Bad != nil {
		return nil, w.Bad
	}
	bug := b.guard(w.Delivery, func() {
		said, err = r.Normalize(source.Delivery{Name: w.Name, Body: w.Body, Received: w.Received})
	})
	return said, cmp.Or(bug, err)
}

// guard keeps a bug that one delivery meets from stopping all.
func (b *Inbox) guard(d record.Delivery, fn func()) (bug error) {
	defer func() {
		if p := recover(); p != nil {
			b.Log.Error("panic while understanding a delivery", "source", d.Source, "delivery", d.ID, "panic", p, "stack", string(debug.Stack()))
			bug = errors.New("it could not be understood because of an error on our side; see the log")
		}
	}()
	fn()
	return nil
}

// understand makes records of a batch and writes them in one transaction. What
// is read is read before the writer's turn, so that webhooks need not wait for
// it; a record that changed meanwhile is a conflict, and all is done again.
func (b *Inbox) understand(ctx context.Context, who auth.Actor, read []outcome) (err error) {
	defer func() {
		if err != nil {
			b.names = nil // they know of what was not written
		}
	}()
	names, err := b.resolver(ctx, who.Scope())
	if err != nil {
		return err
	}
	var set *workingSet
	done := make([]result, len(read))
	if err := b.Records.Together(ctx, func(r record.Reader) (err error) {
		if set, err = newWorkingSet(ctx, r, who.Scope(), names); err != nil {
			return err
		}
		set.before = b.again
		if err := set.load(ctx, read, b.missed); err != nil {
			return err
		}
		for i, o := range read {
			if seq := o.reading.Seq; seq != 0 { // the oldest, if a source was changed meanwhile
				set.sources = min(cmp.Or(set.sources, seq), seq)
			}
			if bug := b.guard(o.delivery, func() { done[i] = set.take(o) }); bug != nil {
				names.Undo()
				done[i] = refused(result{id: o.delivery.ID}, bug)
			}
		}
		return set.joinNamed(ctx)
	}); err != nil {
		return err
	}
	if b.missed = set.missed; len(b.missed) > 0 {
		return fmt.Errorf("%d records were not loaded: %w", len(b.missed), hansei.ErrConflict) // they are, the next time
	}
	if err := set.encode(); err != nil {
		return err
	}
	head, err := b.Records.Write(ctx, who.As(byInbox), func(tx *record.Tx) error {
		if now, err := record.LastChange(ctx, tx, who.Scope(), resolve.Kinds...); err != nil || now > b.known {
			return cmp.Or(err, hansei.ErrConflict) // somebody called something otherwise meanwhile
		}
		if err := write(ctx, tx, set, done); err != nil || b.Told == nil {
			return err
		}
		return b.Told(tx, set.changedRecords())
	})
	if err != nil {
		return err
	}
	b.known = head
	if b.again == nil {
		b.again = map[hansei.Key]fold.Again{}
	}
	for key, told := range set.again {
		b.again[key] = *told
	}
	return nil
}

// result is what becomes of a delivery.
type result struct {
	id, state, says string
	touched         []record.Ref
}

// Touched is what a delivery's summary says: the records it told of.
type Touched struct {
	Records []record.Ref `json:"records,omitempty"`
	More    int          `json:"more,omitempty"`   // that it told of and that are not named
	Unused  string       `json:"unused,omitempty"` // why it told nothing of interest
}

const maxTouched = 20 // records a summary names

func write(ctx context.Context, tx *record.Tx, set *workingSet, done []result) error {
	if err := set.write(ctx, tx); err != nil {
		return err
	}
	finished := make([]record.Finished, len(done))
	for i, r := range done {
		named := min(len(r.touched), maxTouched)
		sum := Touched{Records: r.touched[:named], More: len(r.touched) - named}
		finished[i] = record.Finished{ID: r.id, State: r.state, Error: r.says}
		if r.state == record.DeliveryUnused {
			sum.Unused, finished[i].Error = r.says, ""
		}
		text, err := json.Marshal(sum)
		if err != nil {
			return err
		}
		finished[i].Summary = string(text)
	}
	return tx.FinishDeliveries(finished)
}

// changedRecords are the records that are written, or whose links are.
func (s *workingSet) changedRecords() []hansei.Record {
	var out []hansei.Record
	for _, ref := range s.named() {
		out = append(out, s.have[ref].rec)
	}
	return out
}

// resolver is the one of the last batch unless somebody else changed what
// things are called.
func (b *Inbox) resolver(ctx context.Context, who auth.Scope) (*resolve.Resolver, error) {
	now, err := record.LastChange(ctx, b.Records, who, resolve.Kinds...)
	if err != nil {
		return nil, err
	}
	if b.names != nil && now <= b.known {
		return b.names, nil
	}
	names, err := resolve.New(ctx, b.Records, who)
	if err != nil {
		return nil, err
	}
	b.names, b.known = names, now
	return names, nil
}
