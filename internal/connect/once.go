package connect

import (
	"context"
	"crypto/sha256"
	"fmt"
	"time"

	"hansei/internal/auth"
	"hansei/internal/record"
	"hansei/internal/source"
)

// once says by what a webhook is known again: by its tool's id, else by its
// content, for ever. Where the tool tells no time either, the same content is a
// repeat only of what came right before it. After something else it is told
// anew, as when what was closed is opened again: then the second it came in
// belongs to its name.
func (h *Hooks) once(ctx context.Context, name string, r source.Receipt, body []byte) (identity string, err error) {
	if r.ID != "" || !r.Untimed {
		return r.ID, nil
	}
	sum := sha256.Sum256(body)
	at := func(t time.Time) string { return fmt.Sprintf("%x in %d", sum, t.Unix()) }
	list, err := h.Sources.Records.Deliveries(ctx, auth.Local().Scope(), record.DeliveryFilter{Source: name, Live: true, Limit: 1})
	if err != nil {
		return "", err
	}
	const stored = 3 // seconds that it may take
	for ago := range stored {
		if len(list) == 0 {
			break
		}
		was := at(list[0].Received.Add(-time.Duration(ago) * time.Second))
		if h.Packer.Pack(name, r.Event, "", was, nil).ID == list[0].ID {
			return was, nil
		}
	}
	return at(h.Sources.Now()), nil
}
