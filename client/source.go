package client

import (
	"context"
	"encoding/json"
	"iter"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// SourceSpec is a source to be added.
type SourceSpec struct {
	Tool     string            `json:"tool"`
	Name     string            `json:"name,omitempty"`
	Settings map[string]string `json:"settings,omitempty"`
	Filter   json.RawMessage   `json:"filter,omitempty"`
	Since    *time.Time        `json:"since,omitempty"`
}

// Finding is one line of a connection test.
type Finding struct {
	OK   bool   `json:"ok"`   // nothing is missing
	Open bool   `json:"open"` // and yet it is not known to work
	Says string `json:"says"`
}

// Delivery is a payload of a live source and what became of it.
type Delivery struct {
	ID       string    `json:"id"`
	Source   string    `json:"source"`
	Event    string    `json:"event"`
	Size     int64     `json:"size"` // bytes
	Received time.Time `json:"received"`
	State    string    `json:"state"`
	Error    string    `json:"error,omitempty"`
	Unused   string    `json:"unused,omitempty"`
	Records  []Ref     `json:"records,omitempty"` // that it told of, the first 20
	More     int       `json:"more,omitempty"`    // records beside those
	Payload  string    `json:"payload,omitempty"`
}

// Ref names one record.
type Ref struct {
	Kind string `json:"kind"`
	ID   string `json:"id"`
}

// SourceKinds are the tools that can be connected, as JSON.
func (c *Client) SourceKinds(ctx context.Context) ([]json.RawMessage, error) {
	var out struct {
		Kinds []json.RawMessage `json:"kinds"`
	}
	err := c.get(ctx, "/source-kinds", nil, &out)
	return out.Kinds, err
}

// AddSource connects a tool. The answer has its webhook's url and secret.
func (c *Client) AddSource(ctx context.Context, s SourceSpec) (json.RawMessage, error) {
	var out json.RawMessage
	err := c.send(ctx, http.MethodPost, "/sources", s, &out)
	return out, err
}

// EditSource changes fields of a source: settings, filter, since, paused,
// rotate_secret.
func (c *Client) EditSource(ctx context.Context, name string, fields map[string]any) (json.RawMessage, error) {
	var out json.RawMessage
	err := c.send(ctx, http.MethodPatch, "/sources/"+segment(name), fields, &out)
	return out, err
}

// Sources are all sources and how they are, as JSON, and how many webhooks of
// the last 7 days came to an address that no source has.
func (c *Client) Sources(ctx context.Context) (list []json.RawMessage, astray int64, err error) {
	var out struct {
		Sources []json.RawMessage `json:"sources"`
		Astray  int64             `json:"unknown_address_7d"`
	}
	err = c.get(ctx, "/sources", nil, &out)
	return out.Sources, out.Astray, err
}

// Source is one source and how it is.
func (c *Client) Source(ctx context.Context, name string) (json.RawMessage, error) {
	var out json.RawMessage
	err := c.get(ctx, "/sources/"+segment(name), nil, &out)
	return out, err
}

// TestSource tries a source's credentials.
func (c *Client) TestSource(ctx context.Context, name string) ([]Finding, error) {
	var out struct {
		Findings []Finding `json:"findings"`
	}
	err := c.send(ctx, http.MethodPost, "/sources/"+segment(name)+"/test", nil, &out)
	return out.Findings, err
}

// PullSource asks for a source, or one of its streams, to be pulled now.
func (c *Client) PullSource(ctx context.Context, name, stream string) error {
	v := ""
	if stream != "" {
		v = "?" + url.Values{"stream": {stream}}.Encode()
	}
	return c.send(ctx, http.MethodPost, "/sources/"+segment(name)+"/pull"+v, nil, nil)
}

// RemoveSource ends a source, with what it told if data is true.
func (c *Client) RemoveSource(ctx context.Context, name string, data bool) error {
	v := ""
	if data {
		v = "?data=true"
	}
	return c.send(ctx, http.MethodDelete, "/sources/"+segment(name)+v, nil, nil)
}

// DeliveryFilter picks deliveries; empty fields pick all.
type DeliveryFilter struct {
	Source, State string
	Limit         int // all when 0
}

// Deliveries yields payloads of live sources, the newest first.
func (c *Client) Deliveries(ctx context.Context, f DeliveryFilter) iter.Seq2[Delivery, error] {
	return func(yield func(Delivery, error) bool) {
		v := url.Values{}
		set(v, "source", f.Source)
		set(v, "state", f.State)
		for left := f.Limit; ; {
			if f.Limit > 0 {
				v.Set("limit", strconv.Itoa(min(left, maxPage)))
			}
			var page struct {
				Deliveries []Delivery `json:"deliveries"`
				Next       string     `json:"next"`
			}
			if err := c.get(ctx, "/deliveries", v, &page); err != nil {
				yield(Delivery{}, err)
				return
			}
			for _, d := range page.Deliveries {
				if !yield(d, nil) {
					return
				}
				if left--; left == 0 {
					return
				}
			}
			if page.Next == "" {
				return
			}
			v.Set("cursor", page.Next)
		}
	}
}

// Delivery is one of them with its payload.
func (c *Client) Delivery(ctx context.Context, id string) (Delivery, error) {
	var out Delivery
	err := c.get(ctx, "/deliveries/"+segment(id), nil, &out)
	return out, err
}

// Replay says what is to be understood again.
type Replay struct {
	Source   string     `json:"source,omitempty"`
	Delivery string     `json:"delivery,omitempty"`
	Since    *time.Time `json:"since,omitempty"`
	State    string     `json:"state,omitempty"` // Failed or Aside; all but what was set aside when empty
}

// ReplayDeliveries has deliveries understood again and says how many.
func (c *Client) ReplayDeliveries(ctx context.Context, r Replay) (int64, error) {
	var out struct {
		Deliveries int64 `json:"deliveries"`
	}
	err := c.send(ctx, http.MethodPost, "/replays", r, &out)
	return out.Deliveries, err
}

// SetAside says that nobody need look any more at what failed: one delivery, or
// else all of a source, or of all sources. It says how many those were.
func (c *Client) SetAside(ctx context.Context, source, delivery string) (int64, error) {
	var out struct {
		Deliveries int64 `json:"deliveries"`
	}
	err := c.send(ctx, http.MethodPost, "/set-aside", map[string]string{"source": source, "delivery": delivery}, &out)
	return out.Deliveries, err
}

// Joins are pairs of records that are, or may be, one, as JSON.
func (c *Client) Joins(ctx context.Context, verdict string) ([]json.RawMessage, error) {
	v := url.Values{}
	set(v, "verdict", verdict)
	var out struct {
		Joins []json.RawMessage `json:"joins"`
	}
	err := c.get(ctx, "/joins", v, &out)
	return out.Joins, err
}

// DecideJoin says that two records of a kind are one ("confirmed") or two
// ("rejected").
func (c *Client) DecideJoin(ctx context.Context, of, a, b, verdict string) error {
	return c.send(ctx, http.MethodPost, "/joins", map[string]string{"of": of, "a": a, "b": b, "verdict": verdict}, nil)
}
