package client

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"iter"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// Options say how a file is to be understood. All may be empty: then it is
// recognised.
type Options struct {
	Name    string // of the file; its ending helps to recognise it
	Kind    string
	Source  string
	Zone    string // for times that name none
	Mapping []byte // YAML
}

// mappingHeader carries the mapping beside a body that is the raw file.
const mappingHeader = "X-Hansei-Mapping"

func (o Options) request(path string, file io.Reader) request {
	v := url.Values{}
	set(v, "name", o.Name)
	set(v, "kind", o.Kind)
	set(v, "source", o.Source)
	set(v, "zone", o.Zone)
	r := request{method: http.MethodPost, path: path, query: v, body: file, media: "application/octet-stream"}
	if len(o.Mapping) > 0 {
		r.header = http.Header{mappingHeader: {base64.StdEncoding.EncodeToString(o.Mapping)}}
	}
	return r
}

// Import is one file that was received, and what came of it.
type Import struct {
	ID       string    `json:"id"`
	Name     string    `json:"name"`
	Source   string    `json:"source"`
	Size     int64     `json:"size"` // bytes
	Received time.Time `json:"received"`
	State    string    `json:"state"`
	Error    string    `json:"error,omitempty"`
	Summary  *Summary  `json:"summary,omitempty"`
	Progress *Progress `json:"progress,omitempty"` // while it is being understood
}

// The states of an import.
const (
	Received = "received" // stored, and not yet understood
	Applying = "applying" // in the journal, while the figures follow
	Done     = "done"
	Failed   = "failed"
	Aside    = "aside" // of deliveries
)

// Ended says that nothing more comes of an import.
func (i Import) Ended() bool { return i.State == Done || i.State == Failed }

// Summary counts what came of an import.
type Summary struct {
	Kind      string   `json:"kind"`
	Rows      int64    `json:"rows"`
	Created   int64    `json:"created"`
	Updated   int64    `json:"updated"`
	Unchanged int64    `json:"unchanged"`
	Rejected  int64    `json:"rejected"`
	Seconds   float64  `json:"seconds"`
	Notes     []string `json:"notes,omitempty"`
}

// Progress is how far an import is.
type Progress struct {
	Rows    int64     `json:"rows"`
	Bytes   int64     `json:"bytes"` // of the file, read so far
	Total   int64     `json:"total"` // bytes of the file
	Started time.Time `json:"started"`
}

// Reject is a row that could not be used.
type Reject struct {
	N        int64  `json:"n,omitempty"` // its place in the list, from 1
	Line     int64  `json:"line"`
	Column   string `json:"column"`
	Value    string `json:"value"`
	Expected string `json:"expected"`
}

// Receipt says under which id a file was stored. Known is true when the same
// file with the same options had been received before.
type Receipt struct {
	ID    string `json:"id"`
	Known bool   `json:"known"`
	State string `json:"state"`
}

// StartImport sends a file. It returns when the file is stored; it is
// understood after that, see Import.
func (c *Client) StartImport(ctx context.Context, o Options, file io.Reader) (Receipt, error) {
	var out Receipt
	err := c.do(ctx, o.request("/imports", file), &out)
	return out, err
}

// PlanImport tells how a file would be read, without storing anything.
func (c *Client) PlanImport(ctx context.Context, o Options, file io.Reader) (json.RawMessage, error) {
	var out json.RawMessage
	err := c.do(ctx, o.request("/imports/plan", file), &out)
	return out, err
}

// Import is how far one import is and what came of it.
func (c *Client) Import(ctx context.Context, id string) (Import, error) {
	var out Import
	err := c.get(ctx, "/imports/"+segment(id), nil, &out)
	return out, err
}

// Imports yields the files received, the newest first.
func (c *Client) Imports(ctx context.Context, limit int) iter.Seq2[Import, error] {
	return func(yield func(Import, error) bool) {
		v := url.Values{}
		for left := limit; ; {
			var page struct {
				Imports []Import `json:"imports"`
				Next    string   `json:"next"`
			}
			if err := c.get(ctx, "/imports", v, &page); err != nil {
				yield(Import{}, err)
				return
			}
			for _, i := range page.Imports {
				if !yield(i, nil) {
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

// Rejects yields the rows of an import that could not be used, limit of them
// at most unless it is 0.
func (c *Client) Rejects(ctx context.Context, id string, limit int) iter.Seq2[Reject, error] {
	return func(yield func(Reject, error) bool) {
		v := url.Values{}
		for left := limit; ; {
			if limit > 0 {
				v.Set("limit", strconv.Itoa(min(left, maxPage)))
			}
			var page struct {
				Rejects []Reject `json:"rejects"`
				Next    int64    `json:"next"` // 0 at the end
			}
			if err := c.get(ctx, "/imports/"+segment(id)+"/rejects", v, &page); err != nil {
				yield(Reject{}, err)
				return
			}
			for _, r := range page.Rejects {
				if !yield(r, nil) {
					return
				}
				if left--; left == 0 {
					return
				}
			}
			if page.Next == 0 {
				return
			}
			v.Set("after", strconv.FormatInt(page.Next, 10))
		}
	}
}

// Replay has an import understood again.
func (c *Client) Replay(ctx context.Context, id string) error {
	return c.send(ctx, http.MethodPost, "/imports/"+segment(id)+"/replay", nil, nil)
}
