// Package span is what is asked for at a time of what GitHub finds by time: a day
// or a part of one. It is pure.
package span

import (
	"fmt"
	"strings"
	"time"

	"hansei"
)

// Span is a stretch of one day (UTC), in whole seconds, both ends in it.
type Span struct{ From, To time.Time }

const (
	day    = 24 * time.Hour
	second = time.Second
)

// rest is what is left of the day from a time on.
func rest(from time.Time) Span {
	return Span{from, from.Truncate(day).Add(day - second)}
}

// Parse reads what String writes.
func Parse(text string) (Span, error) {
	from, to, ranged := strings.Cut(text, "..")
	layout := time.DateOnly
	if ranged {
		layout = time.RFC3339
	}
	a, err := time.Parse(layout, from)
	if err == nil && !ranged {
		return rest(a), nil
	}
	b, toErr := time.Parse(layout, to)
	if err != nil || toErr != nil || b.Before(a) {
		return Span{}, fmt.Errorf("the place to go on from is unreadable: %q: %w", text, hansei.ErrConflict)
	}
	return Span{a, b}, nil
}

// String writes it as a search of GitHub's takes it.
func (s Span) String() string {
	if s.From.Equal(s.From.Truncate(day)) && s.To.Equal(rest(s.From).To) {
		return s.From.Format(time.DateOnly)
	}
	return s.From.Format(time.RFC3339) + ".." + s.To.Format(time.RFC3339)
}

// Half is its first half.
func (s Span) Half() (Span, error) {
	half := s.To.Add(second).Sub(s.From) / 2
	if half < second {
		return s, fmt.Errorf("%s: more was created in one second than GitHub gives: %w", s, hansei.ErrConflict)
	}
	return Span{s.From, s.From.Add(half.Truncate(second) - second)}, nil
}

// Next is what is left of its day, or the day after it.
func (s Span) Next() Span { return rest(s.To.Add(second)) }
