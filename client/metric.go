package client

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
)

// Metric is one metric of the catalogue.
type Metric struct {
	ID         string          `json:"id"`
	Version    int             `json:"version"`
	Title      string          `json:"title"`
	Asks       string          `json:"asks"`
	Unit       string          `json:"unit"`
	Better     string          `json:"better"`
	Formula    string          `json:"formula"`
	Caveats    string          `json:"caveats"`
	Source     string          `json:"source"`
	Custom     bool            `json:"custom,omitempty"`
	Statistic  string          `json:"statistic"`
	Of         string          `json:"of"`
	Dimensions []string        `json:"dimensions"`
	Definition string          `json:"definition,omitempty"` // YAML, of a metric of the organization
	Example    json.RawMessage `json:"example,omitempty"`
}

// Metrics lists the catalogue.
func (c *Client) Metrics(ctx context.Context) (out []Metric, err error) {
	return out, c.do(ctx, call{method: "GET", path: "/metrics", into: &out})
}

// Metric reads one metric, with its worked example or its definition.
func (c *Client) Metric(ctx context.Context, id string) (out Metric, err error) {
	return out, c.do(ctx, call{method: "GET", path: "/metrics" + at(id), into: &out})
}

// PutMetric defines a metric of the organization, as YAML.
func (c *Client) PutMetric(ctx context.Context, id string, yaml io.Reader) (out Metric, err error) {
	h := http.Header{"Content-Type": {"application/yaml"}}
	return out, c.do(ctx, call{method: "PUT", path: "/metrics" + at(id), header: h, body: yaml, into: &out})
}

// DeleteMetric removes a metric of the organization.
func (c *Client) DeleteMetric(ctx context.Context, id string) error {
	return c.do(ctx, call{method: "DELETE", path: "/metrics" + at(id)})
}
