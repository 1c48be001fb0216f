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
	"hansei/internal/source/icalendar/duty"
)

// kept is how long a shift that has ended is still watched for changes.
const kept = 35 * 24 * time.Hour

// reading is a delivery: the feed as it was, which of its shifts are told
// (those that ended after Since and began by Until), and which are gone. One
// that is Flawed fails until all of it is understood, for a person to see.
type reading struct {
	Since    time.Time `json:"since"`
	Until    time.Time `json:"until"`
	Gone     []string  `json:"gone,omitempty"`
	Flawed   bool      `json:"flawed,omitempty"`
	Calendar string    `json:"calendar"`
}

// cursor is what was told at the last reading.
type cursor struct {
	Read   time.Time       `json:"read"`
	Shifts map[string]told `json:"shifts"`          // the recent ones
	Flaws  uint32          `json:"flaws,omitempty"` // a checksum of what was said of them
	Owed   time.Time       `json:"owed,omitzero"`   // from when on duty is to be told once they are understood
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
		if !was.Owed.IsZero() {
			since = was.Owed
		}
	}
	body, err := f.get(p)
	if err != nil {
		return err
	}
	now := p.Now.UTC().Truncate(time.Second)
	says, err := f.Read(body, since, now)
	if err != nil {
		return fmt.Errorf("feed: %w", err)
	}
	is := cursor{Read: now, Shifts: map[string]told{}, Flaws: was.Flaws}
	r := reading{Since: since.UTC(), Until: now, Calendar: string(body)}
	flaws := uint32(0)
	if len(says.Flaws) > 0 {
		flaws = crc32.ChecksumIEEE([]byte(refusal(says.Flaws).Error()))
		is.Owed = r.Since
	}
	// What was owed is older than what is compared below.
	news := len(says.Shifts) > 0 && (p.Cursor == "" || flaws != was.Flaws) || p.Cursor == "" && flaws == 0
	for _, s := range says.Shifts {
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
		switch {
		case still || !ended.After(now.Add(-kept)):
		case slices.ContainsFunc(says.Flaws, func(x duty.Flaw) bool { return x.Of(key) }):
			is.Shifts[key] = it // what its event says now is not known
		// What ended before the feed's first event slid out of it.
		case !says.First.IsZero() && ended.After(says.First):
			r.Gone = append(r.Gone, key)
		}
	}
	slices.Sort(r.Gone)
	// What could not be understood is told of once, and once that all of it is:
	// also at first, for a feed that is read anew may have been flawed.
	more := flaws != is.Flaws || p.Cursor == ""
	if news || len(r.Gone) > 0 { // programs stamp a feed anew each time they give it
		if err := emit(p, r, is, !more); err != nil {
			return err
		}
	}
	if !more {
		return nil
	}
	is.Flaws, r.Flawed, r.Gone = flaws, true, nil
	if flaws == 0 {
		r.Calendar = ""
	}
	return emit(p, r, is, true)
}

// refusal says which events could not be understood, and why.
func refusal(flaws []duty.Flaw) error {
	const most = 5
	var each []string
	for _, x := range flaws[:min(most, len(flaws))] {
		each = append(each, fmt.Sprintf("event %q: %v", x.UID, x.Err))
	}
	if more := len(flaws) - most; more > 0 {
		each = append(each, fmt.Sprintf("and %d more", more))
	}
	return hansei.Invalid("feed", "of these events no duty is told until they are understood: %s", strings.Join(each, "; "))
}

// emit gives one page; last says that there is no other.
func emit(p *source.Pull, r reading, is cursor, last bool) error {
	next, err := json.Marshal(is, json.Deterministic(true))
	if err != nil {
		return fmt.Errorf("feed: %w", err)
	}
	page := source.Page{Cursor: string(next), Flawed: r.Flawed}
	if last {
		page.Through = is.Read
	}
	if r.Calendar != "" {
		if page.Body, err = json.Marshal(r); err != nil {
			return fmt.Errorf("feed: %w", err)
		}
	}
	return p.Emit(page)
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
		return nil, hansei.Invalid("body", "not a reading of a feed: %s", source.Words(err))
	}
	says, err := f.Read([]byte(r.Calendar), r.Since, r.Until)
	switch {
	case err != nil:
		return nil, err
	case len(says.Flaws) > 0 && (r.Flawed || len(says.Shifts) == 0 && len(r.Gone) == 0):
		return nil, refusal(says.Flaws)
	}
	var out []hansei.Observation
	add := func(key string, s hansei.Shift, partial bool) {
		out = append(out, hansei.Observation{Key: hansei.Key{Kind: hansei.KindShift, Source: f.name, External: key}, Record: &s, At: r.Until.UTC(), Partial: partial, Line: len(out) + 1})
	}
	for _, s := range says.Shifts {
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
	says, err := f.Read(body, p.Now.AddDate(-1, 0, 0), p.Now)
	if err != nil {
		return []source.Finding{{OK: true, Says: "The feed can be read."}, {Says: "It is not understood: " + err.Error()}}
	}
	var out []source.Finding
	if n := len(says.Shifts); n > 0 {
		last := says.Shifts[n-1]
		out = append(out, source.Finding{OK: true, Says: fmt.Sprintf("The feed tells of %d shifts of the last year; the last to begin is of %s, from %s.", n, last.Person, last.Began.Format(time.RFC3339))})
	} else {
		out = append(out, source.Finding{OK: true, Says: "The feed can be read."})
	}
	switch {
	case len(says.Flaws) > 0:
		out = append(out, source.Finding{Says: "Not all of it is understood: " + refusal(says.Flaws).Error()})
	case len(says.Shifts) == 0:
		out = append(out, source.Finding{Says: "It tells of no duty of the last year. Does the pattern fit its titles?"})
	}
	return out
}
