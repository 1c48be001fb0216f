package notify

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// whsec is before the key of a webhook, as Standard Webhooks has it.
const whsec = "whsec_"

// hookBody is the JSON that a webhook carries. It is what docs/notifications.md
// says; fields may be added, none changes its meaning.
func hookBody(m Message, base, id string, at time.Time) ([]byte, error) {
	type item struct {
		Kind  string `json:"kind,omitempty"`
		ID    string `json:"id,omitempty"`
		Title string `json:"title"`
		URL   string `json:"url,omitempty"`
		Text  string `json:"text,omitempty"`
	}
	full := func(path string) string {
		if path == "" {
			return ""
		}
		return base + path
	}
	items := make([]item, len(m.Items))
	for i, it := range m.Items {
		items[i] = item{string(it.Kind), string(it.ID), it.Title, full(it.Path), it.Text}
	}
	return json.Marshal(map[string]any{
		"type": "hansei." + m.Event, "timestamp": at.UTC().Format(time.RFC3339),
		"data": map[string]any{"id": id, "event": m.Event, "subject": m.Subject, "lead": m.Lead, "items": items, "more": m.More, "url": full(m.Path), "why": m.Why, "text": m.Text(base)},
	})
}

// sign gives a webhook the three headers of Standard Webhooks
// (standardwebhooks.com): its id, which stays the same when it is sent again,
// the time in seconds since 1970, and "v1," with the HMAC-SHA256, in base64, of
// id.time.body under the key.
func sign(secret, id string, at time.Time, body []byte) http.Header {
	stamp := strconv.FormatInt(at.Unix(), 10)
	mac := hmac.New(sha256.New, hookKey(secret))
	mac.Write([]byte(id + "." + stamp + "."))
	mac.Write(body)
	h := http.Header{}
	h.Set("Webhook-Id", id)
	h.Set("Webhook-Timestamp", stamp)
	h.Set("Webhook-Signature", "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	return h
}

// hookKey is the key that a secret stands for: base64 behind "whsec_", or the
// text itself where a person chose another.
func hookKey(secret string) []byte {
	if text, ok := strings.CutPrefix(secret, whsec); ok {
		if key, err := base64.StdEncoding.DecodeString(text); err == nil {
			return key
		}
	}
	return []byte(secret)
}
