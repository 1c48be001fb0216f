package api

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"hansei/internal/auth"
	"hansei/internal/connect"
	"hansei/internal/intake"
	"hansei/internal/record"
)

// DeliveryState is a payload of a live source and what became of it.
type DeliveryState struct {
	ID       string       `json:"id"`
	Source   string       `json:"source"`
	Event    string       `json:"event" doc:"What the vendor calls it, or pull/ and the stream"`
	Size     int64        `json:"size" doc:"Bytes"`
	Received time.Time    `json:"received"`
	State    string       `json:"state" enum:"received,held,done,unused,failed,aside" doc:"held: its source is paused; aside: it failed and was set aside"`
	Error    string       `json:"error,omitempty" doc:"Why it failed"`
	Unused   string       `json:"unused,omitempty" doc:"Why it told nothing of interest"`
	Records  []record.Ref `json:"records,omitempty" doc:"What it told of, the first 20"`
	More     int          `json:"more,omitempty" doc:"Records it told of beside those"`
	Payload  string       `json:"payload,omitempty" doc:"As it arrived, when asked for"`
}

func deliveryState(d record.Delivery) (DeliveryState, error) {
	out := DeliveryState{ID: d.ID, Source: d.Source, Event: d.Name, Size: d.Size, Received: d.Received, State: d.State, Error: d.Error}
	if d.Summary != "" {
		var t intake.Touched
		if err := json.Unmarshal([]byte(d.Summary), &t); err != nil {
			return out, fmt.Errorf("summary of delivery %s: %w", d.ID, err)
		}
		out.Records, out.More, out.Unused = t.Records, t.More, t.Unused
	}
	return out, nil
}

// DeliveriesParams ask for deliveries.
type DeliveriesParams struct {
	Caller
	Source string `query:"source" doc:"Of one source"`
	State  string `query:"state" enum:"received,held,done,unused,failed,aside" doc:"In one state"`
	Limit  int    `query:"limit" minimum:"0" maximum:"1000" doc:"Deliveries on a page, 50 when empty"`
	Cursor string `query:"cursor" doc:"From the page before"`
}

// DeliveryPage is a page of deliveries.
type DeliveryPage struct {
	Deliveries []DeliveryState `json:"deliveries"`
	Next       string          `json:"next,omitempty" doc:"Cursor of the next page"`
}

func (a *edge) listDeliveries(ctx context.Context, who auth.Actor, in *DeliveriesParams) (*answer[DeliveryPage], error) {
	f := record.DeliveryFilter{Live: true, Source: in.Source, State: in.State, Limit: in.Limit}
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
	out := DeliveryPage{Deliveries: []DeliveryState{}, Next: connect.CursorAfter(list, f.Limit)}
	for _, d := range list {
		s, err := deliveryState(d)
		if err != nil {
			return nil, err
		}
		out.Deliveries = append(out.Deliveries, s)
	}
	return answered(out)
}

func (a *edge) getDelivery(ctx context.Context, who auth.Actor, in *ImportParam) (*answer[DeliveryState], error) {
	d, err := a.Records.GetDelivery(ctx, who.Scope(), in.ID)
	if err != nil {
		return nil, err
	}
	out, err := deliveryState(d)
	if err != nil {
		return nil, err
	}
	bodies, err := a.Records.Bodies(ctx, who.Scope(), []record.Delivery{d})
	if err != nil {
		return nil, err
	}
	out.Payload = strings.ToValidUTF8(string(bodies[0].Body), "�")
	return answered(out)
}

// ReplayBody says what is to be understood again.
type ReplayBody struct {
	Caller
	Body struct {
		Source   string    `json:"source,omitempty" doc:"Of one source; of all when absent"`
		Delivery string    `json:"delivery,omitempty" doc:"This one alone"`
		Since    time.Time `json:"since,omitzero" doc:"Received since"`
		State    string    `json:"state,omitempty" enum:"failed,aside" doc:"Only what is in this state; all but what was set aside when absent"`
	}
}

// Replayed says how many deliveries are understood again, or were set aside.
type Replayed struct {
	Deliveries int64 `json:"deliveries"`
}

// AsideBody says what nobody need look at any more.
type AsideBody struct {
	Caller
	Body struct {
		Source   string `json:"source,omitempty" doc:"What failed of one source; of all when absent"`
		Delivery string `json:"delivery,omitempty" doc:"This one alone"`
	}
}

func (a *edge) setAside(ctx context.Context, who auth.Actor, in *AsideBody) (*answer[Replayed], error) {
	n, err := a.Sources.SetAside(ctx, who, in.Body.Source, in.Body.Delivery)
	if err != nil {
		return nil, err
	}
	return answered(Replayed{n})
}

func (a *edge) replayDeliveries(ctx context.Context, who auth.Actor, in *ReplayBody) (*answer[Replayed], error) {
	b := in.Body
	n, err := a.Sources.Replay(ctx, who, connect.Replay{Source: b.Source, Delivery: b.Delivery, Since: b.Since, State: b.State})
	if err != nil {
		return nil, err
	}
	return answered(Replayed{n})
}
