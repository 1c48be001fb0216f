package reading

import (
	"html"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"hansei"
	"hansei/internal/source"
)

// at is the moment that a timestamp of Slack's names: seconds and a count
// within the second that makes it an id of its channel's.
func at(ts string) time.Time {
	whole, part, _ := strings.Cut(ts, ".")
	s, err := strconv.ParseInt(whole, 10, 64)
	if err != nil || s <= 0 || s > 1<<33 {
		return time.Time{}
	}
	micro, err := strconv.ParseInt((part + "000000")[:6], 10, 64)
	if err != nil || micro < 0 {
		micro = 0
	}
	return time.Unix(s, micro*1000).UTC()
}

// quiet are messages that Slack writes and nobody needs.
var quiet = []string{"channel_join", "channel_leave", "group_join", "group_leave", "channel_name", "group_name", "pinned_item", "unpinned_item",
	"channel_archive", "channel_unarchive", "group_archive", "group_unarchive", "bot_add", "bot_remove", "channel_posting_permissions", "reminder_add", "huddle_thread"}

func (w *Workspace) message(e event) ([]hansei.Observation, error) {
	channel := text(e.Channel, e.ChannelID)
	switch {
	case slices.Contains(quiet, e.Subtype):
		return nil, source.Unused("message %s", e.Subtype)
	case e.Subtype == "message_changed":
		m := e.Inner
		o := w.about(channel, at(e.EventTS))
		u := w.entry(m, nil)
		if u.Edited.Before(o.At) && m.Edited != nil {
			u.Edited = at(m.Edited.TS)
		}
		return add(o, u)
	case e.Subtype == "message_deleted":
		return add(w.about(channel, at(e.EventTS)), hansei.Update{ID: e.DeletedTS, At: at(e.DeletedTS), Edited: at(e.EventTS), Status: "deleted"})
	case e.Subtype == "channel_topic", e.Subtype == "group_topic":
		o := w.about(channel, at(e.EventTS))
		o.Record.(*hansei.Incident).Title = w.plain(e.Topic, nil)
		return add(o)
	case e.Subtype == "channel_purpose", e.Subtype == "group_purpose":
		return nil, source.Unused("message %s", e.Subtype)
	}
	return add(w.about(channel, at(e.TS)), w.entry(e.Message, nil))
}

// entry is a message as an entry of the timeline.
func (w *Workspace) entry(m Message, users map[string]string) hansei.Update {
	u := hansei.Update{ID: m.TS, At: at(m.TS), Edited: at(m.TS), Text: w.plain(m.Text, users), By: w.name(m.User, users)}
	if u.By == "" && m.User == "" {
		u.By = m.Bot
	}
	if m.Edited != nil {
		u.Edited = at(m.Edited.TS)
	}
	return u
}

// name is a person's name. Where names are pulled, an id is no name: it would
// stand beside the name that comes later.
func (w *Workspace) name(id string, users map[string]string) string {
	if n := users[id]; n != "" {
		return n
	}
	if w.Alone {
		return id
	}
	return ""
}

var (
	markup = regexp.MustCompile(`<([^<>|]+)(?:\|([^<>]*))?>`)
)

// plain is the text that a person reads: mentions by name, links with their
// label, no escapes.
func (w *Workspace) plain(s string, users map[string]string) string {
	if strings.ContainsAny(s, "<") {
		s = markup.ReplaceAllStringFunc(s, func(m string) string {
			part := markup.FindStringSubmatch(m)
			target, label := part[1], part[2]
			switch {
			case strings.HasPrefix(target, "@"):
				if n := users[target[1:]]; n != "" {
					return "@" + n
				}
				if label != "" {
					return "@" + label
				}
				return target
			case strings.HasPrefix(target, "#") && label != "":
				return "#" + label
			case strings.HasPrefix(target, "!"):
				if label != "" {
					return label
				}
				return "@" + strings.TrimPrefix(target, "!")
			case label != "" && label != target && !strings.Contains(target, label):
				return label + " (" + target + ")"
			}
			return target
		})
	}
	return strings.TrimSpace(html.UnescapeString(s))
}

