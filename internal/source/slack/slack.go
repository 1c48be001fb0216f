// Package slack turns incident channels into incidents with a timeline: a
// channel whose name fits a pattern is an incident, its messages, pins and
// reactions are entries of its timeline, and its archiving closes it.
//
// Built against Slack's own documentation: the Events API
// (https://docs.slack.dev/apis/events-api), request signing
// (https://docs.slack.dev/authentication/verifying-requests-from-slack) and the
// Web API methods conversations.list, conversations.history,
// conversations.replies, users.list and users.info with their cursors.
package slack

import (
	"regexp"

	"hansei"
	"hansei/internal/source"
	"hansei/internal/source/slack/reading"
)

// Kind is Slack.
var Kind = source.Kind{
	Name: "slack", Title: "Slack", Docs: "https://docs.slack.dev/apis/events-api",
	About: "The timeline of incidents from their channels: messages, threads, pins and reactions, and who took part.",
	Settings: []source.Setting{
		{Name: settingToken, Title: "Bot token", Secret: true, Help: "xoxb-…, under OAuth & Permissions of your Slack app, with the bot scopes channels:read, channels:history, groups:read, groups:history, users:read, pins:read and reactions:read. Leave it empty to take events only; people then appear by their ids."},
		{Name: source.WebhookSecret, Title: "Signing secret", Secret: true, Theirs: true, Help: "Under Basic Information, App Credentials, of your Slack app."},
		{Name: settingChannels, Title: "Incident channels", Lists: true, Default: `^inc(ident)?[-_]`, Help: "A regular expression on the channel's name without #. Channels that do not fit are left alone."},
	},
	Steps: []string{
		"At api.slack.com/apps, create an app for your workspace.",
		"Under OAuth & Permissions add the bot scopes channels:read, channels:history, groups:read, groups:history, users:read, pins:read and reactions:read; install the app and copy the bot token here.",
		"Under Basic Information copy the signing secret here, and save.",
		"Under Event Subscriptions enable events with the request URL {url}",
		"Subscribe to the bot events message.channels, message.groups, channel_created, channel_rename, channel_archive, channel_unarchive, pin_added, pin_removed, reaction_added and reaction_removed.",
		"Invite the app to your incident channels (/invite), or have your incident tool do it.",
	},
	Gives:     []hansei.Kind{hansei.KindIncident, hansei.KindPerson},
	Incidents: true,
	New:       open,
}

const (
	settingToken    = "token"
	settingChannels = "channels"
)

type slack struct {
	*reading.Workspace // has Normalize
	token, secret      string
	base               string // of the Web API
}

func open(c source.Config) (source.Source, error) {
	pattern := c.Settings[settingChannels]
	if pattern == "" {
		pattern = `^inc(ident)?[-_]`
	}
	channels, err := regexp.Compile(pattern)
	if err != nil {
		return nil, hansei.Invalid(settingChannels, "%q is not a regular expression: %v", pattern, err)
	}
	s := &slack{Workspace: &reading.Workspace{Name: c.Name, Channels: channels, Alone: c.Settings[settingToken] == ""},
		token: c.Settings[settingToken], secret: c.Settings[source.WebhookSecret], base: "https://slack.com/api"}
	if s.token == "" {
		return s, nil
	}
	return &puller{s}, nil
}
