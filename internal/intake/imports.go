package intake

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"sync"
	"time"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/record"
	"hansei/internal/source/file"
)

// Imports takes files in. One is understood at a time.
type Imports struct {
	Records *record.Store
	Log     *slog.Logger

	one     sync.Mutex // understanding one delivery at a time
	mu      sync.Mutex
	running map[string]*Progress
}

// Options say how a file is to be understood. They are part of what makes two
// deliveries the same.
type Options struct {
	Kind    hansei.Kind `json:"kind,omitempty"`
	Source  string      `json:"source,omitempty"`
	Mapping string      `json:"mapping,omitempty"` // YAML
	Zone    string      `json:"zone,omitempty"`
}

// Progress is how far an import is.
type Progress struct {
	Rows    int64     `json:"rows"`
	Bytes   int64     `json:"bytes"` // of the file, read so far
	Total   int64     `json:"total"`
	Started time.Time `json:"started"`
}

// Summary is what came of an import.
type Summary struct {
	Kind      hansei.Kind `json:"kind"`
	Rows      int         `json:"rows"`
	Created   int         `json:"created"`   // records new to us
	Updated   int         `json:"updated"`   // revisions of records we had, or of this file's own earlier rows
	Unchanged int         `json:"unchanged"` // rows that said nothing new
	Rejected  int         `json:"rejected"`
	Seconds   float64     `json:"seconds"`
	Notes     []string    `json:"notes,omitempty"`
}

// maxRejects is how many rejects of one import are kept; all are counted.
const maxRejects = 10_000

// Receive stores a file as a delivery: raw, before anything is understood.
// known is true when the same file with the same options was received before.
func (im *Imports) Receive(ctx context.Context, who auth.Actor, name string, o Options, body io.Reader) (d record.Delivery, known bool, err error) {
	if _, err := o.file(); err != nil {
		return d, false, err
	}
	text, err := json.Marshal(o)
	if err != nil {
		return d, false, err
	}
	source := o.Source
	if source == "" {
		source = file.DefaultSource
	}
	d, isNew, err := im.Records.PutDelivery(ctx, who, hansei.Delivery{Source: source, Name: name}, string(text), body)
	return d, !isNew, err
}

// file turns the options into those of package file.
func (o Options) file() (file.Options, error) {
	out := file.Options{Kind: o.Kind, Source: o.Source}
	var err error
	if o.Kind != "" {
		if out.Kind, err = hansei.ParseKind(string(o.Kind)); err != nil {
			return out, err
		}
	}
	if o.Mapping != "" {
		if out.Mapping, err = file.ParseMapping([]byte(o.Mapping)); err != nil {
			return out, err
		}
	}
	if o.Zone != "" {
		if out.Zone, err = time.LoadLocation(o.Zone); err != nil {
			return out, hansei.Invalid("zone", "%q is not a time zone; expected a name such as Europe/Berlin", o.Zone)
		}
	}
	return out, nil
}

// Plan shows how a file would be read.
func (im *Imports) Plan(name string, o Options, body io.Reader) (*file.Plan, error) {
	opts, err := o.file()
	if err != nil {
		return nil, err
	}
	return file.Inspect(name, body, opts)
}

// Running is the progress of an import that is being understood.
func (im *Imports) Running(id string) (Progress, bool) {
	im.mu.Lock()
	defer im.mu.Unlock()
	p, ok := im.running[id]
	if !ok {
		return Progress{}, false
	}
	return *p, true
}

func (im *Imports) progress(id string, fn func(*Progress)) {
	im.mu.Lock()
	defer im.mu.Unlock()
	if im.running == nil {
		im.running = map[string]*Progress{}
	}
	p, ok := im.running[id]
	if !ok {
		p = &Progress{}
		im.running[id] = p
	}
	fn(p)
}

// Documents is the source of written retrospectives, which package past reads.
const Documents = "documents"

// Resume understands every delivery that was received and not yet understood,
// such as after a crash.
func (im *Imports) Resume(ctx context.Context, who auth.Actor) error {
	list, err := im.Records.Deliveries(ctx, who.Scope(), record.DeliveryFilter{State: record.DeliveryReceived, Limit: 1000})
	if err != nil {
		return err
	}
	slices.Reverse(list) // the oldest first: a corrected file comes after the first
	for _, d := range list {
		if d.Source == Documents {
			continue // prose is not for this reader
		}
		im.Log.Info("an import that was interrupted goes on", "name", d.Name)
		if _, err := im.Understand(ctx, who, d.ID); err != nil && ctx.Err() != nil {
			return ctx.Err()
		}
	}
	return nil
}

// Understand reads a stored delivery and makes records of it: all in one
// transaction. What cannot be understood at all is a failed delivery with its
// error, kept with its payload.
func (im *Imports) Understand(ctx context.Context, who auth.Actor, id string) (Summary, error) {
	im.one.Lock()
	defer im.one.Unlock()
	d, err := im.Records.GetDelivery(ctx, who.Scope(), id)
	if err != nil {
		return Summary{}, err
	}
	if d.State != record.DeliveryReceived {
		return Summary{}, nil // somebody else understood it while we waited
	}
	im.progress(id, func(p *Progress) { p.Started, p.Total = time.Now(), d.Size })
	defer func() {
		im.mu.Lock()
		delete(im.running, id)
		im.mu.Unlock()
	}()
	started := time.Now()
	r := &reading{im: im, who: who, delivery: d}
	sum, err := r.run(ctx)
	if err == nil {
		im.Log.Info("imported", "name", d.Name, "rows", sum.Rows, "created", sum.Created, "updated", sum.Updated, "rejected", sum.Rejected, "took", time.Since(started))
		return sum, nil
	}
	if ctx.Err() != nil {
		return sum, ctx.Err() // it stays received, and is understood at the next start
	}
	var invalid *hansei.InvalidError
	says := "it could not be understood because of an error on our side; see the log"
	if errors.As(err, &invalid) {
		says = invalid.Error()
	} else {
		im.Log.Error("an import failed", "name", d.Name, "error", err)
	}
	text, jsonErr := json.Marshal(sum)
	if jsonErr != nil {
		return sum, errors.Join(err, jsonErr)
	}
	_, writeErr := im.Records.Write(ctx, who, func(tx *record.Tx) error {
		if err := tx.PutRejects(id, r.rejects); err != nil {
			return err
		}
		return tx.FinishDelivery(id, record.DeliveryFailed, says, string(text))
	})
	if writeErr != nil {
		return sum, fmt.Errorf("note that the import failed (%w): %w", err, writeErr)
	}
	return sum, err
}
