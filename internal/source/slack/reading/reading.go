// Package reading understands what Slack says: events and pages of messages.
// It is pure.
//
// A message tells the id of its channel and not its name. So what messages
// tell is incomplete until something has told that the channel is an incident
// channel: its creation, a renaming, or a pulled page.
package reading

import (
	"regexp"
	"strings"
	"time"

	"hansei"
	"hansei/internal/source"
)

// Workspace is one configured Slack workspace.
type Workspace struct {
	Name     string         // of the source
	Channels *regexp.Regexp // the names of incident channels
	Alone    bool           // nothing is pulled: people are known by their ids
}

// Page is a part of a channel's history as the puller hands it over.
type Page struct {
	Channel  Channel           `json:"channel"`
	Messages []Message         `json:"messages"`
	Users    map[string]string `json:"users"` // names by id
}

// Channel is a conversation.
type Channel struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	Created  int64  `json:"created"` // seconds since 1970
	Archived bool   `json:"is_archived"`
	Updated  int64  `json:"updated"` // milliseconds since 1970
	Topic    struct {
		Value string `json:"value"`
	} `json:"topic"`
	Purpose struct {
		Value string `json:"value"`
	} `json:"purpose"`
}

// Message is one message of a channel or a thread.
type Message struct {
	Type    string `json:"type"`
	Subtype string `json:"subtype"`
	TS      string `json:"ts"`
	User    string `json:"user"`
	BotID   string `json:"bot_id"`
	Bot     string `json:"username"`
	Text    string `json:"text"`
	Edited  *struct {
		TS string `json:"ts"`
	} `json:"edited"`
	Reactions []struct {
		Name  string   `json:"name"`
		Users []string `json:"users"`
	} `json:"reactions"`
	PinnedTo    []string `json:"pinned_to"`
	ThreadTS    string   `json:"thread_ts"`
	ReplyCount  int      `json:"reply_count"`
	LatestReply string   `json:"latest_reply"`
}

type envelope struct {
	Type  string `json:"type"`
	Time  int64  `json:"event_time"`
	Event event  `json:"event"`
}

// event has the members of all events that are read.
type event struct {
	Message
	Channel   rawJSON `json:"channel"` // an id, or the channel itself
	ChannelID string  `json:"channel_id"`
	EventTS   string  `json:"event_ts"`
	Inner     Message `json:"message"`
	DeletedTS string  `json:"deleted_ts"`
	Topic     string  `json:"topic"`
	Reaction  string  `json:"reaction"`
	Item      struct {
		Channel string  `json:"channel"`
		TS      string  `json:"ts"`
		Message Message `json:"message"`
	} `json:"item"`
}

type rawJSON []byte

// UnmarshalJSON keeps the value as it is.
func (j *rawJSON) UnmarshalJSON(b []byte) error { *j = append([]byte(nil), b...); return nil }

// Normalize makes observations of an event or of a page.
func (w *Workspace) Normalize(d source.Delivery) ([]hansei.Observation, error) {
	switch d.Name {
	case "pull/users":
		return w.users(d.Body)
	case "pull/messages":
		return w.page(d.Body)
	}
	var e envelope
	if err := source.Decode(d.Body, &e); err != nil {
		return nil, hansei.Invalid("payload", "it is not an event of Slack's: %v", err)
	}
	if e.Type != "event_callback" || e.Event.Type == "" {
		return nil, source.Unused("%s", e.Type)
	}
	return w.event(e.Event)
}

func (w *Workspace) event(e event) ([]hansei.Observation, error) {
	switch e.Type {
	case "message":
		return w.message(e)
	case "channel_created", "channel_rename", "group_rename":
		var c Channel
		if err := source.Decode(e.Channel, &c); err != nil || c.ID == "" {
			return nil, hansei.Invalid("event.channel", "expected the channel")
		}
		return w.channel(c, at(e.EventTS), nil)
	case "channel_archive", "group_archive":
		return w.archived(e, true)
	case "channel_unarchive", "group_unarchive":
		return w.archived(e, false)
	case "pin_added", "pin_removed":
		o := w.about(text(e.Channel, e.ChannelID), at(e.EventTS))
		ts := e.Item.Message.TS
		if ts == "" {
			ts = e.Item.TS
		}
		return add(o, hansei.Update{ID: "pin:" + ts, At: at(ts), Edited: at(e.EventTS), Status: strings.ReplaceAll(e.Type, "pin_", "pin "), Text: w.plain(e.Item.Message.Text, nil)})
	case "reaction_added", "reaction_removed":
		if e.Item.TS == "" {
			return nil, source.Unused("a reaction to something else than a message")
		}
		o := w.about(e.Item.Channel, at(e.EventTS))
		return add(o, hansei.Update{ID: "reaction:" + e.Item.TS + ":" + e.Reaction + ":" + e.User, At: at(e.Item.TS), Edited: at(e.EventTS),
			Status: strings.ReplaceAll(e.Type, "reaction_", "reaction "), Text: ":" + e.Reaction + ":", By: w.name(e.User, nil)})
	}
	return nil, source.Unused("event %s", e.Type)
}

// text is a JSON string, or else another text.
func text(raw []byte, otherwise string) string {
	var s string
	if source.Decode(raw, &s) == nil && s != "" {
		return s
	}
	return otherwise
}

func (w *Workspace) about(channel string, when time.Time) hansei.Observation {
	return hansei.Observation{Key: hansei.Key{Kind: hansei.KindIncident, Source: w.Name, External: channel}, Record: &hansei.Incident{}, At: when, Partial: true}
}

func add(o hansei.Observation, updates ...hansei.Update) ([]hansei.Observation, error) {
	if o.Key.External == "" || o.At.IsZero() {
		return nil, hansei.Invalid("event", "expected its channel and its time")
	}
	for _, u := range updates {
		if u.At.IsZero() {
			return nil, hansei.Invalid("event", "expected the time of the message")
		}
	}
	in := o.Record.(*hansei.Incident)
	in.Updates = append(in.Updates, updates...)
	return []hansei.Observation{o}, nil
}

func (w *Workspace) archived(e event, is bool) ([]hansei.Observation, error) {
	o := w.about(text(e.Channel, e.ChannelID), at(e.EventTS))
	in := o.Record.(*hansei.Incident)
	in.Status = hansei.StatusOpen
	if is {
		in.Status = hansei.StatusClosed
		in.Milestones.Set(hansei.RoleClosed, o.At)
	} else {
		o.Clear = []string{"closed_at"}
	}
	return add(o)
}

// channel tells of a channel itself.
func (w *Workspace) channel(c Channel, when time.Time, users map[string]string) ([]hansei.Observation, error) {
	if !w.Channels.MatchString(c.Name) {
		return nil, source.Unused("channel #%s is no incident channel", c.Name)
	}
	o := w.about(c.ID, when)
	in := o.Record.(*hansei.Incident)
	in.Title = strings.ReplaceAll(c.Name, "-", " ")
	if topic := w.plain(c.Topic.Value, users); topic != "" {
		in.Title = topic
	}
	in.Description = w.plain(c.Purpose.Value, users)
	if c.Created > 0 {
		in.Milestones.Set(hansei.RoleDeclared, time.Unix(c.Created, 0).UTC())
		o.First = []string{"declared_at"}
	}
	o.Names = []string{"#" + c.Name, c.ID}
	return add(o)
}
