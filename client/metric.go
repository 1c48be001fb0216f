package client

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
)

// Metrics is the catalogue: one JSON object per metric.
func (c *Client) Metrics(ctx context.Context) ([]json.RawMessage, error) {
	var out struct {
		Metrics []json.RawMessage `json:"metrics"`
	}
	err := c.get(ctx, "/metrics", nil, &out)
	return out.Metrics, err
}

// Metric is one metric with its worked example.
func (c *Client) Metric(ctx context.Context, id string) (json.RawMessage, error) {
	var out json.RawMessage
	err := c.get(ctx, "/metrics/"+segment(id), nil, &out)
	return out, err
}

// PutMetric defines a metric of the organization, or replaces it, from YAML.
func (c *Client) PutMetric(ctx context.Context, id string, definition io.Reader) (json.RawMessage, error) {
	var out json.RawMessage
	err := c.do(ctx, request{
		method: http.MethodPut, path: "/metrics/" + segment(id), body: definition, media: "application/yaml",
	}, &out)
	return out, err
}

// DeleteMetric removes a metric of the organization.
func (c *Client) DeleteMetric(ctx context.Context, id string) error {
	return c.do(ctx, request{method: http.MethodDelete, path: "/metrics/" + segment(id)}, nil)
}
