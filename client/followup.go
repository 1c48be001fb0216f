package client

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
)

// AddFollowUp makes a follow-up: title, and any of its other fields.
func (c *Client) AddFollowUp(ctx context.Context, fields map[string]any) (Version, error) {
	var out Version
	err := c.send(ctx, http.MethodPost, "/follow-ups", fields, &out)
	return out, err
}

// FollowUps are follow-ups, as JSON objects, the open ones first as they are
// due. filter has the names of the API: status, due, type, priority, factor,
// team, service, owner, retrospective, incident, tracker. At most limit are
// read, all when it is 0.
func (c *Client) FollowUps(ctx context.Context, filter url.Values, limit int) ([]json.RawMessage, error) {
	const page = 1000
	var all []json.RawMessage
	for {
		n := page
		if limit > 0 {
			n = min(page, limit-len(all))
		}
		q := url.Values{"offset": {strconv.Itoa(len(all))}, "limit": {strconv.Itoa(n)}}
		for k, v := range filter {
			q[k] = v
		}
		var out struct {
			FollowUps []json.RawMessage `json:"follow_ups"`
			Total     int               `json:"total"`
		}
		if err := c.get(ctx, "/follow-ups", q, &out); err != nil {
			return nil, err
		}
		all = append(all, out.FollowUps...)
		if len(out.FollowUps) == 0 || len(all) >= out.Total || len(all) == limit {
			return all, nil
		}
	}
}

// FollowUp is one follow-up and how it stands, as JSON.
func (c *Client) FollowUp(ctx context.Context, id string) (json.RawMessage, error) {
	var out json.RawMessage
	err := c.get(ctx, "/follow-ups/"+segment(id), nil, &out)
	return out, err
}

// CloseFollowUp says that a follow-up is done, declined (with a reason) or open.
func (c *Client) CloseFollowUp(ctx context.Context, id, status, reason string) error {
	return c.send(ctx, http.MethodPost, "/follow-ups/"+segment(id)+"/state", map[string]string{"status": status, "reason": reason}, nil)
}

// VerifyFollowUp says whether a follow-up had the effect it was made for; nil
// takes that back.
func (c *Client) VerifyFollowUp(ctx context.Context, id string, worked *bool) (json.RawMessage, error) {
	var out json.RawMessage
	body := map[string]any{}
	if worked != nil {
		body["worked"] = *worked
	}
	err := c.send(ctx, http.MethodPost, "/follow-ups/"+segment(id)+"/effect", body, &out)
	return out, err
}

// PushFollowUp has an issue created for a follow-up in a tracker, or links it
// with one that is there. Empty parts mean what the rules say.
func (c *Client) PushFollowUp(ctx context.Context, id, source, place, issue string) (json.RawMessage, error) {
	var out json.RawMessage
	body, err := json.Marshal(map[string]string{"source": source, "place": place, "issue": issue})
	if err != nil {
		return nil, err
	}
	err = c.do(ctx, request{method: http.MethodPut, path: "/follow-ups/" + segment(id) + "/tracker", media: "application/json", body: bytes.NewReader(body)}, &out)
	return out, err
}

// RetryFollowUp tries again what a tracker refused.
func (c *Client) RetryFollowUp(ctx context.Context, id string) (json.RawMessage, error) {
	var out json.RawMessage
	err := c.send(ctx, http.MethodPost, "/follow-ups/"+segment(id)+"/tracker/retry", nil, &out)
	return out, err
}

// UnlinkFollowUp takes the link to an issue away; the issue stays.
func (c *Client) UnlinkFollowUp(ctx context.Context, id string) error {
	return c.do(ctx, request{method: http.MethodDelete, path: "/follow-ups/" + segment(id) + "/tracker"}, nil)
}

// Trackers are where follow-ups can be created, as JSON objects.
func (c *Client) Trackers(ctx context.Context) ([]json.RawMessage, error) {
	var out struct {
		Places []json.RawMessage `json:"places"`
	}
	err := c.get(ctx, "/trackers", nil, &out)
	return out.Places, err
}
