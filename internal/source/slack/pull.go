package slack

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"hansei/internal/source"
	"hansei/internal/source/slack/place"
	"hansei/internal/source/slack/reading"
	"hansei/internal/source/slack/web"
)

// puller is a workspace whose history may be read.
type puller struct{ *slack }

// Streams are people and the history of incident channels.
func (s *puller) Streams() []source.Stream {
	return []source.Stream{
		{Name: "users", Title: "People", Every: 6 * time.Hour, Pull: s.users},
		{Name: "messages", Title: "Incident channels", Every: 10 * time.Minute, Pull: s.messages},
	}
}

func (s *puller) call(p *source.Pull, method string, q url.Values, into any) ([]byte, http.Header, error) {
	return web.Client{Base: s.base, Token: s.token}.Call(p, method, q, into)
}

func (s *puller) users(p *source.Pull) error {
	next := p.Cursor
	for {
		var said web.Paging
		body, _, err := s.call(p, "users.list", web.At(next, url.Values{}), &said)
		if web.Expired(err) && next != "" {
			next = "" // the list is read anew
			continue
		}
		if err == nil {
			err = said.After(&next)
		}
		if err != nil {
			return err
		}
		page := source.Page{Body: body, Cursor: next}
		if next == "" {
			page.Through = p.Now
		}
		if err := p.Emit(page); err != nil || next == "" {
			return err
		}
	}
}

func (s *puller) messages(p *source.Pull) error {
	c, err := place.Parse(p.Cursor, p.Now)
	if err != nil {
		return err
	}
	channels, err := s.channels(p)
	if err != nil {
		return err
	}
	names := map[string]string{}
	for _, ch := range channels {
		if c.Passes(ch) {
			continue // done in this run, or for good
		}
		if err := s.channel(p, &c, ch, names); err != nil {
			return err
		}
	}
	text, err := c.End(channels, p.Now).Cursor()
	if err != nil {
		return err
	}
	return p.Emit(source.Page{Cursor: text, Through: p.Now})
}

// channels are the incident channels that the app can see, the oldest first.
func (s *puller) channels(p *source.Pull) ([]reading.Channel, error) {
	var out []reading.Channel
	for next := ""; ; {
		var said struct {
			web.Paging
			Channels []reading.Channel `json:"channels"`
		}
		_, _, err := s.call(p, "conversations.list", web.At(next, url.Values{"types": {"public_channel,private_channel"}}), &said)
		if web.Expired(err) && next != "" {
			out, next = nil, ""
			continue
		}
		if err != nil {
			return nil, err
		}
		for _, ch := range said.Channels {
			if s.Channels.MatchString(ch.Name) && (ch.Created == 0 || !time.Unix(ch.Created, 0).Before(p.From)) {
				out = append(out, ch)
			}
		}
		if err := said.After(&next); err != nil || next == "" {
			slices.SortStableFunc(out, func(a, b reading.Channel) int { return int(a.Created - b.Created) })
			return out, err
		}
	}
}

// channel reads what is new in a channel. It is read from the newest message
// back, as Slack gives it; so the place to go on from moves only once the
// whole channel is stored.
func (s *puller) channel(p *source.Pull, c *place.Place, ch reading.Channel, names map[string]string) error {
	oldest := c.Oldest(ch.ID, p.Now)
	newest, last := c.Seen[ch.ID], "" // last: the oldest message read so far
	for next, latest := "", ""; ; {
		var said struct {
			web.Paging
			Messages []reading.Message `json:"messages"`
		}
		q := web.At(next, url.Values{"channel": {ch.ID}})
		if oldest != "" {
			q.Set("oldest", oldest)
		}
		if latest != "" {
			q.Set("latest", latest)
		}
		_, _, err := s.call(p, "conversations.history", q, &said)
		if web.Expired(err) && next != "" {
			next, latest = "", last // what is older than that comes next
			continue
		}
		var no *web.Refusal
		if errors.As(err, &no) && no.Code == "not_in_channel" {
			c.Done = append(c.Done, ch.ID) // a public channel nobody invited the app to
			return nil
		}
		if err != nil {
			return err
		}
		page := reading.Page{Channel: ch, Messages: said.Messages, Users: map[string]string{}}
		for _, m := range said.Messages {
			newest, last = max(newest, m.TS), m.TS
			if m.ReplyCount > 0 && m.LatestReply > oldest {
				replies, err := s.replies(p, ch.ID, m.TS, oldest)
				if err != nil {
					return err
				}
				page.Messages = append(page.Messages, replies...)
			}
		}
		if err := s.name(p, &page, names); err != nil {
			return err
		}
		if err := said.After(&next); err != nil {
			return err
		}
		if next == "" {
			c.Read(ch.ID, newest)
		}
		if err := emit(p, page, *c); err != nil || next == "" {
			return err
		}
	}
}

