package client

import (
	"context"
	"encoding/json"
	"net/http"
)

// DraftQuery says for which incidents retrospectives are drafted: those that
// began since a date or time and before another one.
type DraftQuery struct {
	Since    string   `json:"since"`
	Until    string   `json:"until"`
	Severity []string `json:"severity,omitempty"` // those that the rules ask for, when empty
	Service  string   `json:"service,omitempty"`
}

// The states of a batch of drafts, beside Done and Failed.
const (
	Running = "running"
	Stopped = "stopped"
)

// Drafts is a batch of drafts and how far it is.
type Drafts struct {
	ID      string      `json:"id"`
	State   string      `json:"state"`
	Total   int         `json:"total"`   // incidents
	Done    int         `json:"done"`    // of them were looked at
	Drafted int         `json:"drafted"` // retrospectives made
	Removed int         `json:"removed"` // of them were taken back
	Left    []DraftLeft `json:"left"`
	Problem string      `json:"problem,omitempty"`
}

// DraftLeft is an incident that got no draft, and why.
type DraftLeft struct {
	Incident string `json:"incident"`
	Reason   string `json:"reason"`
	Text     string `json:"text,omitempty"`
}

// PlanDrafts says what drafting would do, as JSON.
func (c *Client) PlanDrafts(ctx context.Context, q DraftQuery) (json.RawMessage, error) {
	var out struct{ Plan json.RawMessage }
	err := c.send(ctx, http.MethodPost, "/retrospective-drafts", struct {
		DraftQuery
		DryRun bool `json:"dry_run"`
	}{q, true}, &out)
	return out.Plan, err
}

// StartDrafts begins to draft. It returns at once; see Drafts.
func (c *Client) StartDrafts(ctx context.Context, q DraftQuery) (Drafts, error) {
	var out struct{ Batch Drafts }
	err := c.send(ctx, http.MethodPost, "/retrospective-drafts", q, &out)
	return out.Batch, err
}

// Drafts is a batch of drafts and how far it is.
func (c *Client) Drafts(ctx context.Context, id string) (Drafts, error) {
	var out Drafts
	err := c.get(ctx, "/retrospective-drafts/"+segment(id), nil, &out)
	return out, err
}

// StopDrafts stops a batch of drafts; what is drafted stays.
func (c *Client) StopDrafts(ctx context.Context, id string) (Drafts, error) {
	var out Drafts
	err := c.send(ctx, http.MethodPost, "/retrospective-drafts/"+segment(id)+"/stop", nil, &out)
	return out, err
}

// ResumeDrafts has a batch go on that was stopped or that failed.
func (c *Client) ResumeDrafts(ctx context.Context, id string) (Drafts, error) {
	var out Drafts
	err := c.send(ctx, http.MethodPost, "/retrospective-drafts/"+segment(id)+"/resume", nil, &out)
	return out, err
}

// Turned is how many drafts were taken back, or put there again, and how many
// stay because somebody has worked on them.
type Turned struct {
	N    int `json:"n"`
	Stay int `json:"stay"`
}

// RemoveDrafts takes back the drafts of a batch that nobody has touched since.
func (c *Client) RemoveDrafts(ctx context.Context, id string) (Turned, error) {
	var out Turned
	err := c.send(ctx, http.MethodPost, "/retrospective-drafts/"+segment(id)+"/remove", nil, &out)
	return out, err
}

// RestoreDrafts puts back what RemoveDrafts took.
func (c *Client) RestoreDrafts(ctx context.Context, id string) (Turned, error) {
	var out Turned
	err := c.send(ctx, http.MethodPost, "/retrospective-drafts/"+segment(id)+"/restore", nil, &out)
	return out, err
}
