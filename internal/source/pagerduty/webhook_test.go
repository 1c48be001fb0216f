package pagerduty

import (
	"fmt"
	"net/http"
	"os"
	"testing"

	"hansei/internal/source"
)

func TestVerify(t *testing.T) {
	body := []byte(`{"event":{"event_type":"incident.triggered"}}`)
	sum := fmt.Sprintf("v1=%x", source.HMAC("new", body))
	for _, c := range []struct {
		secret, header string
		fits           bool
	}{
		{"new", sum, true},
		{"new", "v1=00," + sum, true},
		{"new", "v1=00, " + sum, true},
		{"old, new", sum, true},
		{"old", sum, false},
		{"", fmt.Sprintf("v1=%x", source.HMAC("", body)), false},
		{"new", "v2=" + sum[3:], false},
		{"new", sum[3:], false},
		{"new", "", false},
		{"new", "v1=zz", false},
	} {
		s, err := Kind.New(source.Config{Settings: map[string]string{"webhook_secret": c.secret}})
		if err != nil {
			t.Fatal(err)
		}
		got, err := s.(source.Receiver).Verify(source.Request{Header: http.Header{"X-Pagerduty-Signature": {c.header}, "X-Webhook-Id": {"w1"}}, Body: body})
		if (err == nil) != c.fits || (c.fits && (got.ID != "w1" || got.Event != "incident.triggered")) {
			t.Errorf("%q %q: %+v, %v", c.secret, c.header, got, err)
		}
	}
}

// TestVerifyAgreesWithTheVendor uses the example of PagerDuty's Go library.
func TestVerifyAgreesWithTheVendor(t *testing.T) {
	body, err := os.ReadFile("testdata/signed.json")
	if err != nil {
		t.Fatal(err)
	}
	s, err := Kind.New(source.Config{Settings: map[string]string{"webhook_secret": "lDQHScfUeXUKaQRNF+8XIiDKZ7XX3itBAYzwU0TARw8lJqRnkKl2iB1anSb0Z+IK"}})
	if err != nil {
		t.Fatal(err)
	}
	for sum, fits := range map[string]bool{
		"v1=0c0b9495b893a39e70d1fea2fe11fbe0a825f88b9f67846f6cc07dd2bc5476cd": true,
		"v1=7020c8a7ec668a9b7012bc3dd82e483394b038f4230acc6785efbf2a7d8bcaf5": false,
	} {
		_, err := s.(source.Receiver).Verify(source.Request{Header: http.Header{"X-Pagerduty-Signature": {sum}}, Body: body})
		if (err == nil) != fits {
			t.Errorf("%s: %v", sum, err)
		}
	}
}
