package tracker

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"hansei/internal/source/fetch"
)

// Call sends a JSON body, if there is one, and decodes the answer into a value,
// if one is given. It is made once.
func Call(ctx context.Context, c *fetch.Client, method, url string, send, into any) error {
	var body []byte
	if send != nil {
		var err error
		if body, err = json.Marshal(send); err != nil {
			return err
		}
	}
	r, err := c.Send(ctx, method, url, body, nil)
	if err != nil || into == nil || r.Status == http.StatusNoContent {
		return err
	}
	if err := json.Unmarshal(r.Body, into); err != nil {
		return fmt.Errorf("the answer is not the JSON that was expected: %w", err)
	}
	return nil
}

// List parts what a person typed with commas, spaces or lines between.
func List(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(", \t\r\n", r) })
}

// Day is a day as trackers write it, or "".
func Day(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(time.DateOnly)
}

// FollowUpLabel is the label that makes an issue a follow-up to its source,
// of those that are configured: the one that says so, else the first.
func FollowUpLabel(configured string) string {
	first := ""
	for l := range strings.SplitSeq(configured, ",") {
		l = strings.TrimSpace(l)
		if strings.EqualFold(l, DefaultLabel) {
			return l
		}
		if first == "" {
			first = l
		}
	}
	if first == "" {
		return DefaultLabel
	}
	return first
}

// DefaultLabel is the label of follow-ups where none is configured.
const DefaultLabel = "follow-up"

// Said is a value that was told, and "" for none.
func Said(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
