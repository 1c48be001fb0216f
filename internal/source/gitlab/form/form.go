// Package form knows the forms in which GitLab writes times, people and labels,
// which differ between its webhooks and its API.
package form

import (
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json"

	"hansei"
)

// Stamp is a time in one of the ways GitLab writes it.
type Stamp struct{ time.Time }

var layouts = []string{time.RFC3339Nano, "2006-01-02 15:04:05 -0700", "2006-01-02 15:04:05 MST", "2006-01-02T15:04:05.000Z07:00"}

// UnmarshalJSON implements json.Unmarshaler.
func (s *Stamp) UnmarshalJSON(b []byte) error {
	var text string
	if err := json.Unmarshal(b, &text); err != nil || text == "" {
		s.Time = time.Time{}
		return err
	}
	for _, l := range layouts {
		if t, err := time.Parse(l, text); err == nil {
			s.Time = t.UTC()
			return nil
		}
	}
	return hansei.Invalid("time", "%q: expected a time such as 2026-01-31T10:00:00Z", text)
}

// User is somebody at GitLab.
type User struct {
	Name     string `json:"name"`
	Username string `json:"username"`
}

// Labels are names, or objects with a title.
type Labels []string

// UnmarshalJSON implements json.Unmarshaler.
func (l *Labels) UnmarshalJSON(b []byte) error {
	if json.Unmarshal(b, (*[]string)(l)) == nil {
		return nil
	}
	var list []struct {
		Title string `json:"title"`
	}
	err := json.Unmarshal(b, &list)
	*l = nil
	for _, x := range list {
		*l = append(*l, x.Title)
	}
	return err
}

// Type is what kind of work an issue is by its labels, "" when they do not say.
// Issues with one of followUps, in lower case, are follow-ups.
func (l Labels) Type(followUps []string) string {
	out := ""
	for _, x := range l {
		switch x = strings.ToLower(x); {
		case slices.Contains(followUps, x):
			return "follow-up"
		case strings.Contains(x, "bug"):
			out = "bug"
		case out == "" && (strings.Contains(x, "feature") || strings.Contains(x, "enhancement")):
			out = "feature"
		case out == "" && strings.Contains(x, "maintenance"):
			out = "chore"
		}
	}
	return out
}
