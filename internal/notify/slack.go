package notify

import (
	"encoding/json"
	"fmt"
	"strings"
)

// Slack's Block Kit: a header of at most 150 characters, sections of at most
// 3,000, at most 50 blocks (docs.slack.dev/reference/block-kit/blocks).
const (
	slackHeader  = 150
	slackSection = 2_900
)

// slackEscape makes a text stand for itself in mrkdwn: these three characters,
// and no others, begin what Slack reads as links, people and channels.
var slackEscape = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

// slackBody is a message for chat.postMessage, or for an incoming webhook when
// channel is empty. The text is what notifications show.
func slackBody(m Message, base, channel string) ([]byte, error) {
	section := func(text string) map[string]any {
		return map[string]any{"type": "section", "text": map[string]any{"type": "mrkdwn", "text": text}}
	}
	blocks := []any{map[string]any{"type": "header", "text": map[string]any{"type": "plain_text", "text": short(m.Subject, slackHeader)}}}
	if m.Lead != "" {
		blocks = append(blocks, section(short(slackEscape.Replace(m.Lead), slackSection)))
	}
	lines := ""
	for _, it := range m.Items {
		line := slackItem(it, base)
		if len(lines)+len(line) > slackSection {
			blocks, lines = append(blocks, section(lines)), ""
		}
		lines += line
	}
	if m.More > 0 {
		lines += m.more() + "\n"
	}
	if lines != "" {
		blocks = append(blocks, section(strings.TrimSuffix(lines, "\n")))
	}
	if m.Path != "" {
		blocks = append(blocks, section("*<"+slackURL(base+m.Path)+"|"+slackLabel(m.Action)+">*"))
	}
	if m.Why != "" {
		blocks = append(blocks, map[string]any{"type": "context", "elements": []any{map[string]any{"type": "mrkdwn", "text": slackEscape.Replace(short(m.Why, maxText))}}})
	}
	body := map[string]any{"text": slackEscape.Replace(m.Subject), "blocks": blocks, "unfurl_links": false}
	if channel != "" {
		body["channel"] = channel
	}
	return json.Marshal(body)
}

func slackItem(it Item, base string) string {
	title := slackEscape.Replace(it.Title)
	if it.Path != "" {
		title = "<" + slackURL(base+it.Path) + "|" + slackLabel(it.Title) + ">"
	}
	if it.Text != "" {
		title += ": " + slackEscape.Replace(it.Text)
	}
	return "• " + title + "\n"
}

// slackURL is an address inside a link, which ends at | or >.
func slackURL(u string) string {
	return strings.NewReplacer("|", "%7C", ">", "%3E", "<", "%3C", " ", "%20").Replace(u)
}

func slackLabel(s string) string { return strings.ReplaceAll(slackEscape.Replace(s), "|", "¦") }

// slackSays are what Slack answers when it refuses, and what to do then.
var slackSays = map[string]string{
	"not_in_channel":                    "the app is not in the channel: type /invite and the app's name there",
	"channel_not_found":                 "Slack knows no such channel, or the app cannot see it: enter its id (C…), and invite the app if it is private",
	"channel_is_archived":               "the channel is archived: choose another",
	"is_archived":                       "the channel is archived: choose another",
	"invalid_auth":                      "Slack does not accept the token: copy the bot token (xoxb-…) of the app again",
	"not_authed":                        "Slack got no token: enter the bot token (xoxb-…) of the app",
	"account_inactive":                  "the token belongs to an app or workspace that is not there any more",
	"token_revoked":                     "the token was revoked: install the app again and enter its new token",
	"token_expired":                     "the token has expired: install the app again and enter its new token",
	"missing_scope":                     "the app may not write: give it the scope chat:write and install it again",
	"restricted_action":                 "the workspace does not let this app write there: ask its administrator",
	"no_service":                        "the webhook is not there any more: make a new one in Slack",
	"no_team":                           "the webhook's workspace is not there any more",
	"invalid_token":                     "the webhook's address is not complete, or was revoked: copy it from Slack again",
	"action_prohibited":                 "an administrator does not let this webhook write: ask for it, or make one for another channel",
	"posting_to_general_channel_denied": "an administrator does not let this webhook write to that channel",
	"user_not_found":                    "the webhook belongs to somebody who is not there any more: make a new one in Slack",
}

// slackPasses are refusals that may pass by themselves.
var slackPasses = []string{"ratelimited", "rate_limited", "internal_error", "fatal_error", "service_unavailable", "request_timeout", "team_added_to_org", "rollup_error"}

// slackError is the refusal that an answer of chat.postMessage holds, if any.
func slackError(body []byte) string {
	var a struct {
		OK    bool   `json:"ok"`
		Error string `json:"error"`
	}
	if err := json.Unmarshal(body, &a); err != nil {
		return fmt.Sprintf("the answer is not Slack's: %s", short(oneLine(string(body)), 80))
	}
	if a.OK {
		return ""
	}
	return a.Error
}
