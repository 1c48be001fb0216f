package pagerduty

import (
	"cmp"
	"fmt"
	"strings"

	"hansei/internal/source"
)

// Verify checks X-PagerDuty-Signature: a list of "v1=" and the HMAC-SHA256 of
// the body, one for each secret that is valid now.
func (s *pagerDuty) Verify(r source.Request) (source.Receipt, error) {
	if !s.signed(r) {
		return source.Receipt{}, fmt.Errorf("%w: X-PagerDuty-Signature", source.ErrSignature)
	}
	// A body that is no event is stored all the same: Normalize says why.
	event := cmp.Or(source.Find(r.Body, "event", "event_type"), "event")
	return source.Receipt{ID: r.Header.Get("X-Webhook-Id"), Event: event}, nil
}

func (s *pagerDuty) signed(r source.Request) bool {
	found := false
	for _, header := range r.Header.Values("X-PagerDuty-Signature") {
		for sum := range strings.SplitSeq(header, ",") {
			sum, ok := strings.CutPrefix(strings.TrimSpace(sum), "v1=")
			if !ok {
				continue
			}
			for secret := range strings.SplitSeq(s.secret, ",") {
				if source.CheckHex(strings.TrimSpace(secret), sum, r.Body) == nil {
					found = true
				}
			}
		}
	}
	return found
}
