package client

import (
	"context"
	"encoding/json"
	"iter"
	"net/http"
	"net/url"
	"strconv"
)

// ChannelSpec is a channel to be added.
type ChannelSpec struct {
	Type     string            `json:"type"` // email, slack, teams or webhook
	Name     string            `json:"name,omitempty"`
	Settings map[string]string `json:"settings,omitempty"`
	Teams    []string          `json:"teams,omitempty"`
	Events   []string          `json:"events,omitempty"`
}

// AddChannel adds a channel. The answer of a webhook has its signing secret.
func (c *Client) AddChannel(ctx context.Context, s ChannelSpec) (json.RawMessage, error) {
	var out json.RawMessage
	err := c.send(ctx, http.MethodPost, "/channels", s, &out)
	return out, err
}

// EditChannel changes fields of a channel: settings, teams, events, paused,
// rotate_secret.
func (c *Client) EditChannel(ctx context.Context, name string, fields map[string]any) (json.RawMessage, error) {
	var out json.RawMessage
	err := c.send(ctx, http.MethodPatch, "/channels/"+segment(name), fields, &out)
	return out, err
}

// Channels are all channels and how they fare, as JSON.
func (c *Client) Channels(ctx context.Context) ([]json.RawMessage, error) {
	var out struct {
		Channels []json.RawMessage `json:"channels"`
	}
	err := c.get(ctx, "/channels", nil, &out)
	return out.Channels, err
}

// Channel is one channel and how it fares.
func (c *Client) Channel(ctx context.Context, name string) (json.RawMessage, error) {
	var out json.RawMessage
	err := c.get(ctx, "/channels/"+segment(name), nil, &out)
	return out, err
}

// TestChannel sends a channel a test message.
func (c *Client) TestChannel(ctx context.Context, name string) ([]Finding, error) {
	var out struct {
		Findings []Finding `json:"findings"`
	}
	err := c.send(ctx, http.MethodPost, "/channels/"+segment(name)+"/test", nil, &out)
	return out.Findings, err
}

// RemoveChannel removes a channel; RestoreChannel puts it back within a day.
func (c *Client) RemoveChannel(ctx context.Context, name string) error {
	return c.send(ctx, http.MethodDelete, "/channels/"+segment(name), nil, nil)
}

// RestoreChannel puts a removed channel back.
func (c *Client) RestoreChannel(ctx context.Context, name string) error {
	return c.send(ctx, http.MethodPost, "/channels/"+segment(name)+"/restore", nil, nil)
}

// Notices yields messages that were or will be sent, the newest first, as JSON.
// A channel and a state narrow them; limit 0 is all.
func (c *Client) Notices(ctx context.Context, channel, state string, limit int) iter.Seq2[json.RawMessage, error] {
	return func(yield func(json.RawMessage, error) bool) {
		v := url.Values{}
		set(v, "channel", channel)
		set(v, "state", state)
		for left := limit; ; {
			if limit > 0 {
				v.Set("limit", strconv.Itoa(min(left, maxPage)))
			}
			var page struct {
				Notices []json.RawMessage `json:"notices"`
				Next    string            `json:"next"`
			}
			if err := c.get(ctx, "/notices", v, &page); err != nil {
				yield(nil, err)
				return
			}
			for _, n := range page.Notices {
				if !yield(n, nil) {
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

// RetryNotice sends a message that was given up.
func (c *Client) RetryNotice(ctx context.Context, id string) error {
	return c.send(ctx, http.MethodPost, "/notices/"+segment(id)+"/retry", nil, nil)
}

// NoticeRules are what is told by itself, and when, as JSON.
func (c *Client) NoticeRules(ctx context.Context) (json.RawMessage, error) {
	var out json.RawMessage
	err := c.get(ctx, "/notice-rules", nil, &out)
	return out, err
}

// SetNoticeRules sets them; what is absent is the default.
func (c *Client) SetNoticeRules(ctx context.Context, rules json.RawMessage) (json.RawMessage, error) {
	var out json.RawMessage
	err := c.send(ctx, http.MethodPut, "/notice-rules", rules, &out)
	return out, err
}
