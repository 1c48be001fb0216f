package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/intake"
	"hansei/internal/record"
)

// ImportParams say what a file is.
type ImportParams struct {
	Stream
	Name   string `query:"name" doc:"The file's name, for people and as a hint at its kind"`
	Kind   string `query:"kind" doc:"The kind of its records; recognised when empty"`
	Source string `query:"source" doc:"Whose records they are"`
	Map    string `query:"map" doc:"A mapping, as YAML"`
	Zone   string `query:"zone" doc:"The time zone of times that name none"`
}

func (p ImportParams) options() intake.Options {
	return intake.Options{Kind: hansei.Kind(p.Kind), Source: p.Source, Mapping: p.Map, Zone: p.Zone}
}

func (p ImportParams) name() string {
	if p.Name == "" {
		return "upload"
	}
	return p.Name
}

// ImportState is a delivery: how far it is and what came of it.
type ImportState struct {
	ID       string           `json:"id"`
	Source   string           `json:"source"`
	Name     string           `json:"name"`
	Size     int64            `json:"size" doc:"Bytes"`
	Received time.Time        `json:"received"`
	State    string           `json:"state" enum:"received,done,failed"`
	Known    bool             `json:"known,omitempty" doc:"The same file was imported before"`
	Error    string           `json:"error,omitempty" doc:"Why it failed"`
	Options  intake.Options   `json:"options"`
	Progress *intake.Progress `json:"progress,omitempty" doc:"While it is being understood"`
	Summary  *intake.Summary  `json:"summary,omitempty" doc:"What came of it"`
	Seq      record.Seq       `json:"seq,omitempty" doc:"The journal's head once it was understood"`
	Visible  bool             `json:"visible" doc:"Figures and lists hold it"`
}

func (a *API) state(d record.Delivery) (ImportState, error) {
	out := ImportState{ID: d.ID, Source: d.Source, Name: d.Name, Size: d.Size, Received: d.Received, State: d.State, Error: d.Error, Seq: d.Seq}
	if d.Options != "" {
		if err := json.Unmarshal([]byte(d.Options), &out.Options); err != nil {
			return out, fmt.Errorf("options of delivery %s: %w", d.ID, err)
		}
	}
	if d.Summary != "" {
		out.Summary = &intake.Summary{}
		if err := json.Unmarshal([]byte(d.Summary), out.Summary); err != nil {
			return out, fmt.Errorf("summary of delivery %s: %w", d.ID, err)
		}
	}
	if p, ok := a.Imports.Running(d.ID); ok {
		out.Progress = &p
	}
	head, _ := a.Facts.Head()
	out.Visible = d.State != record.DeliveryReceived && head >= d.Seq
	return out, nil
}

// importAnswer is 202 while there is something to wait for.
type importAnswer struct {
	Status   int
	Location string `header:"Location"`
	Body     ImportState
}

func accepted(s ImportState) *importAnswer {
	out := &importAnswer{Status: 202, Location: Base + "/imports/" + s.ID, Body: s}
	if s.State == record.DeliveryDone {
		out.Status = 200
	}
	return out
}

func (a *API) startImport(ctx context.Context, who auth.Actor, in *ImportParams) (*importAnswer, error) {
	d, known, err := a.Imports.Receive(ctx, who, in.name(), in.options(), in.body)
	if err != nil {
		return nil, err
	}
	if !known {
		err = a.enqueue(ctx, d.ID)
	} else if d.State == record.DeliveryFailed {
		d, err = a.reopen(ctx, who, d.ID) // what failed may work now
	}
	if err != nil {
		return nil, err
	}
	s, err := a.state(d)
	s.Known = known && d.State == record.DeliveryDone
	return accepted(s), err
}

func (a *API) enqueue(ctx context.Context, id string) error {
	select {
	case a.queue <- id:
		return nil
	case <-ctx.Done():
		return ctx.Err() // it is durable, and understood at the next start
	}
}

func (a *API) reopen(ctx context.Context, who auth.Actor, id string) (record.Delivery, error) {
	_, err := a.Records.Write(ctx, who, func(tx *record.Tx) error { return tx.ReopenDelivery(id) })
	if err != nil {
		return record.Delivery{}, err
	}
	if err := a.enqueue(ctx, id); err != nil {
		return record.Delivery{}, err
	}
	return a.Records.GetDelivery(ctx, who.Scope(), id)
}

// ImportParam names a delivery.
type ImportParam struct {
	Caller
	ID string `path:"id" doc:"The delivery's id"`
}

func (a *API) replay(ctx context.Context, who auth.Actor, in *ImportParam) (*importAnswer, error) {
	d, err := a.Records.GetDelivery(ctx, who.Scope(), in.ID)
	if err != nil {
		return nil, err
	}
	if d.State != record.DeliveryReceived {
		if d, err = a.reopen(ctx, who, in.ID); err != nil {
			return nil, err
		}
	}
	s, err := a.state(d)
	return accepted(s), err
}

// lookFor is how long a question about an import waits for its facts.
const lookFor = 500 * time.Millisecond

func (a *API) getImport(ctx context.Context, who auth.Actor, in *ImportParam) (*answer[ImportState], error) {
	d, err := a.Records.GetDelivery(ctx, who.Scope(), in.ID)
	if err != nil {
		return nil, err
	}
	if d.State != record.DeliveryReceived {
		wait, cancel := context.WithTimeout(ctx, lookFor)
		defer cancel()
		// Facts that cannot go on are an error here: nobody should wait for them.
		if err := a.Facts.Wait(wait, d.Seq); err != nil && !errors.Is(err, context.DeadlineExceeded) {
			return nil, err
		}
	}
	s, err := a.state(d)
	if err != nil {
		return nil, err
	}
	return answered(s)
}

// ImportsParams asks for deliveries.
type ImportsParams struct {
	Caller
	Source string `query:"source" doc:"Of one source"`
	State  string `query:"state" enum:"received,done,failed" doc:"In one state"`
	Limit  int    `query:"limit" minimum:"0" maximum:"1000" doc:"Deliveries on a page, 50 when empty"`
	Cursor string `query:"cursor" doc:"From the page before"`
}

// ImportPage is a page of deliveries.
type ImportPage struct {
	Imports []ImportState `json:"imports"`
	Next    string        `json:"next,omitempty" doc:"Cursor of the next page"`
}

func (a *API) listImports(ctx context.Context, who auth.Actor, in *ImportsParams) (*answer[ImportPage], error) {
	f := record.DeliveryFilter{Source: in.Source, State: in.State, Limit: in.Limit}
	if f.Limit == 0 {
		f.Limit = 50
	}
	if in.Cursor != "" {
		at, err := time.Parse(time.RFC3339Nano, in.Cursor)
		if err != nil {
			return nil, hansei.Invalid("cursor", "%q is not a cursor of this list", in.Cursor)
		}
		f.Before = at
	}
	list, err := a.Records.Deliveries(ctx, who.Scope(), f)
	if err != nil {
		return nil, err
	}
	out := ImportPage{Imports: []ImportState{}}
	for _, d := range list {
		s, err := a.state(d)
		if err != nil {
			return nil, err
		}
		out.Imports = append(out.Imports, s)
	}
	if len(list) == f.Limit {
		out.Next = list[len(list)-1].Received.Format(time.RFC3339Nano)
	}
	return answered(out)
}
