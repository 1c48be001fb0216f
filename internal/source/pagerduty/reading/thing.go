// Package reading turns what PagerDuty says into observations: its webhooks and
// the pages of its lists, which show the same things in the same words.
//
// It is pure and knows no address and no secret; package pagerduty asks.
package reading

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// thing is anything that PagerDuty tells of, or only names: an incident, an
// entry of its log, a note, a service, a person. Each sort has some of these
// fields.
type thing struct {
	ID         string         `json:"id"`
	Type       string         `json:"type"`
	Summary    string         `json:"summary"`
	URL        string         `json:"html_url"`
	Self       string         `json:"self"`
	Name       string         `json:"name"`
	Title      string         `json:"title"`
	Status     string         `json:"status"`
	Urgency    string         `json:"urgency"`
	State      string         `json:"state"`   // of a responder
	Content    string         `json:"content"` // of a note
	Trimmed    bool           `json:"trimmed"` // the content is cut
	Message    string         `json:"message"` // of a status update
	Note       string         `json:"note"`    // of a log entry
	Bridge     string         `json:"conference_url"`
	Reason     jsontext.Value `json:"resolve_reason"`
	Value      jsontext.Value `json:"value"` // of a custom field
	At         time.Time      `json:"at"`
	Created    time.Time      `json:"created_at"`
	Updated    time.Time      `json:"updated_at"`
	Resolved   time.Time      `json:"resolved_at"`
	Incident   *thing         `json:"incident"`
	Service    *thing         `json:"service"`
	Priority   *thing         `json:"priority"`
	Sort       *thing         `json:"incident_type"`
	Conference *thing         `json:"conference_bridge"`
	Agent      *thing         `json:"agent"`
	User       *thing         `json:"user"`
	By         *thing         `json:"acknowledger"`
	Channel    *thing         `json:"channel"`
	Teams      []thing        `json:"teams"`
	Assignees  []thing        `json:"assignees"`
	Acks       []thing        `json:"acknowledgements"`
	Responders []thing        `json:"incidents_responders"`
	Fields     []thing        `json:"custom_fields"`
}

// label is what people call it; empty for nothing.
func (t *thing) label() string {
	if t == nil {
		return ""
	}
	return cmp.Or(t.Name, t.Summary)
}

func (t *thing) person() bool {
	return t.label() != "" && (t.Type == "user" || t.Type == "user_reference")
}

// title is an incident's title, without the number that a reference puts
// before it: "[#1234] The server is on fire."
func (t *thing) title() string {
	if t.Title != "" {
		return t.Title
	}
	if number, rest, ok := strings.Cut(t.Summary, "] "); ok && strings.HasPrefix(number, "[#") {
		return rest
	}
	return t.Summary
}

// plain writes the value of a custom field for people: "US", "130", "a, b".
func plain(v jsontext.Value) string {
	var texts []string
	if json.Unmarshal(v, &texts) == nil {
		return strings.Join(texts, ", ")
	}
	var one any
	if json.Unmarshal(v, &one) != nil || one == nil {
		return ""
	}
	return fmt.Sprint(one)
}