// page tells of a channel and a part of its history.
func (w *Workspace) page(body []byte) ([]hansei.Observation, error) {
	var p Page
	if err := source.Decode(body, &p); err != nil || p.Channel.ID == "" {
		return nil, hansei.Invalid("payload", "it is not a page of a channel's history")
	}
	when := time.UnixMilli(p.Channel.Updated).UTC()
	if p.Channel.Updated <= 0 {
		when = time.Unix(p.Channel.Created, 0).UTC()
	}
	out, err := w.channel(p.Channel, when, p.Users)
	if err != nil {
		return nil, err
	}
	o := w.about(p.Channel.ID, when)
	in := o.Record.(*hansei.Incident)
	if p.Channel.Archived {
		in.Status = hansei.StatusClosed // since when a message tells, if it is among those that are read
	}
	for _, m := range p.Messages {
		if slices.Contains(quiet, m.Subtype) || m.Type != "message" || at(m.TS).IsZero() {
			continue
		}
		in.Updates = append(in.Updates, w.entry(m, p.Users))
		if n := p.Users[m.User]; n != "" && !slices.Contains(in.Responders, hansei.ID(n)) {
			in.Responders = append(in.Responders, hansei.ID(n))
		}
		if len(m.PinnedTo) > 0 {
			in.Updates = append(in.Updates, hansei.Update{ID: "pin:" + m.TS, At: at(m.TS), Edited: at(m.TS), Status: "pin added", Text: w.plain(m.Text, p.Users)})
		}
		for _, r := range m.Reactions {
			for _, user := range r.Users {
				in.Updates = append(in.Updates, hansei.Update{ID: "reaction:" + m.TS + ":" + r.Name + ":" + user, At: at(m.TS), Edited: at(m.TS),
					Status: "reaction added", Text: ":" + r.Name + ":", By: w.name(user, p.Users)})
			}
		}
		if at(m.TS).After(o.At) {
			o.At = at(m.TS)
		}
	}
	out = append(out, o)
	for _, m := range p.Messages {
		if m.Subtype == "channel_archive" || m.Subtype == "group_archive" || m.Subtype == "channel_unarchive" || m.Subtype == "group_unarchive" {
			e := event{ChannelID: p.Channel.ID, EventTS: m.TS}
			said, err := w.archived(e, !strings.HasSuffix(m.Subtype, "unarchive"))
			if err != nil {
				return nil, err
			}
			out = append(out, said...)
		}
	}
	return out, nil
}

// users tells of people.
func (w *Workspace) users(body []byte) ([]hansei.Observation, error) {
	var p struct {
		Members []struct {
			ID      string `json:"id"`
			Name    string `json:"name"`
			Deleted bool   `json:"deleted"`
			Bot     bool   `json:"is_bot"`
			Updated int64  `json:"updated"`
			Zone    string `json:"tz"`
			Profile struct {
				Real  string `json:"real_name"`
				Email string `json:"email"`
			} `json:"profile"`
		} `json:"members"`
	}
	if err := source.Decode(body, &p); err != nil {
		return nil, hansei.Invalid("payload", "it is not a list of users: %v", err)
	}
	var out []hansei.Observation
	for _, m := range p.Members {
		if m.Bot || m.Deleted || m.ID == "" || m.ID == "USLACKBOT" {
			continue
		}
		name := m.Profile.Real
		if name == "" {
			name = m.Name
		}
		if name == "" {
			name = m.ID
		}
		out = append(out, hansei.Observation{Key: hansei.Key{Kind: hansei.KindPerson, Source: w.Name, External: m.ID},
			Record: &hansei.Person{Name: name, Email: m.Profile.Email, Zone: m.Zone}, At: time.Unix(max(m.Updated, 1), 0).UTC(), Names: []string{m.ID}})
	}
	if len(out) == 0 {
		return nil, source.Unused("no people")
	}
	return out, nil
}
