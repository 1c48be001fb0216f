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

// thing is anything that PagerDuty tells of: an incident, an entry of its log, a
// note, a service. Each sort has some of these fields.
type thing struct {
	ref
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
	Created    time.Time      `json:"created_at"`
	Updated    time.Time      `json:"updated_at"`
	Resolved   time.Time      `json:"resolved_at"`
	Incident   *thing         `json:"incident"`
	Service    *ref           `json:"service"`
	Priority   *ref           `json:"priority"`
	Sort       *ref           `json:"incident_type"`
	Agent      *ref           `json:"agent"`
	User       *ref           `json:"user"`
	Channel    *ref           `json:"channel"`
	Teams      []ref          `json:"teams"`
	Assignees  []ref          `json:"assignees"`
	Value      jsontext.Value `json:"value"` // of a custom field
	At         time.Time      `json:"at"`
	By         *ref           `json:"acknowledger"`
	Conference *thing         `json:"conference_bridge"`
	Acks       []thing        `json:"acknowledgements"`
	Responders []thing        `json:"incidents_responders"`
	Fields     []thing        `json:"custom_fields"`
}

// ref is what is only named: a service, a person, a team.
type ref struct {
	ID      string `json:"id"`
	Type    string `json:"type"`
	Summary string `json:"summary"`
	URL     string `json:"html_url"`
	Self    string `json:"self"`
	Name    string `json:"name"`
}

// label is what people call it; empty for nothing.
func (t *ref) label() string {
	if t == nil {
		return ""
	}
	return cmp.Or(t.Name, t.Summary)
}

func (t *ref) person() bool {
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
