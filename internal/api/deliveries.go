package api

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"hansei"
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
	State    string       `json:"state" enum:"received,held,done,unused,failed" doc:"held: its source is paused"`
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
	State  string `query:"state" enum:"received,held,done,unused,failed" doc:"In one state"`
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
	if err := after(&f, in.Cursor); err != nil {
		return nil, err
	}
	list, err := a.Records.Deliveries(ctx, who.Scope(), f)
	if err != nil {
		return nil, err
	}
	out := DeliveryPage{Deliveries: []DeliveryState{}, Next: cursorAfter(list, f.Limit)}
	for _, d := range list {
		s, err := deliveryState(d)
		if err != nil {
			return nil, err
		}
		out.Deliveries = append(out.Deliveries, s)
	}
	return answered(out)
}

// after continues a list of deliveries at a cursor.
func after(f *record.DeliveryFilter, cursor string) (err error) {
	if cursor == "" {
		return nil
	}
	at, id, _ := strings.Cut(cursor, "_")
	if f.Before, err = time.Parse(time.RFC3339Nano, at); err != nil || id == "" {
		return hansei.Invalid("cursor", "%q is not a cursor of this list", cursor)
	}
	f.After = id
	return nil
}

// cursorAfter is the cursor of the page after a full one.
func cursorAfter(list []record.Delivery, limit int) string {
	if len(list) < limit {
		return ""
	}
	last := list[len(list)-1]
	return last.Received.Format(time.RFC3339Nano) + "_" + last.ID
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
		Failed   bool      `json:"failed,omitempty" doc:"Only what failed"`
	}
}

// Replayed says how many deliveries are understood again.
type Replayed struct {
	Deliveries int64 `json:"deliveries"`
}

func (a *edge) replayDeliveries(ctx context.Context, who auth.Actor, in *ReplayBody) (*answer[Replayed], error) {
	b := in.Body
	n, err := a.Sources.Replay(ctx, who, connect.Replay{Source: b.Source, Delivery: b.Delivery, Since: b.Since, Failed: b.Failed})
	if err != nil {
		return nil, err
	}
	return answered(Replayed{n})
}
