package client

import (
	"context"
	"net/http"
)

// Organization is what the organization said about itself.
type Organization struct {
	Name            string   `json:"name"`
	Zone            string   `json:"zone"`             // IANA; days, weeks and months begin in it
	CustomersServed *float64 `json:"customers_served"` // null: not told
}

// Organization reads it.
func (c *Client) Organization(ctx context.Context) (Organization, error) {
	var out Organization
	err := c.get(ctx, "/organization", nil, &out)
	return out, err
}

// EditOrganization sets the given fields (name, zone, customers_served) and
// leaves the others.
func (c *Client) EditOrganization(ctx context.Context, fields map[string]any) (Organization, error) {
	var out Organization
	err := c.send(ctx, http.MethodPatch, "/organization", fields, &out)
	return out, err
}
