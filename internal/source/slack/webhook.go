package slack

import (
	"encoding/json"
	"strconv"
	"time"

	"hansei"
	"hansei/internal/source"
)

// Check of a workspace without a token asks nothing.
func (s *slack) Check(*source.Pull) []source.Finding {
	return []source.Finding{{Says: "The bot token is missing: no history is read, nor threads, pins and the names of people, which events do not tell."}}
}

// Verify checks Slack's signature over the timestamp and the body, and answers
// the handshake by which Slack tries the address.
func (s *slack) Verify(r source.Request) (source.Receipt, error) {
	stamp := r.Header.Get("X-Slack-Request-Timestamp")
	seconds, err := strconv.ParseInt(stamp, 10, 64)
	if err != nil {
		return source.Receipt{}, source.ErrSignature
	}
	const version = "v0="
	signature := r.Header.Get("X-Slack-Signature")
	if len(signature) < len(version) || signature[:len(version)] != version {
		return source.Receipt{}, source.ErrSignature
	}
	if err := source.CheckHex(s.secret, signature[len(version):], []byte("v0:"+stamp+":"), r.Body); err != nil {
		return source.Receipt{}, err
	}
	if err := source.CheckTime(time.Unix(seconds, 0), r.Now); err != nil {
		return source.Receipt{}, err
	}
	var head struct {
		Type      string `json:"type"`
		Challenge string `json:"challenge"`
		EventID   string `json:"event_id"`
		Event     struct {
			Type string `json:"type"`
		} `json:"event"`
	}
	if err := json.Unmarshal(r.Body, &head); err != nil {
		return source.Receipt{}, hansei.Invalid("body", "it is not JSON")
	}
	if head.Type == "url_verification" {
		return source.Receipt{Answer: &source.Answer{Media: "text/plain", Body: []byte(head.Challenge)}}, nil
	}
	event := head.Event.Type
	if event == "" {
		event = head.Type
	}
	return source.Receipt{ID: head.EventID, Event: event}, nil
}
