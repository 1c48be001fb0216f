package client

import (
	"context"
	"time"
)

// Organization is what the organization said about itself.
type Organization struct {
	Name            string   `json:"name"`
	Zone            string   `json:"zone"`
	CustomersServed *float64 `json:"customers_served"`
	Revision        int64    `json:"revision"`
}

// Organization reads the organization's settings.
func (c *Client) Organization(ctx context.Context) (out Organization, err error) {
	return out, c.do(ctx, call{method: "GET", path: "/organization", into: &out})
}

// OrganizationChanges are settings to change; nil stays as it is.
type OrganizationChanges struct {
	Name            *string  `json:"name,omitempty"`
	Zone            *string  `json:"zone,omitempty"`
	CustomersServed *float64 `json:"customers_served,omitempty"`
}

// EditOrganization changes the organization's settings.
func (c *Client) EditOrganization(ctx context.Context, o OrganizationChanges) (out Organization, err error) {
	return out, c.do(ctx, call{method: "PATCH", path: "/organization", send: o, into: &out})
}

// Rows is the answer to SQL. Values are text, numbers, true or false, or nil.
type Rows struct {
	Columns   []string `json:"columns"`
	Rows      [][]any  `json:"rows"`
	Truncated bool     `json:"truncated"`
}

// SQL runs one read-only statement on the facts; limit 0 is the server's own.
func (c *Client) SQL(ctx context.Context, text string, limit int) (out Rows, err error) {
	body := map[string]any{"sql": text, "limit": limit}
	return out, c.do(ctx, call{method: "POST", path: "/sql", send: body, into: &out})
}

// Table is one table of the facts.
type Table struct {
	Name    string   `json:"name"`
	Help    string   `json:"help"`
	Columns []Column `json:"columns"`
}

// Column is one column of a table.
type Column struct {
	Name string `json:"name"`
	Type string `json:"type"`
	Help string `json:"help"`
}

// Schema lists the tables of the facts.
func (c *Client) Schema(ctx context.Context) (out []Table, err error) {
	return out, c.do(ctx, call{method: "GET", path: "/sql/schema", into: &out})
}

// Rebuild is how far a rebuild of the facts is.
type Rebuild struct {
	Running bool    `json:"running"`
	Applied int64   `json:"applied"`
	Head    int64   `json:"head"`
	Seconds float64 `json:"seconds"`
	Error   string  `json:"error,omitempty"`
}

// Rebuild builds the facts from nothing and waits for it. see is called with
// each state; it may be nil.
func (c *Client) Rebuild(ctx context.Context, see func(Rebuild)) (out Rebuild, err error) {
	if err := c.do(ctx, call{method: "POST", path: "/rebuild", into: &out}); err != nil {
		return out, err
	}
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for out.Running {
		if see != nil {
			see(out)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return out, ctx.Err()
		}
		out = Rebuild{}
		if err := c.do(ctx, call{method: "GET", path: "/rebuild", into: &out}); err != nil {
			return out, err
		}
	}
	return out, nil
}

// Status is what is running and where the journal stands.
type Status struct {
	Version string         `json:"version"`
	Head    int64          `json:"head"`
	Epoch   string         `json:"epoch"`
	Facts   int64          `json:"facts"`
	Records map[string]int `json:"records"`
}

// Status asks what is running.
func (c *Client) Status(ctx context.Context) (out Status, err error) {
	return out, c.do(ctx, call{method: "GET", path: "/status", into: &out})
}
