package statuspage

import (
	"errors"
	"testing"

	"hansei"
	"hansei/internal/source"
)

func page(t testing.TB, base string) *statusPage {
	t.Helper()
	s, err := Kind.New(source.Config{Name: "sp", Settings: map[string]string{"url": base, "webhook_secret": "s3cret"}})
	if err != nil {
		t.Fatal(err)
	}
	return s.(*statusPage)
}

func TestVerifyComparesTheSecretInTheAddress(t *testing.T) {
	s := page(t, "https://status.example.com")
	for _, c := range []struct {
		query map[string][]string
		body  string
		event string
		fits  bool
	}{
		{map[string][]string{"secret": {"s3cret"}}, `{"incident":{}}`, "incident", true},
		{map[string][]string{"secret": {"s3cret"}}, `{"component":{},"component_update":{}}`, "component", true},
		{map[string][]string{"secret": {"s3cret"}}, `{`, "unknown", true},
		{map[string][]string{"secret": {"wrong"}}, `{"incident":{}}`, "", false},
		{map[string][]string{"secret": {"s3cret", "s3cret"}}, `{"incident":{}}`, "", false},
		{nil, `{"incident":{}}`, "", false},
	} {
		got, err := s.Verify(source.Request{Query: c.query, Body: []byte(c.body)})
		if got.Event != c.event || errors.Is(err, source.ErrSignature) == c.fits {
			t.Errorf("%v %s: %+v, %v", c.query, c.body, got, err)
		}
	}
	s.secret = ""
	if _, err := s.Verify(source.Request{Query: map[string][]string{"secret": {""}}}); err == nil {
		t.Error("an empty secret fits")
	}
}

func TestNewRefusesWhatIsNoAddress(t *testing.T) {
	for _, u := range []string{"", "status.example.com", "ftp://status.example.com"} {
		var wrong *hansei.InvalidError
		if _, err := Kind.New(source.Config{Settings: map[string]string{"url": u}}); !errors.As(err, &wrong) || wrong.Field != "url" {
			t.Errorf("%q: %v", u, err)
		}
	}
}
