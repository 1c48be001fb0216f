package client

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
)

// Draft drafts the retrospective of an incident, or brings the timeline of the
// one that is there up to date.
func (c *Client) Draft(ctx context.Context, incident string) (json.RawMessage, error) {
	var out json.RawMessage
	err := c.send(ctx, http.MethodPost, "/retrospectives", map[string]string{"incident": incident}, &out)
	return out, err
}

// Retrospective is one retrospective with what it lacks and its follow-ups, as
// JSON. id may be that of its incident.
func (c *Client) Retrospective(ctx context.Context, id string) (json.RawMessage, error) {
	var out json.RawMessage
	err := c.get(ctx, "/retrospectives/"+segment(id), nil, &out)
	return out, err
}

// WriteSection writes a section of a retrospective; base is the text that the
// writer began from.
func (c *Client) WriteSection(ctx context.Context, id, section, base, text string) (json.RawMessage, error) {
	var out json.RawMessage
	body, err := json.Marshal(map[string]string{"base": base, "text": text})
	if err != nil {
		return nil, err
	}
	err = c.do(ctx, request{method: http.MethodPut, path: "/retrospectives/" + segment(id) + "/sections/" + segment(section), media: "application/json", body: bytes.NewReader(body)}, &out)
	return out, err
}

// Describe sets fields of a retrospective's schema; nil empties one.
func (c *Client) Describe(ctx context.Context, id string, fields map[string]any) (json.RawMessage, error) {
	var out json.RawMessage
	err := c.send(ctx, http.MethodPatch, "/retrospectives/"+segment(id), map[string]any{"fields": fields}, &out)
	return out, err
}

// Remark is a comment on a section: on a passage of it when that is named, an
// answer when Of is, a suggestion of other words when Instead is.
type Remark struct {
	Section string  `json:"section,omitempty"`
	Text    string  `json:"text,omitempty"`
	Of      string  `json:"of,omitempty"`
	Passage string  `json:"passage,omitempty"`
	Instead *string `json:"instead,omitempty"`
}

// Comment comments on a retrospective.
func (c *Client) Comment(ctx context.Context, id string, r Remark) (json.RawMessage, error) {
	return c.rewrite(ctx, id, "/comments", r)
}

// Decide accepts a suggestion, by the id of its comment, or declines it.
func (c *Client) Decide(ctx context.Context, id, comment string, accept bool) (json.RawMessage, error) {
	return c.rewrite(ctx, id, "/suggestions", map[string]any{"id": comment, "accept": accept})
}

// AcceptSection stands for a text that a language model drafted.
func (c *Client) AcceptSection(ctx context.Context, id, section string) (json.RawMessage, error) {
	return c.rewrite(ctx, id, "/sections/"+segment(section)+"/accept", nil)
}

// DismissRemark leaves a sentence at which the check for blame stopped as it is.
func (c *Client) DismissRemark(ctx context.Context, id, sentence string) (json.RawMessage, error) {
	return c.rewrite(ctx, id, "/dismissed", map[string]string{"sentence": sentence})
}

// RestoreRetrospective brings an earlier revision back as a new one: all of it,
// or one section when that is named.
func (c *Client) RestoreRetrospective(ctx context.Context, id string, revision int64, section string) (json.RawMessage, error) {
	return c.rewrite(ctx, id, "/restore", map[string]any{"revision": revision, "section": section})
}

func (c *Client) rewrite(ctx context.Context, id, path string, body any) (json.RawMessage, error) {
	var out json.RawMessage
	err := c.send(ctx, http.MethodPost, "/retrospectives/"+segment(id)+path, body, &out)
	return out, err
}

// Factor is a contributing factor with its evidence.
type Factor struct {
	Name     string `json:"name"`
	Evidence string `json:"evidence,omitempty"`
	Section  string `json:"section,omitempty"`
}

// Code sets the contributing factors of a retrospective; as a second rater
// they stand beside the first ones.
func (c *Client) Code(ctx context.Context, id string, factors []Factor, rater bool) (json.RawMessage, error) {
	var out json.RawMessage
	err := c.send(ctx, http.MethodPut, "/retrospectives/"+segment(id)+"/factors", map[string]any{"factors": factors, "rater": rater}, &out)
	return out, err
}

// Move brings a retrospective into a state: draft, in_review, published or
// not_required.
func (c *Client) Move(ctx context.Context, id, state string) (json.RawMessage, error) {
	var out json.RawMessage
	err := c.send(ctx, http.MethodPost, "/retrospectives/"+segment(id)+"/state", map[string]string{"state": state}, &out)
	return out, err
}

// Document is a retrospective as markdown, html, word or confluence.
func (c *Client) Document(ctx context.Context, id, format string) ([]byte, error) {
	var out []byte
	err := c.get(ctx, "/retrospectives/"+segment(id)+"/document", url.Values{"format": {format}}, &out)
	return out, err
}

// ImportRetrospective takes in a document of the past.
func (c *Client) ImportRetrospective(ctx context.Context, name string, text []byte) (json.RawMessage, error) {
	var out json.RawMessage
	err := c.do(ctx, request{method: http.MethodPost, path: "/retrospective-imports", query: url.Values{"name": {name}}, media: "application/octet-stream", body: bytes.NewReader(text)}, &out)
	return out, err
}

// ReviewRetrospective has a document of the past read. It waits on the page
// until somebody confirms what was found.
func (c *Client) ReviewRetrospective(ctx context.Context, name string, text []byte) (json.RawMessage, error) {
	var out json.RawMessage
	err := c.do(ctx, request{method: http.MethodPost, path: "/retrospective-imports", query: url.Values{"name": {name}, "review": {"true"}}, media: "application/octet-stream", body: bytes.NewReader(text)}, &out)
	return out, err
}

// ConfirmDocuments confirms all documents of the past that wait, and returns
// how many are in each state.
func (c *Client) ConfirmDocuments(ctx context.Context) (map[string]int, error) {
	var out struct{ Counts map[string]int }
	err := c.send(ctx, http.MethodPost, "/retrospective-imports/confirm", nil, &out)
	return out.Counts, err
}

// Brief is what the record knows about an incident, as JSON.
func (c *Client) Brief(ctx context.Context, incident string) (json.RawMessage, error) {
	var out json.RawMessage
	err := c.get(ctx, "/incidents/"+segment(incident)+"/brief", nil, &out)
	return out, err
}
