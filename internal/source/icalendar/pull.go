package icalendar

import (
	"errors"
	"fmt"
	"hash/crc32"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json"

	"hansei"
	"hansei/internal/source"
	"hansei/internal/source/fetch"
)

// kept is how long a shift that has ended is still watched for changes.
const kept = 35 * 24 * time.Hour

// reading is a delivery: the feed as it was, which of its shifts are told
// (those that ended after Since and began by Until), and which are gone.
type reading struct {
	Since    time.Time `json:"since"`
	Until    time.Time `json:"until"`
	Gone     []string  `json:"gone,omitempty"`
	Calendar string    `json:"calendar"`
}

// cursor is what was told at the last reading.
type cursor struct {
	Read   time.Time       `json:"read"`
	Shifts map[string]told `json:"shifts"` // the recent ones
}

// told is what was told of a shift: its end in Unix seconds, and a checksum of
// all of it.
type told struct {
	End int64  `json:"end"`
	Sum uint32 `json:"sum"`
}

// Streams is the feed, looked at every hour.
func (f *feed) Streams() []source.Stream {
	return []source.Stream{{Name: "calendar", Title: "On-call duty", Every: time.Hour, Pull: f.pull}}
}

func (f *feed) pull(p *source.Pull) error {
	was, since := cursor{}, p.From
	if p.Cursor != "" {
		if err := json.Unmarshal([]byte(p.Cursor), &was); err != nil {
			return fmt.Errorf("the place to go on from is unreadable: %q: %w", p.Cursor, errors.Join(err, hansei.ErrConflict))
		}
		since = was.Read.Add(-kept)
	}
	body, err := f.get(p)
	if err != nil {
		return err
	}
	now := p.Now.UTC().Truncate(time.Second)
	shifts, first, err := f.Read(body, since, now)
	if err != nil {
		return fmt.Errorf("feed: %w", err)
	}
	is := cursor{Read: now, Shifts: map[string]told{}}
	r := reading{Since: since.UTC(), Until: now, Calendar: string(body)}
	news := p.Cursor == ""
	for _, s := range shifts {
		text, err := json.Marshal(s.Shift)
		if err != nil {
			return fmt.Errorf("feed: %w", err)
		}
		it := told{s.Ended.Unix(), crc32.ChecksumIEEE(text)}
		if s.Ended.After(now.Add(-kept)) {
			is.Shifts[s.Key] = it
			news = news || was.Shifts[s.Key] != it
		}
	}
	for key, it := range was.Shifts {
		ended := time.Unix(it.End, 0)
		_, still := is.Shifts[key]
		// What ended before the feed's first event slid out of it.
		if !still && ended.After(now.Add(-kept)) && !first.IsZero() && ended.After(first) {
			r.Gone = append(r.Gone, key)
		}
	}
	slices.Sort(r.Gone)
	if !news && len(r.Gone) == 0 {
		return nil // programs stamp a feed anew each time they give it
	}
	page, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("feed: %w", err)
	}
	next, err := json.Marshal(is, json.Deterministic(true))
	if err != nil {
		return fmt.Errorf("feed: %w", err)
	}
	return p.Emit(source.Page{Body: page, Cursor: string(next), Through: now})
}

// get reads the feed. Its address is a secret: it is in no error, and no log
// tells of a call that is repeated.
func (f *feed) get(p *source.Pull) ([]byte, error) {
	p.Client.Log = nil
	r, err := p.Client.Get(p.Ctx, f.url, http.Header{"Accept": {"text/calendar"}})
	var no *fetch.StatusError
	switch {
	case err == nil:
		return r.Body, nil
	case p.Ctx.Err() != nil:
		return nil, p.Ctx.Err()
	case errors.As(err, &no):
		return nil, fmt.Errorf("the feed answers with status %d", no.Status)
	}
	text := err.Error()
	for _, secret := range f.secrets {
		text = strings.ReplaceAll(text, secret, "…")
	}
	return nil, errors.New(text)
}

// Normalize tells the shifts of a reading.
func (f *feed) Normalize(d source.Delivery) ([]hansei.Observation, error) {
	var r reading
	if err := json.Unmarshal(d.Body, &r); err != nil {
		return nil, hansei.Invalid("body", "not a reading of a feed: %v", err)
	}
	shifts, _, err := f.Read([]byte(r.Calendar), r.Since, r.Until)
	if err != nil {
		return nil, err
	}
	var out []hansei.Observation
	add := func(key string, s hansei.Shift, partial bool) {
		out = append(out, hansei.Observation{Key: hansei.Key{Kind: hansei.KindShift, Source: f.name, External: key}, Record: &s, At: r.Until.UTC(), Partial: partial, Line: len(out) + 1})
	}
	for _, s := range shifts {
		add(s.Key, s.Shift, false)
	}
	for _, key := range r.Gone {
		add(key, hansei.Shift{Header: hansei.Header{Deleted: true}}, true)
	}
	if len(out) == 0 {
		return nil, source.Unused("no duty has begun")
	}
	return out, nil
}

// Check reads the feed, and in it the last year: a rule of many years may have
// more occurrences than one reading takes.
func (f *feed) Check(p *source.Pull) []source.Finding {
	body, err := f.get(p)
	if err != nil {
		return []source.Finding{{Says: "The feed cannot be read: " + err.Error()}}
	}
	shifts, _, err := f.Read(body, p.Now.AddDate(-1, 0, 0), p.Now)
	switch {
	case err != nil:
		return []source.Finding{{OK: true, Says: "The feed can be read."}, {Says: "It is not understood: " + err.Error()}}
	case len(shifts) == 0:
		return []source.Finding{{OK: true, Says: "The feed can be read."}, {Says: "It tells of no duty of the last year. Does the pattern fit its titles?"}}
	}
	last := shifts[len(shifts)-1]
	return []source.Finding{{OK: true, Says: fmt.Sprintf("The feed tells of %d shifts of the last year; the last to begin is of %s, from %s.", len(shifts), last.Person, last.Began.Format(time.RFC3339))}}
}
