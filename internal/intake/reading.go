package intake

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/intake/parts"
	"hansei/internal/intake/resolve"
	"hansei/internal/record"
	"hansei/internal/source/file"
)

// reading is one delivery being understood. Three goroutines work in a line:
// one reads rows into observations, one finds their names and encodes them,
// one writes. The order of rows is kept.
type reading struct {
	im       *Imports
	who      auth.Actor
	delivery record.Delivery
	plan     *file.Plan
	names    *resolve.Resolver
	order    parts.Order
	sum      Summary
	rejects  []record.Reject
	touched  map[hansei.ID]bool // of an event log: records this delivery has changed
}

// prepared is an observation with its names found, encoded as it would be
// stored if the record is new.
type prepared struct {
	key hansei.Key
	id  hansei.ID
	rec hansei.Record
	doc []byte
	ref []hansei.Record // services, teams and people to create first
	bad error
	at  int // line
}

const group = 500 // observations handled together

func (r *reading) run(ctx context.Context) (Summary, error) {
	started := time.Now()
	if err := r.inspect(ctx); err != nil {
		return r.sum, err
	}
	var err error
	if r.names, err = resolve.New(ctx, r.im.Records, r.who.Scope()); err != nil {
		return r.sum, err
	}
	if r.order, err = orderIn(ctx, r.im.Records, r.who.Scope()); err != nil {
		return r.sum, err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	g, ctx := errgroup.WithContext(ctx)
	raw, ready := make(chan []hansei.Observation, 8), make(chan []prepared, 8)
	rejected := make(chan record.Reject, 1024)
	g.Go(func() error {
		defer close(raw)
		defer close(rejected)
		return r.observe(ctx, raw, rejected)
	})
	g.Go(func() error {
		defer close(ready)
		return r.prepare(ctx, raw, ready)
	})
	g.Go(func() error { // rejects are few; they must not hold up the rest
		for x := range rejected {
			r.reject(x)
		}
		return nil
	})
	who := r.who.As("import " + r.delivery.Name)
	_, err = r.im.Records.WriteAlone(ctx, who, func(tx *record.Tx) error {
		for batch := range ready {
			if err := r.write(ctx, tx, batch); err != nil {
				cancel()
				return err
			}
		}
		// The readers are done: an error of theirs undoes everything.
		if err := g.Wait(); err != nil {
			return err
		}
		return r.finish(tx, started)
	})
	if err != nil {
		cancel()
		for range ready { // let the line run empty
		}
		if first := g.Wait(); first != nil && !isCanceled(first) {
			err = first
		}
	}
	return r.sum, err
}

func isCanceled(err error) bool { return errors.Is(err, context.Canceled) }

// inspect finds how the file is to be read.
func (r *reading) inspect(ctx context.Context) error {
	var o Options
	if err := json.Unmarshal([]byte(r.delivery.Options), &o); err != nil {
		return fmt.Errorf("options of delivery %s: %w", r.delivery.ID, err)
	}
	body, err := r.im.Records.OpenDelivery(ctx, r.who.Scope(), r.delivery.ID)
	if err != nil {
		return err
	}
	r.plan, err = r.im.Plan(r.delivery.Name, o, body)
	if closeErr := body.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return err
	}
	r.sum.Kind, r.sum.Notes = r.plan.Kind, r.plan.Notes
	r.touched = map[hansei.ID]bool{}
	return nil
}

// counted tells the progress how much of the file was read.
type counted struct {
	io.Reader
	add func(int)
}

func (c counted) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.add(n)
	return n, err
}

