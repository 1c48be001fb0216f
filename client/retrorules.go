package client

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
)

// RetroRules are the rules for retrospectives, as JSON: rules, revision, own.
func (c *Client) RetroRules(ctx context.Context) (json.RawMessage, error) {
	var out json.RawMessage
	err := c.get(ctx, "/retro-rules", nil, &out)
	return out, err
}

// EditRetroRules sets whole parts of the rules; nil brings the default back.
// The answer is the rules with what the change did.
func (c *Client) EditRetroRules(ctx context.Context, parts map[string]any) (json.RawMessage, error) {
	var out json.RawMessage
	err := c.send(ctx, http.MethodPatch, "/retro-rules", map[string]any{"rules": parts}, &out)
	return out, err
}

// Lack is a field that retrospectives would lack under other rules.
type Lack struct {
	Field     string `json:"field"`
	Label     string `json:"label"`
	Published int    `json:"published"`
	Drafts    int    `json:"drafts"`
}

// TryRetroRules says what EditRetroRules would mean for the retrospectives that
// are there.
func (c *Client) TryRetroRules(ctx context.Context, parts map[string]any) ([]Lack, error) {
	var out struct {
		Lacks []Lack `json:"lacks"`
	}
	err := c.send(ctx, http.MethodPost, "/retro-rules/trial", map[string]any{"rules": parts}, &out)
	return out.Lacks, err
}

// UndoRetroRules takes the last change of the rules back, by its revision.
func (c *Client) UndoRetroRules(ctx context.Context, revision int64) (json.RawMessage, error) {
	var out json.RawMessage
	err := c.send(ctx, http.MethodPost, "/retro-rules/undo", map[string]int64{"revision": revision}, &out)
	return out, err
}

// FactorAct is one thing done to the taxonomy: add, rename, merge, retire,
// restore, describe or move.
type FactorAct struct {
	Do     string `json:"do"`
	Name   string `json:"name"`
	To     string `json:"to,omitempty"`     // its new name, or what it is merged into
	Before string `json:"before,omitempty"` // where it is moved to; last when empty
	Group  string `json:"group,omitempty"`
	Help   string `json:"help,omitempty"`
}

// ChangeFactor changes the taxonomy.
func (c *Client) ChangeFactor(ctx context.Context, a FactorAct) (json.RawMessage, error) {
	var out json.RawMessage
	err := c.send(ctx, http.MethodPost, "/retro-rules/factors", a, &out)
	return out, err
}

// Factors are the contributing factors with how often each is named, and the
// names that records bear and the taxonomy does not know, as JSON objects.
func (c *Client) Factors(ctx context.Context) (factors, strays []json.RawMessage, err error) {
	var out struct {
		Factors []json.RawMessage `json:"factors"`
		Strays  []json.RawMessage `json:"strays"`
	}
	err = c.get(ctx, "/retro-rules/factors", nil, &out)
	return out.Factors, out.Strays, err
}

// PutTemplate adds a template or changes the one of that name; template is its
// JSON, before the name it had when it is renamed.
func (c *Client) PutTemplate(ctx context.Context, before string, template json.RawMessage) (json.RawMessage, error) {
	return c.put(ctx, "/retro-rules/templates", map[string]any{"before": before, "template": template})
}

// PutField adds a field of the organization's own, or changes it; field is its
// JSON: kind, name, type, label, help, options, required_from, retired.
func (c *Client) PutField(ctx context.Context, field json.RawMessage) (json.RawMessage, error) {
	return c.put(ctx, "/retro-rules/fields", field)
}

// Retemplate gives a retrospective another template; every answer stays.
func (c *Client) Retemplate(ctx context.Context, id, template string) (json.RawMessage, error) {
	return c.put(ctx, "/retrospectives/"+segment(id)+"/template", map[string]string{"template": template})
}

func (c *Client) put(ctx context.Context, path string, v any) (json.RawMessage, error) {
	body, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	var out json.RawMessage
	err = c.do(ctx, request{method: http.MethodPut, path: path, media: "application/json", body: bytes.NewReader(body)}, &out)
	return out, err
}
