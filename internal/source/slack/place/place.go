// Package place knows how far the channels of a Slack workspace were read, and
// how far back each is to be looked at again. It is pure.
package place

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"hansei/internal/source/slack/reading"
)

const (
	// again is how far back each run reaches in a channel: threads go on under
	// old messages, and reactions come late.
	again = 48 * time.Hour
	// afar is how far back one run a day (every) reaches in channels that are
	// not archived, whose incidents are open still: what no event told of older
	// messages is found then.
	afar  = 30 * 24 * time.Hour
	every = 24 * time.Hour
)

// Place is where the reading stands.
type Place struct {
	Seen map[string]string `json:"seen,omitempty"` // channel → timestamp of its newest message
	Done []string          `json:"done,omitempty"` // channels, in this run
	Shut []string          `json:"shut,omitempty"` // archived channels that were read since
	Afar bool              `json:"afar,omitempty"` // this run looks back far
	Last time.Time         `json:"last,omitzero"`  // when the last such run ended
}

// Parse reads a cursor; an empty one is the very beginning.
func Parse(cursor string, now time.Time) (Place, error) {
	var p Place
	if cursor != "" {
		if err := json.Unmarshal([]byte(cursor), &p); err != nil {
			return p, fmt.Errorf("the place to go on from is unreadable: %w", err)
		}
	}
	if p.Seen == nil {
		p.Seen = map[string]string{}
	}
	if len(p.Done) == 0 {
		p.Afar = now.Sub(p.Last) >= every
	}
	return p, nil
}

// Cursor writes it.
func (p Place) Cursor() (string, error) {
	text, err := json.Marshal(p)
	return string(text), err
}

// Passes says whether a channel need not be read in this run.
func (p Place) Passes(ch reading.Channel) bool {
	return slices.Contains(p.Done, ch.ID) || ch.Archived && slices.Contains(p.Shut, ch.ID)
}

// Oldest is the timestamp from which on a channel is read, "" for all of it.
func (p Place) Oldest(channel string, now time.Time) string {
	whole, _, _ := strings.Cut(p.Seen[channel], ".")
	var newest int64
	if _, err := fmt.Sscan(whole, &newest); err != nil {
		return ""
	}
	from := time.Unix(newest, 0).Add(-again)
	if long := now.Add(-afar); p.Afar && long.Before(from) {
		from = long
	}
	return fmt.Sprintf("%d.000000", from.Unix())
}

// Read notes that all of a channel was read.
func (p *Place) Read(channel, newest string) {
	p.Seen[channel] = newest
	p.Done = append(p.Done, channel)
}

// End is the place after a run through some channels. Of others nothing is
// known any more: if one is an incident channel again, it is read anew.
func (p Place) End(channels []reading.Channel, now time.Time) Place {
	out := Place{Seen: map[string]string{}, Last: p.Last}
	if p.Afar {
		out.Last = now
	}
	for _, ch := range channels {
		ts, seen := p.Seen[ch.ID]
		if seen {
			out.Seen[ch.ID] = ts
		}
		if seen && ch.Archived {
			out.Shut = append(out.Shut, ch.ID)
		}
	}
	return out
}
