package client

import (
	"context"
	"encoding/json"
	"net/http"
)

// Rows is the answer of a statement.
type Rows struct {
	Columns   []string            `json:"columns"`
	Rows      [][]json.RawMessage `json:"rows"`
	Truncated bool                `json:"truncated"` // there were more than the limit
}

// Table is one table of the facts.
type Table struct {
	Name    string   `json:"name"`
	Help    string   `json:"help"`
	Columns []Column `json:"columns"`
}

// Column is one column of a table.
type Column struct {
	Name string `json:"name"`
	Type string `json:"type"`
	Help string `json:"help"`
}

// SQL runs one read-only statement on the facts. limit bounds the rows; 0
// leaves that to the server.
func (c *Client) SQL(ctx context.Context, statement string, limit int) (Rows, error) {
	in := map[string]any{"sql": statement}
	if limit > 0 {
		in["limit"] = limit
	}
	var out Rows
	err := c.send(ctx, http.MethodPost, "/sql", in, &out)
	return out, err
}

// Schema lists the tables that SQL can ask.
func (c *Client) Schema(ctx context.Context) ([]Table, error) {
	var out struct {
		Tables []Table `json:"tables"`
	}
	err := c.get(ctx, "/sql/schema", nil, &out)
	return out.Tables, err
}
