// Package stamp reads times as Jira writes them. It is pure.
package stamp

import (
	"time"

	"hansei"
	"hansei/internal/source"
)

// Time is a time as Jira writes it: 2026-01-31T10:00:00.000+0000. It is zero
// where Jira says none.
type Time struct{ time.Time }

// UnmarshalJSON implements json.Unmarshaler.
func (s *Time) UnmarshalJSON(b []byte) error {
	var text string
	if err := source.Decode(b, &text); err != nil || text == "" {
		s.Time = time.Time{}
		return err
	}
	for _, layout := range []string{"2006-01-02T15:04:05.000-0700", time.RFC3339Nano} {
		if t, err := time.Parse(layout, text); err == nil {
			s.Time = t.UTC()
			return nil
		}
	}
	return hansei.Invalid("time", "%q: expected a time such as 2026-01-31T10:00:00.000+0000", text)
}