func (r *reading) observe(ctx context.Context, raw chan<- []hansei.Observation, rejected chan<- record.Reject) error {
	body, err := r.im.Records.OpenDelivery(ctx, r.who.Scope(), r.delivery.ID)
	if err != nil {
		return err
	}
	defer func() { _ = body.Close() }() // only read from
	id := r.delivery.ID
	reader := counted{body, func(n int) { r.im.progress(id, func(p *Progress) { p.Bytes += int64(n) }) }}
	batch := make([]hansei.Observation, 0, group)
	send := func() error {
		if len(batch) == 0 {
			return nil
		}
		select {
		case raw <- batch:
		case <-ctx.Done():
			return ctx.Err()
		}
		r.im.progress(id, func(p *Progress) { p.Rows += int64(len(batch)) })
		batch = make([]hansei.Observation, 0, group)
		return nil
	}
	err = file.Observe(reader, r.plan, func(o hansei.Observation) error {
		batch = append(batch, o)
		if len(batch) == group {
			return send()
		}
		return nil
	}, func(x file.Reject) error {
		select {
		case rejected <- record.Reject{Line: x.Line, Column: x.Column, Value: x.Value, Expected: x.Expected}:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	})
	if err != nil {
		return err
	}
	return send()
}

func (r *reading) reject(x record.Reject) {
	r.im.mu.Lock()
	defer r.im.mu.Unlock()
	r.sum.Rejected++
	if len(r.rejects) < maxRejects {
		r.rejects = append(r.rejects, x)
	}
}

func (r *reading) prepare(ctx context.Context, raw <-chan []hansei.Observation, ready chan<- []prepared) error {
	for batch := range raw {
		out := make([]prepared, len(batch))
		for i, o := range batch {
			p, err := r.one(o)
			if err != nil {
				return err
			}
			out[i] = p
		}
		select {
		case ready <- out:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

func (r *reading) one(o hansei.Observation) (prepared, error) {
	p := prepared{key: o.Key, rec: o.Record, at: o.Line}
	if err := r.names.Refs(o.Record); err != nil {
		return p, err
	}
	p.id = o.Key.ID()
	if slices.Contains(resolve.Kinds, o.Key.Kind) {
		// Services, teams and people are the same thing in every source.
		p.id = r.names.ID(o.Key.Kind, o.Key.External)
	}
	head := o.Record.Head()
	head.ID = p.id
	head.From = []hansei.Observed{{Source: o.Key.Source, External: o.Key.External}}
	if p.bad = o.Record.Validate(); p.bad != nil {
		r.names.Undo()
		return p, nil
	}
	p.ref = slices.DeleteFunc(r.names.Take(), func(rec hansei.Record) bool {
		return rec.Kind() == o.Key.Kind && rec.Head().ID == p.id // it is just coming
	})
	var err error
	p.doc, err = record.Encode(o.Record)
	return p, err
}

// write puts a group of observations into the transaction.
func (r *reading) write(ctx context.Context, tx *record.Tx, batch []prepared) error {
	ids := make([]hansei.ID, 0, len(batch))
	for _, p := range batch {
		for _, rec := range p.ref {
			if err := r.create(ctx, tx, rec); err != nil {
				return err
			}
		}
		ids = append(ids, p.id)
	}
	have, err := record.LoadRaw(ctx, tx, r.who.Scope(), r.plan.Kind, ids)
	if err != nil {
		return err
	}
	for _, p := range batch {
		r.sum.Rows++
		if p.bad != nil {
			r.reject(invalid(p))
			continue
		}
		if _, exists := have[p.id]; !exists {
			if err := record.PutEncoded(tx, p.rec, p.doc, 0); err != nil {
				return err
			}
			r.sum.Created++
			have[p.id] = record.Raw{Doc: p.doc, Revision: 1}
			r.touch(p.id)
			continue
		}
		if err := r.update(ctx, tx, p, have); err != nil {
			return err
		}
	}
	return nil
}

func (r *reading) touch(id hansei.ID) {
	if r.plan.EventLog {
		r.touched[id] = true
	}
}

// create makes a service, team or person that a source named.
func (r *reading) create(ctx context.Context, tx *record.Tx, rec hansei.Record) error {
	id := rec.Head().ID
	have, err := record.LoadRaw(ctx, tx, r.who.Scope(), rec.Kind(), []hansei.ID{id})
	if err != nil {
		return err
	}
	if _, ok := have[id]; ok {
		return nil // another delivery was faster
	}
	return record.Put(tx, rec, 0)
}

func invalid(p prepared) record.Reject {
	x := record.Reject{Line: p.at, Expected: p.bad.Error()}
	var bad *hansei.InvalidError
	if errors.As(p.bad, &bad) {
		x.Column, x.Expected = bad.Field, bad.Reason
	}
	return x
}

// finish notes what came of the delivery, in the same transaction.
func (r *reading) finish(tx *record.Tx, started time.Time) error {
	r.im.mu.Lock()
	defer r.im.mu.Unlock()
	r.sum.Seconds = time.Since(started).Seconds()
	if r.sum.Created+r.sum.Updated+r.sum.Unchanged == 0 {
		if r.sum.Rejected > 0 {
			return hansei.Invalid("file", "none of its rows could be understood; the first: line %d, %s: %s",
				r.rejects[0].Line, r.rejects[0].Column, r.rejects[0].Expected)
		}
		return hansei.Invalid("file", "it has no rows")
	}
	text, err := json.Marshal(r.sum)
	if err != nil {
		return err
	}
	slices.SortStableFunc(r.rejects, func(a, b record.Reject) int { return a.Line - b.Line })
	if err := tx.PutRejects(r.delivery.ID, r.rejects); err != nil {
		return err
	}
	return tx.FinishDelivery(r.delivery.ID, record.DeliveryDone, "", string(text))
}
