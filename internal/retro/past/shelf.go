package past

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
	"time"

	"hansei"
	"hansei/internal/auth"
	"hansei/internal/record"
	"hansei/internal/retro"
	"hansei/internal/retro/document"
)

// The states of a document on the shelf.
const (
	Waiting   = "waiting"   // for a person's word
	Confirmed = "confirmed" // and being made a record
	Done      = record.DeliveryDone
	Failed    = record.DeliveryFailed // it cannot be read
	Dropped   = "dropped"             // by a person; can be taken back
)

// States lists them in the order in which people look at them.
var States = []string{Waiting, Confirmed, Failed, Done, Dropped}

// Shelf is where documents wait.
type Shelf struct {
	Records *record.Store
}

// Paper is a document on the shelf and what was read in it.
type Paper struct {
	ID       string          `json:"id"`
	Name     string          `json:"name"`
	State    string          `json:"state"`
	Size     int64           `json:"size"`
	Received time.Time       `json:"received"`
	Error    string          `json:"error,omitempty"` // why it cannot be read
	Known    bool            `json:"known,omitempty"` // it was on the shelf already
	Found    *document.Found `json:"found,omitempty"`
	Imported *Imported       `json:"imported,omitempty"` // once it is done
}

// kept is what stands in the delivery's summary.
type kept struct {
	Found    *document.Found `json:"found,omitempty"`
	Imported *Imported       `json:"imported,omitempty"`
}

// Name is what a file is called by from now on: its own name, with that of its
// folder where the own one says nothing.
func Name(file string) string {
	file = strings.Trim(path.Clean("/"+strings.ReplaceAll(file, `\`, "/")), "/")
	base := path.Base(file)
	switch strings.ToLower(strings.TrimSuffix(base, path.Ext(base))) {
	case "index", "readme", "postmortem", "post-mortem", "retro", "retrospective", "report", "incident":
		if dir := path.Base(path.Dir(file)); dir != "." && dir != "/" {
			return dir + "/" + base
		}
	}
	return base
}

// options mark the deliveries of the shelf as files, not of a live source.
const options = `{"kind":"retrospective"}`

// Put stores a document and reads it. One that cannot be read stands there with
// its error; that is no error of Put.
func (s *Shelf) Put(ctx context.Context, who auth.Actor, file string, text []byte) (Paper, error) {
	if len(text) > document.Max {
		return Paper{}, hansei.Invalid(file, "%d bytes are too many for a retrospective; at most %d", len(text), document.Max)
	}
	d, isNew, err := s.Records.PutDelivery(ctx, who, hansei.Delivery{Source: documents, Name: Name(file)}, options, bytes.NewReader(text))
	if err != nil {
		return Paper{}, err
	}
	if !isNew && d.State != record.DeliveryReceived {
		p, err := paperOf(d)
		p.Known = true
		return p, err
	}
	return s.read(ctx, who, d, text)
}

// read reads a stored document and notes what it says.
func (s *Shelf) read(ctx context.Context, who auth.Actor, d record.Delivery, text []byte) (Paper, error) {
	rules, err := retro.Rules(ctx, s.Records, who.Scope())
	if err != nil {
		return Paper{}, err
	}
	state, says := Waiting, ""
	found, err := document.Read(d.Name, text, rules)
	if err != nil {
		// Whatever it is, it is said to the person and stops no other document.
		state, says, found = Failed, reason(err), nil
	}
	return s.note(ctx, who, d.ID, state, says, kept{Found: found})
}

func reason(err error) string {
	var invalid *hansei.InvalidError
	if errors.As(err, &invalid) {
		return invalid.Reason
	}
	return err.Error()
}

// note writes what became of a document.
func (s *Shelf) note(ctx context.Context, who auth.Actor, id, state, says string, k kept) (Paper, error) {
	text, err := json.Marshal(k)
	if err != nil {
		return Paper{}, fmt.Errorf("document %s: %w", id, err)
	}
	if _, err := s.Records.Write(ctx, who, func(tx *record.Tx) error { return tx.FinishDelivery(id, state, says, string(text)) }); err != nil {
		return Paper{}, err
	}
	return s.Get(ctx, who.Scope(), id)
}

func paperOf(d record.Delivery) (Paper, error) {
	p := Paper{ID: d.ID, Name: d.Name, State: d.State, Size: d.Size, Received: d.Received, Error: d.Error}
	var k kept
	if d.Summary != "" {
		if err := json.Unmarshal([]byte(d.Summary), &k); err != nil {
			return p, fmt.Errorf("document %s: %w", d.ID, err)
		}
	}
	p.Found, p.Imported = k.Found, k.Imported
	return p, nil
}

// Get is one document of the shelf.
func (s *Shelf) Get(ctx context.Context, who auth.Scope, id string) (Paper, error) {
	d, err := s.Records.GetDelivery(ctx, who, id)
	if err == nil && d.Source != documents {
		err = fmt.Errorf("document %s: %w", id, hansei.ErrNotFound)
	}
	if err != nil {
		return Paper{}, err
	}
	return paperOf(d)
}

// Text is a document as it came.
func (s *Shelf) Text(ctx context.Context, who auth.Scope, id string) (text []byte, err error) {
	if _, err := s.Get(ctx, who, id); err != nil {
		return nil, err
	}
	body, err := s.Records.OpenDelivery(ctx, who, id)
	if err != nil {
		return nil, err
	}
	defer func() {
		if closing := body.Close(); err == nil {
			err = closing
		}
	}()
	return io.ReadAll(io.LimitReader(body, document.Max+1))
}

// List lists documents in a state, or in any, the newest first, received before
// a time.
func (s *Shelf) List(ctx context.Context, who auth.Scope, state string, before time.Time, limit int) ([]Paper, error) {
	if state != "" && !slices.Contains(States, state) {
		return nil, hansei.Invalid("state", "%q: expected one of %s", state, strings.Join(States, ", "))
	}
	list, err := s.Records.Deliveries(ctx, who, record.DeliveryFilter{Source: documents, State: state, Before: before, Limit: limit})
	if err != nil {
		return nil, err
	}
	out := make([]Paper, 0, len(list))
	for _, d := range list {
		p, err := paperOf(d)
		if err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	return out, nil
}

// Counts are how many documents are in each state.
func (s *Shelf) Counts(ctx context.Context, who auth.Scope) (map[string]int, error) {
	return s.Records.DeliveryStates(ctx, who, documents)
}
