package client

import (
	"context"
	"encoding/json"
	"net/http"
)

// ForgetPerson takes a person out of everything that is kept. name repeats the
// person's name: it cannot be undone.
func (c *Client) ForgetPerson(ctx context.Context, id, name string) (json.RawMessage, error) {
	var out json.RawMessage
	err := c.send(ctx, http.MethodPost, "/people/"+segment(id)+"/forget", map[string]string{"name": name}, &out)
	return out, err
}
