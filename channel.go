package hansei

import (
	"slices"
	"strings"
)

// The kinds of channel.
const (
	ChannelEmail   = "email"
	ChannelSlack   = "slack"
	ChannelTeams   = "teams" // Microsoft Teams
	ChannelWebhook = "webhook"
)

// ChannelTypes lists them.
var ChannelTypes = []string{ChannelEmail, ChannelSlack, ChannelTeams, ChannelWebhook}

// The events that are told of.
const (
	EventDrafted   = "drafted"   // a retrospective was drafted by policy
	EventReview    = "review"    // a retrospective waits for its reviewers
	EventPublished = "published" // a retrospective was published
	EventMention   = "mention"   // a comment names a person
	EventDue       = "due"       // a retrospective or follow-up will be due
	EventOverdue   = "overdue"
	EventEscalated = "escalated" // overdue for long
	EventSimilar   = "similar"   // an open incident is like earlier ones
	EventDigest    = "digest"    // what is open, once a week
	EventTest      = "test"      // somebody tries a channel
)

// ChannelEvents are what a channel can hear of; a mention goes to the person alone.
var ChannelEvents = []string{EventSimilar, EventDrafted, EventReview, EventPublished, EventDue, EventOverdue, EventEscalated, EventDigest}

// DefaultChannelEvents are what a channel hears of when nobody chose.
var DefaultChannelEvents = []string{EventSimilar, EventDrafted, EventReview, EventPublished, EventOverdue, EventDigest}

// Channel is a place that messages go to: a Slack channel, a list of
// addresses, a program. Its id is its name. Secrets are not part of it: they
// are kept encrypted, outside the journal.
type Channel struct {
	Header
	Type     string            `json:"type"`
	Settings map[string]string `json:"settings,omitempty"` // by the names its type gives them; no secrets
	Teams    []ID              `json:"teams,omitempty"`    // whose matters it hears of; everybody's when empty
	Events   []string          `json:"events,omitempty"`   // DefaultChannelEvents when empty
	Paused   bool              `json:"paused,omitzero"`
}

// Kind is KindChannel.
func (*Channel) Kind() Kind { return KindChannel }

// Hears says whether a channel is told of an event in a matter of some teams;
// one of no team is told to channels that hear of everybody's.
func (c *Channel) Hears(event string, teams []ID) bool {
	events := c.Events
	if len(events) == 0 {
		events = DefaultChannelEvents
	}
	if c.Deleted || c.Paused || !slices.Contains(events, event) {
		return false
	}
	return len(c.Teams) == 0 || slices.ContainsFunc(teams, func(t ID) bool { return slices.Contains(c.Teams, t) })
}

// maxTeams bounds the teams of a channel.
const maxTeams = 200

// Validate checks the name, the type and the events.
func (c *Channel) Validate() error {
	if err := c.valid("channel"); err != nil || c.gone() {
		return err
	}
	switch {
	case Slug(string(c.ID)) != c.ID || len(c.ID) > 60:
		return Invalid("name", "%q: expected lower-case letters, digits and hyphens, at most 60", c.ID)
	case !slices.Contains(ChannelTypes, c.Type):
		return Invalid("type", "%q is not a type of channel; expected one of %s", c.Type, strings.Join(ChannelTypes, ", "))
	case len(c.Teams) > maxTeams:
		return Invalid("teams", "%d teams are too many; at most %d", len(c.Teams), maxTeams)
	}
	return eventsKnown(c.Events)
}

func eventsKnown(events []string) error {
	for _, e := range events {
		if !slices.Contains(ChannelEvents, e) && e != EventMention {
			return Invalid("events", "%q is not an event; expected some of %s", e, strings.Join(ChannelEvents, ", "))
		}
	}
	return nil
}
