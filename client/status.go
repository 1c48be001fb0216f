package client

import (
	"context"
	"net/http"
	"time"
)

// Status says what is running and where the journal and the facts stand.
type Status struct {
	Version string `json:"version"`
	Journal struct {
		Seq   int64     `json:"seq"`
		Epoch string    `json:"epoch"`
		At    time.Time `json:"at"`
	} `json:"journal"`
	Facts struct {
		Seq int64 `json:"seq"`
	} `json:"facts"`
	CatchingUp bool `json:"catching_up"`
}

// Status reads it.
func (c *Client) Status(ctx context.Context) (Status, error) {
	var out Status
	err := c.get(ctx, "/status", nil, &out)
	return out, err
}

// Rebuilt is what came of building the facts from nothing.
type Rebuilt struct {
	Records int64   `json:"records"`
	Seconds float64 `json:"seconds"`
}

// Rebuild builds the facts from the journal, from nothing.
func (c *Client) Rebuild(ctx context.Context) (Rebuilt, error) {
	var out Rebuilt
	err := c.send(ctx, http.MethodPost, "/rebuild", nil, &out)
	return out, err
}
