package client

import (
	"context"
	"encoding/json"
	"net/url"
	"strconv"
	"time"
)

// Agenda is what the review meeting of a retrospective is to talk about, as
// JSON.
func (c *Client) Agenda(ctx context.Context, id string) (json.RawMessage, error) {
	var out json.RawMessage
	err := c.get(ctx, "/retrospectives/"+segment(id)+"/agenda", nil, &out)
	return out, err
}

// Invite is the invitation to the review meeting of a retrospective, as
// iCalendar.
func (c *Client) Invite(ctx context.Context, id string, at time.Time, minutes int, place string) ([]byte, error) {
	var out []byte
	q := url.Values{"at": {at.UTC().Format(time.RFC3339)}, "minutes": {strconv.Itoa(minutes)}}
	if place != "" {
		q.Set("place", place)
	}
	err := c.get(ctx, "/retrospectives/"+segment(id)+"/invite", q, &out)
	return out, err
}
