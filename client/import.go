package client

import (
	"context"
	"encoding/json"
	"io"
	"iter"
	"net/url"
	"strconv"
	"time"
)

// File is a file to import. Kind, Source, Zone and Mapping (YAML) may be empty.
type File struct {
	Name    string
	Kind    string
	Source  string
	Zone    string
	Mapping string
	Body    io.Reader
}

func (f File) values() url.Values {
	v := url.Values{}
	for name, value := range map[string]string{"name": f.Name, "kind": f.Kind, "source": f.Source, "zone": f.Zone, "map": f.Mapping} {
		set(v, name, value)
	}
	return v
}

// The states of an import.
const (
	ImportReceived = "received"
	ImportDone     = "done"
	ImportFailed   = "failed"
)

// Import is a delivery: how far it is and what came of it.
type Import struct {
	ID       string    `json:"id"`
	Source   string    `json:"source"`
	Name     string    `json:"name"`
	Size     int64     `json:"size"`
	Received time.Time `json:"received"`
	State    string    `json:"state"`
	Known    bool      `json:"known,omitempty"` // the same file was imported before
	Error    string    `json:"error,omitempty"`
	Progress *Progress `json:"progress,omitempty"`
	Summary  *Summary  `json:"summary,omitempty"`
	Seq      int64     `json:"seq,omitempty"`
	Visible  bool      `json:"visible"` // figures and lists hold it
}

// Progress is how far an import is.
type Progress struct {
	Rows    int64     `json:"rows"`
	Bytes   int64     `json:"bytes"`
	Total   int64     `json:"total"`
	Started time.Time `json:"started"`
}

// Summary is what came of an import.
type Summary struct {
	Kind      string   `json:"kind"`
	Rows      int      `json:"rows"`
	Created   int      `json:"created"`
	Updated   int      `json:"updated"`
	Unchanged int      `json:"unchanged"`
	Rejected  int      `json:"rejected"`
	Seconds   float64  `json:"seconds"`
	Notes     []string `json:"notes,omitempty"`
}

// Reject is one row that could not be used.
type Reject struct {
	Line     int    `json:"line"`
	Column   string `json:"column"`
	Value    string `json:"value"`
	Expected string `json:"expected"`
}

// StartImport sends a file and returns once it is stored; Wait follows it.
func (c *Client) StartImport(ctx context.Context, f File) (out Import, err error) {
	return out, c.do(ctx, call{method: "POST", path: "/imports", query: f.values(), body: f.Body, into: &out})
}

// GetImport reads how far an import is.
func (c *Client) GetImport(ctx context.Context, id string) (out Import, err error) {
	return out, c.do(ctx, call{method: "GET", path: "/imports" + at(id), into: &out})
}

// pollEvery is how often Wait asks.
const pollEvery = 100 * time.Millisecond

// Wait follows an import until it is done or failed and figures hold it. see
// is called with each state; it may be nil.
func (c *Client) Wait(ctx context.Context, id string, see func(Import)) (Import, error) {
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		im, err := c.GetImport(ctx, id)
		if err != nil {
			return im, err
		}
		if see != nil {
			see(im)
		}
		if im.State != ImportReceived && im.Visible {
			return im, nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return im, ctx.Err()
		}
	}
}

// Import sends a file and waits until figures hold it.
func (c *Client) Import(ctx context.Context, f File, see func(Import)) (Import, error) {
	im, err := c.StartImport(ctx, f)
	if err != nil || im.Known {
		return im, err
	}
	return c.Wait(ctx, im.ID, see)
}

// Imports lists deliveries, the newest first.
func (c *Client) Imports(ctx context.Context) iter.Seq2[Import, error] {
	v := url.Values{}
	return pages(func(cursor string) ([]Import, string, error) {
		var page struct {
			Imports []Import
			Next    string
		}
		set(v, "cursor", cursor)
		err := c.do(ctx, call{method: "GET", path: "/imports", query: v, into: &page})
		return page.Imports, page.Next, err
	})
}

// Rejects lists the rows of an import that could not be used.
func (c *Client) Rejects(ctx context.Context, id string) iter.Seq2[Reject, error] {
	v := url.Values{"limit": {strconv.Itoa(maxPage)}}
	return pages(func(cursor string) ([]Reject, string, error) {
		var page struct {
			Rejects []Reject
			Next    string
		}
		set(v, "cursor", cursor)
		err := c.do(ctx, call{method: "GET", path: "/imports" + at(id, "rejects"), query: v, into: &page})
		return page.Rejects, page.Next, err
	})
}

// Replay understands a delivery again.
func (c *Client) Replay(ctx context.Context, id string) (out Import, err error) {
	return out, c.do(ctx, call{method: "POST", path: "/imports" + at(id, "replay"), into: &out})
}

// Plan is a dry run: how a file would be read and what would come of it.
type Plan struct {
	Plan     FilePlan          `json:"plan"`
	Records  []json.RawMessage `json:"records"`
	Rows     int               `json:"rows"`
	Rejected int               `json:"rejected"`
	Rejects  []Reject          `json:"rejects"`
}

// FilePlan is how a file would be read.
type FilePlan struct {
	Format      string       `json:"format"`
	Compression string       `json:"compression,omitempty"`
	Separator   string       `json:"separator,omitempty"`
	List        []string     `json:"list,omitempty"`
	Kind        string       `json:"kind"`
	Source      string       `json:"source"`
	Zone        string       `json:"zone"`
	DateOrder   string       `json:"date_order"`
	Key         string       `json:"key,omitempty"`
	EventLog    bool         `json:"event_log"`
	RowsRead    int          `json:"rows_read"`
	Complete    bool         `json:"complete,omitempty"`
	Columns     []FileColumn `json:"columns"`
	Notes       []string     `json:"notes,omitempty"`
}

// FileColumn is what one column would become.
type FileColumn struct {
	Name       string            `json:"name,omitempty"`
	JQ         string            `json:"jq,omitempty"`
	Field      string            `json:"field,omitempty"`
	How        string            `json:"how"`
	TimeFormat string            `json:"time_format,omitempty"`
	Zone       string            `json:"zone,omitempty"`
	Values     map[string]string `json:"values,omitempty"`
	Samples    []string          `json:"samples,omitempty"`
}

// PlanImport reads a file without storing anything.
func (c *Client) PlanImport(ctx context.Context, f File) (out Plan, err error) {
	return out, c.do(ctx, call{method: "POST", path: "/imports/plan", query: f.values(), body: f.Body, into: &out})
}
