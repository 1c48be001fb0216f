package client

import (
	"context"
	"encoding/json"
	"net/http"
)

// ModelSettings are where a language model answers; a nil key keeps the one that
// is there for the same server, an empty one takes it away.
type ModelSettings struct {
	URL  string  `json:"url"`
	Name string  `json:"name"`
	Key  *string `json:"key,omitempty"`
}

// Model is the language model that may draft sections, as JSON: on, url, name,
// and whether a key is kept.
func (c *Client) Model(ctx context.Context) (json.RawMessage, error) {
	var out json.RawMessage
	err := c.get(ctx, "/language-model", nil, &out)
	return out, err
}

// SetModel sets a language model up.
func (c *Client) SetModel(ctx context.Context, s ModelSettings) (json.RawMessage, error) {
	return c.put(ctx, "/language-model", s)
}

// RemoveModel forgets the language model and its key.
func (c *Client) RemoveModel(ctx context.Context) error {
	return c.send(ctx, http.MethodDelete, "/language-model", nil, nil)
}

// TestModel asks the language model for a word.
func (c *Client) TestModel(ctx context.Context) ([]Finding, error) {
	var out struct {
		Findings []Finding `json:"findings"`
	}
	err := c.send(ctx, http.MethodPost, "/language-model/test", nil, &out)
	return out.Findings, err
}

// DraftSections has the language model draft sections of a retrospective that
// are empty: those named, or all. The answer is the retrospective, and under
// outcome what was written and which sentences were refused and why. It may take
// a minute.
func (c *Client) DraftSections(ctx context.Context, id string, sections ...string) (json.RawMessage, error) {
	return c.rewrite(ctx, id, "/model-drafts", map[string]any{"sections": append([]string{}, sections...)})
}
