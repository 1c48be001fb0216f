package notify

import (
	"net/url"
	"slices"
	"strings"

	"hansei"
)

// Kind is a type of channel: what a person fills in, and what to do there.
type Kind struct {
	Name, Title, About string
	Settings           []Setting
	Steps              []string
}

// Setting is one thing to fill in.
type Setting struct {
	Name, Title, Help string
	Secret, Required  bool
	Long              bool // of several lines
}

// The names of settings.
const (
	settingAddresses = "addresses"
	settingURL       = "url"
	settingToken     = "token"
	settingChannel   = "channel"
	settingSecret    = "secret"
	settingHost      = "host" // of a URL that is secret; ours to show
)

// Kinds are the types of channel there are.
var Kinds = []Kind{
	{Name: hansei.ChannelSlack, Title: "Slack", About: "Messages to a channel of Slack, by an incoming webhook or by an app's bot token.",
		Settings: []Setting{
			{Name: settingURL, Title: "Incoming webhook", Help: "https://hooks.slack.com/services/… It writes to the one channel it was made for.", Secret: true},
			{Name: settingToken, Title: "Bot token", Help: "xoxb-…, instead of a webhook. The app needs the scope chat:write.", Secret: true},
			{Name: settingChannel, Title: "Channel", Help: "With a bot token: the channel's id (C…), from its details in Slack, or its name with #."}},
		Steps: []string{"At api.slack.com/apps make an app from scratch, or open yours.", "Incoming Webhooks: turn them on, add one for the channel, and copy its address.", "Or OAuth & Permissions: add the scope chat:write, install the app, copy the bot token, and type /invite with the app's name in the channel."}},
	{Name: hansei.ChannelEmail, Title: "E-mail", About: "E-mail to a list of addresses.",
		Settings: []Setting{{Name: settingAddresses, Title: "Addresses", Help: "Parted by commas or lines.", Required: true, Long: true}}},
	{Name: hansei.ChannelTeams, Title: "Microsoft Teams", About: "Cards in a channel of Microsoft Teams, by a workflow.",
		Settings: []Setting{{Name: settingURL, Title: "Workflow's address", Help: "The address that the workflow shows once it is saved.", Secret: true, Required: true}},
		Steps:    []string{"In Teams, at the channel's …, choose Workflows and the template “Send webhook alerts to a channel”.", "Save it and copy the address it shows."}},
	{Name: hansei.ChannelWebhook, Title: "Webhook", About: "Signed JSON to a program of yours, as Standard Webhooks describes.",
		Settings: []Setting{
			{Name: settingURL, Title: "Address", Help: "https://… It answers with a status of 2xx once it has the message.", Secret: true, Required: true},
			{Name: settingSecret, Title: "Signing secret", Help: "Made here and shown once; or one of your own.", Secret: true}},
		Steps: []string{"Check the header webhook-signature with the secret, and forget messages whose webhook-id you have seen: see docs/notifications.md."}},
}

// KindNamed finds a type of channel.
func KindNamed(name string) (Kind, error) {
	i := slices.IndexFunc(Kinds, func(k Kind) bool { return k.Name == name })
	if i < 0 {
		return Kind{}, hansei.Invalid("type", "%q is not a type of channel; expected one of %s", name, strings.Join(hansei.ChannelTypes, ", "))
	}
	return Kinds[i], nil
}

const maxSetting = 10_000

// configure parts settings into those that are kept in the open, which go to
// the record, and secrets, which it returns. Empty values take one away.
func configure(kind Kind, rec *hansei.Channel, settings, have map[string]string) (map[string]string, error) {
	secrets, open := clone(have), clone(rec.Settings)
	for name, value := range settings {
		i := slices.IndexFunc(kind.Settings, func(s Setting) bool { return s.Name == name })
		if i < 0 {
			var names []string
			for _, s := range kind.Settings {
				names = append(names, s.Name)
			}
			return nil, hansei.Invalid(name, "%s has no such setting; expected one of %s", kind.Title, strings.Join(names, ", "))
		}
		if value = strings.TrimSpace(value); len(value) > maxSetting {
			return nil, hansei.Invalid(name, "%d characters are too many; at most %d", len(value), maxSetting)
		}
		to := open
		if kind.Settings[i].Secret {
			to = secrets
		}
		if to[name] = value; value == "" {
			delete(to, name)
		}
	}
	for _, s := range kind.Settings {
		if s.Required && open[s.Name] == "" && secrets[s.Name] == "" {
			return nil, hansei.Invalid(s.Name, "%s is needed. %s", s.Title, s.Help)
		}
	}
	rec.Settings = open
	return secrets, check(rec, secrets)
}

// check looks at what the settings of a type must be together, and notes what
// of a secret address may be shown.
func check(rec *hansei.Channel, secrets map[string]string) error {
	delete(rec.Settings, settingHost)
	if text := secrets[settingURL]; text != "" {
		u, err := url.Parse(text)
		if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
			return hansei.Invalid(settingURL, "expected an address such as https://hooks.example.org/…")
		}
		rec.Settings[settingHost] = u.Host
	}
	switch rec.Type {
	case hansei.ChannelSlack:
		hook, token := secrets[settingURL] != "", secrets[settingToken] != ""
		switch {
		case hook == token:
			return hansei.Invalid(settingURL, "Slack needs an incoming webhook or a bot token, one of the two")
		case token && rec.Settings[settingChannel] == "":
			return hansei.Invalid(settingChannel, "with a bot token, say which channel to write to")
		}
	case hansei.ChannelEmail:
		list, err := addresses(rec.Settings[settingAddresses])
		if err != nil {
			return err
		}
		if len(list) == 0 {
			return hansei.Invalid(settingAddresses, "expected at least one e-mail address")
		}
	}
	return nil
}

func clone(m map[string]string) map[string]string {
	out := map[string]string{}
	for k, v := range m {
		out[k] = v
	}
	return out
}

// place says in the open where a channel leads: "3 addresses", "#ops".
func place(c *hansei.Channel) string {
	switch {
	case c.Settings[settingAddresses] != "":
		list, _ := addresses(c.Settings[settingAddresses]) // checked when it was saved
		return strings.Join(list, ", ")
	case c.Settings[settingChannel] != "":
		return c.Settings[settingChannel]
	}
	return c.Settings[settingHost]
}
