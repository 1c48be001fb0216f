package api

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/connect"
	"hansei/internal/intake"
	"hansei/internal/record"
)

// ImportParams say what a file is.
type ImportParams struct {
	Stream
	Name   string `query:"name" doc:"The file's name, for people and as a hint at its kind"`
	Kind   string `query:"kind" doc:"The kind of its records; recognised when empty"`
	Source string `query:"source" doc:"Whose records they are"`
	Zone   string `query:"zone" doc:"The time zone of times that name none"`
	Map    string `header:"X-Hansei-Mapping" doc:"A mapping, as YAML in base64"`
}

func (p ImportParams) options() (intake.Options, error) {
	o := intake.Options{Kind: hansei.Kind(p.Kind), Source: p.Source, Zone: p.Zone}
	text, err := base64.StdEncoding.DecodeString(p.Map)
	if err != nil {
		return o, hansei.Invalid("X-Hansei-Mapping", "it is not base64: %v", err)
	}
	o.Mapping = string(text)
	return o, nil
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
	State    string           `json:"state" enum:"received,applying,done,failed" doc:"applying: in the journal, and soon in figures and lists"`
	Known    *bool            `json:"known,omitempty" doc:"Answering an upload: the same file was imported before"`
	Error    string           `json:"error,omitempty" doc:"Why it failed"`
	Options  intake.Options   `json:"options"`
	Progress *intake.Progress `json:"progress,omitempty" doc:"While it is being understood"`
	Summary  *intake.Summary  `json:"summary,omitempty" doc:"What came of it"`
	Seq      record.Seq       `json:"seq,omitempty" doc:"The journal's head once it was understood"`
}

func (a *edge) state(d record.Delivery) (ImportState, error) {
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
	if head, _ := a.Facts.Head(); d.State == record.DeliveryDone && head < d.Seq {
		out.State = applying
	}
	return out, nil
}

// applying is the state of an import that is in the journal while the facts
// are still behind it.
const applying = "applying"

// importAnswer says where to look what becomes of an import.
type importAnswer struct {
	Location string `header:"Location"`
	Body     ImportState
}

func accepted(s ImportState) *importAnswer {
	return &importAnswer{Location: Base + "/imports/" + s.ID, Body: s}
}

func (a *edge) startImport(ctx context.Context, who auth.Actor, in *ImportParams) (*importAnswer, error) {
	o, err := in.options()
	if err != nil {
		return nil, err
	}
	d, known, err := a.Imports.Receive(ctx, who, in.name(), o, in.body)
	if err != nil {
		return nil, err
	}
	switch {
	case !known:
		a.understand(who, d.ID)
	case d.State == record.DeliveryFailed:
		// What failed may work now.
		if d, err = a.reopen(ctx, who, d.ID); err != nil {
			return nil, err
		}
	}
	s, err := a.state(d)
	known = known && d.State == record.DeliveryDone
	s.Known = &known
	return accepted(s), err
}

// understand makes records of a delivery in the background. It is durable: if
// this process ends first, the next one goes on with it.
func (a *edge) understand(who auth.Actor, id string) {
	a.Background(func(ctx context.Context) {
		if _, err := a.Imports.Understand(ctx, who, id); err != nil {
			// The reason is kept with the delivery, and logged where it arose.
			a.Log.Debug("an import ended with an error", "delivery", id, "error", err)
		}
	})
}

func (a *edge) reopen(ctx context.Context, who auth.Actor, id string) (record.Delivery, error) {
	if _, err := a.Records.Write(ctx, who, func(tx *record.Tx) error { return tx.ReopenDelivery(id) }); err != nil {
		return record.Delivery{}, err
	}
	a.understand(who, id)
	return a.Records.GetDelivery(ctx, who.Scope(), id)
}

// ImportParam names a delivery.
type ImportParam struct {
	Caller
	ID string `path:"id" doc:"The delivery's id"`
}

func (a *edge) replay(ctx context.Context, who auth.Actor, in *ImportParam) (*importAnswer, error) {
	d, err := a.imported(ctx, who.Scope(), in.ID)
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

// imported is a delivery that came as a file; those of live sources are not
// understood here.
func (a *edge) imported(ctx context.Context, who auth.Scope, id string) (record.Delivery, error) {
	d, err := a.Records.GetDelivery(ctx, who, id)
	if err == nil && (d.Options == "" || d.Media == record.Work) {
		return d, fmt.Errorf("import %s: %w", id, hansei.ErrNotFound)
	}
	return d, err
}

// lookFor is how long a question about an import waits for its facts.
const lookFor = 500 * time.Millisecond

func (a *edge) getImport(ctx context.Context, who auth.Actor, in *ImportParam) (*answer[ImportState], error) {
	d, err := a.imported(ctx, who.Scope(), in.ID)
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

func (a *edge) listImports(ctx context.Context, who auth.Actor, in *ImportsParams) (*answer[ImportPage], error) {
	f := record.DeliveryFilter{Source: in.Source, State: in.State, Limit: in.Limit}
	if f.Limit == 0 {
		f.Limit = 50
	}
	if err := connect.Continue(&f, in.Cursor); err != nil {
		return nil, err
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
	out.Next = connect.CursorAfter(list, f.Limit)
	return answered(out)
}