func emit(p *source.Pull, page reading.Page, c place.Place) error {
	body, err := json.Marshal(page)
	if err != nil {
		return err
	}
	text, err := c.Cursor()
	if err != nil {
		return err
	}
	return p.Emit(source.Page{Body: body, Cursor: text, Things: len(page.Messages)})
}

func (s *puller) replies(p *source.Pull, channel, thread, oldest string) ([]reading.Message, error) {
	var out []reading.Message
	for next := ""; ; {
		var said struct {
			web.Paging
			Messages []reading.Message `json:"messages"`
		}
		q := web.At(next, url.Values{"channel": {channel}, "ts": {thread}})
		if oldest != "" {
			q.Set("oldest", oldest)
		}
		_, _, err := s.call(p, "conversations.replies", q, &said)
		if web.Expired(err) && next != "" {
			out, next = nil, ""
			continue
		}
		if err != nil {
			return nil, err
		}
		for _, m := range said.Messages {
			if m.TS != thread { // the first one stands in the channel
				out = append(out, m)
			}
		}
		if err := said.After(&next); err != nil || next == "" {
			return out, err
		}
	}
}

// name asks for the names of those who wrote or reacted. Whom Slack does not
// know any more, or does not show to this app, has none.
func (s *puller) name(p *source.Pull, page *reading.Page, names map[string]string) error {
	for _, m := range page.Messages {
		ids := []string{m.User}
		for _, r := range m.Reactions {
			ids = append(ids, r.Users...)
		}
		for _, id := range ids {
			if id == "" {
				continue
			}
			if _, known := names[id]; !known {
				var said struct {
					User struct {
						Name    string `json:"name"`
						Profile struct {
							Real string `json:"real_name"`
						} `json:"profile"`
					} `json:"user"`
				}
				_, _, err := s.call(p, "users.info", url.Values{"user": {id}}, &said)
				var no *web.Refusal
				if err != nil && (!errors.As(err, &no) || no.Code != "user_not_found" && no.Code != "user_not_visible") {
					return err
				}
				names[id] = said.User.Profile.Real
				if names[id] == "" {
					names[id] = said.User.Name
				}
			}
			if names[id] != "" {
				page.Users[id] = names[id]
			}
		}
	}
	return nil
}

// needed are the scopes and what is missing without each.
var needed = [][2]string{
	{"channels:read", "the list of public channels"}, {"channels:history", "messages of public channels"}, {"groups:read", "the list of private channels"},
	{"groups:history", "messages of private channels"}, {"users:read", "names of people"}, {"pins:read", "pins"}, {"reactions:read", "reactions"},
}

// Check tries the token and compares its scopes with those that are needed.
func (s *puller) Check(p *source.Pull) []source.Finding {
	_, header, err := s.call(p, "auth.test", nil, nil)
	if err != nil {
		return []source.Finding{{Says: "Slack does not accept the bot token: " + source.Words(err)}}
	}
	found := []source.Finding{{OK: true, Says: "Slack accepts the bot token."}}
	scopes := strings.FieldsFunc(header.Get("X-OAuth-Scopes"), func(r rune) bool { return r == ',' || r == ' ' })
	for _, n := range needed {
		if slices.Contains(scopes, n[0]) {
			found = append(found, source.Finding{OK: true, Says: "The token has the scope " + n[0] + "."})
			continue
		}
		found = append(found, source.Finding{Says: "The token lacks the scope " + n[0] + ": " + n[1] + " will be missing."})
	}
	channels, err := s.channels(p)
	if err != nil {
		return append(found, source.Finding{Says: source.Words(err)})
	}
	return append(found, source.Finding{OK: len(channels) > 0, Says: fmt.Sprintf("%d channels fit the pattern %s.", len(channels), s.Channels)})
}
