package client

import (
	"context"
	"encoding/json"
)

// FactorAgreement is how far two raters agree on each contributing factor, as
// a list of JSON objects: name, n, both,
// only_first, only_second, neither, kappa, low, high, few, weak.
func (c *Client) FactorAgreement(ctx context.Context) ([]json.RawMessage, error) {
	var out struct {
		Factors []json.RawMessage `json:"factors"`
	}
	err := c.get(ctx, "/factor-agreement", nil, &out)
	return out.Factors, err
}
