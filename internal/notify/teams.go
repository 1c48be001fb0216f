package notify

import (
	"encoding/json"
	"strings"
)

// teamsEscape makes a text stand for itself in the Markdown of an adaptive card.
var teamsEscape = strings.NewReplacer(`\`, `\\`, "*", `\*`, "_", `\_`, "[", `\[`, "]", `\]`, "#", `\#`, "`", "\\`", "<", "&lt;")

// teamsBody is a message as the adaptive card that a workflow of Microsoft
// Teams ("when a Teams webhook request is received") posts to its channel
// (learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors).
func teamsBody(m Message, base string) ([]byte, error) {
	text := func(s string, more map[string]any) map[string]any {
		out := map[string]any{"type": "TextBlock", "text": s, "wrap": true}
		for k, v := range more {
			out[k] = v
		}
		return out
	}
	body := []any{text(teamsEscape.Replace(m.Subject), map[string]any{"size": "Medium", "weight": "Bolder"})}
	if m.Lead != "" {
		body = append(body, text(teamsEscape.Replace(m.Lead), nil))
	}
	for _, it := range m.Items {
		line := teamsEscape.Replace(it.Title)
		if it.Path != "" {
			line = "[" + line + "](" + strings.NewReplacer("(", "%28", ")", "%29", " ", "%20").Replace(base+it.Path) + ")"
		}
		if it.Text != "" {
			line += ": " + teamsEscape.Replace(it.Text)
		}
		body = append(body, text("- "+line, map[string]any{"spacing": "Small"}))
	}
	if m.More > 0 {
		body = append(body, text(m.more(), map[string]any{"isSubtle": true}))
	}
	if m.Why != "" {
		body = append(body, text(teamsEscape.Replace(m.Why), map[string]any{"isSubtle": true, "size": "Small"}))
	}
	card := map[string]any{"$schema": "http://adaptivecards.io/schemas/adaptive-card.json", "type": "AdaptiveCard", "version": "1.4", "body": body}
	if m.Path != "" {
		card["actions"] = []any{map[string]any{"type": "Action.OpenUrl", "title": m.Action, "url": base + m.Path}}
	}
	return json.Marshal(map[string]any{"type": "message", "attachments": []any{
		map[string]any{"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": nil, "content": card}}})
}
